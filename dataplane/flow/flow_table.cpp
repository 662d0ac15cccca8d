#include "flow/flow_table.h"

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

void FlowTable::prefetch_flow(std::uint64_t hash) const {
  const Bucket& bucket = buckets_[home_of(hash)];
  const std::uint16_t tag = tag_of(hash);
  for (unsigned way = 0; way < kWays; ++way) {
    if (bucket.tag[way] != tag) continue;
    const auto* flow = reinterpret_cast<const char*>(&flows_[bucket.flow[way]]);
    for (std::size_t line = 0; line < 4; ++line) __builtin_prefetch(flow + line * 64, 1);
    return;
  }
}

Flow* FlowTable::find(const FlowKey& key, std::uint64_t hash) {
  const std::uint16_t tag = tag_of(hash);
  std::uint64_t b = home_of(hash);
  for (unsigned probed = 0; probed < kBucketsProbedMax; ++probed, b = next(b)) {
    const Bucket& bucket = buckets_[b];
    for (unsigned way = 0; way < kWays; ++way) {
      if (bucket.tag[way] != tag) continue;
      Flow& flow = flows_[bucket.flow[way]];
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
    for (unsigned way = 0; way < kWays; ++way) {
      if (bucket.tag[way] != 0) continue;
      std::uint32_t index = free_;
      if (index != kNoFlow)
        free_ = flows_[index].timer.next;
      else
        index = used_++;
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
  }
  return nullptr;  // the neighbourhood is full: treated as a full table
}

void FlowTable::erase(Flow& flow, std::uint64_t hash) {
  const std::uint32_t index = index_of(flow);
  const std::uint64_t home = home_of(hash);
  std::uint64_t b = home;
  for (unsigned probed = 0; probed < kBucketsProbedMax; ++probed, b = next(b)) {
    Bucket& bucket = buckets_[b];
    for (unsigned way = 0; way < kWays; ++way) {
      if (bucket.tag[way] == 0 || bucket.flow[way] != index) continue;
      bucket.tag[way] = 0;
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
