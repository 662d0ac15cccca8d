#include "serve/flow.h"

#include <algorithm>

namespace spanlight::serve {

bool Flow::add(std::size_t bytes) {
  std::unique_lock lock(mutex_);
  // The network thread's own time limit of writing ends this: it calls leave().
  changed_.wait(lock, [&] { return gone_ || waiting_bytes_ < kWaitingBytesMax; });
  waiting_bytes_ += bytes;
  return !gone_;
}

void Flow::sent(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  waiting_bytes_ -= std::min(bytes, waiting_bytes_);
  changed_.notify_all();
}

void Flow::leave() {
  {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    changed_.notify_all();
  }
  stop_.request_stop();
}

bool Flow::gone() {
  const std::lock_guard lock(mutex_);
  return gone_;
}

}  // namespace spanlight::serve
