#pragma once
// What is said over one live connection: the client's wishes in, batches of calls out. Knows no sockets.
// Messages are made on the network thread; wishes are checked on a worker, one at a time.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "serve/backend.h"
#include "serve/counts.h"

namespace spanlight::serve {

// {"filter":"…","limit_per_second":100,"payloads":false}; all may be absent, other keys are refused.
struct StreamWish {
  std::string filter;
  std::uint32_t limit_per_second = 0;
  bool payloads = false;
};
constexpr std::size_t kStreamMessageBytesMax = std::size_t{32} << 10;
constexpr std::size_t kStreamBatchBytes = std::size_t{256} << 10;

class LiveTalk {
 public:
  // `wake`: calls wait; called from any thread.
  LiveTalk(const Backend& backend, ServerCounts& counts, Principal principal, std::function<void()> wake);

  // On a worker, one at a time: what the client says → the answer, {"ready":{…}} or {"error":{…}}.
  struct Heard {
    std::string answer;
    std::optional<std::string> filter;  // that is in force from now on
    std::shared_ptr<LiveFeed> feed;     // to be handed to use()
  };
  Heard hear(std::string_view message);

  // On the network thread.
  void use(std::shared_ptr<LiveFeed> feed) {
    feed_in_use_ = std::move(feed);
    pending_ = {};  // of the filter before
    pending_at_ = 0;
  }
  // {"calls":[…],"missed":n,"skipped":n}, or nothing where nothing waits. `more`: ask again at once.
  std::optional<std::string> next_message(bool& more);
  std::uint64_t calls_sent() const { return calls_sent_; }
  // Headers and bodies were asked for, and given, if only for a while.
  bool with_payloads() const { return with_payloads_; }

 private:
  const Backend& backend_;
  ServerCounts& counts_;
  const Principal principal_;
  const std::function<void()> wake_;
  std::shared_ptr<LiveFeed> feed_;         // of the worker
  std::shared_ptr<LiveFeed> feed_in_use_;  // of the network thread
  LiveFeed::Taken pending_;                // taken, not yet in a message
  std::size_t pending_at_ = 0;
  std::uint64_t calls_sent_ = 0;
  std::atomic<bool> with_payloads_ = false;  // written on the worker, before the first such call can come
};

}  // namespace spanlight::serve
