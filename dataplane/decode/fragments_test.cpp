#include "decode/fragments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace spanlight {
namespace {

using Data = std::vector<std::uint8_t>;

Data numbered(std::size_t bytes, std::uint8_t seed = 0) {
  Data data(bytes);
  for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::uint8_t>(i * 7 + i / 256 + seed);
  return data;
}

class Fragments : public ::testing::Test {
 protected:
  static Fragment fragment(std::uint32_t id, std::uint32_t offset, std::size_t bytes, bool more) {
    Fragment f;
    f.src.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
    f.dst.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 2};
    f.id = id;
    f.protocol = 17;
    f.more = more;
    f.offset_in_datagram = offset;
    f.payload_bytes = f.payload_wire_bytes = static_cast<std::uint32_t>(bytes);
    return f;
  }
  // The bytes [from, to) of `whole`.
  Bytes add(const Data& whole, std::uint32_t id, std::uint32_t from, std::uint32_t to, TimeNs now = 1) {
    return reassembler_.add(fragment(id, from, to - from, to != whole.size()),
                            Bytes(whole).subspan(from, to - from), now);
  }
  Bytes add_raw(std::uint32_t id, std::uint32_t offset, const Data& bytes, bool more, TimeNs now = 1) {
    return reassembler_.add(fragment(id, offset, bytes.size(), more), bytes, now);
  }
  static Data copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

  SlabPool slabs_{1 << 25};
  FragmentCounters counters_;
  FragmentReassembler reassembler_{slabs_, counters_};
};

