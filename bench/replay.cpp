// spanlight-replay: frames that lie ready in memory, through the whole pipeline, and what that costs.

#include <sched.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "cli/options.h"
#include "idle_flows.h"
#include "pipeline.h"
#include "port/eal.h"
#include "replay_arguments.h"
#include "replay_report.h"
#include "replay_run.h"
#include "trace.h"

namespace spanlight::bench {

namespace {

int failed(const std::string& sentence) {
  std::fprintf(stderr, "spanlight-replay: %s\n", sentence.c_str());
  return 1;
}

std::vector<unsigned> own_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof(set), &set);
  std::vector<unsigned> cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

// The workers take the last CPUs; this thread and those it starts keep to the others, where there are any.
void leave_to_workers(const std::vector<unsigned>& all, const std::vector<unsigned>& workers) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (unsigned cpu : all)
    if (std::find(workers.begin(), workers.end(), cpu) == workers.end()) CPU_SET(cpu, &set);
  if (CPU_COUNT(&set) > 0) sched_setaffinity(0, sizeof(set), &set);
}

int write(const Arguments& a, const TraceOptions& options) {
  if (options.mix == Mix::headers)
    return failed("--write: the connections of `headers` open in a replay only");
  const Trace trace = make_trace(options);
  const std::string fault = write_pcap(trace, a.write, static_cast<std::uint32_t>(a.laps), a.gap_ns);
  if (!fault.empty()) return failed(fault);
  std::fprintf(stderr, "%s: %" PRIu64 " calls, %" PRIu64 " frames\n", a.write.c_str(), trace.calls * a.laps,
               static_cast<std::uint64_t>(trace.frames.size()) * a.laps);
  return 0;
}

// What the frames will take, of the pool that start_eal() asks for; a sentence if the machine has less.
std::string plan_memory(const Arguments& a, const TraceOptions& options, Settings& settings) {
  constexpr std::uint64_t kMb = 1'048'576, kBaseMb = 64;
  const TraceSize size = size_of(options);
  TraceOptions few = options;
  few.connections = 1;
  few.frames = 1;
  const Trace sample = make_trace(few);
  const bool drawn = options.mix == Mix::pipelined || options.mix == Mix::chunked ||
                     options.mix == Mix::grpc || options.mix == Mix::kafka;  // sizes of messages
  const std::uint64_t frames_max = size.frames + (drawn ? size.frames / 8 : size.frames / 256);
  const std::uint64_t mbufs = a.workers * Preloaded::memory_bytes(frames_max, sample.frame_bytes_max,
                                                                  sample.standing, settings.lent_buffers);
  settings.memory_mb = static_cast<std::uint32_t>((mbufs * 17 / 16) / kMb + kBaseMb);
  // A trace is in memory twice while it is loaded; after that the tables fill.
  const std::uint64_t needed = mbufs + std::max(size.bytes, a.workers * Pipeline::flow_bytes(settings));
  const std::uint64_t available = memory_available();
  if (needed < available) return {};
  return "frames and flow tables need " + std::to_string(needed / kMb) + " MiB, " +
         std::to_string(available / kMb) + " MiB are there: use fewer --connections or --calls";
}

void tell_hugepages(const Arguments& a, const EalStart& start) {
  if (start.hugepages || a.no_huge) return;
  constexpr std::uint32_t kPageMb = 2;
  std::fprintf(stderr, "spanlight-replay: %s; for hugepages: sysctl -w vm.nr_hugepages=%u\n",
               start.sentence.c_str(), (start.memory_mb + kPageMb - 1) / kPageMb);
}

