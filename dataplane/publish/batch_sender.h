#pragma once
// One batch → one two-frame message. Normally ZeroMQ is lent the batch's own buffer and gives it back when
// the last subscriber's copy has left. When half of a pool hangs in subscribers' queues the batch is copied
// instead, so that a stalled subscriber can never starve the worker. Publishing thread only; buffers come
// back on any thread.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "publish/batch_pool.h"

namespace spanlight {

class BatchSender {
 public:
  enum class Outcome : std::uint8_t {
    sent,       // at least one subscriber's queue took it
    unsent,     // nobody wanted it, or every queue that did was full
    no_memory,  // it had to be copied and there is no room for copies
  };
  struct Result {
    Outcome outcome = Outcome::sent;
    bool copied = false;
  };

  explicit BatchSender(std::uint64_t copied_bytes_max)
      : copied_bytes_max_(copied_bytes_max), copied_bytes_(std::make_shared<std::atomic<std::uint64_t>>(0)) {}

  // Whatever the outcome, `batch` is no longer the caller's.
  Result send(void* socket, std::string_view topic, Batch* batch);

  std::uint64_t copied_bytes() const { return copied_bytes_->load(std::memory_order_relaxed); }

 private:
  Result send_copy(void* socket, std::string_view topic, Batch* batch);

  std::uint64_t copied_bytes_max_;
  std::shared_ptr<std::atomic<std::uint64_t>> copied_bytes_;  // outlives this object in copies still queued
};

}  // namespace spanlight
