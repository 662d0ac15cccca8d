#include "inspect/identify.h"

#include <gtest/gtest.h>

namespace spanlight {
namespace {

Verdict never(Bytes, Bytes) {
  return Verdict::no;
}

constexpr std::string_view kStartsWithA[] = {"^A"};
constexpr std::string_view kStartsWithB[] = {"^B", "^C"};
constexpr std::uint16_t kPorts[] = {80, 8080};
constexpr Descriptor kA{
    .name = "a", .ports = kPorts, .patterns = kStartsWithA, .head_bytes_max = 10, .probe = never};
constexpr Descriptor kB{.name = "b", .patterns = kStartsWithB, .head_bytes_max = 99, .probe = never};
constexpr Descriptor kC{.name = "c", .ports = kPorts, .patterns = kStartsWithA, .probe = never};
constexpr Descriptor kD{.name = "d", .transport = Transport::udp, .probe = never};
constexpr const Descriptor* kAll[] = {&kA, &kB, &kC, &kD};

std::unique_ptr<Identifier> make(const IdentifyOptions& options) {
  std::string fault;
  auto identifier = Identifier::make(options, fault, kAll);
  EXPECT_EQ(fault, "");
  return identifier;
}

TEST(Identifier, CandidatesAreSplitByTransport) {
  const auto identifier = make({});
  EXPECT_EQ(identifier->all(Transport::tcp), 0b0111u);
  EXPECT_EQ(identifier->all(Transport::udp), 0b1000u);
  EXPECT_EQ(identifier->head_bytes_max(), 99u);
}

TEST(Identifier, PortsHintAndMayBeMappedAnew) {
  EXPECT_EQ(make({})->hinted(80), 0b101u);
  EXPECT_EQ(make({})->hinted(81), 0u);
  const auto mapped = make({.port_hints = {{"a", {81}}}});
  EXPECT_EQ(mapped->hinted(80), 0b100u);
  EXPECT_EQ(mapped->hinted(81), 0b001u);
}

TEST(Identifier, OnlyEnabledProtocolsAreCandidates) {
  const auto identifier = make({.enabled = {"b"}});
  EXPECT_EQ(identifier->all(Transport::tcp), 0b1u);
  EXPECT_EQ(identifier->candidate(0).name, "b");
  std::string fault;
  EXPECT_EQ(Identifier::make({.enabled = {"nosuch"}}, fault, kAll), nullptr);
  EXPECT_EQ(fault, "no protocol is called \"nosuch\"");
}

TEST(Identifier, WhatIsNeverLookedForIsNoCandidate) {
  static constexpr Descriptor kRider{.name = "rider"};
  static constexpr const Descriptor* kWithRider[] = {&kRider, &kB};
  std::string fault;
  const auto identifier = Identifier::make({}, fault, kWithRider);
  ASSERT_NE(identifier, nullptr);
  EXPECT_EQ(identifier->all(Transport::tcp), 0b1u);
  EXPECT_EQ(identifier->candidate(0).name, "b");
  EXPECT_EQ(Identifier::make({.enabled = {"rider"}}, fault, kWithRider), nullptr);
  EXPECT_EQ(fault, "no protocol is called \"rider\"");
}

TEST(Identifier, PatternsNarrowWhatIsWorthAScan) {
  const auto identifier = make({});
  hs_scratch* scratch = identifier->new_scratch();
  EXPECT_EQ(identifier->scan(0b111, as_bytes("Another"), scratch).likely, 0b101u);
  EXPECT_EQ(identifier->scan(0b111, as_bytes("Cat"), scratch).likely, 0b010u);
  EXPECT_EQ(identifier->scan(0b010, as_bytes("Another"), scratch).likely, 0b010u)
      << "one candidate is asked directly";
  Identifier::free_scratch(scratch);
}

TEST(Identifier, AUserPatternMakesItsProtocolCertain) {
  const auto identifier = make({.user_patterns = {{"b", "^SECRET/\\d"}}});
  hs_scratch* scratch = identifier->new_scratch();
  EXPECT_EQ(identifier->scan(0b111, as_bytes("SECRET/1 hello"), scratch).certain, 0b010u);
  EXPECT_EQ(identifier->scan(0b111, as_bytes("SECRET/x hello"), scratch).certain, 0u);
  EXPECT_EQ(identifier->with_user_patterns(), 0b010u);
  Identifier::free_scratch(scratch);
}

TEST(Identifier, ABadPatternIsToldInOneSentence) {
  std::string fault;
  EXPECT_EQ(Identifier::make({.user_patterns = {{"b", "a(b"}}}, fault, kAll), nullptr);
  EXPECT_EQ(fault.substr(0, 37), "the pattern \"a(b\" cannot be used: Mis") << fault;
}

TEST(Identifier, LowPriorityIsOfProtocolsThatAreThere) {
  const auto identifier = make({.low_priority = {"b"}});
  EXPECT_TRUE(identifier->any_low_priority());
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_EQ(identifier->is_low_priority(identifier->candidate(i)), identifier->candidate(i).name == "b");
  EXPECT_FALSE(make({})->any_low_priority());
  std::string fault;
  EXPECT_EQ(Identifier::make({.low_priority = {"nobody"}}, fault, kAll), nullptr);
  EXPECT_EQ(fault, "no protocol is called \"nobody\"");
}

}  // namespace
}  // namespace spanlight
