#pragma once
// All conversations of one worker. Capacity is one number: memory for so many is reserved at start and never
// grows. populate() takes it from the system at once, so that no insertion ever waits for a page; without it
// an idle table is small.
//
// Index: buckets of one cache line with eight (tag, flow) entries, five of which are used when the table is
// full. A full bucket overflows into the next ones; each bucket counts the entries that passed over it, so
// that a look-up stops at the first bucket nobody passed, and an erased entry leaves no tombstone. The tag
// (low bits of the hash) and the bucket (high bits) locate; equality is on the whole key.

#include <cstddef>
#include <cstdint>

#include "flow/flow.h"

namespace spanlight {

class FlowTable {
 public:
  explicit FlowTable(std::uint32_t flows_max);
  ~FlowTable();
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  bool ok() const { return flows_ != nullptr; }  // false: the address space could not be reserved

  // All memory is backed by pages afterwards. Takes about 0.3 s a GiB. False: the system has not so much.
  bool populate();

  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&buckets_[home_of(hash)]); }

  // The flow's first entry in the index is read ahead; to be called after prefetch() has landed.
  void prefetch_flow(std::uint64_t hash) const;
  void prefetch_entry(std::uint32_t index) const;

  Flow* find(const FlowKey& key, std::uint64_t hash);

  // Whether what was found once is still the flow of this key.
  static bool is(const Flow& flow, const FlowKey& key) { return flow.generation % 2 == 1 && flow.key == key; }

  // A fresh flow under a key that is not in the table; nullptr when it is full.
  Flow* insert(const FlowKey& key, std::uint64_t hash);

  // The flow is gone; its index may be used again under another generation. `hash`: that of its key.
  void erase(Flow& flow, std::uint64_t hash);

  // Of the next few flows under a moving hand, the one that has been silent longest: to be closed when the
  // table is full. nullptr only when the table is empty.
  Flow* eviction_candidate();

  std::uint32_t index_of(const Flow& flow) const { return static_cast<std::uint32_t>(&flow - flows_); }
  Flow& operator[](std::uint32_t index) { return flows_[index]; }
  bool is_live(std::uint32_t index) const { return index < used_ && flows_[index].generation % 2 == 1; }

  std::uint32_t live() const { return live_; }
  std::uint32_t capacity() const { return capacity_; }
  std::uint32_t high_water() const { return used_; }  // indices below it have been used

  static std::size_t memory_bytes(std::uint32_t flows_max);

 private:
  static constexpr unsigned kWays = 8;
  static constexpr std::uint16_t kFreeTag = 0;
  static constexpr unsigned kBucketsProbedMax = 16;

  struct alignas(64) Bucket {
    std::uint16_t tag[kWays];  // kFreeTag: nothing
    std::uint32_t flow[kWays];
    std::uint16_t passed;  // entries that live behind this bucket because it was full
  };
  static_assert(sizeof(Bucket) == 64);

  static std::uint16_t tag_of(std::uint64_t hash) {
    const auto tag = static_cast<std::uint16_t>(hash);
    return tag == kFreeTag ? std::uint16_t{1} : tag;
  }
  static unsigned ways_with(const Bucket& bucket, std::uint16_t tag);

  // Scaled, not masked: the number of buckets need not be a power of two.
  std::uint64_t home_of(std::uint64_t hash) const {
    __extension__ using Product = unsigned __int128;
    return static_cast<std::uint64_t>(Product{hash} * bucket_count_ >> 64);
  }
  std::uint64_t next(std::uint64_t bucket) const { return bucket + 1 == bucket_count_ ? 0 : bucket + 1; }

  Flow* flows_ = nullptr;
  Bucket* buckets_ = nullptr;
  std::uint64_t bucket_count_ = 0;
  std::uint32_t capacity_ = 0;
  std::uint32_t live_ = 0;
  std::uint32_t used_ = 0;
  std::uint32_t free_ = kNoFlow;  // through Timer::next
  std::uint32_t hand_ = 0;
};

}  // namespace spanlight
