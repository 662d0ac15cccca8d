// spanlight-replay: frames that lie ready in memory, through the whole pipeline, and what that costs.

#include <sched.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <ctime>

#include <rte_cycles.h>

#include "cli/options.h"
#include "port/eal.h"
#include "replay_run.h"
#include "trace.h"

namespace spanlight::bench {

namespace {

struct Arguments {
  std::string mix = "web";
  std::uint64_t seconds = 3, warm_up_ms = 500, workers = 1, seed = 1, connections = 0, body_preview = 16'384;
  std::uint64_t laps = 1, gap_ns = 2'000;
  std::string write;
  bool publish = false, json = false, no_huge = false, no_baseline = false, keep_duplicates = false;
};

std::optional<int> parse(int argc, char** argv, Arguments& a) {
  cli::Options options(
      {.name = "spanlight-replay",
       .summary = "what the pipeline costs per packet, byte and call",
       .synopsis = {"[OPTIONS]"},
       .description = {"Makes HTTP/1 traffic, lays its frames into mbufs once, and replays them lap after "
                       "lap through the sensor's "
                       "own workers. Each lap the connections come from another address, so that they are "
                       "new ones. Then the same "
                       "frames through a loop that only receives, touches and frees them: the baseline.",
                       "Ends with 1 if the records found are not exactly those of the trace."},
       .examples = {{"spanlight-replay --mix rpc --seconds 5", "small calls, for five seconds"},
                    {"spanlight-replay --mix web --publish", "with the publisher and a subscriber behind it"},
                    {"spanlight-replay --mix web --write web.pcap --laps 20",
                     "the same traffic as a capture file"}},
       .exit_status = {{"0", "every call of the trace became one complete record"},
                       {"1", "it could not run, or records were missing or wrong"}}});
  options.choice('m', "mix", {"rpc", "web", "bulk"}, &a.mix,
                 "Small calls, calls of 7 KB, or bodies of 1 MB.");
  options.number('s', "seconds", "N", &a.seconds, 1, 3'600, "How long to measure.");
  options.number(0, "warm-up", "MS", &a.warm_up_ms, 0, 60'000, "How long before that.");
  options.number('w', "workers", "N", &a.workers, 1, 64,
                 "Workers, each on a CPU of its own with its own trace.");
  options.number(0, "seed", "N", &a.seed, 0, ~std::uint64_t{0}, "Another trace of the same kind.");
  options.number(0, "connections", "N", &a.connections, 0, kConnectionsMax,
                 "Open at once; 0: what suits the mix.");
  options.number(0, "body-preview", "BYTES", &a.body_preview, 0, 1'048'576, "Kept of each body.");
  options.flag(0, "keep-duplicates", &a.keep_duplicates, "Without the filter for duplicated packets.");
  options.flag('p', "publish", &a.publish, "Through ZeroMQ to a subscriber.");
  options.flag('j', "json", &a.json, "One JSON object instead of lines.");
  options.flag(0, "no-huge", &a.no_huge, "No hugepages, even if there are some.");
  options.flag(0, "no-baseline", &a.no_baseline, "The pipeline alone.");
  options.text(0, "write", "FILE", &a.write, "Writes the trace as a capture file and ends.");
  options.number(0, "laps", "N", &a.laps, 1, 65'535, "With --write: so many laps.");
  options.number(0, "gap", "NS", &a.gap_ns, 1, 1'000'000'000, "With --write: from frame to frame.");
  return options.parse(argc, argv);
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

// Sums and means over the workers.
struct Rates {
  double packets_s = 0, gbit_s = 0, calls_s = 0;  // all workers together
  double cycles_packet = 0, cycles_byte = 0, cycles_call = 0;
  double held_share = 0;  // of the polls' time: waiting for the consumer
  double cpu_share =
      0;  // of the wall clock that the workers' threads got; below 1: somebody else ran on their CPU
  double seconds = 0;
  std::uint64_t packets = 0, calls = 0, laps = 0, still_held = 0;
};

Rates rates_of(const RunResult& result, std::uint64_t calls_per_lap) {
  Rates r;
  const auto hz = static_cast<double>(rte_get_tsc_hz());
  double busy = 0, wall = 0, cpu = 0, bytes = 0;
  for (const ReplayFigures& w : result.workers) {
    const double seconds = static_cast<double>(w.wall_cycles) / hz;
    const double cpu_s = static_cast<double>(w.cpu_ns) / 1e9;
    const auto calls = static_cast<double>(w.laps * calls_per_lap);
    r.packets_s += static_cast<double>(w.packets) / seconds;
    r.gbit_s += static_cast<double>(w.bytes) * 8 / seconds / 1e9;
    r.calls_s += calls / seconds;
    // A thread that was not running spent no cycles, though the counter went on.
    busy += static_cast<double>(w.busy_cycles) * std::min(1.0, cpu_s / seconds);
    wall += static_cast<double>(w.wall_cycles);
    r.held_share += 1 - static_cast<double>(w.busy_cycles) / static_cast<double>(w.wall_cycles);
    cpu += cpu_s / seconds;
    bytes += static_cast<double>(w.bytes);
    r.packets += w.packets;
    r.calls += w.laps * calls_per_lap;
    r.laps += w.laps;
    r.still_held += w.still_held;
  }
  const auto workers = static_cast<double>(result.workers.size());
  r.cycles_packet = busy / static_cast<double>(r.packets);
  r.cycles_byte = busy / bytes;
  r.cycles_call = r.calls == 0 ? 0 : busy / static_cast<double>(r.calls);
  r.held_share /= workers;
  r.cpu_share = cpu / workers;
  r.seconds = wall / hz / workers;
  return r;
}

void print_line(const char* name, const Rates& r) {
  std::printf(
      "%-9s %8.3f M packets/s  %7.2f Gbit/s  %9.0f calls/s  %8.1f cycles/packet  %6.3f cycles/byte  "
      "%9.0f cycles/call  (held %.1f %%, CPU %.1f %%)\n",
      name, r.packets_s / 1e6, r.gbit_s, r.calls_s, r.cycles_packet, r.cycles_byte, r.cycles_call,
      r.held_share * 100, r.cpu_share * 100);
}

void print_json_rates(const char* name, const Rates& r) {
  std::printf(
      "\"%s\":{\"packets_per_s\":%.0f,\"gbit_per_s\":%.4f,\"calls_per_s\":%.1f,\"cycles_per_packet\":%.2f,"
      "\"cycles_per_byte\":%.4f,\"cycles_per_call\":%.1f,\"held_share\":%.4f,\"cpu_share\":%.4f,"
      "\"seconds\":%.3f,\"packets\":%" PRIu64 ",\"calls\":%" PRIu64 ",\"laps\":%" PRIu64 "},",
      name, r.packets_s, r.gbit_s, r.calls_s, r.cycles_packet, r.cycles_byte, r.cycles_call, r.held_share,
      r.cpu_share, r.seconds, r.packets, r.calls, r.laps);
}

void print(const Arguments& a, const Trace& trace, bool hugepages, const RunResult& whole,
           const RunResult* baseline) {
  const Rates rates = rates_of(whole, trace.calls);
  double load[3] = {0, 0, 0};
  getloadavg(load, 3);
  if (a.json) {
    std::printf("{\"mix\":\"%s\",\"workers\":%" PRIu64 ",\"publish\":%s,\"hugepages\":%s,\"tsc_hz\":%" PRIu64
                ",\"load\":%.2f,\"frames_per_lap\":%zu,\"calls_per_lap\":%" PRIu64 ",",
                a.mix.c_str(), a.workers, a.publish ? "true" : "false", hugepages ? "true" : "false",
                rte_get_tsc_hz(), load[0], trace.frames.size(), trace.calls);
    print_json_rates("pipeline", rates);
    if (baseline != nullptr) print_json_rates("baseline", rates_of(*baseline, 0));
    std::printf("\"records_expected\":%" PRIu64 ",\"records_found\":%" PRIu64 ",\"records_wrong\":%" PRIu64
                ",\"batches_missed\":%" PRIu64 ",\"record_bytes\":%" PRIu64 ",\"right\":%s}\n",
                whole.expected, whole.found, whole.wrong, whole.missed_batches, whole.record_bytes,
                whole.right() ? "true" : "false");
    return;
  }
  std::printf("%s: %zu frames, %.1f MB, %" PRIu64 " connections, %" PRIu64 " calls a lap; %" PRIu64
              " worker%s%s; %s; TSC %.3f GHz; load %.2f\n",
              a.mix.c_str(), trace.frames.size(), static_cast<double>(trace.bytes.size()) / 1e6,
              trace.connections, trace.calls, a.workers, a.workers == 1 ? "" : "s",
              a.publish ? ", published over ipc" : "", hugepages ? "hugepages" : "no hugepages",
              static_cast<double>(rte_get_tsc_hz()) / 1e9, load[0]);
  print_line("pipeline", rates);
  if (baseline != nullptr) print_line("baseline", rates_of(*baseline, 0));
  std::printf(
      "records   expected %" PRIu64 ", found %" PRIu64 ", wrong %" PRIu64
      "; %.0f bytes each; sink %.2f CPU s\n",
      whole.expected, whole.found, whole.wrong,
      static_cast<double>(whole.record_bytes) / static_cast<double>(std::max<std::uint64_t>(1, whole.found)),
      static_cast<double>(whole.sink_cpu_ns) / 1e9);
}

Settings settings_of(const Arguments& a, std::uint64_t pool_bytes, const std::vector<unsigned>& cpus) {
  Settings settings;
  settings.idle = Idle::poll;
  settings.hugepages = a.no_huge ? Hugepages::never : Hugepages::automatic;
  settings.workers = cpus;
  settings.body_preview_bytes = static_cast<std::uint32_t>(a.body_preview);
  settings.shedding_enabled = false;  // its queues are always full
  settings.remove_duplicates = !a.keep_duplicates;
  settings.memory_mb = static_cast<std::uint32_t>((pool_bytes * a.workers * 17 / 16 >> 20) + 64);
  return settings;
}

int replay(const Arguments& a) {
  const TraceOptions shape{
      .mix = *mix_of(a.mix), .seed = a.seed, .connections = static_cast<std::uint32_t>(a.connections)};
  Trace trace = make_trace(shape);
  if (!a.write.empty()) {
    const std::string fault = write_pcap(trace, a.write, static_cast<std::uint32_t>(a.laps), a.gap_ns);
    if (!fault.empty()) return std::fprintf(stderr, "spanlight-replay: %s\n", fault.c_str()), 1;
    std::fprintf(stderr, "%s: %" PRIu64 " calls, %" PRIu64 " frames\n", a.write.c_str(), trace.calls * a.laps,
                 trace.frames.size() * a.laps);
    return 0;
  }
  const std::vector<unsigned> all = own_cpus();
  if (a.workers > all.size())
    return std::fprintf(stderr,
                        "spanlight-replay: --workers %" PRIu64 " is more than the %zu CPUs of this process\n",
                        a.workers, all.size()),
           cli::kExitUsage;
  const std::vector<unsigned> cpus(all.end() - static_cast<std::ptrdiff_t>(a.workers), all.end());
  RunOptions options{.settings = settings_of(a, Preloaded::memory_bytes(trace), cpus),
                     .warm_up_s = static_cast<double>(a.warm_up_ms) / 1e3,
                     .seconds = static_cast<double>(a.seconds),
                     .publish = a.publish,
                     .calls_per_lap = trace.calls};
  const auto started = start_eal(options.settings, cpus);
  if (const auto* fault = std::get_if<std::string>(&started))
    return std::fprintf(stderr, "spanlight-replay: %s\n", fault->c_str()), 1;
  leave_to_workers(all, cpus);

  std::vector<std::unique_ptr<Preloaded>> traces;
  for (std::uint64_t i = 0; i < a.workers; ++i) {
    TraceOptions own = shape;
    own.network = static_cast<std::uint8_t>(i);
    if (i > 0) trace = make_trace(own);
    traces.push_back(std::make_unique<Preloaded>());
    if (!traces.back()->load(trace, static_cast<std::uint8_t>(i)))
      return std::fprintf(stderr,
                          "spanlight-replay: there is no memory for the frames; use fewer --connections\n"),
             1;
  }
  const RunResult whole = run_pipeline(options, traces);
  if (!whole.fault.empty()) return std::fprintf(stderr, "spanlight-replay: %s\n", whole.fault.c_str()), 1;
  RunResult baseline;
  if (!a.no_baseline) baseline = run_baseline(options, traces);
  print(a, trace, std::get<EalStart>(started).hugepages, whole, a.no_baseline ? nullptr : &baseline);
  if (!whole.right()) {
    std::fprintf(stderr,
                 "spanlight-replay: the records are not those of the trace: %" PRIu64 " expected, %" PRIu64
                 " found, %" PRIu64 " wrong, %" PRIu64 " batches missed\n",
                 whole.expected, whole.found, whole.wrong, whole.missed_batches);
    for (const std::string& odd : whole.odd) std::fprintf(stderr, "  %s\n", odd.c_str());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace spanlight::bench

int main(int argc, char** argv) {
  spanlight::bench::Arguments arguments;
  if (const auto status = spanlight::bench::parse(argc, argv, arguments)) return *status;
  return spanlight::bench::replay(arguments);
}
