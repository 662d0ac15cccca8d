#include "replay_report.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include <rte_cycles.h>

namespace spanlight::bench {

namespace {

double mega(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1e6;
}

double load() {
  double average = 0;
  return getloadavg(&average, 1) == 1 ? average : 0;
}

void print_rates(const char* name, const Rates& r) {
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
      "\"seconds\":%.3f,\"packets\":%" PRIu64 ",\"calls\":%" PRIu64 ",\"laps\":%" PRIu64
      ",\"replaced\":%" PRIu64 ",\"still_held\":%" PRIu64 "},",
      name, r.packets_s, r.gbit_s, r.calls_s, r.cycles_packet, r.cycles_byte, r.cycles_call, r.held_share,
      r.cpu_share, r.seconds, r.packets, r.calls, r.laps, r.replaced, r.still_held);
}

// What a thread's time is for each record, in TSC cycles.
double cycles_each(std::uint64_t cpu_ns, const Found& found) {
  return static_cast<double>(cpu_ns) / 1e9 * static_cast<double>(rte_get_tsc_hz()) /
         static_cast<double>(std::max<std::uint64_t>(1, found.records));
}

void print_records(const RunResult& whole) {
  const Found& found = whole.found;
  const double each = static_cast<double>(whole.record_bytes) /
                      static_cast<double>(std::max<std::uint64_t>(1, found.records));
  if (found.publisher_cpu_ns > 0)
    std::printf("publisher %.0f cycles a record, on its own thread; its subscriber %.0f\n",
                cycles_each(found.publisher_cpu_ns, found), cycles_each(found.cpu_ns, found));
  if (!whole.lossy) {
    std::printf("records   expected %" PRIu64 ", found %" PRIu64 ", wrong %" PRIu64 " of %" PRIu64
                " looked at; %.0f bytes each; sink %.2f CPU s\n",
                whole.expected, found.records, found.wrong(), found.looked_at, each,
                static_cast<double>(found.cpu_ns) / 1e9);
    return;
  }
  const auto share = [&found](std::uint64_t n) {
    return found.looked_at == 0 ? 0 : 100 * static_cast<double>(n) / static_cast<double>(found.looked_at);
  };
  std::printf(
      "records   %" PRIu64 " of %" PRIu64 " calls; of %" PRIu64
      " looked at: whole %.2f %%, touched by a gap %.2f %%, one half missing %.2f %%; %.0f bytes each\n",
      found.records, whole.expected, found.looked_at,
      share(found.looked_at - found.touched - found.incomplete), share(found.touched),
      share(found.incomplete), each);
}

void print_accounts(const RunResult& whole) {
  const Accounts& a = whole.accounts;
  std::printf("accounts  given %" PRIu64 ", received %" PRIu64 ", outcomes %" PRIu64 "; gaps %" PRIu64
              " (%" PRIu64 " bytes), early segments %" PRIu64 ", flows evicted %" PRIu64
              ", records dropped %" PRIu64 ", state exhausted %" PRIu64 "\n",
              a.given, a.received, a.outcomes, a.gaps, a.gap_bytes, a.out_of_order, a.evicted,
              a.records_dropped, a.state_exhausted);
}

}  // namespace

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
    r.replaced += w.replaced_in_all;
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

std::string memory_sentence(const Scene& scene) {
  char text[200];
  std::snprintf(text, sizeof(text),
                "memory    told: frames %.0f MB of %s, pipeline at most %.0f MB, of it flow tables %.0f MB",
                mega(scene.frames_memory), scene.hugepages ? "hugepages" : "ordinary pages",
                mega(scene.pipeline_memory), mega(scene.table_memory));
  return text;
}

