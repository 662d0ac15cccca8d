#include "idle_flows.h"

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <thread>

#include "pipeline.h"
#include "records_sink.h"
#include "replay_queue.h"

namespace spanlight::bench {

namespace {

constexpr std::uint32_t kConnections = 20'000, kCalls = 2;

struct StateOf {
  const char* name;
  Ending ending;
};
constexpr StateOf kStates[] = {
    {"seen", Ending::opened}, {"identified, idle", Ending::idle}, {"call open", Ending::asked}};

void read_board(const CounterBoard& board, IdleFlows& flows) {
  flows.flows = board.value("flows");
  flows.records = board.value("records_total");
  flows.state_bytes = board.value("memory_bytes", "state");
  flows.preview_bytes = board.value("memory_bytes", "preview");
}

// What a worker gives back it may give back a little later: until the board, which knows of all `given`
// frames, has told the same for a while.
void wait_until_still(const CounterBoard& board, std::uint64_t given, IdleFlows& flows) {
  constexpr std::chrono::milliseconds kStep{250};
  constexpr unsigned kSameStill = 6, kStepsMax = 80;
  unsigned same = 0;
  for (unsigned step = 0; step < kStepsMax && same < kSameStill; ++step) {
    std::this_thread::sleep_for(kStep);
    const std::uint64_t before = flows.state_bytes;
    read_board(board, flows);
    const bool current = board.value("received_packets_total") == given;
    same = current && flows.state_bytes == before ? same + 1 : 0;
  }
}

void say(const StateOf& state, const IdleFlows& f, bool json, bool last) {
  const auto each = [&f](std::uint64_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(f.connections);
  };
  if (json) {
    std::printf("\"%s\":{\"connections\":%" PRIu64 ",\"flows\":%" PRIu64
                ",\"bytes_per_flow\":%.1f,\"table\":%.1f,\"state\":%.1f,\"preview\":%.1f}%s",
                state.name, f.connections, f.flows, f.each(), each(f.table_bytes), each(f.state_bytes),
                each(f.preview_bytes), last ? "}\n" : ",");
    return;
  }
  std::printf("%-18s %8.1f bytes a flow: entry %zu, index %.1f, state slabs %.1f, preview slabs %.1f\n",
              state.name, f.each(), sizeof(Flow), each(f.table_bytes) - sizeof(Flow), each(f.state_bytes),
              each(f.preview_bytes));
}

}  // namespace

double IdleFlows::each() const {
  return static_cast<double>(table_bytes + state_bytes + preview_bytes) / static_cast<double>(connections);
}

IdleFlows measure_idle_flows(const Settings& settings, const TraceOptions& options) {
  IdleFlows flows;
  const Trace trace = make_trace(options);
  flows.connections = trace.connections;
  flows.calls = trace.calls;
  flows.table_bytes = Pipeline::flow_bytes(settings);
  Preloaded preloaded;
  if (!preloaded.load(trace, 0, settings.lent_buffers)) flows.fault = "there is no memory for the frames";
  Pipeline pipeline(settings, 1);
  if (flows.fault.empty()) flows.fault = pipeline.make();
  const auto sink = make_null_sink(pipeline.batch_pools(), 0);
  if (flows.fault.empty()) flows.fault = sink->start();
  if (!flows.fault.empty()) return flows;

  std::atomic<bool> stop{false};
  ReplayQueue queue(preloaded, pipeline.pools[0].get(), sink->hold, {.laps = 1});
  Worker& worker = *pipeline.workers[0];
  worker.attach(queue, true);
  std::vector<std::function<void()>> bodies;
  bodies.emplace_back([&worker, &stop] { worker.run(stop); });
  run_on_lcores(
      bodies,
      [&] {
        while (queue.state() == QueueState::live) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        wait_until_still(worker.board(), queue.figures().packets_in_all, flows);
      },
      stop);
  sink->finish(flows.records);
  if (flows.flows != flows.connections || flows.records != flows.calls)
    flows.fault = std::to_string(flows.connections) + " connections with " + std::to_string(flows.calls) +
                  " calls became " + std::to_string(flows.flows) + " flows and " +
                  std::to_string(flows.records) + " records";
  return flows;
}

void fill_in_idle_flows(TraceOptions& options) {
  if (options.connections == 0) options.connections = kConnections;
  if (options.calls == 0) options.calls = kCalls;
}

bool report_idle_flows(const Settings& settings, const TraceOptions& options, bool json) {
  TraceOptions wanted = options;
  Settings exact = settings;
  exact.flows_max = wanted.connections;
  bool all = true;
  if (json) std::printf("{\"mix\":\"%s\",", std::string(name_of(wanted.mix)).c_str());
  for (const StateOf& state : kStates) {
    wanted.ending = state.ending;
    const IdleFlows flows = measure_idle_flows(exact, wanted);
    if (!flows.fault.empty()) {
      std::fprintf(stderr, "spanlight-replay: %s: %s\n", state.name, flows.fault.c_str());
      all = false;
    }
    say(state, flows, json, &state == std::end(kStates) - 1);
  }
  return all;
}

}  // namespace spanlight::bench
