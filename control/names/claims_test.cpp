#include "names/claims.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "names/names.h"
#include "names/names_for_tests.h"

namespace spanlight {
namespace {

std::shared_ptr<const Party> party(const char* name) {
  Party made;
  made.name = made.pod = name;
  return std::make_shared<const Party>(made);
}

// from_lo, from_hi, sharp, end_lo, end_hi in tenths of a second.
Claim claim(const char* name, std::uint64_t from_lo, std::uint64_t from_hi, bool sharp,
            std::uint64_t end_lo = 0, std::uint64_t end_hi = 0, Rank rank = Rank::pod) {
  Claim made;
  made.rank = rank;
  made.from_lo = from_lo * kS / 10;
  made.from_hi = from_hi * kS / 10;
  made.sharp = sharp;
  if (end_hi != 0) made.end_lo = end_lo * kS / 10;
  if (end_hi != 0) made.end_hi = end_hi * kS / 10;
  made.party = party(name);
  return made;
}

// "a@10-25 b@25-": spans in tenths of a second.
std::string text_of(const std::vector<Span>& spans) {
  std::string text;
  for (const Span& span : spans) {
    if (!text.empty()) text += ' ';
    text += span.party->name + "@" + std::to_string(span.from_ns * 10 / kS) + "-";
    if (span.until_ns != kForever) text += std::to_string(span.until_ns * 10 / kS);
  }
  return text;
}

TEST(Claims, MeetWhereOneBegins) {
  struct Case {
    const char* what;
    std::vector<Claim> claims;
    const char* spans;
  };
  for (const Case& c : {
           Case{"one", {claim("a", 100, 110, true)}, "a@100-"},
           Case{"one after another",
                {claim("a", 100, 110, true, 150, 150), claim("b", 200, 210, true)},
                "a@100-150 b@200-"},
           Case{"the end was seen within the second of the beginning",
                {claim("a", 100, 110, true, 205, 205), claim("b", 200, 208, true)},
                "a@100-205 b@205-"},
           Case{"a finished pod keeps its address",
                {claim("a", 100, 110, true), claim("b", 200, 210, true)},
                "a@100-200 b@210-"},
           Case{"and is deleted later",
                {claim("a", 100, 110, true, 300, 300), claim("b", 200, 210, true)},
                "a@100-200 b@210-"},
           Case{"the beginning is hardly known, the end was seen",
                {claim("a", 100, 110, true, 205, 205), claim("b", 150, 220, false)},
                "a@100-205 b@205-"},
           Case{"neither is known: the newest claim wins",
                {claim("a", 100, 110, true), claim("b", 150, 220, false)},
                "a@100-150 b@150-"},
           Case{"the end happened while nobody watched",
                {claim("a", 100, 110, true, 120, 220), claim("b", 150, 160, true)},
                "a@100-120 b@160-"},
           Case{"and was told before the second of the beginning was over",
                {claim("a", 100, 110, true, 120, 155), claim("b", 150, 160, true)},
                "a@100-120 b@155-"},
           Case{"so did both",
                {claim("a", 100, 110, true, 155, 220), claim("b", 150, 160, true)},
                "a@100-155 b@160-"},
           Case{"the first is longer than the second",
                {claim("a", 100, 110, true), claim("b", 150, 160, true, 180, 180)},
                "a@100-150 b@160-180"},
           Case{"three in one second",
                {claim("a", 100, 101, true, 102, 102), claim("b", 100, 103, true, 104, 104),
                 claim("c", 100, 105, true)},
                "a@100-102 b@102-104 c@104-"},
           Case{"one that is older gets the address later",
                {claim("o", 50, 220, false), claim("a", 100, 110, true, 200, 200)},
                "a@100-200 o@200-"},
           Case{"and ends too",
                {claim("o", 50, 220, false, 300, 300), claim("a", 100, 110, true, 200, 200)},
                "a@100-200 o@200-300"},
           Case{"after two, the end of one happened while nobody watched",
                {claim("o", 50, 220, false), claim("a", 100, 110, true, 120, 120),
                 claim("b", 150, 160, true, 200, 210)},
                "a@100-120 b@150-200 o@210-"},
           Case{"two services share an address",
                {claim("s", 50, 60, false, 0, 0, Rank::service),
                 claim("t", 100, 110, false, 200, 200, Rank::service)},
                "s@50-100 t@100-200 s@200-"},
           Case{"and a third comes",
                {claim("s", 50, 60, false, 400, 400, Rank::service),
                 claim("t", 100, 110, false, 200, 200, Rank::service),
                 claim("u", 300, 310, false, 0, 0, Rank::service)},
                "s@50-100 t@100-200 s@200-300 u@300-"},
           Case{"no time at all", {claim("a", 100, 110, true, 100, 100)}, ""},
           Case{"a pod hides a node, which comes back",
                {claim("n", 50, 50, false, 0, 0, Rank::node), claim("a", 100, 110, true, 200, 200)},
                "n@50-100 a@100-200 n@200-"},
           Case{"a service behind a node is seen nowhere",
                {claim("s", 60, 60, false, 0, 0, Rank::service), claim("n", 50, 50, false, 0, 0, Rank::node)},
                "n@50-"},
       })
    EXPECT_EQ(text_of(resolve(c.claims, 0)), c.spans) << c.what;
}

TEST(Claims, PortsAreApart) {
  Claim of_port = claim("p", 100, 110, true);
  of_port.port = 80;
  const std::vector<Claim> claims = {claim("n", 50, 50, false, 0, 0, Rank::node), of_port};
  EXPECT_EQ(text_of(resolve(claims, 0)), "n@50-");
  EXPECT_EQ(text_of(resolve(claims, 80)), "p@100-");
}

// Whatever is claimed: spans are in order, do not overlap, and each lies within its claim.
TEST(Claims, NeverOverlap) {
  std::minstd_rand random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<Claim> claims;
    const auto count = static_cast<unsigned>(1 + random() % 6);
    for (unsigned i = 0; i < count; ++i) {
      const std::uint64_t from = random() % 100, wide = random() % 30, length = random() % 60;
      const bool open = random() % 4 == 0;
      claims.push_back(claim("x", from, from + wide, random() % 2 == 0, open ? 0 : from + length,
                             open ? 0 : from + length + random() % 10 + 1,
                             static_cast<Rank>(random() % kRanks)));
    }
    const std::vector<Span> spans = resolve(claims, 0);
    for (std::size_t i = 0; i < spans.size(); ++i) {
      ASSERT_LT(spans[i].from_ns, spans[i].until_ns);
      if (i > 0) {
        ASSERT_LE(spans[i - 1].until_ns, spans[i].from_ns);
      }
      const auto owner = std::find_if(claims.begin(), claims.end(),
                                      [&](const Claim& c) { return c.party == spans[i].party; });
      ASSERT_NE(owner, claims.end());
      ASSERT_GE(spans[i].from_ns, owner->from_lo);
      ASSERT_LE(spans[i].until_ns, owner->end_hi);
    }
  }
}

// What a service still has is not taken away by one that is gone.
TEST(Claims, ServicesThatShareAnAddressOutliveOneAnother) {
  std::minstd_rand random(4);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<Claim> claims = {claim("open", 0, 1 + random() % 100, false, 0, 0, Rank::service)};
    for (auto more = random() % 5; more > 0; --more) {
      const std::uint64_t from = random() % 100, end = from + 1 + random() % 60;
      claims.push_back(
          claim("x", from, from + random() % 30, random() % 2 == 0, end, end + random() % 10, Rank::service));
    }
    std::shuffle(claims.begin(), claims.end(), random);
    const std::vector<Span> spans = resolve(claims, 0);
    ASSERT_FALSE(spans.empty());
    ASSERT_EQ(spans.back().until_ns, kForever);
    ASSERT_EQ(spans.back().party->name, "open");
  }
}