void print_lines(const Arguments& a, const Scene& scene, const RunResult& whole, const RunResult* baseline) {
  const Rates rates = rates_of(whole, scene.calls);
  std::printf("%s: %" PRIu64 " frames, %.1f MB, %" PRIu64 " connections, %" PRIu64 " calls a lap; %" PRIu64
              " worker%s%s; %s; TSC %.3f GHz; load %.2f\n",
              a.mix.c_str(), scene.frames, mega(scene.bytes), scene.connections, scene.calls, a.workers,
              a.workers == 1 ? "" : "s", a.publish ? ", published over ipc" : "",
              scene.hugepages ? "hugepages" : "no hugepages", static_cast<double>(rte_get_tsc_hz()) / 1e9,
              load());
  if (scene.lost + scene.disordered > 0)
    std::printf("mirror    %" PRIu64 " frames of a lap lost, %" PRIu64 " out of order\n", scene.lost,
                scene.disordered);
  print_rates("pipeline", rates);
  if (baseline != nullptr) print_rates("baseline", rates_of(*baseline, 0));
  if (scene.calls > 0) print_records(whole);
  if (whole.lossy || scene.disordered > 0) print_accounts(whole);
  if (rates.replaced + rates.still_held > 0)
    std::printf("buffers   %" PRIu64 " frames were in use when due and went on as copies; %" PRIu64
                " bursts waited for one\n",
                rates.replaced, rates.still_held);
  if (scene.calls > 0) return;
  std::printf("%s; taken since it stood: %.0f MB; open flows %" PRIu64 "\n", memory_sentence(scene).c_str(),
              mega(whole.after.bytes() - std::min(whole.after.bytes(), whole.before.bytes())),
              whole.accounts.flows);
}

void print_json(const Arguments& a, const Scene& scene, const RunResult& whole, const RunResult* baseline) {
  const Found& found = whole.found;
  const Accounts& accounts = whole.accounts;
  std::printf("{\"mix\":\"%s\",\"workers\":%" PRIu64 ",\"publish\":%s,\"hugepages\":%s,\"tsc_hz\":%" PRIu64
              ",\"load\":%.2f,\"frames_per_lap\":%" PRIu64 ",\"bytes_per_lap\":%" PRIu64
              ",\"calls_per_lap\":%" PRIu64 ",\"connections\":%" PRIu64 ",\"lost_per_lap\":%" PRIu64
              ",\"disordered_per_lap\":%" PRIu64 ",",
              a.mix.c_str(), a.workers, a.publish ? "true" : "false", scene.hugepages ? "true" : "false",
              rte_get_tsc_hz(), load(), scene.frames, scene.bytes, scene.calls, scene.connections, scene.lost,
              scene.disordered);
  print_json_rates("pipeline", rates_of(whole, scene.calls));
  if (baseline != nullptr) print_json_rates("baseline", rates_of(*baseline, 0));
  std::printf("\"records_expected\":%" PRIu64 ",\"records_found\":%" PRIu64 ",\"records_looked_at\":%" PRIu64
              ",\"records_touched\":%" PRIu64 ",\"records_incomplete\":%" PRIu64
              ",\"batches_missed\":%" PRIu64 ",\"record_bytes\":%" PRIu64
              ",\"sink_cpu_s\":%.3f,\"publisher_cycles_per_record\":%.1f,",
              whole.expected, found.records, found.looked_at, found.touched, found.incomplete, found.missed,
              whole.record_bytes, static_cast<double>(found.cpu_ns) / 1e9,
              cycles_each(found.publisher_cpu_ns, found));
  std::printf("\"given\":%" PRIu64 ",\"received\":%" PRIu64 ",\"outcomes\":%" PRIu64 ",\"gaps\":%" PRIu64
              ",\"gap_bytes\":%" PRIu64 ",\"early_segments\":%" PRIu64 ",\"evicted\":%" PRIu64
              ",\"open_flows\":%" PRIu64 ",\"records_dropped\":%" PRIu64 ",\"state_exhausted\":%" PRIu64 ",",
              accounts.given, accounts.received, accounts.outcomes, accounts.gaps, accounts.gap_bytes,
              accounts.out_of_order, accounts.evicted, accounts.flows, accounts.records_dropped,
              accounts.state_exhausted);
  std::printf("\"told_frames_bytes\":%" PRIu64 ",\"told_pipeline_bytes\":%" PRIu64
              ",\"told_tables_bytes\":%" PRIu64 ",\"resident_before\":%" PRIu64 ",\"resident_after\":%" PRIu64
              ",\"hugepages_bytes\":%" PRIu64 ",\"right\":%s}\n",
              scene.frames_memory, scene.pipeline_memory, scene.table_memory, whole.before.resident_bytes,
              whole.after.resident_bytes, whole.after.hugepages_bytes, whole.right() ? "true" : "false");
}

}  // namespace spanlight::bench
