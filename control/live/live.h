#pragma once
// Calls to those who watch, as they come. Each client has a filter and a bounded queue of JSON lines; who
// reads too slowly misses calls and is told how many, and nobody else notices. Clients join and leave at any
// time, on any thread; the ingest threads take a snapshot of them for each batch and wait for nobody.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ingest/named_batch.h"
#include "ingest/published.h"
#include "serve/backend.h"

namespace spanlight {

class LiveClient final : public serve::LiveFeed {
 public:
  LiveClient(serve::LiveRequest request, std::size_t queue_max, std::function<void()> wake);

  void change(serve::LiveRequest request) override;
  Taken take() override;

 private:
  friend class LiveHub;
  struct Allowance {
    std::uint64_t second = 0;
    std::uint32_t used = 0;
  };
  // Queues what there is room for and gives the number of those that were missed; `skipped` more matched.
  std::size_t push(const std::vector<std::shared_ptr<const std::string>>& lines, std::uint64_t skipped);
  // How many of `wanted` calls may be sent; counted here, since several sensors' threads feed one client.
  std::size_t allowance(std::uint32_t calls_per_second, std::uint64_t now_ns, std::size_t wanted);

  Published<serve::LiveRequest> request_;
  const std::size_t queue_max_;
  const std::function<void()> wake_;
  std::mutex lock_;
  Taken queue_;
  Allowance allowance_;
};

class LiveHub final : public CallSink, public serve::Live {
 public:
  explicit LiveHub(std::size_t queue_max) : queue_max_(queue_max) {}

  std::shared_ptr<serve::LiveFeed> join(serve::LiveRequest request, std::function<void()> wake) override;
  void take(const std::shared_ptr<const NamedBatch>& batch) override;

  struct Counters {
    std::uint64_t matched = 0;  // calls for clients; each ends as one of the following
    std::uint64_t sent = 0, missed = 0, skipped = 0;
  };
  Counters counters() const;
  std::size_t clients() const;

 private:
  using Clients = std::vector<std::weak_ptr<LiveClient>>;

  const std::size_t queue_max_;
  Published<Clients> clients_{std::make_shared<const Clients>()};
  std::mutex join_;  // writers of clients_
  std::atomic<std::uint64_t> matched_{0}, sent_{0}, missed_{0}, skipped_{0};
};

}  // namespace spanlight
