#include "replay_arguments.h"

#include <algorithm>

#include "cli/options.h"

namespace spanlight::bench {

TraceOptions Arguments::trace() const {
  return {.mix = *mix_of(mix),
          .seed = seed,
          .connections = static_cast<std::uint32_t>(connections),
          .calls = static_cast<std::uint32_t>(calls),
          .loss_per_mille = static_cast<std::uint16_t>(loss),
          .disorder_per_mille = static_cast<std::uint16_t>(disorder),
          .frames = static_cast<std::uint32_t>(frames)};
}

std::optional<int> parse(int argc, char** argv, Arguments& a) {
  constexpr std::uint64_t kFramesMax = 100'000'000;
  cli::Options options(
      {.name = "spanlight-replay",
       .summary = "what the pipeline costs per packet, byte and call",
       .synopsis = {"[OPTIONS]"},
       .description =
           {"Makes HTTP/1 traffic, lays its frames into mbufs once, and replays them lap after lap "
            "through the sensor's own workers. Each lap the connections come from another address "
            "and port with other sequence numbers, so that they are new ones. Then the same frames "
            "through a loop that only receives, touches and frees them: the baseline.",
            "The mix `headers` is packets without payload on connections that stay open: what a "
            "flow costs, up to ten million of them.",
            "Ends with 1 if the records found are not exactly those of the trace; of a trace with "
            "loss, if the accounts do not balance."},
       .examples = {{"spanlight-replay --mix rpc --seconds 5", "small calls, for five seconds"},
                    {"spanlight-replay --mix web --publish", "with the publisher and a subscriber behind it"},
                    {"spanlight-replay --mix headers --connections 1000000", "a million flows, all open"},
                    {"spanlight-replay --mix web --loss 10 --disorder 50", "as a poor mirror shows it"},
                    {"spanlight-replay --idle-flows", "the memory of a connection that stays open"},
                    {"spanlight-replay --mix web --write web.pcap --laps 20",
                     "the same traffic as a capture file"}},
       .exit_status = {{"0", "every call of the trace became one complete record"},
                       {"1", "it could not run, or records were missing or wrong"}}});
  options.choice(
      'm', "mix",
      {"rpc", "web", "bulk", "pipelined", "chunked", "grpc", "dns", "redis", "postgresql", "kafka",
       "headers"},
      &a.mix,
      "Small calls, calls of 7 KB, bodies of 1 MB, small calls with up to 8 outstanding, bodies in "
      "chunks, or packets without payload.");
  options.number('s', "seconds", "N", &a.seconds, 1, 3'600, "How long to measure.");
  options.number(0, "warm-up", "MS", &a.warm_up_ms, 0, 60'000, "How long before that.");
  options.number('w', "workers", "N", &a.workers, 1, 64,
                 "Workers, each on a CPU of its own with its own trace.");
  options.number(0, "seed", "N", &a.seed, 0, ~std::uint64_t{0}, "Another trace of the same kind.");
  options.number(
      0, "connections", "N", &a.connections, 0, kConnectionsMax,
      "Open at once; 0: what suits the mix. Memory is the limit: every frame lies in an mbuf of its "
      "own, 320 bytes for `headers`, else about a frame's largest size for each frame.");
  options.number(0, "calls", "N", &a.calls, 0, 1'000'000,
                 "On each connection; 0: what suits the mix. Fewer leave memory for more connections.");
  options.number(0, "frames", "N", &a.frames, 0, kFramesMax,
                 "Of a lap of `headers`; 0: 1,048,576 or one for each connection, whichever is more.");
  options.number(0, "loss", "PER_MILLE", &a.loss, 0, 500, "So many of 1,000 frames are not there.");
  options.number(0, "disorder", "PER_MILLE", &a.disorder, 0, 500,
                 "So many of 1,000 frames come behind one to three later ones of their connection.");
  options.number(0, "body-preview", "BYTES", &a.body_preview, 0, 1'048'576, "Kept of each body.");
  options.flag(0, "keep-duplicates", &a.keep_duplicates, "Without the filter for duplicated packets.");
  options.number(0, "targets", "N", &a.targets, 0, 10'000'000,
                 "Capture targets: so many addresses, none of them the trace's. Every packet is left out.");
  options.text(0, "filter", "EXPRESSION", &a.filter,
               "Capture targets: a filter in libpcap's syntax that lets nothing of the trace through.");
  options.number(0, "keep", "MIB", &a.keep_mb, 0, 65'536,
                 "Packets go into a packet ring of so many MiB as well.");
  options.number(0, "keep-bytes", "N", &a.keep_bytes, 64, 65'536, "Of each packet, with --keep.");
  options.choice(0, "connection-records", {"none", "sampled", "all"}, &a.connection_records,
                 "Records of the connections themselves as well, of one in 16 or of all.");
  options.flag('p', "publish", &a.publish, "Through ZeroMQ to a subscriber.");
  options.number(0, "look-every", "N", &a.look_every, 0, 1'000'000,
                 "Without --publish: every Nth batch of records is looked at; 0: they are counted only.");
  options.flag('j', "json", &a.json, "One JSON object instead of lines.");
  options.flag(0, "no-huge", &a.no_huge, "No hugepages, even if there are some.");
  options.flag(0, "no-baseline", &a.no_baseline, "The pipeline alone.");
  options.flag(0, "idle-flows", &a.idle_flows,
               "Instead of a replay: the memory of connections that are left open, by what they have seen.");
  options.text(0, "write", "FILE", &a.write, "Writes the trace as a capture file and ends.");
  options.number(0, "laps", "N", &a.laps, 1, 65'535, "With --write: so many laps.");
  options.number(0, "gap", "NS", &a.gap_ns, 1, 1'000'000'000, "With --write: from frame to frame.");
  return options.parse(argc, argv);
}

Settings settings_of(const Arguments& a, const TraceOptions& trace) {
  constexpr std::uint64_t kConnectionStateBytes = 4'096;  // of an open HTTP/1 connection, more than it takes
  // Closed flows stay in the table for tcp_closed_s: at most so many calls are made in that time.
  constexpr std::uint64_t kCallsWhileClosed = 3'000'000;
  constexpr std::uint32_t kPatienceMs = 600'000;
  Settings settings;
  settings.idle = Idle::poll;
  settings.shedding_enabled = false;  // its queues are always full
  settings.hugepages = a.no_huge ? Hugepages::never : Hugepages::automatic;
  settings.body_preview_bytes = static_cast<std::uint32_t>(a.body_preview);
  settings.remove_duplicates = !a.keep_duplicates;
  settings.packet_ring_mb = static_cast<std::uint32_t>(a.keep_mb);
  settings.packet_snap_bytes = static_cast<std::uint32_t>(a.keep_bytes);
  if (a.connection_records == "all") settings.connection_records = ConnectionRecords::all;
  if (a.connection_records == "sampled") settings.connection_records = ConnectionRecords::sampled;
  const Plan plan = plan_of(trace.mix);
  const std::uint64_t connections = trace.connections == 0 ? plan.connections : trace.connections;
  if (trace.mix == Mix::headers) {
    settings.flows_max = static_cast<std::uint32_t>(connections);
    return settings;
  }
  if (a.disorder > 0 && a.loss == 0) {
    // All will come, so nothing may be given up for being late; a machine that is not quiet takes the
    // worker's CPU away for longer than the sensor waits.
    settings.skew_allowance_ms = kPatienceMs;
    settings.hole_timeout_ms = kPatienceMs;
  }
  const std::uint64_t calls = trace.calls == 0 ? plan.calls : trace.calls;
  settings.flows_max = static_cast<std::uint32_t>(
      std::max<std::uint64_t>(settings.flows_max, connections + kCallsWhileClosed / calls));
  if (trace.mix == Mix::dns) {
    // Nobody says that a flow of datagrams is over; the laps follow each other faster than on any wire.
    settings.udp_idle_s = 1;
  }
  settings.state_memory_mb += static_cast<std::uint32_t>(connections * kConnectionStateBytes >> 20);
  return settings;
}

}  // namespace spanlight::bench
