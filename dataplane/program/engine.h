#pragma once
// A sensor's works, put together: EAL, ports, workers and what lies between them, without what becomes of the
// records. `sensor` adds the publisher, `dissect` a printer, `doctor` nobody. Made, started, stopped and
// asked on the main thread.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "command/targets.h"
#include "lcore/worker.h"
#include "port/port.h"
#include "program/news.h"
#include "settings/settings.h"

namespace spanlight {

// Bytes that all workers together may use, decided at start. Flows are taken at once where traffic is live;
// the rest is reserved and taken as it is used.
struct Memory {
  std::size_t flows = 0;
  std::size_t slabs = 0;    // state and previews
  std::size_t records = 0;  // batches on their way out
  std::size_t frames = 0;   // receive buffers, of all ports
  std::size_t packets = 0;  // of the packet rings, taken at once
};

class Engine {
 public:
  using Made =
      std::variant<std::unique_ptr<Engine>, std::string>;  // the string: why not, one sentence with the mend

  // The EAL runs already. `cpus`: one worker on each. Opens the ports of the settings.
  static Made make(const Settings& settings, const std::vector<unsigned>& cpus, Pace pace,
                   std::uint64_t epoch);
  ~Engine();  // stops
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Before start(): streams that nobody reads are put together all the same, so that their holes are counted.
  void follow_unread() { shared_->follows_unread = true; }

  bool privileges_dropped = false;  // set before start(): the workers' threads then drop theirs too
  std::string start();              // the workers run from here on; a sentence if one cannot, empty = all do
  bool running() const;             // false once every worker has come to its end by itself
  void request_stop();
  // Waits until the workers have ended every flow; what was held is in the pools afterwards. At capture pace
  // somebody must go on emptying the pools meanwhile: wait for running() to end first.
  void stop();

  // Main thread, every 50 ms or so: reads the devices' counters and notes losses for the workers.
  void read_ports();
  // Main thread, once a second or so: what is worth a word, a device gone, a link down, overload, and that it
  // is over.
  std::vector<std::string> news();

  const std::string& sensor_name() const { return shared_->sensor; }
  static std::vector<MetricInfo> port_metric_infos();
  StatsSnapshot collect() const;  // ports and workers; any thread
  std::uint64_t total(std::string_view name, std::string_view label = {}) const;  // summed over the workers

  std::vector<BatchPool*> pools();
  TargetBoard& targets() { return targets_; }
  std::vector<const PacketRing*> packet_rings() const;  // one for each worker, or none
  std::vector<LinkType> links() const;                  // of the ports
  // Packets that were captured earlier are not given out: by the clock, or by the capture's.
  TimeNs packets_from() const;
  const std::vector<std::unique_ptr<Port>>& ports() const { return ports_; }
  const Memory& memory() const { return memory_; }
  double progress() const;  // of capture files, 0..1; -1 where there is no end
  bool all_ports_failed() const;
  bool all_sources_whole() const;  // no port has anything to complain of

 private:
  Engine(const Settings& settings, std::size_t workers, Pace pace, std::uint64_t epoch);
  std::string set_up(const std::vector<unsigned>& cpus);
  std::string open_ports();
  std::string make_workers();
  std::string make_ring(Worker& worker);
  std::string take_memory();
  std::size_t level_since_last_news();
  static int run_worker(void* worker);

  const Settings settings_;
  const std::size_t worker_count_;
  std::vector<std::unique_ptr<Port>> ports_;  // before the workers that read from them
  std::unique_ptr<Identifier> identifier_;
  std::unique_ptr<HandOver> hand_over_;
  std::unique_ptr<WorkerShared> shared_;
  TargetBoard targets_;
  std::vector<std::unique_ptr<Redactor>> redactors_;
  std::vector<std::unique_ptr<BatchPool>> pools_;
  std::vector<std::unique_ptr<PacketRing>> rings_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Pace pace_;
  std::uint64_t epoch_;
  Memory memory_;
  std::atomic<bool> stop_{false};
  bool started_ = false;
  std::uint64_t losses_seen_ = 0;
  mutable std::mutex ports_mutex_;
  std::vector<PortCounters> ports_seen_;  // of the last read_ports()
  std::atomic<bool> keeps_privileges_{false};
  News news_;
  std::uint64_t shed_ms_seen_[kShedLevels]{};  // at the last news()
  std::size_t shed_level_ = 0;                 // the most of the overload that goes on
};

}  // namespace spanlight
