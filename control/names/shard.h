#pragma once
// A part of the map: address and port → spans of time, each with its party. Open addressing, one cache line
// for what is asked most: the newest span. Immutable once made; a change makes its shard anew and leaves the
// others.

#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "address/address.h"
#include "record/call.h"

namespace spanlight {

constexpr unsigned kShardBits = 8;
constexpr std::size_t kShards = std::size_t{1} << kShardBits;
inline std::size_t shard_of(const Address& address) {
  return hash_of(address) >> (64 - kShardBits);
}

// Not included at its end; spans of one key do not overlap.
struct Span {
  std::uint64_t from_ns = 0, until_ns = 0;
  std::shared_ptr<const Party> party;
};

class Shard {
 public:
  struct Key {
    Address address;
    std::uint16_t port = 0;
    bool has_ports = false;  // there are keys of this address with a port
    bool is_node = false;    // NodePorts are answered here
  };

  // For so many keys.
  explicit Shard(std::size_t keys) : slots_(std::bit_ceil(keys * 2 + 1)) {}
  // `spans`: oldest first; may be empty. Each key once.
  void add(const Key& key, const std::vector<Span>& spans);

  struct alignas(64) Slot {
    Address address;
    std::uint64_t from_ns = 0, until_ns = 0;  // of the newest span
    const Party* party = nullptr;
    std::uint32_t first = 0;  // of its spans in spans(), newest first
    std::uint16_t count = 0;
    std::uint16_t port = 0;
    bool used = false, has_ports = false, is_node = false;
  };
  const Slot* find(const Address& address, std::uint16_t port) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash_of(address, port) & mask;; i = (i + 1) & mask) {
      const Slot& slot = slots_[i];
      if (!slot.used) return nullptr;
      if (slot.address == address && slot.port == port) return &slot;
    }
  }
  const Party* at(const Slot& slot, std::uint64_t time_ns) const {
    if (time_ns >= slot.from_ns) return time_ns < slot.until_ns ? slot.party : nullptr;
    return slot.count > 1 ? older(slot, time_ns) : nullptr;
  }
  const std::vector<Slot>& slots() const { return slots_; }
  const std::vector<Span>& spans() const { return spans_; }

 private:
  const Party* older(const Slot& slot, std::uint64_t time_ns) const;
  std::vector<Slot> slots_;
  std::vector<Span> spans_;
};

}  // namespace spanlight
