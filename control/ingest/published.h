#pragma once
// The current version of something immutable: one thread publishes a new version, others read whichever is
// current and keep it alive for as long as they look at it. A mutex held for the copy of a pointer, since
// std::atomic<std::shared_ptr> of libstdc++ 12 is a spin lock whose reads ThreadSanitizer calls races.

#include <memory>
#include <mutex>
#include <utility>

namespace spanlight {

template <typename T>
class Published {
 public:
  explicit Published(std::shared_ptr<const T> first) : current_(std::move(first)) {}

  std::shared_ptr<const T> load() const {
    const std::lock_guard held(lock_);
    return current_;
  }
  void store(std::shared_ptr<const T> next) {
    const std::lock_guard held(lock_);
    current_.swap(next);  // the old version, which may be large, is freed after the lock
  }

 private:
  mutable std::mutex lock_;
  std::shared_ptr<const T> current_;
};

}  // namespace spanlight
