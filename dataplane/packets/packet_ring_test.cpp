#include "packets/packet_ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

namespace spanlight {
namespace {

struct Seen {
  KeptPacket packet;
  std::vector<std::uint8_t> bytes;
};

// Each packet's bytes are told by its number, so that a torn one shows.
void keep(PacketRing& ring, std::uint64_t number, std::uint32_t bytes, std::uint64_t conn_id = 7) {
  const MutableBytes room = ring.room(bytes);
  if (room.data() == nullptr) return;
  std::memset(room.data(), static_cast<int>(number & 0xff), room.size());
  ring.commit({.time = number, .conn_id = conn_id, .wire_bytes = bytes});
}

std::vector<Seen> all_of(const PacketRing& ring) {
  std::vector<Seen> seen;
  ring.look_through([&](const KeptPacket& packet, Bytes bytes) {
    seen.push_back({packet, {bytes.begin(), bytes.end()}});
    return true;
  });
  return seen;
}

bool is_whole(const KeptPacket& packet, Bytes bytes) {
  for (const std::uint8_t byte : bytes)
    if (byte != (packet.time & 0xff)) return false;
  return bytes.size() == packet.bytes;
}

TEST(PacketRing, IsEmptyAtFirst) {
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  ASSERT_TRUE(ring.ok());
  ring.populate();
  EXPECT_TRUE(all_of(ring).empty());
  EXPECT_EQ(ring.whole_since(), kNever);
  EXPECT_EQ(ring.oldest(), 0u);
}

TEST(PacketRing, HoldsWhatItWasGivenInOrder) {
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  const std::uint32_t sizes[] = {60, 61, 0, 1, 7, 8, 9'000, 65'536};
  std::uint64_t number = 0;
  for (const std::uint32_t size : sizes) {
    ++number;
    keep(ring, number, size, number * 10);
  }
  const std::vector<Seen> seen = all_of(ring);
  ASSERT_EQ(seen.size(), std::size(sizes));
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].packet.time, i + 1);
    EXPECT_EQ(seen[i].packet.conn_id, (i + 1) * 10);
    EXPECT_EQ(seen[i].packet.wire_bytes, sizes[i]);
    EXPECT_EQ(seen[i].bytes.size(), sizes[i]);
    EXPECT_TRUE(is_whole(seen[i].packet, seen[i].bytes)) << i;
  }
  EXPECT_EQ(ring.whole_since(), 1u);
  EXPECT_EQ(ring.newest(), std::size(sizes));
  EXPECT_EQ(ring.counters().packets, std::size(sizes));
  EXPECT_EQ(ring.counters().cut, 0u);
}

TEST(PacketRing, CutsAtTheSnapLengthAndCounts) {
  PacketRing ring(PacketRing::kBytesMin, 96);
  keep(ring, 1, 95);
  keep(ring, 2, 96);
  keep(ring, 3, 1'500);
  const std::vector<Seen> seen = all_of(ring);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[1].bytes.size(), 96u);
  EXPECT_EQ(seen[2].bytes.size(), 96u);
  EXPECT_EQ(seen[2].packet.wire_bytes, 1'500u);
  EXPECT_EQ(ring.counters().cut, 1u);
  EXPECT_EQ(ring.counters().bytes, 95u + 96 + 96);
}

TEST(PacketRing, OverwritesTheOldestAndKnowsSinceWhenItIsWhole) {
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  constexpr std::uint64_t kPackets = 20'000;
  for (std::uint64_t n = 1; n <= kPackets; ++n) {
    keep(ring, n, 100 + static_cast<std::uint32_t>(n % 1'400));
    ASSERT_LE(ring.whole_since(), n);
  }
  const std::vector<Seen> seen = all_of(ring);
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back().packet.time, kPackets);
  EXPECT_EQ(seen.front().packet.time, ring.whole_since());
  EXPECT_EQ(ring.oldest(), ring.whole_since());
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].packet.time, seen.front().packet.time + i);  // none missing between the ends
    ASSERT_TRUE(is_whole(seen[i].packet, seen[i].bytes));
    bytes += seen[i].bytes.size();
  }
  EXPECT_GT(bytes, ring.capacity_bytes() * 7 / 10);  // what is given for packets holds packets
  EXPECT_EQ(ring.counters().chunks_passed, 0u);
}

TEST(PacketRing, AReaderThatHasEnoughIsLetGo) {
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  for (std::uint64_t n = 1; n <= 1'000; ++n) keep(ring, n, 1'000);
  std::size_t seen = 0;
  ring.look_through([&](const KeptPacket&, Bytes) { return ++seen < 10; });
  EXPECT_EQ(seen, 10u);
  for (std::uint64_t n = 1; n <= 10'000; ++n) keep(ring, n, 1'000);  // no chunk stayed pinned
  EXPECT_EQ(ring.counters().chunks_passed, 0u);
}

// The writer comes round while a reader stands in a chunk: what the reader sees stays, the rest goes on.
TEST(PacketRing, AChunkThatIsReadIsPassedOver) {
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  for (std::uint64_t n = 1; n <= 2'000; ++n) keep(ring, n, 1'000);
  std::uint64_t number = 2'000;
  bool first = true;
  ring.look_through([&](const KeptPacket& packet, Bytes bytes) {
    if (first) {
      for (int i = 0; i < 5'000; ++i) keep(ring, ++number, 1'000);
      first = false;
    }
    EXPECT_TRUE(is_whole(packet, bytes));
    return true;
  });
  EXPECT_GT(ring.counters().chunks_passed, 0u);
  EXPECT_EQ(ring.counters().no_room, 0u);
  EXPECT_EQ(ring.counters().packets, number);
  // The chunk that was passed over is not what the ring's beginning is judged by.
  const std::vector<Seen> seen = all_of(ring);
  const TimeNs since = ring.whole_since();
  std::size_t later = 0;
  for (const Seen& one : seen) later += one.packet.time >= since;
  EXPECT_EQ(later, number - since + 1);
}

// Under TSan: the worker never waits, the reader never sees a byte that is being written.
TEST(PacketRing, WorkerAndReaderAtOnce) {
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    for (std::uint64_t n = 1; !stop.load(std::memory_order_relaxed); ++n)
      keep(ring, n, 60 + static_cast<std::uint32_t>(n * 7'919 % 3'000));
  });
  std::uint64_t looked_at = 0, torn = 0;
  for (int round = 0; round < 200 || looked_at == 0; ++round)
    ring.look_through([&](const KeptPacket& packet, Bytes bytes) {
      ++looked_at;
      torn += is_whole(packet, bytes) ? 0 : 1;
      return true;
    });
  stop = true;
  worker.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(ring.counters().no_room, 0u);
  const std::vector<Seen> seen = all_of(ring);
  EXPECT_EQ(seen.back().packet.time, ring.newest());
}

}  // namespace
}  // namespace spanlight
