#include "lcore/counters.h"

namespace spanlight {

namespace {

constexpr std::string_view kOutcomeNames[kOutcomes] = {
    "stream",        "datagram",   "handed_over",   "fragment",      "fragment_refused",
    "duplicate",     "filtered",   "sampled_out",   "not_ip",        "other_transport",
    "truncated",     "bad_link",   "bad_ip",        "bad_transport", "too_many_headers",
    "handover_full", "table_full", "shed_protocol", "shed_flow"};

constexpr std::string_view kShedLevelNames[kShedLevels] = {"none", "previews", "protocols", "flows"};

constexpr std::string_view kTunnelNames[8] = {"none",   "vxlan", "geneve", "gre",
                                              "erspan", "ipip",  "teredo", "gtp"};

constexpr MetricInfo kInfos[] = {
    {"received_packets_total", "", "Frames from the worker's own queues."},
    {"received_bytes_total", "", "Bytes of those frames on the wire."},
    {"handed_in_packets_total", "", "Frames that other workers handed over."},
    {"packets_total", "outcome", "What became of each frame; the sum is received + handed in."},
    {"frames_total", "kind", "Frames with a property: cut by the capture, jumbo, super-sized, VLAN-tagged."},
    {"tunnel_frames_total", "tunnel", "Frames inside a tunnel."},
    {"owner_sampled_total", "", "Frames whose queue was compared with the software hash."},
    {"owner_mismatch_total", "", "Of those, frames that the device gave to another queue."},
    {"flows_opened_total", "", "Flows seen."},
    {"flows_total", "end", "Flows by how they began or ended."},
    {"flows", "", "Flows live now."},
    {"connection_records_total", "event",
     "Connections that have a record: followed; records made of them when they ended, and while they "
     "lasted."},
    {"memory_bytes", "pool", "Slab bytes in use."},
    {"buffers_lent", "", "Packet buffers that wait as body previews."},
    {"handover_ring_used", "", "Frames waiting on the hand-over ring."},
    {"batches_waiting", "", "Batches submitted and not yet sent."},
    {"busy_cycles_total", "", "TSC cycles of turns that had packets."},
    {"cycles_total", "", "TSC cycles in all."},
    {"targets_generation", "", "Of the capture targets that the worker follows."},
    {"kept_packets_total", "event",
     "Packets for the packet ring: kept, of these cut, not kept for want of room."},
    {"kept_packet_bytes_total", "", "Their bytes in the ring."},
    {"packet_ring_passed_total", "", "Chunks of the ring that were passed over because somebody read them."},
    {"packet_ring_since_seconds", "", "All packets from this time on are in the ring; 0 without a ring."},
    {"timer_backlog_total", "", "Turns whose timer budget was used up."},
    {"clock_steps_total", "", "Times that a capture's clock went back by more than an hour."},
    {"shedding_level", "",
     "Overload: 0 nothing is left out, 1 body previews, 2 protocols of low priority, 3 flows."},
    {"shedding_kept_flows_permille", "", "Of a thousand flows so many are looked at."},
    {"shedding_steps_total", "direction", "Decisions to leave out more (up) or less (down)."},
    {"shedding_milliseconds_total", "level", "Time spent at each level."},
    {"stream_bytes_total", "", "Bytes delivered in order to those who read them."},
    {"fragments_total", "outcome", "IP datagrams and fragments."},
    {"reassembly_total", "event", "TCP segments by what they were."},
    {"gaps_total", "", "Holes in streams."},
    {"gap_bytes_total", "", "Bytes in those holes."},
    {"inspect_total", "event", "Flows by what identification made of them."},
    {"encrypted_bytes_total", "", "Payload bytes of flows that begin with a TLS or SSH handshake."},
    {"skipped_bytes_total", "", "Body bytes passed by counter."},
    {"dissect_total", "event", "Faults and limits met by dissectors."},
    {"records_total", "", "Records built."},
    {"record_bytes_total", "", "Their bytes."},
    {"batches_total", "", "Batches closed."},
    {"records_dropped_total", "cause", "Records lost before the publisher."},
    {"records_altered_total", "what", "Records that left without a part, or redacted."},
};

void add_frames(std::vector<CounterRow>& rows, const WorkerCounters& c) {
  rows.push_back({"received_packets_total", "", &c.received});
  rows.push_back({"received_bytes_total", "", &c.received_bytes});
  rows.push_back({"handed_in_packets_total", "", &c.handed_in});
  for (std::size_t i = 0; i < kOutcomes; ++i)
    rows.push_back({"packets_total", std::string(kOutcomeNames[i]), &c.outcomes[i]});
  rows.push_back({"frames_total", "cut", &c.cut_frames});
  rows.push_back({"frames_total", "jumbo", &c.jumbo_frames});
  rows.push_back({"frames_total", "super", &c.super_frames});
  rows.push_back({"frames_total", "vlan", &c.vlan_frames});
  for (std::size_t i = 1; i < std::size(kTunnelNames); ++i)
    rows.push_back({"tunnel_frames_total", std::string(kTunnelNames[i]), &c.tunnel_frames[i]});
  rows.push_back({"owner_sampled_total", "", &c.owner_sampled});
  rows.push_back({"owner_mismatch_total", "", &c.owner_mismatch});
}

void add_flows(std::vector<CounterRow>& rows, const WorkerCounters& c) {
  rows.push_back({"flows_opened_total", "", &c.flows_opened});
  rows.push_back({"flows_total", "midstream", &c.flows_midstream});
  rows.push_back({"flows_total", "closed", &c.flows_closed});
  rows.push_back({"flows_total", "idle", &c.flows_idle});
  rows.push_back({"flows_total", "evicted", &c.flows_evicted});
  rows.push_back({"flows_total", "reopened", &c.flows_reopened});
  rows.push_back({"flows_total", "shed", &c.flows_shed});
  rows.push_back({"flows_total", "untargeted", &c.flows_untargeted});
  rows.push_back({"flows_total", "spoken", &c.flows_spoken});
  rows.push_back({"flows_total", "one_sided", &c.flows_one_sided});
  rows.push_back({"flows", "", &c.flows_live});
  rows.push_back({"connection_records_total", "followed", &c.connections_followed});
  rows.push_back({"connection_records_total", "ended", &c.connections_ended});
  rows.push_back({"connection_records_total", "reported", &c.connections_reported});
  rows.push_back({"memory_bytes", "state", &c.state_bytes});
  rows.push_back({"memory_bytes", "preview", &c.preview_bytes});
  rows.push_back({"buffers_lent", "", &c.buffers_lent});
  rows.push_back({"handover_ring_used", "", &c.ring_used});
  rows.push_back({"batches_waiting", "", &c.batches_waiting});
  rows.push_back({"busy_cycles_total", "", &c.busy_cycles});
  rows.push_back({"cycles_total", "", &c.total_cycles});
  rows.push_back({"timer_backlog_total", "", &c.timer_backlog});
  rows.push_back({"clock_steps_total", "", &c.clock_steps});
  rows.push_back({"targets_generation", "", &c.targets_generation});
  rows.push_back({"kept_packets_total", "kept", &c.kept.packets});
  rows.push_back({"kept_packets_total", "cut", &c.kept.cut});
  rows.push_back({"kept_packets_total", "no_room", &c.kept.no_room});
  rows.push_back({"kept_packet_bytes_total", "", &c.kept.bytes});
  rows.push_back({"packet_ring_passed_total", "", &c.kept.chunks_passed});
  rows.push_back({"packet_ring_since_seconds", "", &c.ring_since});
}

void add_shedding(std::vector<CounterRow>& rows, const WorkerCounters& c) {
  rows.push_back({"shedding_level", "", &c.shed_level});
  rows.push_back({"shedding_kept_flows_permille", "", &c.shed_kept_permille});
  rows.push_back({"shedding_steps_total", "up", &c.shed_steps_up});
  rows.push_back({"shedding_steps_total", "down", &c.shed_steps_down});
  for (std::size_t i = 0; i < kShedLevels; ++i)
    rows.push_back({"shedding_milliseconds_total", std::string(kShedLevelNames[i]), &c.shed_ms[i]});
}

void add_streams(std::vector<CounterRow>& rows, const WorkerCounters& c) {
  rows.push_back({"fragments_total", "datagrams", &c.fragments.datagrams});
  rows.push_back({"fragments_total", "duplicates", &c.fragments.duplicates});
  rows.push_back({"fragments_total", "overlaps", &c.fragments.overlaps});
  rows.push_back({"fragments_total", "expired", &c.fragments.expired});
  rows.push_back({"fragments_total", "evicted", &c.fragments.evicted});
  rows.push_back({"fragments_total", "refused", &c.fragments.refused});
  rows.push_back({"stream_bytes_total", "", &c.reassembly.in_order_bytes});
  rows.push_back({"reassembly_total", "out_of_order", &c.reassembly.out_of_order});
  rows.push_back({"reassembly_total", "retransmitted", &c.reassembly.retransmitted});
  rows.push_back({"reassembly_total", "keep_alive", &c.reassembly.keep_alives});
  rows.push_back({"reassembly_total", "overlap", &c.reassembly.overlaps});
  rows.push_back({"reassembly_total", "overlap_conflict", &c.reassembly.overlap_conflicts});
  rows.push_back({"reassembly_total", "skew_held", &c.reassembly.skew_held});
  rows.push_back({"reassembly_total", "limit_hit", &c.reassembly.limit_hits});
  rows.push_back({"reassembly_total", "out_of_window", &c.reassembly.out_of_window});
  rows.push_back({"reassembly_total", "cut_bytes", &c.reassembly.cut_bytes});
  rows.push_back({"reassembly_total", "after_close", &c.late_segments});
  rows.push_back({"reassembly_total", "after_close_bytes", &c.late_bytes});
  rows.push_back({"gaps_total", "", &c.reassembly.gaps});
  rows.push_back({"gap_bytes_total", "", &c.reassembly.gap_bytes});
}

void add_calls(std::vector<CounterRow>& rows, const WorkerCounters& c) {
  rows.push_back({"inspect_total", "identified", &c.inspect.identified});
  rows.push_back({"inspect_total", "unknown", &c.inspect.unknown});
  rows.push_back({"inspect_total", "encrypted", &c.inspect.encrypted});
  rows.push_back({"inspect_total", "shed", &c.inspect.shed});
  rows.push_back({"inspect_total", "handover", &c.inspect.handovers});
  rows.push_back({"inspect_total", "parked", &c.inspect.parked});
  rows.push_back({"inspect_total", "state_exhausted", &c.inspect.state_exhausted});
  rows.push_back({"inspect_total", "waiting_exceeded", &c.inspect.waiting_exceeded});
  rows.push_back({"encrypted_bytes_total", "", &c.inspect.encrypted_bytes});
  rows.push_back({"skipped_bytes_total", "", &c.inspect.skipped_bytes});
  rows.push_back({"dissect_total", "malformed", &c.dissectors.malformed});
  rows.push_back({"dissect_total", "resync", &c.dissectors.resyncs});
  rows.push_back({"dissect_total", "preview_exhausted", &c.dissectors.preview_exhausted});
  rows.push_back({"dissect_total", "state_exhausted", &c.dissectors.state_exhausted});
  rows.push_back({"dissect_total", "open_calls_exceeded", &c.dissectors.open_calls_exceeded});
  rows.push_back({"dissect_total", "headers_truncated", &c.dissectors.headers_truncated});
  rows.push_back({"dissect_total", "blocks_exceeded", &c.dissectors.blocks_exceeded});
  rows.push_back({"dissect_total", "repeats", &c.dissectors.repeats});
  rows.push_back({"records_total", "", &c.encode.records});
  rows.push_back({"record_bytes_total", "", &c.encode.record_bytes});
  rows.push_back({"batches_total", "", &c.encode.batches});
  rows.push_back({"records_dropped_total", "no_buffer", &c.encode.dropped_no_buffer});
  rows.push_back({"records_dropped_total", "too_large", &c.encode.dropped_too_large});
  rows.push_back({"records_dropped_total", "no_topic", &c.encode.dropped_no_topic});
  rows.push_back({"records_altered_total", "body_left_out", &c.encode.bodies_left_out});
  rows.push_back({"records_altered_total", "headers_left_out", &c.encode.headers_left_out});
  rows.push_back({"records_altered_total", "body_shed", &c.encode.bodies_shed});
  rows.push_back({"records_altered_total", "body_withheld", &c.encode.bodies_withheld});
  rows.push_back({"records_altered_total", "fields_left_out", &c.encode.fields_left_out});
  rows.push_back({"records_altered_total", "redacted", &c.encode.redacted});
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

std::string_view name_of(ShedLevel level) {
  return kShedLevelNames[static_cast<std::size_t>(level)];
}

std::vector<CounterRow> rows_of(const WorkerCounters& counters) {
  std::vector<CounterRow> rows;
  add_frames(rows, counters);
  add_flows(rows, counters);
  add_shedding(rows, counters);
  add_streams(rows, counters);
  add_calls(rows, counters);
  return rows;
}

std::vector<MetricInfo> worker_metric_infos() {
  return {std::begin(kInfos), std::end(kInfos)};
}

CounterBoard::CounterBoard(std::vector<CounterRow> rows)
    : rows_(std::move(rows)), values_(std::make_unique<std::atomic<std::uint64_t>[]>(rows_.size())) {}

void CounterBoard::publish() {
  for (std::size_t i = 0; i < rows_.size(); ++i)
    values_[i].store(*rows_[i].source, std::memory_order_relaxed);
}

std::vector<CounterValue> CounterBoard::read() const {
  std::vector<CounterValue> out;
  out.reserve(rows_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i)
    out.push_back({rows_[i].name, rows_[i].label, values_[i].load(std::memory_order_relaxed)});
  return out;
}

std::uint64_t CounterBoard::value(std::string_view name, std::string_view label) const {
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (rows_[i].name == name && rows_[i].label == label) return values_[i].load(std::memory_order_relaxed);
  return 0;
}

std::uint64_t CounterBoard::sum(std::string_view name) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (rows_[i].name == name) sum += values_[i].load(std::memory_order_relaxed);
  return sum;
}

}  // namespace spanlight
