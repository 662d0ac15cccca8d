#include "packets/packet_ring.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <vector>

#include "port/large_memory.h"

namespace spanlight {

namespace {

constexpr std::size_t kChunksWanted = 64;
constexpr std::size_t kAlignment = 8;

constexpr std::size_t record_bytes(std::size_t packet_bytes) {
  return sizeof(KeptPacket) + (packet_bytes + kAlignment - 1) / kAlignment * kAlignment;
}

std::size_t chunk_bytes_of(std::size_t bytes) {
  const std::size_t least = PacketRing::kBytesMin / PacketRing::kChunksMin;
  static_assert(PacketRing::kBytesMin / PacketRing::kChunksMin >= record_bytes(PacketRing::kPacketBytesMax));
  return std::clamp(bytes / kChunksWanted / 64 * 64, least, PacketRing::kChunkBytesMost);
}

}  // namespace

PacketRing::PacketRing(std::size_t bytes, std::uint32_t snap)
    : chunk_bytes_(chunk_bytes_of(std::max(bytes, kBytesMin))),
      chunk_count_(std::max(bytes, kBytesMin) / chunk_bytes_),
      snap_(std::min(snap, kPacketBytesMax)),
      memory_(static_cast<std::uint8_t*>(allocate_large(chunk_bytes_ * chunk_count_))),
      chunks_(std::make_unique<Chunk[]>(chunk_count_)) {}

void PacketRing::populate() {
  std::memset(memory_.get(), 0, capacity_bytes());
}

// ---- worker -------------------------------------------------------------------------------------

// A chunk that a reader looks at is passed over; there is one reader, and it looks at one.
bool PacketRing::claim_next() {
  if (current_ != kNone) chunks_[current_].state.fetch_and(~kWriting, std::memory_order_release);
  std::size_t at = current_;
  for (std::size_t tried = 0; tried < chunk_count_; ++tried) {
    at = at == kNone || at + 1 == chunk_count_ ? 0 : at + 1;
    Chunk& chunk = chunks_[at];
    std::uint64_t state = chunk.state.load(std::memory_order_relaxed);
    const std::uint64_t claimed = (claims_ + 1) << kClaimShift | kWriting;
    // Acquire: the reader that was here last has ended.
    if ((state & kReading) != 0 ||
        !chunk.state.compare_exchange_strong(state, claimed, std::memory_order_acq_rel,
                                             std::memory_order_relaxed)) {
      ++counters_.chunks_passed;
      continue;
    }
    ++claims_;
    chunk.filled.store(claims_ << kFilledShift, std::memory_order_release);
    chunk.first = 0;
    current_ = at;
    used_ = 0;
    note_oldest();
    return true;
  }
  current_ = kNone;
  return false;
}

// What lies in front is the oldest now, unless it was passed over in this round; before the first round is
// over it is chunk 0.
void PacketRing::note_oldest() {
  if (claims_ == 1) return;  // commit() will say
  const auto behind = [this](std::size_t at) { return at + 1 == chunk_count_ ? 0 : at + 1; };
  std::size_t oldest = 0;
  if (claims_ >= chunk_count_) {
    oldest = behind(current_);
    const std::uint64_t claim = chunks_[oldest].state.load(std::memory_order_relaxed) >> kClaimShift;
    if (claim + chunk_count_ <= claims_) oldest = behind(oldest);
  }
  whole_since_ = chunks_[oldest].first;
  oldest_.store(whole_since_, std::memory_order_relaxed);
}

MutableBytes PacketRing::room(std::uint32_t captured) {
  room_ = std::min(captured, snap_);
  const std::size_t needed = record_bytes(room_);
  if (current_ == kNone || needed > chunk_bytes_ - used_) [[unlikely]]
    if (!claim_next()) {
      ++counters_.no_room;
      return {};
    }
  return {chunk_memory(current_) + used_ + sizeof(KeptPacket), room_};
}

void PacketRing::commit(KeptPacket packet) {
  assert(current_ != kNone);
  packet.bytes = room_;
  Chunk& chunk = chunks_[current_];
  if (used_ == 0) [[unlikely]] {
    chunk.first = packet.time;
    if (claims_ == 1) {
      whole_since_ = packet.time;
      oldest_.store(packet.time, std::memory_order_relaxed);
    }
  }
  std::memcpy(chunk_memory(current_) + used_, &packet, sizeof(packet));
  used_ += record_bytes(room_);
  chunk.filled.store(claims_ << kFilledShift | used_, std::memory_order_release);
  newest_.store(packet.time, std::memory_order_relaxed);
  ++counters_.packets;
  counters_.bytes += room_;
  counters_.cut += room_ < packet.wire_bytes && room_ == snap_;
}

// ---- reader -------------------------------------------------------------------------------------

void PacketRing::look_through(const Visit& visit) const {
  struct Claimed {
    std::uint64_t claim;
    std::size_t index;
  };
  std::vector<Claimed> order;
  for (std::size_t i = 0; i < chunk_count_; ++i)
    if (const std::uint64_t claim = chunks_[i].state.load(std::memory_order_relaxed) >> kClaimShift;
        claim != 0)
      order.push_back({claim, i});
  std::sort(order.begin(), order.end(), [](const Claimed& a, const Claimed& b) { return a.claim < b.claim; });
  for (const Claimed& chunk : order)
    if (!look_at(chunk.index, visit)) return;
}

bool PacketRing::look_at(std::size_t index, const Visit& visit) const {
  Chunk& chunk = chunks_[index];
  const std::uint64_t claim = chunk.state.fetch_or(kReading, std::memory_order_acq_rel) >> kClaimShift;
  const std::uint64_t filled = chunk.filled.load(std::memory_order_acquire);
  // Claimed anew this very moment: what the number stands for has not been said yet.
  constexpr std::uint64_t kHalf = 0xffffffff;
  const std::size_t end = filled >> kFilledShift == (claim & kHalf) ? filled & kHalf : 0;
  bool goes_on = true;
  for (std::size_t at = 0; goes_on && at < end;) {
    KeptPacket packet;
    std::memcpy(&packet, chunk_memory(index) + at, sizeof(packet));
    goes_on = visit(packet, {chunk_memory(index) + at + sizeof(packet), packet.bytes});
    at += record_bytes(packet.bytes);
  }
  chunk.state.fetch_and(~kReading, std::memory_order_release);
  return goes_on;
}

}  // namespace spanlight
