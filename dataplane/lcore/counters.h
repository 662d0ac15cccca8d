#pragma once
// Everything one worker counts. Plain integers with one writer, the worker; now and then it copies them to
// its CounterBoard, where other threads read. `received + handed_in == Σ outcomes` holds at any turn's end.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "decode/fragments.h"
#include "decode/packet.h"
#include "encode/record_writer.h"
#include "inspect/inspector.h"
#include "lcore/shedding.h"
#include "packets/packet_ring.h"
#include "publish/stats.h"
#include "stream/reassembler.h"

namespace spanlight {

// What became of a received frame: exactly one of these.
enum class Outcome : std::uint8_t {
  stream,            // a TCP segment, given to its flow
  datagram,          // UDP, SCTP or ICMP, given to its flow
  handed_over,       // another worker's: on its ring
  fragment,          // kept until its datagram is whole
  fragment_refused,  // an IP fragment that could not be kept
  duplicate,         // the mirror's second copy
  filtered,          // outside of the capture targets
  sampled_out,       // of a connection that sampling leaves out
  not_ip,
  other_transport,
  truncated,
  bad_link,
  bad_ip,
  bad_transport,
  too_many_headers,
  handover_full,  // lost: the other worker's ring was full
  table_full,     // lost: no room for another flow
  shed_protocol,  // overload: of a flow whose protocol has low priority
  shed_flow,      // overload: of a flow that is left out
  count_
};
constexpr std::size_t kOutcomes = static_cast<std::size_t>(Outcome::count_);
std::string_view name_of(Outcome outcome);
std::string_view name_of(ShedLevel level);

// Both enumerations name the causes in the same order.
inline Outcome outcome_of(DecodeResult result) {
  static_assert(static_cast<int>(DecodeResult::count_) - static_cast<int>(DecodeResult::not_ip) ==
                static_cast<int>(Outcome::too_many_headers) - static_cast<int>(Outcome::not_ip) + 1);
  constexpr int kShift = static_cast<int>(Outcome::not_ip) - static_cast<int>(DecodeResult::not_ip);
  return static_cast<Outcome>(static_cast<int>(result) + kShift);
}

struct WorkerCounters {
  std::uint64_t received = 0;        // frames from this worker's own queues
  std::uint64_t received_bytes = 0;  // on the wire
  std::uint64_t handed_in = 0;       // frames from other workers
  std::uint64_t outcomes[kOutcomes]{};

  std::uint64_t cut_frames = 0;    // captured shorter than they were
  std::uint64_t jumbo_frames = 0;  // longer than 1,522 bytes
  std::uint64_t super_frames = 0;  // longer than 9,216 bytes: segmentation offload before the mirror
  std::uint64_t vlan_frames = 0;
  std::uint64_t tunnel_frames[8]{};  // by Tunnel
  std::uint64_t owner_mismatch =
      0;  // sampled: frames the device gave to another queue than the software hash says
  std::uint64_t owner_sampled = 0;

  std::uint64_t flows_opened = 0;
  std::uint64_t flows_midstream = 0;
  std::uint64_t flows_closed = 0;          // in order or reset
  std::uint64_t flows_idle = 0;            // ended by silence
  std::uint64_t flows_evicted = 0;         // ended to make room
  std::uint64_t flows_reopened = 0;        // ports used again
  std::uint64_t flows_shed = 0;            // ended by overload
  std::uint64_t flows_untargeted = 0;      // ended since neither end is a capture target any more
  std::uint64_t flows_spoken = 0;          // TCP, ended, with payload
  std::uint64_t flows_one_sided = 0;       // of those: one direction was never seen
  std::uint64_t flows_live = 0;            // gauge
  std::uint64_t late_segments = 0;         // with payload, of flows that were closed: given to nobody
  std::uint64_t late_bytes = 0;            // their payload
  std::uint64_t connections_followed = 0;  // flows that have a record of their own
  std::uint64_t connections_ended = 0;     // such records of flows that ended
  std::uint64_t connections_reported = 0;  // and of flows that go on

  std::uint64_t state_bytes = 0;      // gauge: slabs in use
  std::uint64_t preview_bytes = 0;    // gauge
  std::uint64_t buffers_lent = 0;     // gauge: received buffers that wait as previews
  std::uint64_t ring_used = 0;        // gauge: hand-over ring
  std::uint64_t batches_waiting = 0;  // gauge: submitted, not yet sent
  std::uint64_t busy_cycles = 0;
  std::uint64_t total_cycles = 0;
  std::uint64_t targets_generation = 0;  // gauge: of the capture targets that are followed
  std::uint64_t ring_since =
      0;  // gauge: seconds since the epoch from which on all packets are kept; 0 = none
  std::uint64_t clock_steps = 0;    // captures: time went back by more than an hour
  std::uint64_t timer_backlog = 0;  // turns whose timer budget was used up

  std::uint64_t shed_level = 0;          // gauge: ShedLevel
  std::uint64_t shed_kept_permille = 0;  // gauge: the share of flows that is looked at
  std::uint64_t shed_steps_up = 0;
  std::uint64_t shed_steps_down = 0;
  std::uint64_t shed_ms[kShedLevels]{};  // time spent at each level

  FragmentCounters fragments;
  ReassemblyCounters reassembly;
  InspectCounters inspect;
  DissectorCounters dissectors;
  EncodeCounters encode;
  KeptCounters kept;  // a copy of the packet ring's own
};

// One line of the picture: a name and label of /metrics, and where its value stands.
struct CounterRow {
  std::string name;
  std::string label;
  const std::uint64_t* source;
};
std::vector<CounterRow> rows_of(const WorkerCounters& counters);

// What the names mean, for /metrics.
std::vector<MetricInfo> worker_metric_infos();

// The worker writes, anyone reads.
class CounterBoard {
 public:
  explicit CounterBoard(std::vector<CounterRow> rows);
  void publish();                                                                 // worker
  std::vector<CounterValue> read() const;                                         // any thread
  std::uint64_t value(std::string_view name, std::string_view label = {}) const;  // any thread; 0 = not there
  std::uint64_t sum(std::string_view name) const;  // any thread; over all labels

 private:
  std::vector<CounterRow> rows_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> values_;
};

}  // namespace spanlight
