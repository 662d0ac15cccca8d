#include "ingest/dns_naming.h"

#include <gtest/gtest.h>

#include "record/reader.h"
#include "record/sample.h"

namespace spanlight {
namespace {

constexpr std::uint64_t kSec = 1'000'000'000, kAnswered = 1'800'000'000 * kSec;

sample::Field answers(std::vector<std::string> list) {
  return {.name = "answers", .kind = wire::FieldKind::list, .text = "json", .list = std::move(list)};
}

sample::Record dns_answer(std::string asked, std::vector<std::string> list) {
  sample::Record record;
  record.protocol = "dns";
  record.timestamp = kAnswered - 1'000;
  record.response_timestamp = kAnswered;
  record.request.fields = {{.name = "name", .text = std::move(asked)}};
  record.response.fields = {answers(std::move(list))};
  return record;
}

// What `naming` is told, and then who `address` is at a time.
// An ExternalName service.
class OneService final : public NameState {
 public:
  CallEnd end_of(const wire::Address&, std::uint16_t, std::uint64_t) const override { return {}; }
  bool may_still_come(const wire::Address&, std::uint64_t) const override { return false; }
  const Party* party_of(std::string_view dns_name) const override {
    return dns_name == "web.example.org" ? &service : nullptr;
  }
  Party service{.name = "web"};
};

class Wire {
 public:
  explicit Wire(const std::vector<sample::Record>& records) {
    for (const sample::Record& record : records) tell(record);
  }
  void tell(const sample::Record& record) {
    const sample::Bytes bytes = sample::build({.records = {record}});
    naming.learn(*open_batch({bytes.data(), bytes.size()})->records()->Get(0));
  }
  std::string name_of(const wire::Address& address, std::uint64_t time = kAnswered,
                      const Party* party = nullptr) {
    sample::Record call;
    call.timestamp = time;
    call.src = sample::ipv4(10, 0, 0, 1);
    call.dst = address;
    const sample::Bytes bytes = sample::build({.records = {call}});
    const auto opened = open_batch({bytes.data(), bytes.size()});
    std::vector<Call> calls = {{opened.root, opened->records()->Get(0), {}, {party, {}}}};
    const auto kept = naming.name(calls, service);
    if (calls[0].dst.party != party) stands_for = calls[0].dst.party->name;
    return std::string(calls[0].dst.dns);
  }
  DnsNaming naming;
  std::shared_ptr<OneService> service;
  std::string stands_for;
};

const wire::Address kHost = sample::ipv4(192, 0, 2, 1), kOther = sample::ipv4(192, 0, 2, 2);
const std::string kA = R"({"name":"Web.example.org","type":"A","ttl":60,"data":"192.0.2.1"})";

TEST(DnsNaming, AnAnswerNamesItsAddress) {
  Wire wire({dns_answer("web.example.org", {kA})});
  EXPECT_EQ(wire.name_of(kHost), "web.example.org");
  EXPECT_EQ(wire.name_of(kOther), "");
  EXPECT_EQ(wire.naming.named(), 1u);
  const Party known{.name = "pod"};
  EXPECT_EQ(wire.name_of(kHost, kAnswered, &known), "") << "who is known needs no name";
}

TEST(DnsNaming, AServiceThatStandsForTheName) {
  Wire wire({dns_answer("web.example.org", {kA})});
  wire.service = std::make_shared<OneService>();
  EXPECT_EQ(wire.name_of(kHost), "web.example.org");
  EXPECT_EQ(wire.stands_for, "web");
  EXPECT_EQ(wire.service.use_count(), 1) << "kept no longer than the calls";
}

TEST(DnsNaming, NamesHoldForATime) {
  const std::string for_days = R"({"name":"b.org","type":"A","ttl":2000000000,"data":"192.0.2.2"})";
  Wire wire({dns_answer("web.example.org", {kA}), dns_answer("b.org", {for_days})});
  EXPECT_EQ(wire.name_of(kHost, kAnswered - kSec), "") << "not before it was said";
  EXPECT_EQ(wire.name_of(kHost, kAnswered + 3'599 * kSec), "web.example.org") << "an hour at least";
  EXPECT_EQ(wire.name_of(kHost, kAnswered + 3'601 * kSec), "");
  EXPECT_EQ(wire.name_of(kOther, kAnswered + 86'399 * kSec), "b.org") << "a day at most";
  EXPECT_EQ(wire.name_of(kOther, kAnswered + 86'401 * kSec), "");
}

TEST(DnsNaming, AChainLeadsToTheNameThatWasAskedFor) {
  Wire wire({dns_answer("shop.example.org",
                        {R"({"name":"edge.cdn.net","type":"A","ttl":5,"data":"192.0.2.1"})",
                         R"({"name":"x.cdn.net","type":"CNAME","ttl":5,"data":"EDGE.cdn.net"})",
                         R"({"name":"SHOP.example.org","type":"CNAME","ttl":5,"data":"x.cdn.net"})",
                         R"({"name":"other.net","type":"A","ttl":5,"data":"192.0.2.2"})"})});
  EXPECT_EQ(wire.name_of(kHost), "shop.example.org");
  EXPECT_EQ(wire.name_of(kOther), "other.net") << "not what was asked for: its own name";
}

TEST(DnsNaming, Ipv6) {
  Wire wire({dns_answer("a.org", {R"({"name":"a.org","type":"AAAA","ttl":60,"data":"2001:db8::1"})"})});
  EXPECT_EQ(wire.name_of(wire::Address(0x20010db800000000, 1)), "a.org");
}

TEST(DnsNaming, MulticastAnswersStandInTheRequest) {
  sample::Record said;
  said.protocol = "mdns";
  said.state = wire::State::one_way;
  said.reason = wire::Reason::unsolicited;
  said.timestamp = kAnswered;
  said.response.present = false;
  said.request.fields = {
      answers({R"({"name":"printer.local","type":"A","ttl":120,"flush":true,"data":"192.0.2.1"})",
               R"({"name":"gone.local","type":"A","ttl":0,"data":"192.0.2.2"})"})};
  Wire wire({said});
  EXPECT_EQ(wire.name_of(kHost), "printer.local");
  EXPECT_EQ(wire.name_of(kOther), "");
}

TEST(DnsNaming, WhatIsNotBelieved) {
  sample::Record http = dns_answer("a.org", {kA});
  http.protocol = "http";
  sample::Record failed = dns_answer("a.org", {kA});
  failed.is_error = true;
  sample::Record unasked = dns_answer("a.org", {kA});
  unasked.state = wire::State::no_request;
  unasked.reason = wire::Reason::unsolicited;
  sample::Record texts = dns_answer("a.org", {kA});
  texts.response.fields[0].text.clear();
  const sample::Record odd =
      dns_answer("a.org", {"", "{", R"({"name":"a.org","type":"A","ttl":60,"data":"300.0.2.1"})",
                           R"({"name":"a.org","type":"TXT","ttl":60,"data":"192.0.2.1"})"});
  const sample::Record none = dns_answer("", {});
  Wire wire({http, failed, unasked, texts, odd, none});
  EXPECT_EQ(wire.name_of(kHost), "");
  EXPECT_EQ(wire.naming.names().learned(), 0u);
  wire.tell(dns_answer("<b>.org", {R"({"name":"<b>.org","type":"A","ttl":60,"data":"192.0.2.1"})"}));
  EXPECT_EQ(wire.naming.names().refused(), 1u);
}

TEST(DnsNaming, AnAnswerWhoseQueryWasNotSeenCountsToo) {
  sample::Record half = dns_answer("", {kA});
  half.state = wire::State::no_request;
  half.reason = wire::Reason::lost_in_mirror;
  half.request.present = false;
  half.response.fields.push_back(
      {.name = "questions", .kind = wire::FieldKind::list, .list = {"web.example.org"}});
  Wire wire({half});
  EXPECT_EQ(wire.name_of(kHost), "web.example.org");
}

TEST(DnsNaming, LongChainsEnd) {
  std::vector<std::string> chain;
  for (int i = 0; i < 40; ++i)
    chain.push_back(R"({"name":"n)" + std::to_string(i) + R"(","type":"CNAME","ttl":1,"data":"n)" +
                    std::to_string(i + 1) + "\"}");
  chain.push_back(R"({"name":"n40","type":"A","ttl":1,"data":"192.0.2.1"})");
  chain.push_back(R"({"name":"n15","type":"A","ttl":1,"data":"192.0.2.2"})");
  Wire wire({dns_answer("n0", chain)});
  EXPECT_EQ(wire.name_of(kHost), "n40");
  EXPECT_EQ(wire.name_of(kOther), "n0");
}

}  // namespace
}  // namespace spanlight
