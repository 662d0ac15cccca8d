#include "serve/access.h"

#include <gtest/gtest.h>

#include <fstream>

#include "serve/backend_for_tests.h"

namespace spanlight::serve {
namespace {

constexpr const char* kToken = "0123456789abcdef0123456789abcdef";

Ip ip(std::string_view text) {
  return *Ip::parse(text);
}

TEST(Network, AddressesAndNetworks) {
  EXPECT_TRUE(ip("127.0.0.1").is_loopback());
  EXPECT_TRUE(ip("127.9.9.9").is_loopback());
  EXPECT_TRUE(ip("::1").is_loopback());
  EXPECT_FALSE(ip("128.0.0.1").is_loopback());
  EXPECT_FALSE(ip("::2").is_loopback());
  EXPECT_EQ(ip("::ffff:10.0.0.1"), ip("10.0.0.1"));
  EXPECT_EQ(ip("2001:DB8::1").text(), "2001:db8::1");
  for (const char* wrong : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "fe80::1%eth0", "[::1]", "::g"})
    EXPECT_FALSE(Ip::parse(wrong)) << wrong;
  EXPECT_TRUE(Network::parse("10.0.0.0/8")->holds(ip("10.255.0.1")));
  EXPECT_FALSE(Network::parse("10.0.0.0/8")->holds(ip("11.0.0.1")));
  EXPECT_TRUE(Network::parse("10.0.0.128/25")->holds(ip("10.0.0.200")));
  EXPECT_FALSE(Network::parse("10.0.0.128/25")->holds(ip("10.0.0.100")));
  EXPECT_TRUE(Network::parse("fd00::/8")->holds(ip("fd12::1")));
  EXPECT_TRUE(Network::parse("0.0.0.0/0")->holds(ip("9.9.9.9")));
  EXPECT_FALSE(Network::parse("0.0.0.0/0")->holds(ip("fd00::1")));
  for (const char* wrong : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "x/8", "::/129"})
    EXPECT_FALSE(Network::parse(wrong)) << wrong;
}

TEST(Network, WhereToListen) {
  EXPECT_EQ(parse_listen("127.0.0.1:8899")->port, 8899);
  EXPECT_TRUE(parse_listen("localhost:1")->address.is_loopback());
  EXPECT_EQ(parse_listen("[::]:80")->host, "::");
  for (const char* wrong :
       {"", "8899", ":8899", "::1:80", "host.example:80", "127.0.0.1:", "127.0.0.1:65536", "[1.2.3.4]:5"})
    EXPECT_FALSE(parse_listen(wrong)) << wrong;
}

TEST(Access, UnsafeSettingsAreRefusedInASentence) {
  ControlSettings settings;
  EXPECT_EQ(unsafe_access(settings), "");
  settings.listen = "0.0.0.0:8899";
  EXPECT_NE(unsafe_access(settings).find("serve.access is empty"), std::string::npos);
  settings.access = {{"ann", "/token", Role::viewer, {}, true}};
  EXPECT_NE(unsafe_access(settings).find("without TLS"), std::string::npos);
  settings.trusted_proxies = {"10.0.0.1"};
  EXPECT_EQ(unsafe_access(settings), "");
  settings.trusted_proxies = {};
  settings.tls_certificate = "c";
  EXPECT_NE(unsafe_access(settings).find("belong together"), std::string::npos);
  settings.tls_key = "k";
  EXPECT_EQ(unsafe_access(settings), "");
  settings.proxy_user_header = "X-User";
  EXPECT_NE(unsafe_access(settings).find("serve.proxy.trusted"), std::string::npos);
  settings.trusted_proxies = {"10.0.0.0/99"};
  EXPECT_NE(unsafe_access(settings).find("is not a network"), std::string::npos);
  settings.trusted_proxies = {"10.0.0.0/8"};
  settings.access = {};
  EXPECT_NE(unsafe_access(settings).find("everybody would be an operator"), std::string::npos);
  settings.proxy_user_header = "";
  settings.access = {{"bob", "", Role::viewer, {}, true}};
  EXPECT_NE(unsafe_access(settings).find("\"bob\" has no tokenFile"), std::string::npos);
  settings.listen = "somewhere:1";
  EXPECT_NE(unsafe_access(settings).find("ADDRESS:PORT"), std::string::npos);
}

