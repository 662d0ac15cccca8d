#include "replay_run.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <span>
#include <thread>

#include <rte_mbuf.h>

#include "pipeline.h"

namespace spanlight::bench {

namespace {

using Queues = std::vector<std::unique_ptr<ReplayQueue>>;

void wait_for(const Queues& queues) {
  for (const auto& queue : queues)
    while (queue->state() == QueueState::live) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void note(RunResult& result, const Queues& queues, std::uint64_t calls_per_lap) {
  for (const auto& queue : queues) {
    const ReplayFigures& figures = queue->figures();
    result.workers.push_back(figures);
    result.expected += figures.laps_in_all * calls_per_lap;
    result.accounts.given += figures.packets_in_all;
  }
}

bool exhausted(const CounterValue& counter) {
  return (counter.name == "inspect_total" || counter.name == "dissect_total") &&
         counter.label == "state_exhausted";
}

// What may not be in any replay: a frame that became anything but a segment or a datagram of its flow.
bool never(const CounterValue& counter, bool left_out) {
  if (counter.name != "packets_total") return false;
  return left_out ? counter.label != "filtered" : counter.label != "stream" && counter.label != "datagram";
}

// What may not be where the mirror lost nothing.
bool never_whole(const CounterValue& counter) {
  return counter.name == "gaps_total" || counter.name == "records_dropped_total" || exhausted(counter) ||
         (counter.name == "flows_total" && counter.label == "evicted") ||
         (counter.name == "dissect_total" && counter.label != "headers_truncated" &&
          counter.label != "repeats");
}

void audit(const CounterBoard& board, RunResult& result) {
  Accounts& accounts = result.accounts;
  for (const CounterValue& counter : board.read()) {
    if (counter.name == "packets_total") accounts.outcomes += counter.value;
    if (counter.name == "records_dropped_total") accounts.records_dropped += counter.value;
    if (exhausted(counter)) accounts.state_exhausted += counter.value;
    if (counter.value != 0 && (never(counter, result.left_out) || (!result.lossy && never_whole(counter))))
      result.odd.push_back(counter.name + (counter.label.empty() ? "" : "{" + counter.label + "}") + " = " +
                           std::to_string(counter.value));
  }
  accounts.received += board.value("received_packets_total");
  accounts.records += board.value("records_total");
  // Beside the calls' own, which the trace foretells.
  for (const char* event : {"ended", "reported"})
    result.expected += board.value("connection_records_total", event);
  accounts.gaps += board.value("gaps_total");
  accounts.gap_bytes += board.value("gap_bytes_total");
  accounts.out_of_order += board.value("reassembly_total", "out_of_order");
  accounts.evicted += board.value("flows_total", "evicted");
  accounts.preview_exhausted += board.value("dissect_total", "preview_exhausted");
  result.record_bytes += board.value("record_bytes_total");
}

void balance(RunResult& result) {
  const Accounts& accounts = result.accounts;
  if (accounts.received != accounts.given) result.odd.emplace_back("received is not what was given");
  if (accounts.outcomes != accounts.received) result.odd.emplace_back("received is not the sum of outcomes");
  if (accounts.records != result.found.records) result.odd.emplace_back("records built are not those found");
}

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

std::string set_targets(const RunOptions& options, TargetBoard& board) {
  if (!options.filter.empty()) {
    const LinkType links[] = {LinkType::ethernet};
    auto made = TargetFilter::compile(options.filter, links);
    if (auto* sentence = std::get_if<std::string>(&made)) return *sentence;
    board.publish(std::make_unique<TargetSet>(
        false, std::span<const IpAddress>{}, std::move(std::get<std::unique_ptr<const TargetFilter>>(made))));
  }
  if (options.targets > 0) {
    std::vector<IpAddress> addresses(options.targets);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      // 2001:db8::, which is nobody's
      addresses[i].bytes = {0x20, 0x01, 0x0d, 0xb8};
      for (unsigned byte = 0; byte < 4; ++byte)
        addresses[i].bytes[12 + byte] = static_cast<std::uint8_t>(i >> (24 - 8 * byte));
    }
    board.publish(std::make_unique<TargetSet>(true, addresses));
  }
  return {};
}

// The boards are written ten times a second: until they know of the last frame. Whether they do is asked
// again when the accounts are balanced.
void wait_for_boards(const Pipeline& pipeline, const Queues& queues) {
  constexpr unsigned kStepsMax = 1'000;
  const auto behind = [&](std::size_t i) {
    return pipeline.workers[i]->board().value("received_packets_total") !=
           queues[i]->figures().packets_in_all;
  };
  for (std::size_t i = 0; i < queues.size(); ++i)
    for (unsigned step = 0; step < kStepsMax && behind(i); ++step)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

}  // namespace

bool RunResult::right() const {
  if (!fault.empty() || !odd.empty() || found.unreadable != 0 || found.missed != 0) return false;
  return lossy || (found.records == expected && found.wrong() == 0);
}

RunResult run_pipeline(const RunOptions& options, std::vector<std::unique_ptr<Preloaded>>& traces) {
  RunResult result;
  result.lossy = options.lossy;
  result.left_out = options.leaves_out();
  Pipeline pipeline(options.settings, traces.size());
  result.fault = pipeline.make();
  if (result.fault.empty()) result.fault = set_targets(options, pipeline.targets);
  if (!result.fault.empty()) return result;
  const std::vector<BatchPool*> pools = pipeline.batch_pools();
  const auto sink =
      options.publish ? make_wire_sink(pipeline.settings, pools) : make_null_sink(pools, options.look_every);
  result.fault = sink->start();
  if (!result.fault.empty()) return result;

  std::atomic<bool> stop{false};
  Queues queues;
  std::vector<std::function<void()>> bodies;
  for (std::size_t i = 0; i < traces.size(); ++i) {
    queues.push_back(std::make_unique<ReplayQueue>(*traces[i], pools[i], sink->hold, options.time));
    Worker& worker = *pipeline.workers[i];
    worker.attach(*queues[i], true);
    bodies.emplace_back([&worker, &stop] { worker.run(stop); });
  }
  result.before = memory_use();
  run_on_lcores(
      bodies,
      [&] {
        wait_for(queues);
        wait_for_boards(pipeline, queues);
        for (const auto& worker : pipeline.workers) result.accounts.flows += worker->board().value("flows");
        result.after = memory_use();
      },
      stop);
  note(result, queues, options.leaves_out() ? 0 : options.calls_per_lap);
  for (const auto& worker : pipeline.workers) audit(worker->board(), result);
  result.found = sink->finish(result.accounts.records);
  balance(result);
  return result;
}

RunResult run_baseline(const RunOptions& options, std::vector<std::unique_ptr<Preloaded>>& traces) {
  RunResult result;
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> sum{0};  // keeps the reads alive
  const std::atomic<bool> hold{false};
  Queues queues;
  std::vector<std::function<void()>> bodies;
  for (const auto& trace : traces) {
    queues.push_back(std::make_unique<ReplayQueue>(*trace, nullptr, hold, options.time));
    ReplayQueue& queue = *queues.back();
    bodies.emplace_back([&queue, &stop, &sum] { sum += touch_and_free(queue, stop); });
  }
  run_on_lcores(
      bodies, [&] { wait_for(queues); }, stop);
  note(result, queues, 0);
  return result;
}

}  // namespace spanlight::bench
