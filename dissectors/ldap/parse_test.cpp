#include <gtest/gtest.h>

#include <array>

#include "ldap/filter.h"
#include "ldap/ldap.h"
#include "ldap/parse.h"
#include "ldap/recognise.h"
#include "ldap/wire_for_tests.h"

namespace spanlight::ldap {
namespace {

using namespace wire;

TEST(LdapParse, EveryPrefixIsShort) {
  const std::string whole = search(7);
  for (std::size_t n = 0; n < 7; ++n)
    EXPECT_EQ(measure(as_bytes(whole.substr(0, n))).fault, Fault::short_input) << n;
  const SizedMessages::Measure m = measure(as_bytes(whole));
  EXPECT_EQ(m.fault, Fault::none);
  EXPECT_EQ(m.size, whole.size());
  EXPECT_EQ(m.wanted, whole.size());
  EXPECT_EQ(measure(as_bytes(entry(7, 500))).wanted, kEntryBytesWanted);
  const Message parsed = parse_message(as_bytes(whole));
  EXPECT_EQ(parsed.id, 7u);
  EXPECT_EQ(parsed.operation->name, "searchRequest");
  EXPECT_FALSE(parsed.clipped);
  EXPECT_TRUE(parse_message(as_bytes(whole.substr(0, 30))).clipped);
}

TEST(LdapParse, Faults) {
  struct Case {
    const char* name;
    std::string bytes;
    Fault fault;
  };
  for (const Case& c :
       {Case{"no sequence", "\x31\x05\x02\x01\x01\x42\x01", Fault::bad_magic},
        {"indefinite length", "\x30\x80\x02\x01\x01", Fault::bad_value},
        {"a length of five bytes", "\x30\x85\x01\x01\x01\x01\x01", Fault::bad_value},
        {"longer than any", "\x30\x84\x7f\xff\xff\xff", Fault::bad_length},
        {"no message id", "\x30\x05\x04\x01\x01\x42\x01", Fault::bad_value},
        {"a negative one", "\x30\x05\x02\x01\xff\x42\x01", Fault::bad_value},
        {"no operation", "\x30\x06\x02\x01\x01\x41\x01\x01", Fault::bad_value},
        {"a message that ends before its operation", std::string("\x30\x03\x02\x01\x01\x42\x00", 7),
         Fault::bad_length},
        {"an operation beyond the message", "\x30\x06\x02\x01\x01\x61\x09\x01", Fault::bad_length}})
    EXPECT_EQ(measure(as_bytes(c.bytes)).fault, c.fault) << c.name;
}

TEST(LdapParse, Results) {
  const std::string refused = result(49, "no such user");
  const Result r = read_result(as_bytes(refused));
  EXPECT_EQ(r.code, 49);
  EXPECT_EQ(r.diagnostic, "no such user");
  EXPECT_EQ(result_name(49), "invalidCredentials");
  EXPECT_EQ(result_name(4'711), "");
  EXPECT_EQ(read_result(as_bytes(octets("x"))).code, -1);
  for (const std::int32_t code : {0, 5, 6, 10, 14}) EXPECT_FALSE(is_failure(code)) << code;
  EXPECT_TRUE(is_failure(32));
}

std::string shown(const std::string& filter, Fault fault = Fault::none) {
  std::array<char, 1'024> letters;
  TextRoom room(letters);
  bool secret = false;
  EXPECT_EQ(write_filter(room, as_bytes(filter), false, secret), fault);
  return std::string(room.since(0)) + (secret ? " secret" : "");
}

TEST(LdapFilter, AsText) {
  const std::string bob = equals("cn", "bob");
  struct Case {
    std::string filter, text;
  };
  for (const Case& c :
       {Case{bob, "(cn=bob)"},
        {element(0x87, "objectClass"), "(objectClass=*)"},
        {element(0xa0, bob + element(0xa1, bob + element(0x87, "sn")) + element(0xa2, bob)),
         "(&(cn=bob)(|(cn=bob)(sn=*))(!(cn=bob)))"},
        {element(0xa5, octets("n") + octets("5")), "(n>=5)"},
        {element(0xa6, octets("n") + octets("5")), "(n<=5)"},
        {element(0xa8, octets("n") + octets("bop")), "(n~=bop)"},
        {element(0xa4, octets("cn") + sequence(element(0x80, "a") + element(0x81, "b") + element(0x82, "c"))),
         "(cn=a*b*c)"},
        {element(0xa4, octets("cn") + sequence(element(0x81, "b"))), "(cn=*b*)"},
        {element(0xa4, octets("cn") + sequence(element(0x82, "c"))), "(cn=*c)"},
        {element(0xa9, element(0x81, "2.5.13.5") + element(0x82, "cn") + element(0x83, "x") +
                           element(0x84, "\xff")),
         "(cn:dn:2.5.13.5:=x)"},
        {equals("cn", "a*(b)\\\x01"), "(cn=a\\2a\\28b\\29\\5c\\01)"},
        {equals("userPassword;x", "pw"), "(userPassword;x=[redacted]) secret"}})
    EXPECT_EQ(shown(c.filter), c.text);
  EXPECT_EQ(shown(element(0x99, "x"), Fault::bad_value), "(");
}

TEST(LdapFilter, DepthIsBounded) {
  std::string deep = equals("cn", "bob");
  for (std::size_t i = 0; i < kFilterDepthMax; ++i) deep = element(0xa2, deep);
  EXPECT_NE(shown(deep, Fault::too_deep).find("..."), std::string::npos);
}

TEST(LdapRecognise, Verdicts) {
  struct Case {
    const char* name;
    std::string bytes;
    Verdict verdict;
  };
  const std::string long_filter = search(1, equals("cn", std::string(400, 'x')));
  for (const Case& c :
       {Case{"bind", bind(1), Verdict::client},
        {"a part of it", bind(1).substr(0, 12), Verdict::more},
        {"bound", bound(1), Verdict::server},
        {"search", search(2), Verdict::client},
        {"a long one", long_filter, Verdict::client},
        {"its beginning", long_filter.substr(0, kProbeBytes), Verdict::client},
        {"a little less", long_filter.substr(0, kProbeBytes - 1), Verdict::more},
        {"entry", entry(2), Verdict::server},
        {"reference", reference(2), Verdict::server},
        {"end", done(2), Verdict::server},
        {"unbind", message(3, 0x42, ""), Verdict::client},
        {"unbind with something", message(3, 0x42, "x"), Verdict::no},
        {"delete", message(3, 0x4a, "cn=x"), Verdict::client},
        {"delete of no name", message(3, 0x4a, "nothing"), Verdict::no},
        {"extended", extended(4, "1.3.6.1"), Verdict::client},
        {"bind of version 9", message(1, 0x60, number(9) + octets("") + element(0x80, "")), Verdict::no},
        {"SNMP", sequence(number(1) + octets("public") + element(0xa0, number(1))), Verdict::no},
        {"SNMPv3", sequence(number(3) + sequence(number(1) + number(2))), Verdict::no},
        {"a certificate", "\x30\x82\x03\x10\x30\x82\x02\x01", Verdict::no},
        {"HTTP", "GET / HTTP/1.1\r\n", Verdict::no}})
    EXPECT_EQ(probe(as_bytes(c.bytes), {}), c.verdict) << c.name;
  EXPECT_EQ(probe_datagram(as_bytes(entry(1) + done(1)), {}), Verdict::server);
  EXPECT_EQ(probe_datagram(as_bytes(search(1) + "x"), {}), Verdict::no);
}

TEST(LdapRecognise, AMessageIsFoundBehindAHole) {
  const Sync found = kDescriptor.find(Direction::s2c, as_bytes("0rest of an entry" + done(9)));
  EXPECT_TRUE(found.found);
  EXPECT_EQ(found.skip, 17u);
}

}  // namespace
}  // namespace spanlight::ldap
