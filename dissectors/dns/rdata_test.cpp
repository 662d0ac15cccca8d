#include "dns/rdata.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "dns/edns.h"
#include "dns/wire_for_tests.h"

namespace spanlight::dns {
namespace {

using namespace wire;

struct Case {
  const char* name;
  unsigned type;
  std::string rdata;
  std::string shown;  // behind the TTL
};

const std::string kSix = "\1\2\3\4\5\6";

std::vector<Case> cases() {
  const std::string soa =
      name("ns.a.org") + name("host.a.org") + u32(7) + u32(3600) + u32(600) + u32(86400) + u32(60);
  const std::string rrsig = u16(1) + u8(13) + u8(2) + u32(300) + u32(1'700'000'000) + u32(951'782'400) +
                            u16(4711) + name("a.org") + "\xfb\xff";
  return {
      {"a", 1, {"\xc0\0\2\1", 4}, R"("data":"192.0.2.1")"},
      {"aaaa", 28, {" \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16}, R"("data":"2001:db8::1")"},
      {"cname", 5, name("b.org"), R"("data":"b.org")"},
      {"ns compressed", 2, str("ns") + pointer(12), R"("data":"ns.a.org")"},
      {"mx", 15, u16(10) + name("mx.a.org"), R"("preference":10,"data":"mx.a.org")"},
      {"null mx", 15, u16(0) + name(""), R"("preference":0,"data":".")"},
      {"srv", 33, u16(1) + u16(2) + u16(5060) + name("s.a.org"),
       R"("priority":1,"weight":2,"port":5060,"data":"s.a.org")"},
      {"txt", 16, str("v=spf1 \"-all\"") + str(" more\x7f\\"), R"("data":"v=spf1 \"-all\" more\\127\\\\")"},
      {"soa", 6, soa, R"("rdata":"ns.a.org host.a.org 7 3600 600 86400 60")"},
      {"caa", 257, u8(0) + str("issue") + "ca.org", R"("rdata":"0 issue \"ca.org\"")"},
      {"naptr", 35, u16(1) + u16(2) + str("U") + str("E2U+sip") + str("!^.*$!x!") + name(""),
       R"("rdata":"1 2 \"U\" \"E2U+sip\" \"!^.*$!x!\" .")"},
      {"ds", 43, u16(4711) + u8(13) + u8(2) + "\xab\xcd", R"("rdata":"4711 13 2 ABCD")"},
      {"dnskey", 48, u16(257) + u8(3) + u8(13) + "abcd", R"("rdata":"257 3 13 YWJjZA==")"},
      {"rrsig", 46, rrsig, R"("rdata":"A 13 2 300 20231114221320 20000229000000 4711 a.org +/8=")"},
      {"nsec", 47, name("b.org") + u8(0) + u8(1) + u8(0x62) + u8(1) + u8(1) + u8(0x40),
       R"("rdata":"b.org A NS SOA CAA")"},
      {"nsec of nothing", 47, name("b.org"), R"("rdata":"b.org")"},
      {"nsec3", 50,
       u8(1) + u8(0) + u16(5) + str("\xaa") + str("\x01\x02\x03\x04\x05") + u8(0) + u8(1) + u8(0x40),
       R"("rdata":"1 0 5 AA 04106105 A")"},
      {"nsec3param", 51, u8(1) + u8(0) + u16(0) + u8(0), R"("rdata":"1 0 0 -")"},
      {"tlsa", 52, u8(3) + u8(1) + u8(1) + "\x01", R"("rdata":"3 1 1 01")"},
      {"sshfp", 44, u8(4) + u8(2) + "\x01", R"("rdata":"4 2 01")"},
      {"https", 65,
       u16(1) + name("") + u16(0) + u16(2) + u16(1) + u16(1) + u16(6) + str("h2") + str("h3") + u16(2) +
           u16(0) + u16(3) + u16(2) + u16(443) + u16(4) + u16(4) + kSix.substr(0, 4) + u16(5) + u16(1) + "a" +
           u16(6) + u16(16) + std::string(15, '\0') + "\1" + u16(7) + u16(2) + "/q" + u16(999) + u16(1) +
           "\"",
       R"("rdata":"1 . mandatory=alpn alpn=h2,h3 no-default-alpn port=443 ipv4hint=1.2.3.4 ech=YQ== ipv6hint=::1 dohpath=\"/q\" key999=\"\\\"\"")"},
      {"svcb alias", 64, u16(0) + name("b.org"), R"("rdata":"0 b.org")"},
      {"uri", 256, u16(1) + u16(2) + "https://a", R"("rdata":"1 2 \"https://a\"")"},
      {"hinfo", 13, str("x") + str("y"), R"("rdata":"\"x\" \"y\"")"},
      {"unknown", 65280, kSix, R"("size":6)"},
      {"key", 25, kSix, R"("size":6)"},
      {"nothing", 1, "", ""},
      {"a of five bytes", 1, kSix.substr(1), R"("malformed":true)"},
      {"name and more", 5, name("b.org") + "x", R"("malformed":true)"},
      {"name cut", 5, str("b"), R"("malformed":true)"},
      {"mx cut", 15, u8(1), R"("malformed":true)"},
      {"txt cut", 16, u8(9) + "x", R"("malformed":true)"},
      {"soa cut", 6, soa.substr(0, 30), R"("malformed":true)"},
      {"soa in its name", 6, str("a"), R"("malformed":true)"},
      {"soa behind", 6, soa + "x", R"("malformed":true)"},
      {"nsec window of 33", 47, name("b.org") + u8(0) + u8(33) + std::string(33, 'x'), R"("malformed":true)"},
      {"svcb hint of five", 64, u16(1) + name("") + u16(4) + u16(5) + kSix.substr(1), R"("malformed":true)"},
      {"svcb port of three", 64, u16(1) + name("") + u16(3) + u16(3) + "abc", R"("malformed":true)"},
      {"svcb cut", 64, u16(1) + name("") + u16(3) + u16(9) + "abc", R"("malformed":true)"},
  };
}

std::string shown(const std::string& message, NameStyle style = NameStyle::zone_file,
                  std::size_t room_bytes = 2'048) {
  std::vector<char> bytes(room_bytes);
  TextRoom room(bytes);
  const Outline outline = outline_of(as_bytes(message));
  EXPECT_EQ(outline.fault, Fault::none);
  each_record(as_bytes(message), outline, Section::answer,
              [&](const ResourceRecord& r) { write_record(room, as_bytes(message), r, style); });
  return std::string(room.since(0));
}

TEST(DnsRecords, AsText) {
  for (const Case& c : cases()) {
    const std::string m =
        header(1, 0x8180, 1, 1) + question("a.org", c.type) + record(pointer(12), c.type, c.rdata);
    const std::string text = shown(m);
    const std::size_t at = text.find("\"ttl\":60") + 8;
    const std::string value = text.substr(at, text.size() - at - 1);
    EXPECT_EQ(value, c.shown.empty() ? "" : "," + c.shown) << c.name;
  }
}

TEST(DnsRecords, Ipv6) {
  const std::pair<const char*, std::vector<unsigned>> cases[] = {
      {"::", {0, 0, 0, 0, 0, 0, 0, 0}},
      {"::1", {0, 0, 0, 0, 0, 0, 0, 1}},
      {"1::", {1, 0, 0, 0, 0, 0, 0, 0}},
      {"2001:db8:0:1:1:1:1:1", {0x2001, 0xdb8, 0, 1, 1, 1, 1, 1}},
      {"2001:db8::1:0:0:1", {0x2001, 0xdb8, 0, 0, 1, 0, 0, 1}},
      {"2001:0:0:1::1", {0x2001, 0, 0, 1, 0, 0, 0, 1}},
      {"fe80::abcd:ef01", {0xfe80, 0, 0, 0, 0, 0, 0xabcd, 0xef01}},
      {"1:2:3:4:5:6:7:8", {1, 2, 3, 4, 5, 6, 7, 8}},
      {"::ffff:192.0.2.1", {0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201}},
      {"1:2:3:4:5:6::", {1, 2, 3, 4, 5, 6, 0, 0}},
  };
  for (const auto& [text, groups] : cases) {
    std::string address;
    for (const unsigned group : groups) address += u16(group);
    std::array<char, 64> bytes;
    TextRoom room(bytes);
    write_ipv6(room, as_bytes(address));
    EXPECT_EQ(room.since(0), text);
  }
}

TEST(DnsRecords, NameClassAndFlush) {
  const std::string m = header(1, 0x8400, 0, 1) + record(name("a.local"), 1, {"\x7f\0\0\1", 4}, 120, 0x8001);
  EXPECT_EQ(shown(m, NameStyle::utf8),
            R"({"name":"a.local","type":"A","ttl":120,"flush":true,"data":"127.0.0.1"})");
  const std::string chaos = header(1, 0x8400, 0, 1) + record(name("version.bind"), 16, str("9"), 0, 3);
  EXPECT_EQ(shown(chaos), R"({"name":"version.bind","type":"TXT","ttl":0,"class":"CH","data":"9"})");
}

TEST(DnsRecords, WhatDoesNotFitIsLeftOutWhole) {
  const std::string m =
      header(1, 0x8180, 1, 1) + question("a.org", 1) + record(pointer(12), 1, {"\xc0\0\2\1", 4});
  const std::size_t whole = shown(m).size();
  for (std::size_t room = 0; room < whole; ++room)
    EXPECT_EQ(shown(m, NameStyle::zone_file, room), "") << room;
}

TEST(Edns, Options) {
  const std::string subnet = u16(8) + u16(7) + u16(1) + u8(24) + u8(0) + std::string("\xc0\0\2", 3);
  const std::string error = u16(15) + u16(6) + u16(15) + "spam";
  const std::string m =
      header(1, 0x8182, 0, 0, 0, 1) + opt(u16(10) + u16(1) + "c" + subnet + error, 4096, 0x00018000);
  const Outline outline = outline_of(as_bytes(m));
  ASSERT_TRUE(outline.has_opt);
  const Edns edns = edns_of(as_bytes(m), outline.opt);
  EXPECT_EQ(edns.udp_bytes, 4096);
  EXPECT_EQ(edns.version, 1);
  EXPECT_TRUE(edns.dnssec_ok);
  std::array<char, 256> bytes;
  TextRoom room(bytes);
  write_client_subnet(room, edns.client_subnet);
  room.put(' ');
  write_extended_error(room, edns.extended_error);
  room.put(' ');
  write_client_subnet(room, as_bytes(u16(2) + u8(32) + u8(0) + std::string(" \1\r\xb8", 4)));
  room.put(' ');
  write_extended_error(room, as_bytes(u16(4711)));
  EXPECT_EQ(room.since(0), "192.0.2.0/24 15 Blocked: spam 2001:db8::/32 4711");
}

TEST(Edns, OptionsThatAreCut) {
  const std::string m = header(1, 0x8182, 0, 0, 0, 1) + opt(u16(8) + u16(9) + "x");
  const Edns edns = edns_of(as_bytes(m), outline_of(as_bytes(m)).opt);
  EXPECT_TRUE(edns.client_subnet.empty());
  std::array<char, 64> bytes;
  TextRoom room(bytes);
  write_client_subnet(room, as_bytes("x"));
  write_client_subnet(room, as_bytes(u16(1) + u16(0) + std::string(17, 'x')));
  write_extended_error(room, as_bytes("x"));
  EXPECT_EQ(room.since(0), "");
}

}  // namespace
}  // namespace spanlight::dns