class GateTest : public ::testing::Test {
 protected:
  GateTest() {
    settings.access = {{"ann", folder.write("ann", std::string(kToken) + "\n"), Role::operator_, {}, true},
                       {"bob", "", Role::viewer, {"shop"}, false}};
    settings.proxy_user_header = "X-Forwarded-User";
    settings.trusted_proxies = {"10.0.0.0/8"};
  }
  std::optional<Principal> identify(const Gate& gate, const RequestHead& head) {
    refusal = {};
    return gate.identify(head, refusal);
  }
  TestFolder folder;
  ControlSettings settings;
  Refusal refusal;
};

TEST_F(GateTest, TokensAndProxyUsers) {
  const Gate gate(settings);
  RequestHead head;
  head.from = ip("192.0.2.1");
  EXPECT_FALSE(identify(gate, head));
  EXPECT_EQ(refusal.status, 401);
  const std::string bearer = std::string("bEaReR  ") + kToken;
  head.authorization = bearer;
  ASSERT_TRUE(identify(gate, head));
  EXPECT_EQ(identify(gate, head)->name, "ann");
  EXPECT_EQ(identify(gate, head)->role, Role::operator_);
  for (const char* wrong : {"Bearer x", "Bearer ", "Basic 0123456789abcdef0123456789abcdef",
                            "Bearer 0123456789abcdef0123456789abcdeF"}) {
    head.authorization = wrong;
    EXPECT_FALSE(identify(gate, head)) << wrong;
    EXPECT_EQ(refusal.status, 401);
  }
  head.authorization = {};
  head.proxy_user = "bob";
  EXPECT_FALSE(identify(gate, head)) << "the header counts from the proxy alone";
  head.from = ip("10.1.2.3");
  ASSERT_TRUE(identify(gate, head));
  EXPECT_EQ(identify(gate, head)->namespaces, std::vector<std::string>{"shop"});
  EXPECT_FALSE(identify(gate, head)->payloads);
  head.proxy_user = "ann";  // has a token: her name alone is not enough
  EXPECT_FALSE(identify(gate, head));
  EXPECT_EQ(refusal.status, 403);
}

TEST_F(GateTest, LoopbackIsNobodyOnceAccessIsNamed) {
  const Gate gate(settings);
  RequestHead head;
  head.from = ip("127.0.0.1");
  EXPECT_FALSE(identify(gate, head));
}

TEST_F(GateTest, ABrowsersSocketBringsItsTokenAsAProtocol) {
  const Gate gate(settings);
  RequestHead head;
  head.from = ip("192.0.2.1");
  head.protocols = "spanlight.v1, spanlight.bearer.MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
  EXPECT_FALSE(identify(gate, head)) << "only for WebSockets";
  head.is_socket = true;
  ASSERT_TRUE(identify(gate, head));
  head.protocols = "spanlight.bearer.MDEy!!!";
  EXPECT_FALSE(identify(gate, head));
}

TEST_F(GateTest, TokensAreReadAgain) {
  Gate gate(settings);
  RequestHead head;
  const std::string bearer = std::string("Bearer ") + std::string(32, 'n');
  head.authorization = bearer;
  EXPECT_FALSE(identify(gate, head));
  folder.write("ann", std::string(32, 'n') + "  \n");
  Gate::Reread reread = gate.reread();
  EXPECT_TRUE(reread.faults.empty());
  EXPECT_TRUE(reread.tokens_changed);
  EXPECT_TRUE(identify(gate, head));
  folder.write("ann", std::string(32, 'n') + "\n");
  EXPECT_FALSE(gate.reread().tokens_changed) << "the same one, written anew";
  folder.write("ann", "short");
  reread = gate.reread();
  EXPECT_EQ(reread.faults.size(), 1u);
  EXPECT_FALSE(reread.tokens_changed);
  EXPECT_TRUE(identify(gate, head)) << "a broken file does not lock everybody out";
  EXPECT_TRUE(gate.reread().faults.empty()) << "told once";
}

