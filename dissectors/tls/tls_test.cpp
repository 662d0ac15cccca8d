#include "tls/tls.h"

#include <gtest/gtest.h>

#include "core/crypto/crypto.h"
#include "core/testing/told.h"
#include "core/tls/fingerprint.h"
#include "core/tls/names.h"
#include "core/tls/wire_for_tests.h"
#include "tls/recognise.h"

namespace spanlight::tls {
namespace {

using namespace testing;
using spanlight::testing::Call;
using spanlight::testing::check_gaps;
using spanlight::testing::check_prefixes;
using spanlight::testing::check_splits;
using spanlight::testing::Conversation;
using spanlight::testing::flag;
using spanlight::testing::Outcome;
using spanlight::testing::play;
using spanlight::testing::reason;

constexpr Direction kC = Direction::c2s;
constexpr Direction kS = Direction::s2c;

std::string brief(const Outcome& o) {
  return spanlight::testing::told(o, [](const spanlight::testing::Call& c) { return c.summary; });
}

const std::string kAsked = record(22, client_hello(), 0x0301);
const std::string kSealedFlight = change_cipher() + sealed(900);
const Conversation kNew = {{kC, kAsked},
                           {kS, record(22, server_hello_13()) + kSealedFlight},
                           {kC, change_cipher() + sealed()},
                           {kS, sealed()}};

// TLS 1.2: hello, certificate, key exchange, request for a certificate, done.
std::string old_flight(std::string_view session_id = "") {
  return server_hello(0xc02f, ext(16, counted(2, counted(1, "h2"))), false, session_id) +
         certificate_message() + message(12, "\x03\x00\x17 key and signature"s) +
         message(13, "\x01\x01\x00\x02\x04\x03\x00\x00"s) + message(14, "");
}
HelloParts old_parts() {
  HelloParts parts;
  parts.versions.clear();
  parts.ciphers = {0xc02f, 0x009c};
  return parts;
}
const std::string kOldAsked = record(22, client_hello(old_parts()), 0x0301);
const Conversation kOld = {{kC, kOldAsked},
                           {kS, records(old_flight(), 700)},
                           {kC, record(22, message(16, "key")) + change_cipher() + sealed()},
                           {kS, change_cipher() + sealed()}};

TEST(Tls, AHandshakeOfTls13) {
  const Outcome o = play(kDescriptor, kNew);
  ASSERT_EQ(o.calls.size(), 1u);
  const Call& c = o.calls[0];
  EXPECT_EQ(brief(o), "complete ClientHello example.org, TLSv1.3\n");
  EXPECT_EQ(c.version, "1.3");
  EXPECT_EQ(c.request_size, client_hello().size());
  EXPECT_EQ(c.response_size, server_hello_13().size());
  EXPECT_EQ(c.response_first - c.request_first, kMillisecondNs);
  EXPECT_EQ(c.request_fields.substr(0, c.request_fields.find("ja3=")),
            "sni=example.org|alpn=h2,http/1.1,|version=TLSv1.3|versions=TLSv1.3,TLSv1.2,|legacy_version=771|"
            "cipher_count=4|ciphers=TLS_AES_128_GCM_SHA256,TLS_AES_256_GCM_SHA384,"
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,|groups=x25519,secp256r1,|key_shares=x25519,|"
            "signature_algorithms=ecdsa_secp256r1_sha256,rsa_pss_rsae_sha256,|");
  EXPECT_EQ(c.response_fields.substr(0, c.response_fields.find("ja3s=")),
            "version=TLSv1.3|cipher=4865|cipher_suite=TLS_AES_128_GCM_SHA256|group=x25519|");
}

TEST(Tls, AHandshakeOfTls12ShowsTheCertificate) {
  const Outcome o = play(kDescriptor, kOld);
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(brief(o), "complete ClientHello example.org, TLSv1.2, h2\n");
  const std::string& fields = o.calls[0].response_fields;
  EXPECT_EQ(fields.substr(0, fields.find("ja3s=")),
            "version=TLSv1.2|cipher=49199|cipher_suite=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256|alpn=h2,|");
  EXPECT_EQ(fields.substr(fields.find("certificate_subject")),
            "certificate_subject=example.org|certificate_issuer=Some CA|"
            "certificate_not_before=2026-01-01T00:00:00Z|certificate_not_after=2051-02-03T04:05:06Z|"
            "certificate_names=example.org,*.example.org,192.0.2.1,2001:db8::1,|"
            "group=secp256r1|client_certificate_requested=1|");
  EXPECT_EQ(o.calls[0].response_size, old_flight().size());
}

TEST(Tls, TwoRecordsInTheMiddleOfAConnectionAreEnough) {
  const std::string record = std::string("\x17\x03\x03\0\x08", 5) + "sealed..";
  const std::string bytes = "rest of a record" + record + record;
  for (const Direction from : {Direction::c2s, Direction::s2c}) {
    const Sync found = kDescriptor.find_proof(from, as_bytes(bytes));
    EXPECT_TRUE(found.found);
    EXPECT_EQ(found.skip, 16u);
    const Sync one = kDescriptor.find_proof(from, as_bytes(bytes).first(16 + record.size()));
    EXPECT_FALSE(one.found);
    EXPECT_EQ(one.skip, 16u) << "the second may follow";
  }
  EXPECT_FALSE(kDescriptor.find_proof(Direction::c2s, as_bytes(record + "and something else")).found);
}

TEST(Tls, OfAConnectionJoinedMidstreamAHelloIsEnough) {
  for (std::size_t n = 0; n <= kAsked.size(); ++n) {
    const Bytes seen = as_bytes(kAsked).first(n);
    EXPECT_EQ(kDescriptor.find_proof(kC, seen).found, n >= kProbeBytes) << n;
    EXPECT_FALSE(kDescriptor.find_proof(kS, seen).found) << n;
    EXPECT_EQ(kDescriptor.find_proof(kC, seen).skip, 0u) << n;
  }
  EXPECT_TRUE(kDescriptor.find_proof(kS, as_bytes(kNew[1].bytes)).found);
}

// What nobody knows to be missing is told as a hole of no bytes.
TEST(Tls, JoinedMidstream) {
  const auto joined = [](Conversation c) {
    const auto unknown = [](Direction from) {
      return spanlight::testing::Segment{.from = from, .bytes = "", .lost = true};
    };
    c.insert(c.begin(), {unknown(kC), unknown(kS)});
    return c;
  };
  EXPECT_EQ(brief(play(kDescriptor, joined(kNew))), "complete ClientHello example.org, TLSv1.3\n");
  EXPECT_EQ(brief(play(kDescriptor, joined(kOld))), "complete ClientHello example.org, TLSv1.2, h2\n");
  EXPECT_EQ(check_splits(kDescriptor, joined(kNew), {}), "");
  const Conversation refused = {kNew[0], {kS, alert(2, 40)}};
  EXPECT_EQ(brief(play(kDescriptor, joined(refused))),
            "complete ClientHello example.org, TLSv1.3, h2 error=alert: handshake_failure\n");
  EXPECT_EQ(check_splits(kDescriptor, joined(refused), {}), "");
  const std::string missed = reason(Reason::lost_in_mirror) + "\n";
  EXPECT_EQ(brief(play(kDescriptor, joined({kNew[0], {kS, kSealedFlight}, kNew[2]}))),
            "no_response ClientHello example.org, TLSv1.3, h2" + missed);
  EXPECT_EQ(brief(play(kDescriptor, joined({kNew[1], kNew[2]}))), "no_request ServerHello TLSv1.3" + missed);
  EXPECT_EQ(brief(play(kDescriptor, joined({kNew[2], kNew[3]}))), "");
}

TEST(Tls, AServersHelloIsNoAnswerToOneThatCameBehindIt) {
  const Conversation c = {
      {kS, record(22, server_hello(0xc02f, ""))}, {kC, kOldAsked}, {kS, change_cipher() + sealed()}};
  EXPECT_EQ(brief(play(kDescriptor, c)),
            "no_request ServerHello TLSv1.2" + reason(Reason::lost_in_mirror) + "\n");
  EXPECT_EQ(check_splits(kDescriptor, c, {}), "");
}

TEST(Tls, WhatBeganBeforeTheClientsHelloDoesNotAnswerIt) {
  const std::string hello = record(22, server_hello(0xc02f, "")), complaint = alert(2, 40);
  const Conversation hello_c = {{kS, hello.substr(0, 9)}, {kC, kOldAsked}, {kS, hello.substr(9) + sealed()}};
  EXPECT_EQ(brief(play(kDescriptor, hello_c)),
            "no_request ServerHello TLSv1.2" + reason(Reason::lost_in_mirror) + "\n");
  EXPECT_EQ(check_splits(kDescriptor, hello_c, {}), "");
  const Conversation alert_c = {{kS, complaint.substr(0, 6)}, {kC, kOldAsked}, {kS, complaint.substr(6)}};
  EXPECT_EQ(brief(play(kDescriptor, alert_c)).find("no_response ClientHello"), 0u);
  EXPECT_EQ(check_splits(kDescriptor, alert_c, {}), "");
}

TEST(Tls, TheRestOfTheFlowIsNobodys) {
  Conversation c = kNew;
  c.push_back({kS, sealed(1'000)});
  const Outcome o = play(kDescriptor, c);
  EXPECT_EQ(o.used_bytes, 0u);
  EXPECT_EQ(o.calls.size(), 1u);
}

TEST(Tls, ASessionOfTls12IsCarriedOn) {
  const std::string id(32, '\x11');
  const Outcome o =
      play(kDescriptor, {{kC, kOldAsked},
                         {kS, record(22, server_hello(0xc02f, "", false, id)) + change_cipher() + sealed()},
                         {kC, change_cipher() + sealed()}});
  EXPECT_EQ(brief(o), "complete ClientHello example.org, TLSv1.2\n");
  EXPECT_NE(o.calls[0].response_fields.find("resumed=1|"), std::string::npos);
}

TEST(Tls, ResumptionEarlyDataAndEncryptedHello) {
  HelloParts parts;
  parts.more = ext(0xfe0d, "ech") + ext(42, "") + ext(41, "psk");
  const std::string chosen = server_hello(0x1301, ext(43, u16(0x0304)) + ext(41, u16(0)));
  const Outcome o = play(kDescriptor, {{kC, record(22, client_hello(parts)) + change_cipher() + sealed(500)},
                                       {kS, record(22, chosen) + kSealedFlight},
                                       {kC, sealed()}});
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_NE(o.calls[0].request_fields.find("offers_resumption=1|early_data=1|ech=1|"), std::string::npos);
  EXPECT_NE(o.calls[0].response_fields.find("resumed=1|"), std::string::npos);
}

TEST(Tls, AHelloOverManyRecordsAndSegments) {
  HelloParts parts;
  parts.share_bytes = 3'000;
  const std::string bytes = records(client_hello(parts), 1'000);
  Conversation c;
  for (std::size_t at = 0; at < bytes.size(); at += 536) c.push_back({kC, bytes.substr(at, 536)});
  c.insert(c.end(), kNew.begin() + 1, kNew.end());
  const Outcome o = play(kDescriptor, c);
  EXPECT_EQ(brief(o), "complete ClientHello example.org, TLSv1.3\n");
  EXPECT_EQ(o.calls[0].request_size, client_hello(parts).size());
  EXPECT_EQ(check_splits(kDescriptor, c, {}), "");
}

// RFC 8446, D.4: an empty change of ciphers may stand between.
TEST(Tls, AHelloThatIsAskedForAgain) {
  const Conversation c = {{kC, kAsked},
                          {kS, record(22, retry_request()) + change_cipher()},
                          {kC, change_cipher() + record(22, client_hello())},
                          {kS, record(22, server_hello_13()) + sealed()},
                          {kC, sealed()}};
  const Outcome o = play(kDescriptor, c);
  EXPECT_EQ(brief(o), "complete ClientHello example.org, TLSv1.3\n");
  EXPECT_NE(o.calls[0].response_fields.find("hello_retry=1|retry_group=secp256r1|"), std::string::npos);
  EXPECT_EQ(o.calls[0].response_first - o.calls[0].request_first, 3 * kMillisecondNs);
  EXPECT_EQ(check_splits(kDescriptor, c, {}), "");
  EXPECT_EQ(check_gaps(kDescriptor, c, {}), "");
}

TEST(Tls, AlertsAreErrors) {
  const Outcome refused = play(kDescriptor, {{kC, kAsked}, {kS, alert(2, 40)}});
  EXPECT_EQ(brief(refused), "complete ClientHello example.org, TLSv1.3, h2 error=alert: handshake_failure\n");
  EXPECT_EQ(refused.calls[0].response_fields, "alert=handshake_failure|");
  EXPECT_EQ(refused.calls[0].response_first - refused.calls[0].request_first, kMillisecondNs);
  const Outcome distrusted = play(kDescriptor, {kOld[0], kOld[1], {kC, alert(2, 48)}});
  EXPECT_EQ(brief(distrusted), "complete ClientHello example.org, TLSv1.2, h2 error=alert: unknown_ca\n");
  EXPECT_NE(distrusted.calls[0].request_fields.find("alert=unknown_ca|"), std::string::npos);
  EXPECT_EQ(brief(play(kDescriptor, {{kC, kAsked}, {kC, alert(1, 0)}})),
            "no_response ClientHello example.org, TLSv1.3, h2" + reason(Reason::closed) +
                " error=alert: close_notify\n");
  EXPECT_EQ(brief(play(kDescriptor, {{kC, kAsked}, {kS, alert(2, 200)}})),
            "complete ClientHello example.org, TLSv1.3, h2 error=alert: 0x00c8\n");
}

TEST(Tls, ARetryThatTheClientDoesNotFollowIsTheAnswer) {
  const Conversation asked = {{kC, kAsked}, {kS, record(22, retry_request()) + change_cipher()}};
  Conversation refused = asked;
  refused.push_back({kC, change_cipher() + alert(2, 47)});
  const Outcome o = play(kDescriptor, refused);
  EXPECT_EQ(brief(o), "complete ClientHello example.org, TLSv1.3 error=alert: illegal_parameter\n");
  EXPECT_EQ(o.calls[0].response_size, retry_request().size());
  EXPECT_EQ(o.calls[0].response_first - o.calls[0].request_first, kMillisecondNs);
  EXPECT_NE(o.calls[0].response_fields.find("hello_retry=1|retry_group=secp256r1|"), std::string::npos);
  EXPECT_EQ(o.calls[0].response_fields.find("|group="), std::string::npos);
  EXPECT_EQ(check_splits(kDescriptor, refused, {}), "");
  EXPECT_EQ(check_gaps(kDescriptor, refused, {}), "");
  EXPECT_EQ(brief(play(kDescriptor, asked)), "complete ClientHello example.org, TLSv1.3\n");
  Conversation followed = asked;
  followed.push_back({kC, record(22, client_hello())});
  EXPECT_EQ(brief(play(kDescriptor, followed)),
            "no_response ClientHello example.org, TLSv1.3, h2" + reason(Reason::capture_ended) + "\n");
  const Conversation turned = {asked[1], asked[0]};
  EXPECT_EQ(brief(play(kDescriptor, turned)), brief(play(kDescriptor, {asked[0]})));
  followed.push_back({kS, alert(2, 40)});
  EXPECT_EQ(brief(play(kDescriptor, followed)),
            "complete ClientHello example.org, TLSv1.3, h2 error=alert: handshake_failure\n");
}

TEST(Tls, AWarningIsNoError) {
  Conversation c = kNew;
  c.insert(c.begin() + 1, {kS, alert(1, 112)});
  const Outcome o = play(kDescriptor, c);
  EXPECT_EQ(brief(o), "complete ClientHello example.org, TLSv1.3\n");
  EXPECT_NE(o.calls[0].response_fields.find("alert=unrecognized_name|"), std::string::npos);
}

TEST(Tls, AnEncipheredAlertSaysNothing) {
  const Conversation c = {{kC, kAsked}, {kS, record(21, "\x02\x28\x02\x28")}, kNew[1], kNew[2]};
  EXPECT_EQ(brief(play(kDescriptor, c)), "complete ClientHello example.org, TLSv1.3\n");
  EXPECT_EQ(check_splits(kDescriptor, c, {}), "");
}

TEST(Tls, NoAnswer) {
  const Conversation asked = {{kC, kAsked}};
  const std::string told = "no_response ClientHello example.org, TLSv1.3, h2";
  EXPECT_EQ(brief(play(kDescriptor, asked, {.close = End::reset})),
            told + reason(Reason::reset) + " error=no response: connection reset\n");
  EXPECT_EQ(brief(play(kDescriptor, asked, {.fin = true})),
            told + reason(Reason::closed) + " error=no response: connection closed\n");
  EXPECT_EQ(brief(play(kDescriptor, asked)), told + reason(Reason::capture_ended) + "\n");
  EXPECT_EQ(
      brief(play(kDescriptor, {{kC, kAsked}, {.from = kS, .bytes = sealed(), .pause = 61 * kSecondNs}})),
      told + reason(Reason::unanswered) + " error=no response: unanswered\n");
  EXPECT_EQ(
      brief(play(kDescriptor, {{kC, kAsked}, {kS, "HTTP/1.1 400 Bad Request\r\n\r\n"}})),
      told + flag(kFlagMalformed) + reason(Reason::malformed) + " error=no response: what came is no TLS\n");
}

TEST(Tls, Holes) {
  const auto lost = [](Direction from, std::string_view bytes, GapCause cause = GapCause::mirror) {
    return spanlight::testing::Segment{
        .from = from, .bytes = std::string(bytes), .lost = true, .cause = cause};
  };
  EXPECT_EQ(brief(play(kDescriptor, {{kC, kAsked}, lost(kS, kNew[1].bytes)})),
            "no_response ClientHello example.org, TLSv1.3, h2" + flag(kFlagGap) +
                reason(Reason::lost_in_mirror) + "\n");
  EXPECT_EQ(brief(play(kDescriptor, {lost(kC, kAsked, GapCause::sensor), kNew[1]})),
            "no_request ServerHello TLSv1.3" + flag(kFlagGap) + reason(Reason::lost_in_sensor) + "\n");
  EXPECT_EQ(check_gaps(kDescriptor, kNew, {}), "");
  EXPECT_EQ(check_gaps(kDescriptor, kOld, {}), "");
}

TEST(Tls, CutsAndPrefixesChangeNothing) {
  for (const Conversation& c : {kNew, kOld, Conversation{{kC, kAsked}, {kS, alert(2, 40)}}}) {
    EXPECT_EQ(check_splits(kDescriptor, c, {}), "");
    EXPECT_EQ(check_prefixes(kDescriptor, c, {}), "");
  }
}

TEST(Tls, WithoutSlabsNothingIsTold) {
  const Outcome o = play(kDescriptor, kNew, {.state_bytes = 0});
  EXPECT_TRUE(o.calls.empty());
  EXPECT_EQ(o.counters.state_exhausted, 1u);
}

TEST(Tls, WithoutASlabForTheAnswerTheQuestionIsTold) {
  const std::string large = server_hello(0x1301, ext(43, u16(0x0304)) + ext(9'999, std::string(1'500, 'x')));
  const Conversation c = {{kC, kAsked}, {kS, record(22, large)}};
  const Outcome o = play(kDescriptor, c, {.state_bytes = SlabPool::kPageBytes});
  EXPECT_EQ(o.counters.state_exhausted, 1u);
  EXPECT_EQ(brief(o), "no_response ClientHello example.org, TLSv1.3, h2" + reason(Reason::evicted) + "\n");
  EXPECT_EQ(o.used_bytes, 0u);
}

TEST(Tls, AHelloThatContradictsItselfIsFlagged) {
  std::string hello = client_hello();
  hello[4 + 2 + 32] = 33;  // the session id takes the size of the ciphers with it
  const Outcome o = play(kDescriptor, {{kC, record(22, hello)}, kNew[1], kNew[2]});
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].flags, kFlagMalformed);
  EXPECT_TRUE(play(kDescriptor, {{kC, record(22, "\x01\x01\x00\x01 too long"s)}}).calls.empty());
}

std::string old_form(std::uint16_t version = 0x0301) {
  const std::string ciphers = "\x00\x00\x2f\x01\x00\x80\x00\x00\x0a"s;
  const std::string hello = "\x01"s + u16(version) + u16(static_cast<std::uint16_t>(ciphers.size())) +
                            u16(0) + u16(16) + ciphers + std::string(16, 'c');
  return u16(static_cast<std::uint16_t>(0x8000 | hello.size())) + hello;
}

TEST(Tls, AHelloIsFoundHoweverTheBytesBeforeItCame) {
  const std::string rest = "\x82\2\x78\x16\3"s + kAsked;
  std::size_t at = 0;
  Sync found;
  for (std::size_t n = 1; n <= rest.size() && !found.found; ++n) {
    found = kDescriptor.find(kC, as_bytes(rest).subspan(at, n - at));
    at += found.skip;
  }
  EXPECT_TRUE(found.found);
  EXPECT_EQ(at, rest.size() - kAsked.size());
  EXPECT_EQ(kDescriptor.find(kC, as_bytes(rest)).skip, at);
}

TEST(Tls, AHelloOfSsl2) {
  const Conversation c = {
      {kC, old_form()},
      {kS, record(22, server_hello(0x002f, "") + certificate_message() + message(14, ""))},
      {kC, record(22, message(16, "key"))}};
  const Outcome o = play(kDescriptor, c);
  EXPECT_EQ(brief(o), "complete ClientHello TLSv1.2\n");
  EXPECT_NE(
      o.calls[0].request_fields.find("ciphers=TLS_RSA_WITH_AES_128_CBC_SHA,TLS_RSA_WITH_3DES_EDE_CBC_SHA,|"),
      std::string::npos);
  EXPECT_EQ(check_splits(kDescriptor, c, {}), "");
  EXPECT_EQ(probe(as_bytes(old_form()), {}), Verdict::client);
  EXPECT_EQ(begins(kC, as_bytes(old_form())), Look::no) << "of a connection that was joined later";
}

TEST(TlsProbe, IsStrictAndDoesNotDependOnTheCut) {
  const std::string server = record(22, server_hello_13());
  EXPECT_EQ(probe(as_bytes(kAsked), {}), Verdict::client);
  EXPECT_EQ(probe(as_bytes(server), {}), Verdict::server);
  EXPECT_EQ(probe(as_bytes(records(client_hello(), 1)), {}), Verdict::client);
  for (const std::string& head : {kAsked, server, old_form()}) {
    for (std::size_t n = 0; n < head.size(); ++n) {
      const Verdict v = probe(as_bytes(head).first(n), {});
      EXPECT_TRUE(v == Verdict::more || v == probe(as_bytes(head), {})) << n;
      EXPECT_TRUE(n >= kProbeBytes + 2 ? v != Verdict::more : true) << n;
    }
  }
  struct Case {
    std::string what, bytes;
  };
  const std::string http = "GET / HTTP/1.1\r\n\r\n";
  for (const Case& c :
       {Case{"http", http},
        {"encrypted handshake", record(22, std::string(40, '\x00'))},
        {"application", sealed()},
        {"alert", alert(2, 40)},
        {"key exchange", record(22, message(16, std::string(64, 'k')))},
        {"short hello", record(22, message(1, std::string(37, '\x03')))},
        {"version of the record", record(22, client_hello(), 0x0403)},
        {"version of the hello", record(22, message(1, std::string(64, '\x04')))},
        {"too long", "\x16\x03\x01\x50\x00\x01\x00\x02\x00\x03\x03"s},
        {"empty", "\x16\x03\x01\x00\x00\x01\x00\x02\x00\x03\x03"s},
        {"ssl 2 proper", old_form(0x0002)},
        {"ssl 2 with other parts", old_form().substr(0, 6) + "\x08" + old_form().substr(7)}}) {
    EXPECT_EQ(probe(as_bytes(c.bytes), {}), Verdict::no) << c.what;
  }
}

// The example of the specification.
TEST(Fingerprints, Ja4OfTheSpecification) {
  HelloParts parts;
  parts.ciphers = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
                   0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035, 0xdada};
  parts.signatures = {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601};
  for (const int type : {0x0023, 0x0005, 0x0012, 0x001b, 0x002d, 0x4469, 0x0015, 0x0017, 0xff01})
    parts.more += ext(static_cast<std::uint16_t>(type), "");
  const std::string hello = client_hello(parts);
  std::array<char, 64> bytes;
  TextRoom room(bytes);
  ASSERT_TRUE(write_ja4(room, parse_client_hello(as_bytes(hello).subspan(4)), Carrier::tcp));
  EXPECT_EQ(room.since(0), "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(Fingerprints, Ja4OfOddHellos) {
  const auto of = [](const HelloParts& parts, Carrier carrier = Carrier::tcp) {
    const std::string hello = client_hello(parts);
    std::array<char, 64> bytes;
    TextRoom room(bytes);
    return write_ja4(room, parse_client_hello(as_bytes(hello).subspan(4)), carrier)
               ? std::string(room.since(0))
               : "";
  };
  HelloParts bare;
  bare.sni.clear();
  bare.protocols.clear();
  bare.ciphers.clear();
  bare.versions = {0x0a0a, 0x0301};
  EXPECT_EQ(of(bare).substr(0, 23), "t10i000500_000000000000");
  bare.protocols = {"\xab\xcd"};
  EXPECT_EQ(of(bare, Carrier::quic).substr(0, 10), "q10i0006ad");
  bare.protocols = {"h"};
  EXPECT_EQ(of(bare).substr(0, 10), "t10i0006hh");
  bare.ciphers.assign(120, 0x1301);
  EXPECT_EQ(of(bare).substr(0, 10), "t10i9906hh");
  bare.ciphers.assign(kJa4Max + 1, 0x1301);
  EXPECT_EQ(of(bare), "");
}

TEST(Fingerprints, AnyByteOfANameCanBeShown) {
  std::array<char, 64> bytes;
  TextRoom room(bytes);
  write_visible(room, as_bytes("a\x01\xff~ "));
  EXPECT_EQ(room.since(0), "a\\x01\\xff~ ");
}

}  // namespace
}  // namespace spanlight::tls
