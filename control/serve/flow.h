#pragma once
// Between a worker that writes a long answer and the network thread that sends it: how many bytes wait, and
// whether the client is still there. Shared by both; thread-safe.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>

namespace spanlight::serve {

constexpr std::size_t kWaitingBytesMax = std::size_t{1} << 20;  // of one answer, made but not yet sent

class Flow {
 public:
  // The worker: waits until less than kWaitingBytesMax wait, then counts `bytes` in. False: the client is
  // gone.
  bool add(std::size_t bytes);
  // The network thread.
  void sent(std::size_t bytes);
  void leave();

  bool gone();
  std::stop_token token() const { return stop_.get_token(); }
  // Asks the worker to come to an end, without the client being gone.
  void cancel() { stop_.request_stop(); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t waiting_bytes_ = 0;
  bool gone_ = false;
  std::stop_source stop_;
};

// Where an answer's bytes go; implemented by a connection. Thread-safe; never waits.
class Outlet {
 public:
  virtual ~Outlet() = default;
  enum class Then : std::uint8_t {
    more,   // more of this answer follows
    next,   // the answer is complete: the next request may come
    close,  // complete, and the connection ends
    cut,    // could not be completed: the connection ends so that the client sees it
  };
  virtual void put(std::string bytes, Then then) = 0;
};

}  // namespace spanlight::serve