TEST_F(GateTest, TokenFilesMustHoldATokenAtStart) {
  for (const std::string& bytes :
       {std::string(), std::string("short"), std::string("two words of a token"), std::string(5'000, 'x')}) {
    settings.access[0].token_file = folder.write("wrong", bytes);
    EXPECT_THROW(Gate{settings}, std::runtime_error) << bytes.size();
  }
  settings.access[0].token_file = folder.path() + "/none";
  EXPECT_THROW(Gate{settings}, std::runtime_error);
}

TEST(Gate, ForeignPagesAreRefused) {
  ControlSettings settings;
  const Gate gate(settings);
  RequestHead head;
  head.from = ip("127.0.0.1");
  for (const char* ours : {"localhost", "localhost:8899", "127.0.0.1:8899", "[::1]:8899", "LOCALHOST"}) {
    head.host = ours;
    EXPECT_EQ(gate.check_site(head).status, 0) << ours;
  }
  for (const char* other :
       {"evil.example", "evil.example:8899", "", "192.0.2.1", "localhost.evil.example", "[::1"}) {
    head.host = other;
    EXPECT_EQ(gate.check_site(head).status, 421) << other;
  }
  head.host = "localhost:8899";
  head.changes_state = true;
  EXPECT_EQ(gate.check_site(head).status, 0) << "no browser";
  head.origin = "http://localhost:8899";
  EXPECT_EQ(gate.check_site(head).status, 0);
  for (const char* foreign : {"http://evil.example", "null", "http://localhost:9999", "http://localhost"}) {
    head.origin = foreign;
    EXPECT_EQ(gate.check_site(head).status, 403) << foreign;
  }
  head.origin = {};
  head.fetch_site = "cross-site";
  EXPECT_EQ(gate.check_site(head).status, 403);
  head.changes_state = false;
  EXPECT_EQ(gate.check_site(head).status, 0);
  head.is_socket = true;
  EXPECT_EQ(gate.check_site(head).status, 403);
}

TEST_F(GateTest, AProxyMayKeepTheOuterName) {
  const Gate gate(settings);
  RequestHead head;
  head.from = ip("10.0.0.1");
  head.host = "spanlight.internal:8899";
  head.origin = "https://spanlight.example";
  head.changes_state = true;
  EXPECT_EQ(gate.check_site(head).status, 403);
  head.forwarded_host = "spanlight.example";
  EXPECT_EQ(gate.check_site(head).status, 0);
  head.from = ip("192.0.2.1");
  EXPECT_EQ(gate.check_site(head).status, 403) << "said by somebody else";
}

TEST(Gate, WhatRolesMay) {
  Principal viewer{"v", "token", Role::viewer, {}, false};
  Principal limited{"l", "token", Role::operator_, {"shop"}, true, true};
  Principal all{"o", "token", Role::operator_, {}, true};
  Principal packets_alone{"p", "token", Role::viewer, {}, false, true};
  EXPECT_EQ(lacks(viewer, Needs::viewer), "");
  EXPECT_EQ(lacks(viewer, Needs::whole_view), "");
  EXPECT_NE(lacks(viewer, Needs::packets), "");
  EXPECT_NE(lacks(viewer, Needs::operator_), "");
  EXPECT_NE(lacks(limited, Needs::whole_view), "");
  EXPECT_NE(lacks(limited, Needs::operator_), "");
  EXPECT_EQ(lacks(limited, Needs::packets), "");
  EXPECT_NE(lacks(all, Needs::packets), "") << "a permission of its own, also for operators";
  EXPECT_NE(lacks(packets_alone, Needs::packets), "") << "packets are payloads";
  EXPECT_EQ(lacks(all, Needs::operator_), "");
}

}  // namespace
}  // namespace spanlight::serve
