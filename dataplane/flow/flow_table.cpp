#include "flow/flow_table.h"

#include <emmintrin.h>

#include <bit>
#include <cassert>
#include <new>

#include "flow/reserved_pages.h"

namespace spanlight {

namespace {

constexpr std::uint64_t kFlowsPerBucket = 5;

std::uint64_t bucket_count(std::uint32_t flows_max) {
  return (flows_max + kFlowsPerBucket - 1) / kFlowsPerBucket + 1;
}

}  // namespace

std::size_t FlowTable::memory_bytes(std::uint32_t flows_max) {
  return flows_max * sizeof(Flow) + bucket_count(flows_max) * sizeof(Bucket);
}

FlowTable::FlowTable(std::uint32_t flows_max) : capacity_(flows_max) {
  const std::uint64_t buckets = bucket_count(flows_max);
  void* flows = reserve_pages(flows_max * sizeof(Flow));
  void* index = reserve_pages(buckets * sizeof(Bucket));
  if (flows == nullptr || index == nullptr) {
    if (flows != nullptr) munmap(flows, flows_max * sizeof(Flow));
    if (index != nullptr) munmap(index, buckets * sizeof(Bucket));
    return;
  }
  flows_ = static_cast<Flow*>(flows);
  buckets_ = static_cast<Bucket*>(index);  // zero pages: every tag free
  bucket_count_ = buckets;
}

FlowTable::~FlowTable() {
  if (flows_ == nullptr) return;
  munmap(flows_, capacity_ * sizeof(Flow));
  munmap(buckets_, bucket_count_ * sizeof(Bucket));
}

bool FlowTable::populate() {
  return ok() && take_pages(flows_, capacity_ * sizeof(Flow)) &&
         take_pages(buckets_, bucket_count_ * sizeof(Bucket));
}

// All ways at once; bit by way.
unsigned FlowTable::ways_with(const Bucket& bucket, std::uint16_t tag) {
  static_assert(sizeof(bucket.tag) == sizeof(__m128i));
  const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(bucket.tag));
  const __m128i equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16(static_cast<std::int16_t>(tag)));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128())));
}

void FlowTable::prefetch_flow(std::uint64_t hash) const {
  const Bucket& bucket = buckets_[home_of(hash)];
  const unsigned ways = ways_with(bucket, tag_of(hash));
  if (ways != 0) prefetch_entry(bucket.flow[std::countr_zero(ways)]);
}

void FlowTable::prefetch_entry(std::uint32_t index) const {
  const auto* flow = reinterpret_cast<const char*>(&flows_[index]);
  for (std::size_t line = 0; line < sizeof(Flow); line += 64) __builtin_prefetch(flow + line, 1);
}

Flow* FlowTable::find(const FlowKey& key, std::uint64_t hash) {
  const std::uint16_t tag = tag_of(hash);
  std::uint64_t b = home_of(hash);
  for (unsigned probed = 0; probed < kBucketsProbedMax; ++probed, b = next(b)) {
    const Bucket& bucket = buckets_[b];
    for (unsigned ways = ways_with(bucket, tag); ways != 0; ways &= ways - 1) {
      Flow& flow = flows_[bucket.flow[std::countr_zero(ways)]];
      if (flow.key == key) return &flow;
    }
    if (bucket.passed == 0) return nullptr;
  }
  return nullptr;
}

Flow* FlowTable::insert(const FlowKey& key, std::uint64_t hash) {
  if (free_ == kNoFlow && used_ == capacity_) return nullptr;
  std::uint64_t b = home_of(hash);
  for (unsigned probed = 0; probed < kBucketsProbedMax; ++probed, b = next(b)) {
    Bucket& bucket = buckets_[b];
    const unsigned free_ways = ways_with(bucket, kFreeTag);
    if (free_ways == 0) continue;
    const int way = std::countr_zero(free_ways);
    std::uint32_t index = free_;
    if (index != kNoFlow) {
      free_ = flows_[index].timer.next;
      if (free_ != kNoFlow) prefetch_entry(free_);  // long out of use; the next flow's place
    } else {
      index = used_++;
    }
    const std::uint32_t generation = flows_[index].generation + 1;
    Flow* flow = new (&flows_[index]) Flow{};
    flow->key = key;
    flow->generation = generation;  // odd: live
    bucket.tag[way] = tag_of(hash);
    bucket.flow[way] = index;
    for (std::uint64_t p = home_of(hash); p != b; p = next(p)) ++buckets_[p].passed;
    ++live_;
    return flow;
  }
  return nullptr;  // the neighbourhood is full: treated as a full table
}

void FlowTable::erase(Flow& flow, std::uint64_t hash) {
  const std::uint32_t index = index_of(flow);
  const std::uint64_t home = home_of(hash);
  std::uint64_t b = home;
  for (unsigned probed = 0; probed < kBucketsProbedMax; ++probed, b = next(b)) {
    Bucket& bucket = buckets_[b];
    for (unsigned ways = ways_with(bucket, tag_of(hash)); ways != 0; ways &= ways - 1) {
      const int way = std::countr_zero(ways);
      if (bucket.flow[way] != index) continue;
      bucket.tag[way] = kFreeTag;
      for (std::uint64_t p = home; p != b; p = next(p)) --buckets_[p].passed;
      ++flow.generation;  // even: free
      flow.timer.next = free_;
      free_ = index;
      --live_;
      return;
    }
  }
  assert(false && "a live flow is always in the index");
}

Flow* FlowTable::eviction_candidate() {
  constexpr unsigned kLookedAt = 8;
  Flow* oldest = nullptr;
  unsigned found = 0;
  for (std::uint32_t step = 0; step < used_ && found < kLookedAt; ++step) {
    hand_ = hand_ + 1 >= used_ ? 0 : hand_ + 1;
    if (!is_live(hand_)) continue;
    ++found;
    if (oldest == nullptr || flows_[hand_].last_seen < oldest->last_seen) oldest = &flows_[hand_];
  }
  return oldest;
}

}  // namespace spanlight
