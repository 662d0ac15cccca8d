#include "replay_run.h"

#include <chrono>
#include <ctime>
#include <functional>
#include <thread>

#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "command/targets.h"
#include "lcore/worker.h"
#include "port/eal.h"
#include "records_sink.h"

namespace spanlight::bench {

namespace {

constexpr std::uint64_t kEpoch = 1;

int call(void* argument) {
  (*static_cast<std::function<void()>*>(argument))();
  return 0;
}

// Runs each body on its worker's lcore; `stop` once every queue has ended.
void run_on_lcores(std::vector<std::function<void()>>& bodies,
                   std::vector<std::unique_ptr<ReplayQueue>>& queues, std::atomic<bool>& stop) {
  for (unsigned i = 0; i < bodies.size(); ++i) rte_eal_remote_launch(call, &bodies[i], worker_lcore(i));
  for (const auto& queue : queues)
    while (queue->state() == QueueState::live) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  stop.store(true);
  for (unsigned i = 0; i < bodies.size(); ++i) rte_eal_wait_lcore(worker_lcore(i));
}

void note(RunResult& result, const std::vector<std::unique_ptr<ReplayQueue>>& queues,
          std::uint64_t calls_per_lap) {
  for (const auto& queue : queues) {
    result.workers.push_back(queue->figures());
    result.expected += queue->figures().laps_in_all * calls_per_lap;
  }
}

// Everything but `stream` that could have become of a frame, and whatever else may not happen in a trace
// without loss.
void look_for_odd(const CounterBoard& board, RunResult& result) {
  std::uint64_t outcomes = 0;
  for (const CounterValue& counter : board.read()) {
    const bool outcome = counter.name == "packets_total";
    if (outcome) outcomes += counter.value;
    const bool loss = counter.name == "gaps_total" || counter.name == "records_dropped_total" ||
                      (counter.name == "flows_total" && counter.label == "evicted") ||
                      (counter.name == "dissect_total" && counter.label != "headers_truncated");
    if (counter.value != 0 && (loss || (outcome && counter.label != "stream")))
      result.odd.push_back(counter.name + (counter.label.empty() ? "" : "{" + counter.label + "}") + " = " +
                           std::to_string(counter.value));
  }
  if (outcomes != board.value("received_packets_total"))
    result.odd.push_back("received is not the sum of outcomes");
}

// What the workers of one run stand on; Engine's counterpart for queues that are already there.
struct Pipeline {
  explicit Pipeline(const RunOptions& options, std::size_t count)
      : settings(options.settings), hand_over(1, 2), targets(static_cast<std::uint16_t>(count)) {}

  std::string make(std::size_t count) {
    std::string fault;
    identifier = Identifier::make({}, fault);
    if (identifier == nullptr) return fault;
    if (!hand_over.ok()) return "there is no memory for a ring";
    shared.reset(new WorkerShared{.settings = settings,
                                  .identifier = *identifier,
                                  .hand_over = hand_over,
                                  .sensor = "replay",
                                  .sensor_epoch = kEpoch,
                                  .pace = Pace::live});
    for (std::size_t i = 0; i < count; ++i) {
      auto redactor = Redactor::create(settings);
      if (auto* sentence = std::get_if<std::string>(&redactor)) return *sentence;
      redactors.push_back(std::move(std::get<std::unique_ptr<Redactor>>(redactor)));
      const std::size_t buffer_bytes = settings.batch_bytes + RecordWriter::record_bytes_max(settings);
      const auto index = static_cast<std::uint16_t>(i);
      pools.push_back(std::make_unique<BatchPool>(index, buffer_bytes, settings.batches_per_worker));
      workers.push_back(
          std::make_unique<Worker>(index, *shared, *pools[i], *redactors[i], targets.reader(index)));
      if (workers.back()->failed()) return "there is no address space for flows and slabs";
    }
    shared->ports_lend.set();
    hand_over.reading = static_cast<unsigned>(count);
    return {};
  }

  const Settings settings;
  HandOver hand_over;  // of one: nothing is ever handed over
  TargetBoard targets;
  std::unique_ptr<Identifier> identifier;
  std::unique_ptr<WorkerShared> shared;
  std::vector<std::unique_ptr<Redactor>> redactors;
  std::vector<std::unique_ptr<BatchPool>> pools;
  std::vector<std::unique_ptr<Worker>> workers;
};

TimeNs read_clock() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<TimeNs>(now.tv_sec) * kSecondNs + static_cast<TimeNs>(now.tv_nsec);
}

std::uint64_t touch_and_free(ReplayQueue& queue, const std::atomic<bool>& stop) {
  std::uint64_t sum = 0;
  rte_mbuf* burst[kBurstMax];
  while (!stop.load(std::memory_order_relaxed)) {
    const std::uint16_t n = queue.receive(burst, kBurstMax, read_clock());
    for (std::uint16_t i = 0; i < n; ++i) {
      sum += *rte_pktmbuf_mtod_offset(burst[i], const std::uint8_t*, 12);
      rte_pktmbuf_free(burst[i]);
    }
  }
  return sum;
}

}  // namespace

RunResult run_pipeline(const RunOptions& options, std::vector<std::unique_ptr<Preloaded>>& traces) {
  RunResult result;
  Pipeline pipeline(options, traces.size());
  result.fault = pipeline.make(traces.size());
  if (!result.fault.empty()) return result;
  std::vector<BatchPool*> pools;
  for (const auto& pool : pipeline.pools) pools.push_back(pool.get());
  const auto sink = options.publish ? make_wire_sink(pipeline.settings, pools) : make_null_sink(pools);
  result.fault = sink->start();
  if (!result.fault.empty()) return result;

  std::atomic<bool> stop{false};
  std::vector<std::unique_ptr<ReplayQueue>> queues;
  std::vector<std::function<void()>> bodies;
  for (std::size_t i = 0; i < traces.size(); ++i) {
    queues.push_back(
        std::make_unique<ReplayQueue>(*traces[i], pools[i], sink->hold, options.warm_up_s, options.seconds));
    Worker& worker = *pipeline.workers[i];
    worker.attach(*queues[i], true);
    bodies.emplace_back([&worker, &stop] { worker.run(stop); });
  }
  run_on_lcores(bodies, queues, stop);
  note(result, queues, options.calls_per_lap);
  const Found found = sink->finish(result.expected);
  result.found = found.records;
  result.wrong = found.wrong;
  result.missed_batches = found.missed;
  result.sink_cpu_ns = found.cpu_ns;
  for (const auto& worker : pipeline.workers) {
    result.record_bytes += worker->board().value("record_bytes_total");
    look_for_odd(worker->board(), result);
  }
  return result;
}

RunResult run_baseline(const RunOptions& options, std::vector<std::unique_ptr<Preloaded>>& traces) {
  RunResult result;
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> sum{0};  // keeps the reads alive
  const std::atomic<bool> hold{false};
  std::vector<std::unique_ptr<ReplayQueue>> queues;
  std::vector<std::function<void()>> bodies;
  for (const auto& trace : traces) {
    queues.push_back(
        std::make_unique<ReplayQueue>(*trace, nullptr, hold, options.warm_up_s, options.seconds));
    ReplayQueue& queue = *queues.back();
    bodies.emplace_back([&queue, &stop, &sum] { sum += touch_and_free(queue, stop); });
  }
  run_on_lcores(bodies, queues, stop);
  note(result, queues, 0);
  return result;
}

}  // namespace spanlight::bench
