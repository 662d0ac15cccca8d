#include "core/open_calls.h"

namespace spanlight {

void OpenCalls::push(OpenCall& call, std::uint64_t id) {
  OpenCall*& bucket = buckets_[bucket_of(id)];
  call.id = id;
  call.listed = true;
  call.beside = bucket;
  bucket = &call;
  call.next = nullptr;
  call.previous = back_;
  (back_ != nullptr ? back_->next : front_) = &call;
  back_ = &call;
  ++size_;
}

OpenCall* OpenCalls::find(std::uint64_t id) const {
  OpenCall* call = buckets_[bucket_of(id)];
  while (call != nullptr && call->id != id) call = call->beside;
  return call;
}

void OpenCalls::remove(OpenCall& call) {
  if (!call.listed) return;
  OpenCall** at = &buckets_[bucket_of(call.id)];
  while (*at != &call) at = &(*at)->beside;
  *at = call.beside;
  (call.previous != nullptr ? call.previous->next : front_) = call.next;
  (call.next != nullptr ? call.next->previous : back_) = call.previous;
  call.next = call.previous = call.beside = nullptr;
  call.listed = false;
  --size_;
}

}  // namespace spanlight
