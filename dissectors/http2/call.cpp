#include "http2/call.h"

#include <new>

namespace spanlight::http2 {

Call* CallTable::find(std::uint32_t stream) const {
  Call* call = *bucket(stream);
  while (call != nullptr && call->stream != stream) call = call->same_bucket;
  return call;
}

void CallTable::add(Workshop& workshop, Call& call) {
  if (size_ >= bucket_count_) grow(workshop);
  Call** first = bucket(call.stream);
  call.same_bucket = *first;
  *first = &call;
  call.older = newest_;
  (newest_ != nullptr ? newest_->newer : oldest_) = &call;
  newest_ = &call;
  ++size_;
}

void CallTable::remove(Call& call) {
  Call** link = bucket(call.stream);
  while (*link != &call) link = &(*link)->same_bucket;
  *link = call.same_bucket;
  (call.older != nullptr ? call.older->newer : oldest_) = call.newer;
  (call.newer != nullptr ? call.newer->older : newest_) = call.older;
  --size_;
}

// Four times as many buckets, up to a slab page of them; without memory the chains grow instead.
void CallTable::grow(Workshop& workshop) {
  const std::uint32_t wanted = bucket_count_ * 4;
  const std::size_t bytes = wanted * sizeof(Call*);  // NOLINT(bugprone-sizeof-expression): pointers are meant
  if (bytes > SlabPool::kPageBytes) return;
  const MutableBytes block = workshop.state.take(bytes);
  if (block.empty()) return;
  Call** buckets = new (block.data()) Call* [wanted] {};
  for (std::uint32_t i = 0; i < bucket_count_; ++i) {
    for (Call* call = buckets_[i]; call != nullptr;) {
      Call* next = call->same_bucket;
      Call** first = buckets + bucket_of(call->stream, wanted);
      call->same_bucket = *first;
      *first = call;
      call = next;
    }
  }
  workshop.state.give(block_);
  block_ = block;
  buckets_ = buckets;
  bucket_count_ = wanted;
}

void CallTable::release(Workshop& workshop) {
  workshop.state.give(block_);
  block_ = {};
  buckets_ = at_first_;
  bucket_count_ = kBucketsAtFirst;
}

}  // namespace spanlight::http2
