#include "program/summary.h"

#include <algorithm>
#include <cinttypes>
#include <vector>

namespace spanlight {

namespace {

// "1,234,567"
std::string grouped(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

void add_part(std::vector<std::string>& parts, std::uint64_t n, const std::string& what) {
  if (n > 0) parts.push_back(grouped(n) + " " + what);
}

}  // namespace

void Summary::add(const Engine& engine) {
  const StatsSnapshot snapshot = engine.collect();
  const auto add = [this](const std::vector<CounterValue>& counters) {
    for (const CounterValue& counter : counters) totals_[{counter.name, counter.label}] += counter.value;
  };
  for (const WorkerStats& worker : snapshot.workers) add(worker.counters);
  for (const PortStats& port : snapshot.ports) add(port.counters);
}

std::uint64_t Summary::of(const std::string& name, const std::string& label) const {
  const auto found = totals_.find({name, label});
  return found == totals_.end() ? 0 : found->second;
}

void Summary::print(std::FILE* out, const PrintedCounts& printed, bool filtered) const {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  const std::uint64_t packets = of("received_packets_total");
  const std::uint64_t bytes = of("received_bytes_total");
  std::fprintf(out, "%s packets, %.1f MB in %.2f s (%.2f M packets/s, %.2f Gbit/s)\n",
               grouped(packets).c_str(), static_cast<double>(bytes) / 1e6, seconds,
               static_cast<double>(packets) / seconds / 1e6, static_cast<double>(bytes) * 8 / seconds / 1e9);

  std::vector<std::string> calls;
  add_part(calls, printed.by_state[0], "complete");
  add_part(calls, printed.by_state[1], "without answer");
  add_part(calls, printed.by_state[2], "without request");
  add_part(calls, printed.by_state[3], "one-way");
  add_part(calls, printed.errors, "errors");
  add_part(calls, printed.flagged_gap, "touched by loss");
  std::fprintf(out, "%s calls%s%s; %s flows, %s identified, %s encrypted\n", grouped(printed.records).c_str(),
               calls.empty() ? "" : ": ", joined(calls).c_str(), grouped(of("flows_opened_total")).c_str(),
               grouped(of("inspect_total", "identified")).c_str(),
               grouped(of("inspect_total", "encrypted")).c_str());

  if (filtered) std::fprintf(out, "of these %s match the filter\n", grouped(printed.matching).c_str());

  std::vector<std::string> lost;
  add_part(lost, of("gaps_total"), "holes (" + grouped(of("gap_bytes_total")) + " bytes)");
  add_part(lost, of("packets_total", "duplicate"), "duplicates removed");
  add_part(lost, of("frames_total", "cut"), "frames cut by the capture");
  for (const char* cause : {"truncated", "bad_link", "bad_ip", "bad_transport", "too_many_headers",
                            "fragment_refused", "handover_full", "table_full"})
    add_part(lost, of("packets_total", cause), std::string("packets ") + cause);
  add_part(lost, of("packets_total", "not_ip"), "packets that are not IP");
  add_part(lost, of("packets_total", "other_transport"),
           "packets of which nothing is read (neither TCP, UDP, SCTP nor ICMP)");
  add_part(lost, of("port_filtered_packets_total") + of("packets_total", "filtered"),
           "packets that the capture filter left out (bpf)");
  add_part(lost, of("packets_total", "sampled_out"), "packets that sampling left out (sampling)");
  add_part(lost, of("fragments_total", "expired") + of("fragments_total", "evicted"),
           "datagrams whose fragments did not all come");
  add_part(lost, of("records_dropped_total", "no_buffer") + of("records_dropped_total", "too_large"),
           "records dropped");
  add_part(lost, of("inspect_total", "state_exhausted") + of("dissect_total", "state_exhausted"),
           "flows or calls given up for want of state memory (reassembly.stateMemory)");
  add_part(lost, of("flows_total", "evicted"), "flows ended early to make room (flows.max)");
  add_part(lost, of("dissect_total", "malformed"), "malformed messages");
  add_part(lost, of("clock_steps_total"),
           "times the clock went back by more than an hour: all flows ended there");
  if (!lost.empty()) std::fprintf(out, "beside that: %s\n", joined(lost).c_str());
}

void Summary::print_counters(std::FILE* out) const {
  const char* separator = "{";
  for (const auto& [key, value] : totals_) {
    const auto& [name, label] = key;
    std::fprintf(out, "%s\"%s%s%s%s\": %" PRIu64, separator, name.c_str(), label.empty() ? "" : "{",
                 label.c_str(), label.empty() ? "" : "}", value);
    separator = ", ";
  }
  std::fprintf(out, "%s}\n", totals_.empty() ? "{" : "");
}

}  // namespace spanlight
