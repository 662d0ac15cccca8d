#include "ldap/ldap.h"

#include <gtest/gtest.h>

#include "core/testing/told.h"
#include "ldap/wire_for_tests.h"

namespace spanlight::ldap {
namespace {

using namespace wire;
using testing::Call;
using testing::Conversation;
using testing::flag;
using testing::Outcome;
using testing::Play;
using testing::play;
using testing::reason;

constexpr Direction kC = Direction::c2s, kS = Direction::s2c;

// One line a call: state, code, summary, what is odd.
std::string brief(const Outcome& o) {
  return spanlight::testing::told(
      o, [](const spanlight::testing::Call& c) { return std::to_string(c.status) + " " + c.summary; });
}

Conversation talk() {
  return {{kC, bind(1)},
          {kS, bound(1)},
          {kC, search(2) + search(3, element(0x87, "objectClass"))},
          {kS, entry(3) + entry(2)},
          {kS, reference(2) + done(2)},
          {kS, entry(3, 400) + done(3, 4)},
          {kC, modify(4, change(2, "sn", "z") + change(0, "userPassword", "secret"))},
          {kS, message(4, 0x67, result(0))},
          {kC, message(5, 0x42, "")}};
}

TEST(Ldap, AConversation) {
  const Outcome o = play(kDescriptor, talk());
  EXPECT_EQ(brief(o), "complete 0 bindRequest cn=bob,dc=lab" + flag(kFlagRedacted) +
                          "\n"
                          "complete 0 searchRequest dc=lab (cn=bob)\n"
                          "complete 4 searchRequest dc=lab (objectClass=*) error=sizeLimitExceeded\n"
                          "complete 0 modifyRequest cn=bob,dc=lab" +
                          flag(kFlagRedacted) + "\none_way -1 unbindRequest\n");
  EXPECT_EQ(o.counters.malformed, 0u);
  EXPECT_EQ(o.calls[0].request_fields,
            "op=bindRequest|type=bindRequest|message_id=1|version=3|dn=cn=bob,dc=lab|auth=simple|credentials="
            "[redacted]|");
  const Call& found = o.calls[1];
  EXPECT_EQ(
      found.request_fields,
      "op=searchRequest|type=searchRequest|message_id=2|dn=dc=lab|base=dc=lab|scope=2|deref=0|size_limit=100|"
      "time_limit=5|filter=(cn=bob)|attributes=cn,sn,|");
  EXPECT_EQ(found.response_fields, "op=searchResDone|result_code=0|result=success|entries=1|references=1|");
  EXPECT_EQ(found.response_size, entry(2).size() + reference(2).size() + done(2).size());
  EXPECT_EQ(o.calls[3].request_body, "replace: sn\nsn: z\nadd: userPassword\nuserPassword: [redacted]\n");
  EXPECT_EQ(o.text().find("secret"), std::string::npos);
}

TEST(Ldap, CutsHolesAndRests) {
  EXPECT_EQ(check_splits(kDescriptor, talk()), "");
  EXPECT_EQ(check_prefixes(kDescriptor, talk()), "");
  EXPECT_EQ(check_gaps(kDescriptor, talk()), "");
  EXPECT_GT(play(kDescriptor, talk()).parked, 0u);
}

TEST(Ldap, OtherOperations) {
  const std::string assertion = sequence(octets("sn") + octets("z"));
  const Outcome o =
      play(kDescriptor,
           {{kC, message(1, 0x68,
                         octets("cn=new") +
                             sequence(sequence(octets("sn") + element(0x31, octets("a") + octets("\x01")))))},
            {kS, message(1, 0x69, result(68))},
            {kC, message(2, 0x4a, "cn=old")},
            {kS, message(2, 0x6b, result(32))},
            {kC, message(3, 0x6c, octets("cn=a") + octets("cn=b") + number(1, 1) + element(0x80, "dc=x"))},
            {kS, message(3, 0x6d, result(0))},
            {kC, message(4, 0x6e, octets("cn=a") + assertion)},
            {kS, message(4, 0x6f, result(5))},
            {kC, extended(5, "1.3.6.1.4.1.4203.1.11.3")},
            {kS, message(5, 0x79, "") + extended_done(5)},
            {kC, extended(6, "1.3.6.1.4.1.4203.1.11.1",
                          element(0x81, sequence(element(0x80, "cn=a") + element(0x82, "secret"))))},
            {kS, extended_done(6, 53)}});
  EXPECT_EQ(brief(o),
            "complete 68 addRequest cn=new error=entryAlreadyExists\n"
            "complete 32 delRequest cn=old error=noSuchObject\n"
            "complete 0 modDNRequest cn=a cn=b\n"
            "complete 5 compareRequest cn=a sn\n"
            "complete 0 extendedReq WhoAmI\n"
            "complete 53 extendedReq cn=a PasswordModify" +
                flag(kFlagRedacted) + " error=unwillingToPerform\n");
  EXPECT_EQ(o.calls[0].request_body, "sn: a\nsn: (1 bytes)\n");
  EXPECT_EQ(o.calls[2].request_fields,
            "op=modDNRequest|type=modDNRequest|message_id=3|dn=cn=a|new_rdn=cn=b|delete_old_rdn=1|new_"
            "superior=dc=x|");
  EXPECT_EQ(o.calls[4].response_fields, "op=extendedResp|result_code=0|result=success|intermediates=1|");
  EXPECT_EQ(o.text().find("secret"), std::string::npos);
}

TEST(Ldap, ValuesThatLogInAreHidden) {
  for (const char* attribute : {"userPassword;lang-en", "2.5.4.35", "unicodePwd", "1.2.840.113556.1.4.90",
                                "olcRootPW", "nsslapd-rootpw", "nsDS5ReplicaCredentials", "ipaNTHash",
                                "sambaPasswordHistory", "sambaClearTextPassword", "goFonPassword",
                                "MAILPASSWORD", "pwdHistory", "msLAPS-EncryptedPassword"}) {
    const Outcome o = play(kDescriptor, {{kC, modify(1, change(2, attribute, "s3cret"))},
                                         {kS, message(1, 0x67, result(0))},
                                         {kC, search(2, equals(attribute, "s3cret"))},
                                         {kS, done(2)}});
    ASSERT_EQ(o.calls.size(), 2u);
    EXPECT_EQ(o.text().find("s3cret"), std::string::npos) << o.text();
    for (const Call& c : o.calls) EXPECT_NE(c.flags & kFlagRedacted, 0u) << attribute;
  }
  for (const char* attribute : {"cn", "pwdLastSet", "passwordExpirationTime", "krbPwdPolicyReference"}) {
    const Outcome o = play(kDescriptor, {{kC, modify(1, change(2, attribute, "shown"))}});
    EXPECT_NE(o.text().find("shown"), std::string::npos) << attribute;
  }
  const std::string consumer = "rid=1 provider=ldap://a bindmethod=simple Credentials=s3cret searchbase=dc=x";
  const Outcome o =
      play(kDescriptor,
           {{kC, modify(1, change(0, "olcSyncrepl", "rid=1 provider=ldap://a") +
                               change(0, "olcDbIDAssertBind", consumer))},
            {kC, message(2, 0x6e, octets("cn=a") + sequence(octets("olcSyncrepl") + octets(consumer)))}});
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.text().find("s3cret"), std::string::npos) << o.text();
  EXPECT_NE(o.text().find("rid=1 provider=ldap://a"), std::string::npos) << o.text();
}

TEST(Ldap, CredentialsAreShownOnDemand) {
  Play how;
  how.limits.credentials_shown = true;
  const Outcome o = play(kDescriptor, {{kC, bind(1)}, {kS, bound(1)}}, how);
  EXPECT_NE(o.text().find("secret"), std::string::npos);
  EXPECT_EQ(o.calls[0].flags, 0u);
}

TEST(Ldap, RefusedBindsAreErrors) {
  EXPECT_EQ(
      brief(play(kDescriptor, {{kC, bind(1)}, {kS, bound(1, 49, "no")}})),
      "complete 49 bindRequest cn=bob,dc=lab" + flag(kFlagRedacted) + " error=invalidCredentials: no\n");
}

TEST(Ldap, SaslInSeveralSteps) {
  const Outcome o = play(kDescriptor, {{kC, sasl_bind(1, "GSSAPI")},
                                       {kS, bound(1, 14)},
                                       {kC, sasl_bind(2, "GSSAPI")},
                                       {kS, bound(2)},
                                       {kC, std::string("\0\0\0\x10\x05\x04sealed bytes .", 20)},
                                       {kS, "more"}});
  EXPECT_EQ(brief(o), "complete 14 bindRequest GSSAPI" + flag(kFlagRedacted) +
                          "\ncomplete 0 bindRequest GSSAPI" + flag(kFlagRedacted) + "\n");
  EXPECT_EQ(o.counters.malformed, 0u);
}

TEST(Ldap, StartTlsHandsTheRestOver) {
  const std::string hello("\x16\x03\x01\x00\x05hello", 10);
  const Outcome o =
      play(kDescriptor,
           {{kC, extended(1, "1.3.6.1.4.1.1466.20037")}, {kS, extended_done(1)}, {kC, hello}, {kS, hello}});
  EXPECT_EQ(brief(o), "complete 0 extendedReq StartTLS\n");
  EXPECT_TRUE(o.identified);
  EXPECT_EQ(o.handed_over[0], hello);
  EXPECT_EQ(o.used_bytes, 0u);
  EXPECT_FALSE(
      play(kDescriptor, {{kC, extended(1, "1.3.6.1.4.1.1466.20037")}, {kS, extended_done(1, 2)}}).identified);
}

TEST(Ldap, WhatIsAbandonedIsNoError) {
  const Outcome o = play(kDescriptor, {{kC, search(2)}, {kS, entry(2)}, {kC, message(3, 0x50, "\x02")}});
  EXPECT_EQ(brief(o), "one_way -1 abandonRequest\ncomplete -1 searchRequest dc=lab (cn=bob)" +
                          flag(kFlagTruncatedBody) + "\n");
  EXPECT_NE(o.calls[1].request_fields.find("abandoned=1"), std::string::npos);
}

TEST(Ldap, UnsolicitedAndUnasked) {
  const Outcome o = play(
      kDescriptor,
      {{kC, search(1)}, {kS, done(2)}, {kS, bound(1)}, {kS, extended_done(0, 52, "1.3.6.1.4.1.1466.20036")}});
  EXPECT_EQ(brief(o), "no_request 0 searchResDone" + reason(Reason::unsolicited) +
                          "\nno_request 0 bindResponse" + reason(Reason::unsolicited) +
                          "\nno_request 52 extendedResp" + reason(Reason::unsolicited) +
                          " error=unavailable\nno_response -1 searchRequest dc=lab (cn=bob)" +
                          reason(Reason::capture_ended) + "\n");
}

TEST(Ldap, WhatHadBegunBeforeItWasAskedForIsNoAnswer) {
  const std::string part = entry(2, 200), end = done(2);
  const Outcome o = play(
      kDescriptor,
      {{kC, bind(1)}, {kS, bound(1) + part.substr(0, 50)}, {kC, search(2)}, {kS, part.substr(50) + end}});
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[1].state, State::complete);
  EXPECT_EQ(o.calls[1].response_size, end.size()) << "the entry was somebody else's";
  EXPECT_GE(o.calls[1].response_first, o.calls[1].request_first);
}