// Traces of all workers. A sentence if there is no memory for them.
std::string load(const Arguments& a, const TraceOptions& options, const Settings& settings,
                 std::vector<std::unique_ptr<Preloaded>>& traces, Scene& scene) {
  for (std::uint64_t i = 0; i < a.workers; ++i) {
    TraceOptions own = options;
    own.network = static_cast<std::uint8_t>(i);
    const Trace trace = make_trace(own);
    traces.push_back(std::make_unique<Preloaded>());
    if (!traces.back()->load(trace, static_cast<std::uint8_t>(i), settings.lent_buffers))
      return "there is no memory for the frames; use fewer --connections";
    scene.frames = trace.frames.size();
    scene.bytes = trace.bytes.size();
    scene.connections = trace.connections;
    scene.calls = trace.calls;
    scene.lost = trace.lost;
    scene.disordered = trace.disordered;
    scene.frames_memory += Preloaded::memory_bytes(trace.frames.size(), trace.frame_bytes_max, trace.standing,
                                                   settings.lent_buffers);
  }
  scene.pipeline_memory = Pipeline::memory_bytes(settings, a.workers);
  scene.table_memory = a.workers * Pipeline::flow_bytes(settings);
  return {};
}

int replay(const Arguments& a, const TraceOptions& trace, const Settings& settings, bool hugepages) {
  std::vector<std::unique_ptr<Preloaded>> traces;
  Scene scene{.hugepages = hugepages};
  if (const std::string fault = load(a, trace, settings, traces, scene); !fault.empty()) return failed(fault);
  if (trace.mix == Mix::headers) std::fprintf(stderr, "%s\n", memory_sentence(scene).c_str());
  const RunOptions options{.settings = settings,
                           .time = {.warm_up_s = static_cast<double>(a.warm_up_ms) / 1e3,
                                    .seconds = static_cast<double>(a.seconds)},
                           .publish = a.publish,
                           .look_every = a.look_every,
                           .calls_per_lap = scene.calls,
                           .targets = a.targets,
                           .filter = a.filter,
                           .lossy = a.loss > 0};
  const RunResult whole = run_pipeline(options, traces);
  if (!whole.fault.empty()) return failed(whole.fault);
  RunResult baseline;
  if (!a.no_baseline) baseline = run_baseline(options, traces);
  (a.json ? print_json : print_lines)(a, scene, whole, a.no_baseline ? nullptr : &baseline);
  if (whole.right()) return 0;
  std::fprintf(stderr,
               "spanlight-replay: the records are not those of the trace: %" PRIu64 " expected, %" PRIu64
               " found, %" PRIu64 " wrong, %" PRIu64 " batches missed\n",
               whole.expected, whole.found.records, whole.found.wrong(), whole.found.missed);
  for (const std::string& odd : whole.odd) std::fprintf(stderr, "  %s\n", odd.c_str());
  return 1;
}

int run(const Arguments& a) {
  TraceOptions trace = a.trace();
  if (!a.write.empty()) return write(a, trace);
  const std::vector<unsigned> all = own_cpus();
  if (a.workers > all.size()) {
    failed("--workers " + std::to_string(a.workers) + " is more than the " + std::to_string(all.size()) +
           " CPUs of this process");
    return cli::kExitUsage;
  }
  if (a.idle_flows && trace.mix == Mix::headers) return failed("--idle-flows: `headers` has no calls");
  if (a.idle_flows && trace.mix == Mix::dns)
    return failed("--idle-flows: flows of datagrams do not stay open while they are silent");
  const std::vector<unsigned> cpus(all.end() - static_cast<std::ptrdiff_t>(a.workers), all.end());
  if (a.idle_flows) fill_in_idle_flows(trace);
  Settings settings = settings_of(a, trace);
  settings.workers = cpus;
  if (const std::string fault = plan_memory(a, trace, settings); !fault.empty()) return failed(fault);
  const auto started = start_eal(settings, cpus);
  if (const auto* fault = std::get_if<std::string>(&started)) return failed(*fault);
  const auto* start = std::get_if<EalStart>(&started);
  tell_hugepages(a, *start);
  leave_to_workers(all, cpus);
  if (a.idle_flows) return report_idle_flows(settings, trace, a.json) ? 0 : 1;
  return replay(a, trace, settings, start->hugepages);
}

}  // namespace
}  // namespace spanlight::bench

int main(int argc, char** argv) {
  spanlight::bench::Arguments arguments;
  if (const auto status = spanlight::bench::parse(argc, argv, arguments)) return *status;
  return spanlight::bench::run(arguments);
}