TEST_F(Fragments, any_order_gives_the_datagram) {
  const Data whole = numbered(160);
  std::vector<std::uint32_t> order = {0, 40, 80, 120};
  std::uint32_t id = 0;
  do {
    ++id;
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(add(whole, id, order[i], order[i] + 40).empty());
    EXPECT_EQ(copy(add(whole, id, order[3], order[3] + 40)), whole);
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(counters_.datagrams, 24U);
  EXPECT_EQ(reassembler_.waiting(), 0U);
}

TEST_F(Fragments, random_cuts_orders_and_copies) {
  std::mt19937 random(4);
  for (std::uint32_t id = 1; id <= 200; ++id) {
    const Data whole = numbered(8 + random() % 4'000, static_cast<std::uint8_t>(id));
    std::vector<std::pair<std::uint32_t, std::uint32_t>> cuts;
    const auto size = static_cast<std::uint32_t>(whole.size());
    const std::uint32_t step = 8 * (size / 160 + 1);
    for (std::uint32_t at = 0; at < size; at += step) {
      cuts.emplace_back(at, std::min(size, at + step));
      // Copies and overlaps that agree, of whole units.
      if (random() % 3 == 0) cuts.emplace_back(at / 16 * 8, std::min(size, at + step));
    }
    std::shuffle(cuts.begin(), cuts.end(), random);
    Data got;
    for (const auto& [from, to] : cuts) {
      const Bytes out = add(whole, id, from, to);
      if (!out.empty()) got = copy(out);
    }
    EXPECT_EQ(got, whole) << "datagram " << id;
  }
  EXPECT_EQ(counters_.overlaps, 0U);
  EXPECT_EQ(counters_.datagrams, 200U);
}

TEST_F(Fragments, the_longest_datagram) {
  const Data whole = numbered(65'535);
  for (std::uint32_t at = 0; at < 64'000; at += 8'000) EXPECT_TRUE(add(whole, 1, at, at + 8'000).empty());
  EXPECT_EQ(copy(add(whole, 1, 64'000, 65'535)), whole);
}

TEST_F(Fragments, second_copies_are_ignored_also_after_the_end) {
  const Data whole = numbered(100);
  add(whole, 1, 0, 48);
  add(whole, 1, 0, 48);
  EXPECT_EQ(counters_.duplicates, 1U);
  EXPECT_EQ(copy(add(whole, 1, 48, 100)), whole);
  EXPECT_TRUE(add(whole, 1, 48, 100).empty());
  EXPECT_TRUE(add(whole, 1, 0, 48).empty());
  EXPECT_EQ(counters_.duplicates, 3U);
  EXPECT_EQ(reassembler_.waiting(), 0U);
  // Later the same identification is another datagram.
  const TimeNs later = 2 + FragmentReassembler::kRememberNs;
  add(whole, 1, 0, 48, later);
  EXPECT_EQ(copy(add(whole, 1, 48, 100, later)), whole);
  EXPECT_EQ(counters_.datagrams, 2U);
}

TEST_F(Fragments, the_first_copy_of_an_overlap_wins) {
  const Data whole = numbered(48), other(32, 0xff);
  add(whole, 1, 8, 24);
  EXPECT_TRUE(add_raw(1, 0, other, true).empty());  // brings 0..8 and 24..32, contradicts 8..24
  EXPECT_EQ(counters_.overlaps, 1U);
  Data expected = whole;
  std::fill(expected.begin(), expected.begin() + 8, std::uint8_t{0xff});
  std::fill(expected.begin() + 24, expected.begin() + 32, std::uint8_t{0xff});
  EXPECT_EQ(copy(add(whole, 1, 24, 48)), expected);
  EXPECT_EQ(counters_.overlaps, 2U);
}

TEST_F(Fragments, refused) {
  struct Case {
    const char* name;
    std::uint32_t offset;
    std::size_t bytes;
    bool more;
  };
  const Case table[] = {
      {"ping of death", 65'528, 8, false},
      {"offset beyond the end", 70'000, 8, true},
      {"empty", 8, 0, true},
      {"not in units of eight", 0, 12, true},
  };
  std::uint64_t refused = 0;
  for (const Case& c : table) {
    SCOPED_TRACE(c.name);
    EXPECT_TRUE(add_raw(1, c.offset, Data(c.bytes), c.more).empty());
    EXPECT_EQ(counters_.refused, ++refused);
    EXPECT_EQ(reassembler_.waiting(), 0U);
  }
  const Fragment cut = fragment(1, 0, 64, true);
  EXPECT_TRUE(reassembler_.add(cut, Data(32), 1).empty());
  EXPECT_EQ(counters_.refused, ++refused) << "cut by the capture";
}

TEST_F(Fragments, lengths_that_contradict_each_other) {
  add_raw(1, 32, Data(8), false);  // 40 bytes long
  std::uint64_t refused = 0;
  add_raw(1, 40, Data(8), true);
  EXPECT_EQ(counters_.refused, ++refused) << "beyond the end";
  add_raw(1, 16, Data(8), false);
  EXPECT_EQ(counters_.refused, ++refused) << "another, earlier end";
  add_raw(2, 64, Data(8), true);
  add_raw(2, 32, Data(8), false);
  EXPECT_EQ(counters_.refused, ++refused) << "an end before what is there (teardrop)";
  EXPECT_EQ(copy(add_raw(1, 0, Data(32), true)).size(), 40U) << "the first told end stays good";
}

TEST_F(Fragments, holes_are_bounded) {
  const Data whole = numbered(2'000);
  for (std::uint32_t i = 0; i < FragmentReassembler::kHolesMax; ++i) add(whole, 1, i * 16, i * 16 + 8);
  EXPECT_EQ(counters_.refused, 0U);
  add(whole, 1, 1'600, 1'608);
  EXPECT_EQ(counters_.refused, 1U);
  // What joins is welcome, and makes room.
  add(whole, 1, 8, 16);
  add(whole, 1, 1'600, 1'608);
  EXPECT_EQ(counters_.refused, 1U);
  EXPECT_EQ(copy(add(whole, 1, 0, 2'000)), whole);
}

TEST_F(Fragments, the_identity_of_a_datagram) {
  const Data whole = numbered(64);
  const auto try_other = [&](auto change) {
    Fragment f = fragment(1, 32, 32, false);
    change(f);
    return reassembler_.add(f, Bytes(whole).subspan(32), 1).empty();
  };
  add(whole, 1, 0, 32);
  EXPECT_TRUE(try_other([](Fragment& f) { f.id = 2; }));
  EXPECT_TRUE(try_other([](Fragment& f) { f.src.bytes[15] = 9; }));
  EXPECT_TRUE(try_other([](Fragment& f) { f.dst.bytes[15] = 9; }));
  EXPECT_TRUE(try_other([](Fragment& f) { f.protocol = 6; }));
  EXPECT_TRUE(try_other([](Fragment& f) { std::swap(f.src, f.dst); }));
  EXPECT_TRUE(try_other([](Fragment& f) { f.tunnel = Tunnel::vxlan; }));
  EXPECT_TRUE(try_other([](Fragment& f) { f.tunnel_id = 1; }));
  EXPECT_TRUE(try_other([](Fragment& f) { f.vlan = 1; }));
  EXPECT_FALSE(try_other([](Fragment&) {}));
  // IPv6: the protocol does not count, and that of the first fragment is told.
  Fragment last = fragment(7, 32, 32, false), first = fragment(7, 0, 32, true), told;
  last.src.bytes[0] = first.src.bytes[0] = 0x20;
  last.protocol = 6;
  EXPECT_TRUE(reassembler_.add(last, Bytes(whole).subspan(32), 1, told).empty());
  first.protocol = 60;
  EXPECT_EQ(copy(reassembler_.add(first, Bytes(whole).first(32), 1, told)), whole);
  EXPECT_EQ(told.protocol, 60);
}

TEST_F(Fragments, given_up_after_the_timeout) {
  const Data whole = numbered(64);
  constexpr TimeNs kStart = 1'000;
  for (std::uint32_t id = 0; id < 10; ++id) add(whole, id, 0, 32, kStart + id);
  reassembler_.expire(kStart + FragmentReassembler::kTimeoutNs, 100);
  EXPECT_EQ(counters_.expired, 0U);
  reassembler_.expire(kStart + FragmentReassembler::kTimeoutNs + 100, 4);
  EXPECT_EQ(counters_.expired, 4U) << "the budget";
  // One that comes too late opens a new datagram.
  EXPECT_TRUE(add(whole, 9, 32, 64, kStart + FragmentReassembler::kTimeoutNs + 100).empty());
  EXPECT_EQ(counters_.expired, 5U);
  reassembler_.expire(kNever, 100);
  EXPECT_EQ(reassembler_.waiting(), 0U);
  EXPECT_EQ(counters_.expired, 11U);
  EXPECT_EQ(slabs_.used_bytes(), 0U);
}

TEST_F(Fragments, expiry_forgets_finished_ones_too) {
  const Data whole = numbered(64);
  add(whole, 1, 0, 32);
  EXPECT_FALSE(add(whole, 1, 32, 64).empty());
  reassembler_.expire(1 + 2 * FragmentReassembler::kRememberNs, 10);
  EXPECT_EQ(slabs_.used_bytes(), 0U);
  EXPECT_EQ(counters_.expired, 0U);
  EXPECT_TRUE(add(whole, 1, 32, 64).empty());
  EXPECT_EQ(reassembler_.waiting(), 1U);
}

TEST_F(Fragments, the_oldest_gives_way_when_full) {
  const Data whole = numbered(64);
  for (std::uint32_t id = 0; id < FragmentReassembler::kDatagramsMax; ++id) add(whole, id, 0, 32);
  EXPECT_EQ(counters_.evicted, 0U);
  add(whole, 5'000, 0, 32);
  EXPECT_EQ(counters_.evicted, 1U);
  EXPECT_EQ(copy(add(whole, 1, 32, 64)), whole);
  // The finished one, which is only remembered, goes before an unfinished one.
  add(whole, 5'001, 0, 32);
  EXPECT_EQ(counters_.evicted, 1U);
  EXPECT_TRUE(add(whole, 0, 32, 64).empty()) << "evicted";
  EXPECT_EQ(counters_.evicted, 2U);
}

TEST_F(Fragments, memory_is_bounded) {
  for (std::uint32_t id = 0; id < 1'000; ++id) {
    add_raw(id, 60'000, Data(8), true);
    EXPECT_LE(reassembler_.held_bytes(), FragmentReassembler::kHeldBytesMax + std::size_t{3} * 65'536);
  }
  EXPECT_GT(counters_.evicted, 800U);
  EXPECT_EQ(counters_.refused, 0U);
  EXPECT_EQ(reassembler_.held_bytes(), slabs_.used_bytes());
}

TEST(FragmentsWithoutMemory, are_refused_and_leave_nothing) {
  SlabPool slabs(0);
  FragmentCounters counters;
  FragmentReassembler reassembler(slabs, counters);
  Fragment f;
  f.payload_bytes = f.payload_wire_bytes = 8;
  f.more = true;
  EXPECT_TRUE(reassembler.add(f, Data(8), 1).empty());
  EXPECT_EQ(counters.refused, 1U);
  EXPECT_EQ(reassembler.waiting(), 0U);
}

TEST_F(Fragments, a_view_survives_one_more_call) {
  const Data inner = numbered(64, 3);
  Data outer = inner;
  outer.resize(128, 1);
  add(inner, 9, 32, 64);
  add(outer, 1, 64, 128);
  const Bytes view = add(outer, 1, 0, 64);
  ASSERT_EQ(view.size(), 128U);
  // Its own bytes complete another datagram.
  EXPECT_EQ(copy(reassembler_.add(fragment(9, 0, 32, true), view.first(32), 1)), inner);
  EXPECT_EQ(copy(view), outer);
}

}  // namespace
}  // namespace spanlight