TEST(Ldap, LargeMessagesPassByCounter) {
  Play how;
  how.cut_bytes = 1'400;
  const std::string large = modify(2, change(2, "photo", std::string(100'000, 'x')));
  const Conversation c = {
      {kC, search(1)}, {kS, entry(1, 200'000) + done(1)}, {kC, large}, {kS, message(2, 0x67, result(0))}};
  const Outcome o = play(kDescriptor, c, how);
  EXPECT_EQ(brief(o), "complete 0 searchRequest dc=lab (cn=bob)\ncomplete 0 modifyRequest cn=bob,dc=lab" +
                          flag(kFlagTruncatedBody) + "\n");
  EXPECT_EQ(o.calls[0].response_size, entry(1, 200'000).size() + done(1).size());
  EXPECT_EQ(o.calls[1].request_size, large.size());
  EXPECT_GT(o.skipped_bytes, 250'000u);
  EXPECT_EQ(check_splits(kDescriptor, c, how), "");
  how.cut_bytes = 0;
  EXPECT_EQ(check_gaps(kDescriptor, c, how), "");
}

TEST(Ldap, ASearchThatIsFoundSlowlyIsNotGivenUp) {
  Play how;
  how.limits.answer_timeout_ns = 3 * kSecondNs;
  how.time_step_ns = 2 * kSecondNs;
  EXPECT_EQ(
      brief(play(kDescriptor,
                 {{kC, search(1)}, {kS, entry(1)}, {kS, entry(1)}, {kS, entry(1)}, {kS, done(1)}}, how)),
      "complete 0 searchRequest dc=lab (cn=bob)\n");
  EXPECT_EQ(brief(play(kDescriptor,
                       {{kC, search(1)}, {.from = kC, .bytes = search(2), .pause = 2 * kSecondNs}}, how)),
            "no_response -1 searchRequest dc=lab (cn=bob)" + reason(Reason::unanswered) +
                " error=no response: unanswered\nno_response -1 searchRequest dc=lab (cn=bob)" +
                reason(Reason::capture_ended) + "\n");
}

TEST(Ldap, OverDatagrams) {
  const Play how{.datagrams = true};
  const Outcome o =
      play(kDescriptor, {{kC, search(1)}, {kC, search(1)}, {kS, entry(1) + done(1)}, {kC, search(2)}}, how);
  EXPECT_EQ(brief(o),
            "complete 0 searchRequest dc=lab (cn=bob)\nno_response -1 searchRequest dc=lab (cn=bob)" +
                reason(Reason::capture_ended) + "\n");
  EXPECT_NE(o.calls[0].request_fields.find("retransmissions=1"), std::string::npos);
  EXPECT_EQ(o.counters.repeats, 1u);
}

TEST(Ldap, LimitsAndHoles) {
  Play how;
  how.limits.open_calls_max = 1;
  EXPECT_EQ(brief(play(kDescriptor, {{kC, search(1) + search(2)}, {kS, done(2)}}, how)),
            "no_response -1 searchRequest dc=lab (cn=bob)" + reason(Reason::evicted) +
                "\ncomplete 0 searchRequest dc=lab (cn=bob)\n");
  how.state_bytes = 0;
  EXPECT_EQ(brief(play(kDescriptor, {{kC, search(1)}}, how)),
            "no_response -1 searchRequest dc=lab (cn=bob)" + reason(Reason::evicted) + "\n");
  EXPECT_EQ(
      brief(play(kDescriptor,
                 {{kC, search(1)}, {.from = kS, .bytes = done(1), .lost = true, .cause = GapCause::sensor}})),
      "no_response -1 searchRequest dc=lab (cn=bob)" + flag(kFlagGap) + reason(Reason::lost_in_sensor) +
          "\n");
}

TEST(Ldap, WhatIsNoMessageIsFoundOut) {
  const Outcome o = play(kDescriptor, {{kC, search(1) + "rubbish" + search(2)}, {kS, done(1) + done(2)}});
  EXPECT_EQ(o.counters.malformed, 1u);
  EXPECT_EQ(o.calls.size(), 2u);
}

}  // namespace
}  // namespace spanlight::ldap
