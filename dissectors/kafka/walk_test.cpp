#include "kafka/walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "kafka/batches.h"
#include "kafka/parse.h"
#include "kafka/wire_for_tests.h"

namespace spanlight::kafka {
namespace {

using namespace wire;

std::string roles(Layout layout, std::uint8_t version, bool flexible, const std::string& bytes,
                  Fault* fault = nullptr) {
  Walk walk(layout, version, flexible, as_bytes(bytes));
  std::string out;
  for (Walk::Value v; walk.next(v);)
    out += v.bytes.empty() ? std::to_string(v.number) + " " : std::string(as_text(v.bytes)) + " ";
  if (fault != nullptr) *fault = walk.fault();
  return out;
}

constexpr Slot kNested[] = {{Form::i16, Role::error},
                            {Form::array},
                            {Form::text, Role::topic},
                            {Form::list},
                            {Form::i32, Role::partition},
                            {Form::end},
                            {Form::end},
                            {Form::i32, Role::throttle, 1}};

TEST(Walk, ArraysInArraysInBothForms) {
  const std::string plain =
      be16(5) + be32(2) + text("a") + be32(2) + be32(1) + be32(2) + text("b") + be32(0) + be32(9);
  EXPECT_EQ(roles(kNested, 1, false, plain), "5 a 1 2 b 9 ");
  EXPECT_EQ(roles(kNested, 0, false, plain), "5 a 1 2 b ");
  const std::string flexible = be16(5) + varint(3) + compact("a") + varint(3) + be32(1) + be32(2) + kTags +
                               compact("b") + varint(1) + kTags + be32(9);
  EXPECT_EQ(roles(kNested, 1, true, flexible), "5 a 1 2 b 9 ");
  EXPECT_EQ(roles(kNested, 1, false, be16(5) + be32(0xffffffff) + be32(9)), "5 9 ");
  EXPECT_EQ(roles(kNested, 1, true, be16(5) + varint(0) + be32(9)), "5 9 ");
}

TEST(Walk, FaultsAreTold) {
  struct Case {
    const char* name;
    std::string bytes;
    bool flexible;
    Fault fault;
  };
  const Case cases[] = {
      {"nothing", "", false, Fault::short_input},
      {"an array without its elements", be16(0) + be32(7), false, Fault::short_input},
      {"a length below null", be16(0) + be32(1) + be16(0xfffe), false, Fault::bad_length},
      {"a count below null", be16(0) + be32(0xfffffffe), false, Fault::bad_length},
      {"a number without end", be16(0) + std::string(6, '\xff'), true, Fault::bad_value},
      {"a hundred tags", be16(0) + varint(2) + compact("a") + varint(1) + varint(100), true, Fault::too_many},
  };
  for (const Case& c : cases) {
    Fault fault = Fault::none;
    roles(kNested, 1, c.flexible, c.bytes, &fault);
    EXPECT_EQ(fault, c.fault) << c.name;
  }
}

TEST(Walk, ACountIsNotBelieved) {
  constexpr Slot kEmpty[] = {{Form::array}, {Form::i32, Role::none, 9}, {Form::end}};
  Fault fault = Fault::none;
  roles(kEmpty, 1, false, be32(0x7fffffff), &fault);
  EXPECT_EQ(fault, Fault::too_many);
}

TEST(Walk, EveryLayoutIsClosed) {
  for (std::int16_t key = 0; find_api(key) != nullptr; ++key) {
    for (const Layout layout : {find_api(key)->request, find_api(key)->response}) {
      int depth = 0, deepest = 0;
      for (const Slot& field : layout) {
        if (field.form == Form::array || field.form == Form::list) ++depth;
        if (field.form == Form::end) --depth;
        deepest = std::max(deepest, depth);
        ASSERT_GE(depth, 0) << find_api(key)->name;
      }
      EXPECT_EQ(depth, 0) << find_api(key)->name;
      EXPECT_LE(deepest, static_cast<int>(Walk::kDepthMax)) << find_api(key)->name;
    }
  }
}

TEST(Batches, AreCounted) {
  const std::string two = batch(3, "k", "value") + batch(4, "", "x", 2);
  Batches b = read_batches(as_bytes(two), two.size());
  EXPECT_EQ(b.records, 7u);
  EXPECT_EQ(b.batches, 2u);
  EXPECT_EQ(b.compression, 0);
  EXPECT_EQ(as_text(b.key), "k");
  EXPECT_EQ(as_text(b.value), "value");
  EXPECT_FALSE(b.cut);
  b = read_batches(as_bytes(two).first(70), two.size());
  EXPECT_TRUE(b.cut);
  EXPECT_EQ(b.records, 3u);
  const std::string zipped = batch(5, "k", "v", 1);
  b = read_batches(as_bytes(zipped), zipped.size());
  EXPECT_EQ(compression_name(b.compression), "gzip");
  EXPECT_FALSE(b.has_first);
  const std::string old =
      be64(0) + be32(25) + be32(0) + std::string(2, '\0') + be32(1) + "k" + be32(10) + "0123456789";
  const std::string both = old + old;
  b = read_batches(as_bytes(both), both.size());
  EXPECT_EQ(b.records, 2u);
  EXPECT_EQ(as_text(b.value), "0123456789");
  const std::string odd = be64(0) + be32(100) + be32(0) + "\x07" + std::string(100, 'x');
  EXPECT_TRUE(read_batches(as_bytes(odd), odd.size()).malformed);
}

TEST(KafkaParse, Requests) {
  struct Case {
    const char* name;
    std::string bytes;
    Fault fault;
  };
  const Case cases[] = {
      {"metadata", metadata(1, {"a"}), Fault::none},
      {"no such api", request(500, 0, 1, ""), Fault::bad_magic},
      {"a version from the far future", request(3, 99, 1, ""), Fault::bad_value},
      {"a negative id", request(3, 1, 0x80000000, ""), Fault::bad_value},
      {"a frame of gigabytes", be32(0x7fffffff) + be16(3) + be16(1), Fault::bad_length},
      {"too short to be one", be32(3), Fault::bad_length},
      {"a client id that does not fit", be32(12) + be16(3) + be16(1) + be32(1) + be16(100),
       Fault::bad_length},
      {"a client id of other bytes", request(3, 1, 1, "", false, "a\1b"), Fault::bad_value},
      {"cut in its client id", metadata(1, {"a"}).substr(0, 16), Fault::short_input},
      {"flexible", request(18, 3, 1, compact("lib") + compact("1") + kTags, true), Fault::none},
  };
  for (const Case& c : cases) EXPECT_EQ(parse_request(as_bytes(c.bytes)).fault, c.fault) << c.name;
}

}  // namespace
}  // namespace spanlight::kafka
