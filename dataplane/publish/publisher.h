#pragma once
// The one thread that owns the sockets of records: takes finished batches from the workers' pools and sends
// them, says hello to new subscribers, and publishes stats each second.
//   main thread:  Publisher p(…);  p.open();  p.attach(commands);  (drop privileges)  p.start();  … p.stop();
// The pools outlive the publisher: ZeroMQ returns their buffers until stop() is over.
// This thread is exempt from the data path's rules: it may allocate, lock and make system calls.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "publish/batch_pool.h"
#include "publish/stats.h"
#include "settings/settings.h"

namespace spanlight {

struct SensorIdentity {
  std::string sensor;
  std::uint64_t epoch = 0;  // changes with every start
  std::string version;
  TimeNs started = 0;
  std::uint16_t workers = 0;
  std::uint64_t packet_bytes = 0;    // of recent packets that each worker holds; 0: none
  std::uint32_t packet_seconds = 0;  // for how long at most they are given out
};

// Another room's socket in the publisher's ZeroMQ context, with a thread of its own: what it does may take
// its time, and batches go on.
class AttachedService {
 public:
  virtual ~AttachedService() = default;
  virtual std::string open(void* zmq_context) = 0;  // main thread; a sentence, empty = all is well
  virtual void start() = 0;                         // main thread
  virtual void report(std::vector<CounterValue>& out) const = 0;  // publishing thread
  virtual void stop(int linger_ms) = 0;  // ends its thread and closes its socket; a second time does nothing
};

struct PublisherOptions {
  std::vector<std::string> topics;  // of Batch::topic; empty = record_topics()
  std::uint32_t stats_period_ms = 1'000;
  std::uint64_t copied_bytes_max = 512ULL
                                   << 20;  // batches copied out of the pools and not yet sent, all together
  void* zmq_context = nullptr;             // a context of the caller (inproc); nullptr = the publisher's own
};

// Raised by the publishing thread, readable from any.
struct PublisherCounters {
  std::uint64_t batches_sent = 0;  // taken by at least one subscriber's queue
  std::uint64_t records_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t batches_no_subscriber = 0;  // nobody had subscribed: released unsent
  std::uint64_t batches_high_water = 0;     // every queue that wanted it was full
  std::uint64_t batches_copied = 0;         // copied because too many buffers hung in queues
  std::uint64_t batches_no_memory = 0;      // copied_bytes_max reached: dropped for all subscribers
  std::uint64_t batches_bad_topic = 0;      // a programmer's error: topic out of range
  std::uint64_t batches_left = 0;           // still in the pools when stop() ran out of time
  std::uint64_t copied_bytes = 0;           // now in flight
  std::uint64_t hellos_sent = 0;
  std::uint64_t stats_sent = 0;
  std::uint64_t subscriptions = 0;      // now in force, of topics that exist
  std::uint64_t connections = 0;        // now open (ipc and tcp)
  std::uint64_t handshakes_failed = 0;  // wrong or no keys, or not ZeroMQ at all
  std::uint64_t clients_refused = 0;    // keys not in curve_clients
};

class Publisher {
 public:
  // Fills ports and workers; called on the publishing thread.
  using Collect = std::function<StatsSnapshot()>;

  Publisher(const Settings& settings, SensorIdentity identity, const std::vector<BatchPool*>& pools,
            Collect collect, PublisherOptions options = {});
  ~Publisher();  // stops
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // Makes and binds the socket. A sentence that says what is wrong and the mend; empty = all is well.
  std::string open();
  std::string attach(AttachedService& service);  // after open(), before start(); the service outlives stop()
  void start();
  // Sends what the workers have submitted (they must have stopped), a last stats message, and closes; within
  // a second.
  void stop();

  std::string endpoint() const;        // as bound: with the port chosen for tcp://…:*
  StatsSnapshot latest() const;        // any thread: the last picture
  PublisherCounters counters() const;  // any thread
  const SensorIdentity& identity() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// What the publisher's own counters mean, for /metrics.
std::vector<MetricInfo> publisher_metric_infos();

}  // namespace spanlight
