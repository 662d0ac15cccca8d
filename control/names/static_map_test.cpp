#include "names/static_map.h"

#include <gtest/gtest.h>

#include "names/dns_names.h"
#include "names/names_for_tests.h"

namespace spanlight {
namespace {

std::string name_of(const StaticMap& map, const char* address) {
  const Party* party = map.find(ip(address));
  return party == nullptr ? "" : party->name;
}

TEST(StaticMap, TheLongestPrefixWins) {
  std::vector<std::string> faults;
  const auto map = StaticMap::parse(R"(
- {address: 10.0.0.0/8, name: wide}
- {address: [10.20.0.0/16, "fd00::/32"], service: billing, namespace: legacy, workload: vm/billing, node: rack12, labels: {team: payments, a: b}}
- {address: 10.20.0.7, workload: db}
- {address: 0.0.0.0/0, name: world}
)",
                                    "map.yaml", faults);
  ASSERT_NE(map, nullptr) << faults.front();
  EXPECT_EQ(name_of(*map, "10.1.1.1"), "wide");
  EXPECT_EQ(name_of(*map, "10.20.1.1"), "billing");
  EXPECT_EQ(name_of(*map, "fd00::99"), "billing");
  EXPECT_EQ(name_of(*map, "10.20.0.7"), "db");
  EXPECT_EQ(name_of(*map, "8.8.8.8"), "world");
  EXPECT_EQ(name_of(*map, "fe80::1"), "");
  const Party* billing = map->find(ip("10.20.1.1"));
  EXPECT_EQ(billing->workload_kind, "vm");
  EXPECT_EQ(billing->workload, "billing");
  EXPECT_EQ(billing->name_space, "legacy");
  ASSERT_EQ(billing->labels.size(), 2U);
  EXPECT_EQ(billing->labels[0].name, "a");
  ASSERT_EQ(map->singles().size(), 1U);
}

TEST(StaticMap, FaultsSayWhereAndWhat) {
  struct Case {
    const char *yaml, *fault;
  };
  for (const Case& c : {
           Case{"a: 1", "m:1: is no list"},
           Case{"- {address: 10.0.0.0/8, name: a}\n- {adress: 10.0.0.1, name: b}",
                "m:2: \"adress\" is no key of an entry; did you mean address?"},
           Case{"- {name: b}", "m:1: an entry has no address"},
           Case{"- {address: 10.0.0.1}", "m:1: an entry has no name"},
           Case{"- {address: 10.0.0.1/8, name: a}", "m:1: address: \"10.0.0.1/8\" is neither"},
           Case{"- {address: [], name: a}", "m:1: address: is neither"},
           Case{"- {address: 10.0.0.1, name: a}\n- {address: 10.0.0.1/32, name: b}",
                "m:2: address: 10.0.0.1/32 has an entry already"},
           Case{"- {address: 10.0.0.1, name: a, name: b}", "m:1: name: stands in the entry twice"},
           Case{"- {address: 10.0.0.1, name: [a]}", "m:1: name: is no text"},
           Case{"- {address: 10.0.0.1, name: a, labels: [x]}", "m:1: labels: is no map"},
           Case{"- 3", "m:1: an entry is no map"},
           Case{"- {address: ", "m:1: is not readable YAML"},
       }) {
    std::vector<std::string> faults;
    EXPECT_EQ(StaticMap::parse(c.yaml, "m", faults), nullptr) << c.yaml;
    ASSERT_FALSE(faults.empty()) << c.yaml;
    EXPECT_EQ(faults.front().substr(0, std::string(c.fault).size()), c.fault);
  }
  std::vector<std::string> faults;
  EXPECT_EQ(StaticMap::load("/does/not/exist", faults), nullptr);
  EXPECT_EQ(faults.size(), 1U);
  faults.clear();
  EXPECT_NE(StaticMap::parse("", "m", faults), nullptr);
}

TEST(DnsNames, TheNewestNameOfTheTimeIsIt) {
  DnsNames names;
  constexpr std::uint64_t kHour = DnsNames::kHoldNs;
  EXPECT_EQ(names.find(ip("1.1.1.1"), kHour), nullptr);
  names.learn(ip("1.1.1.1"), "A.example.COM.", 10 * kHour, 60);
  names.learn(ip("1.1.1.1"), "b.example.com", 10 * kHour + kHour / 2, 60);
  EXPECT_EQ(names.find(ip("1.1.1.1"), 9 * kHour), nullptr);
  EXPECT_EQ(*names.find(ip("1.1.1.1"), 10 * kHour), "a.example.com");
  EXPECT_EQ(*names.find(ip("1.1.1.1"), 10 * kHour - 1'000'000), "a.example.com");
  EXPECT_EQ(*names.find(ip("1.1.1.1"), 11 * kHour), "b.example.com");
  EXPECT_EQ(names.find(ip("1.1.1.1"), 12 * kHour), nullptr);
  names.learn(ip("1.1.1.1"), "a.example.com", 12 * kHour, 7'200);
  EXPECT_EQ(*names.find(ip("1.1.1.1"), 13 * kHour + kHour / 2), "a.example.com");
  for (const char* odd : {"", ".", "a b", "a\x1b[0m", "a\"b", "<a>"})
    names.learn(ip("2.2.2.2"), odd, kHour, 1);
  names.learn(ip("2.2.2.2"), std::string(300, 'a'), kHour, 1);
  EXPECT_EQ(names.refused(), 7U);
  EXPECT_EQ(names.size(), 1U);
}

TEST(DnsNames, ForgetsWhatWasUsedLeast) {
  DnsNames names(100);
  for (unsigned i = 0; i < 1'000; ++i) {
    names.learn({0, i}, "host-" + std::to_string(i), 1'000, 1);
    names.find({0, 0}, 1'000);
  }
  EXPECT_EQ(names.size(), 100U);
  EXPECT_EQ(names.forgotten(), 900U);
  EXPECT_NE(names.find({0, 0}, 1'000), nullptr);
  EXPECT_EQ(names.find({0, 500}, 1'000), nullptr);
  EXPECT_EQ(*names.find({0, 999}, 1'000), "host-999");
}

}  // namespace
}  // namespace spanlight