TEST(Shard, FindsWhatIsInIt) {
  std::minstd_rand random(5);
  struct Key {
    Address address;
    std::uint16_t port;
    std::vector<Span> spans;
  };
  std::vector<Key> keys;
  for (unsigned i = 0; i < 500; ++i) {
    Key key{{0, 0xffff0a000000U + i / 3}, static_cast<std::uint16_t>(i % 3 * 80), {}};
    std::uint64_t time = random() % 10;
    for (auto s = random() % 5; s > 0; --s) {
      const std::uint64_t from = time + random() % 10, until = from + 1 + random() % 10;
      key.spans.push_back({from, until, party("x")});
      time = until;
    }
    keys.push_back(key);
  }
  Shard shard(keys.size());
  for (const Key& key : keys) shard.add({key.address, key.port}, key.spans);
  for (const Key& key : keys) {
    const Shard::Slot* slot = shard.find(key.address, key.port);
    ASSERT_NE(slot, nullptr);
    for (std::uint64_t time = 0; time < 120; ++time) {
      const Party* expected = nullptr;
      for (const Span& span : key.spans)
        if (time >= span.from_ns && time < span.until_ns) expected = span.party.get();
      ASSERT_EQ(shard.at(*slot, time), expected);
    }
  }
  EXPECT_EQ(shard.find({1, 2}, 0), nullptr);
  EXPECT_EQ(Shard(0).find({1, 2}, 0), nullptr);
}

}  // namespace
}  // namespace spanlight
