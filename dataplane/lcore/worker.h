#pragma once
// One core's share of the traffic, from its queues to its batches. It polls its queue of every port, decodes
// the burst, hands over what belongs to another worker, and gives the rest to its flows. All that it owns is
// its own; what it shares it reads through atomics. Constructed on the main thread, run on its lcore.

#include <array>
#include <atomic>
#include <bitset>
#include <memory>
#include <string>
#include <vector>

#include "command/targets.h"
#include "decode/decode.h"
#include "decode/duplicates.h"
#include "decode/flow_key_hash.h"
#include "decode/fragments.h"
#include "decode/toeplitz.h"
#include "flow/flow_table.h"
#include "flow/health.h"
#include "inspect/inspector.h"
#include "lcore/connection_sample.h"
#include "lcore/counters.h"
#include "lcore/hand_over.h"
#include "lcore/shedding.h"
#include "packets/packet_ring.h"
#include "port/port.h"
#include "settings/settings.h"

namespace spanlight {

enum class Pace : std::uint8_t {
  live,     // the clock drives timers; nothing waits, what cannot be kept is counted as lost
  capture,  // the packets' timestamps drive timers; the source waits for us, nothing is lost
};

// What all workers of a sensor have in common.
struct WorkerShared {
  const Settings& settings;
  const Identifier& identifier;
  HandOver& hand_over;
  std::string sensor;
  std::uint64_t sensor_epoch = 0;
  Pace pace = Pace::live;
  // For whoever judges a mirror: flows that nobody reads are put together all the same, so that their holes
  // show.
  bool follows_unread = false;
  // For tests and benchmarks of overload: so many pauses (rte_pause) on each packet that goes to its flow.
  std::uint32_t wasted_pauses = 0;
  std::bitset<256> ports_lend{};  // by FrameInfo::port: its pool has buffers for previews
  // When the sensor itself last lost packets (NIC, rings), by the workers' clock: gaps near it are its own
  // doing.
  std::atomic<TimeNs> last_loss{0};
  // Raised when a device was seen to shard otherwise than it promised: from then on software does it for all.
  std::atomic<bool> distrust_devices{false};
};

class Worker final : private StreamSink,
                     private Lender,
                     private FlowWatcher,
                     private FlowErrors,
                     private GroupFlows {
 public:
  Worker(std::uint16_t index, WorkerShared& shared, BatchPool& pool, Redactor& redactor,
         TargetReader targets);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Before run(). The queue belongs to this worker from now on.
  void attach(RxQueue& queue, bool device_shards);

  // Takes the memory of its flows and its packet ring from the system, on the calling core. False: there is
  // not so much.
  bool take_memory() {
    if (ring_ != nullptr) ring_->populate();
    return table_.populate() && health_.populate();
  }

  // Before run(): packets are kept there.
  void keep_packets(PacketRing& ring) { ring_ = &ring; }

  // Until `stop`, or until all its sources have ended and nobody hands anything over any more; then ends
  // every flow, so that all it has to say is in its pool when this returns.
  void run(const std::atomic<bool>& stop);
  bool has_sources() const { return !sources_.empty(); }

  const CounterBoard& board() const { return board_; }
  bool failed() const { return failed_.load(std::memory_order_relaxed); }

 private:
  struct Source {
    RxQueue* queue;
    bool device_shards;
    Shedding::Queue backlog;
  };
  enum class Origin : std::uint8_t {
    sharded_queue,  // a queue whose device has sharded the flows
    queue,          // one that has not
    ring,           // another worker, which knew that it is ours
  };
  struct Slot {  // one packet of the burst on its way through the stages
    Packet packet;
    rte_mbuf* mbuf = nullptr;
    Bytes datagram;  // set for a datagram put together from fragments: its payload lies here, not in the mbuf
    std::uint64_t hash = 0;
    bool untargeted = false;  // of a capture: ends in its place among the others, since its time counts
    Flow* flow =
        nullptr;  // as it stood before the burst; packets before this one may have ended it or begun it
  };

  // One turn of the loop, stage by stage over the burst.
  std::size_t turn();
  void tell_flows_the_time(bool behind);
  void process(rte_mbuf** frames, std::uint16_t n, Origin origin);
  void give_to_flows(std::uint16_t packets);
  static void prefetch_work(const Slot& slot);
  bool decode_one(rte_mbuf* frame, Slot& slot, Origin origin);
  bool put_together(rte_mbuf* frame, const Fragment& fragment, Slot& slot, Origin origin);
  Outcome unwrap(Fragment fragment, Bytes piece, TimeNs time, Slot& slot, Fragment& first);
  bool is_mine(rte_mbuf* frame, const Packet& packet, Origin origin);
  std::uint16_t from_others();
  void hand_datagram(rte_mbuf* last, const Fragment& fragment, const Slot& slot, unsigned owner);
  void give_away(rte_mbuf* frame, unsigned owner);
  void note_frame(const rte_mbuf* frame, const FrameInfo& info, const Packet& packet);

  // Capture targets (targeting.cpp).
  void look_at_targets() {
    target_set_ = &targets_.current();
    if (target_set_->generation() != targets_followed_) [[unlikely]]
      follow_targets();
  }
  void follow_targets();
  bool is_target(const rte_mbuf* frame, Bytes head, const Packet& packet) const;
  bool is_target(const Slot& slot);
  bool may_pass(bool target, rte_mbuf* frame, Slot& slot);
  bool targets_leave_out(const Flow& flow) const;
  bool targets_left_out(const Flow& flow) const;

  // The packet ring (keep.cpp).
  void keep(Flow& flow, const Slot& slot);
  void keep_datagram(Flow& flow, const Slot& slot, TimeNs time);
  void note_kept(Flow& flow);

  // Overload (shed.cpp).
  void note_shedding();
  void follow_shedding();
  void sweep_left_out_flows();
  bool left_out(const Flow& flow) const;
  void end_left_out(Flow& flow);
  bool shed_by_protocol(Flow& flow, TimeNs time);

  // One packet on its flow.
  void on_packet(Slot& slot);
  void follow_capture(TimeNs time);
  void step_back(TimeNs time);
  void end_all_flows();
  Flow* flow_of(Slot& slot, TimeNs time);
  Flow* open_flow(const Slot& slot, TimeNs time);
  void orient(Flow& flow, const Packet& packet);
  void on_tcp(Flow& flow, Slot& slot, TimeNs time);
  void note_late(const Packet& packet);
  void give_segments(Flow& flow, const Slot& slot, TimeNs time);
  void on_datagram(Flow& flow, const Slot& slot, TimeNs time);
  void after_segment(Flow& flow, TimeNs time);

  // The end of flows.
  void arm(Flow& flow);
  TimeNs idle_deadline(const Flow& flow) const;
  static TimeNs rest_deadline(const Flow& flow);
  void on_timer(std::uint32_t index);
  void end_connection(Flow& flow, End end, TimeNs time);
  void remove(Flow& flow, End end, TimeNs time);

  // Connections themselves (connections.cpp).
  void begin_health(const Flow& flow, unsigned sender, TimeNs time);
  void note_health(Flow& flow, const Packet& packet, TimeNs time);
  TimeNs report_deadline(const Flow& flow) {
    const Health& health = health_[table_.index_of(flow)];
    return health.tracked() && !flow.closed ? health.report_at : kNever;
  }
  void report_if_due(Flow& flow, TimeNs now);
  void end_health(Flow& flow, End end);
  void report(const Flow& flow, bool over, End end);
  TimeNs next_report(TimeNs time) const;
  struct FlowSink final : Sink {
    FlowSink(Inspector& inspector, const Flow& flow) : inspector_(inspector), flow_(flow) {}
    void emit(const Transaction& call) override { inspector_.write(flow_, call); }

   private:
    Inspector& inspector_;
    const Flow& flow_;
  };

  // FlowWatcher, FlowErrors, GroupFlows.
  void on_identified(const Flow& flow, const Descriptor& protocol) override;
  void on_call(const Flow& flow, const Transaction& call) override;
  std::uint64_t on_error(const QuotedPacket& quoted) override;
  Dissector* asked(const std::array<std::uint8_t, 16>& group) override;
  const Flow* flow_beside(std::uint8_t protocol, const IpAddress& src, std::uint16_t src_port,
                          const IpAddress& dst, std::uint16_t dst_port);

  void finish();

  void run_timers(TimeNs now, std::size_t budget);
  void idle();
  void publish_counters(TimeNs now);
  void lost_something();

  // StreamSink, for the flow in current_.
  void on_chunk(unsigned sender, const Chunk& chunk) override {
    if (!current_->midstream) return inspector_.on_chunk(*current_, sender, chunk);
    Chunk joined = chunk;
    joined.offset += kJoinedOffset;
    joined.peer_acked += kJoinedOffset;
    inspector_.on_chunk(*current_, sender, joined);
  }
  void on_gap(unsigned sender, const Gap& gap) override {
    if (health_.wanted()) note_missing(health_[table_.index_of(*current_)], sender, gap.missing);
    inspector_.on_gap(*current_, sender, gap);
  }
  void on_end(unsigned sender, End end, TimeNs time) override {
    inspector_.on_end(*current_, sender, end, time);
  }

  // Lender, for the segment under way.
  Loan* lend(Bytes bytes) override;
  void give_back(Loan* loan) override;

  void outcome(Outcome o) { ++counters_.outcomes[static_cast<std::size_t>(o)]; }

  struct TimerOf {
    FlowTable* table;
    Timer& operator()(std::uint32_t index) const { return (*table)[index].timer; }
    void prefetch(std::uint32_t index) const { table->prefetch_entry(index); }
  };

  const std::uint16_t index_;
  WorkerShared& shared_;
  const Settings& settings_;
  BatchPool& pool_;
  TargetReader targets_;
  DecodeOptions decode_options_;
  Limits limits_;
  ReassemblyLimits reassembly_limits_;
  WorkerCounters counters_;
  SlabPool state_;
  SlabPool previews_;
  Workshop workshop_;
  FragmentReassembler fragments_;
  DuplicateFilter duplicates_;
  FlowTable table_;
  HealthArray health_;  // of connections, where they have records
  TimerWheel<TimerOf> timers_;
  Reassembler reassembler_;
  RecordWriter writer_;
  Inspector inspector_;
  CounterBoard board_;

  std::vector<Source> sources_;
  std::array<rte_mbuf*, kBurstMax> burst_{};
  std::array<Slot, kBurstMax> slots_;
  // Room to bring into one piece what straddles mbuf segments.
  std::array<std::uint8_t, kHeadBytesMax> head_{};
  std::array<std::uint8_t, 65'536> scratch_{};
  Fragment whole_;  // the datagram that was put together last: its addresses, as one packet
  const TargetSet* target_set_ = nullptr;
  std::uint64_t targets_followed_ = 0;  // generation
  bool targets_restrict_ = false;       // these leave something out
  bool targets_filter_ = false;         // by a filter
  TimeNs targets_widened_ = 0;          // when what had been left out last came back, nobody knows for whom
  PacketRing* ring_ = nullptr;
  const ConnectionSample sample_;
  const ConnectionSample connection_sample_;
  Shedding shedding_;
  Shedding::Queue ring_backlog_;
  std::uint32_t to_flows_ = 0;                   // packets of this turn that were given to their flows
  std::uint32_t shed_ = 0;                       // and that were not, for overload
  std::uint32_t shed_to_ = Shedding::kAllFlows;  // Shedding::kept() as it is followed
  // The sweep that ends the flows which are left out.
  std::uint32_t sweep_left_ = 0;  // entries of the table still to be looked at; 0: no sweep
  std::uint32_t sweep_at_ = 0;
  std::uint32_t swept_from_ = Shedding::kAllFlows;  // flows from this point on were left out since it began
  TimeNs flows_cut_ = 0;                            // when the share of flows last fell
  TimeNs last_shed_ = 0;                            // when flows last were, or may have been, left out
  Flow* current_ = nullptr;
  const Flow* reading_ = nullptr;  // whose datagram is being read
  rte_mbuf* lendable_ = nullptr;   // what the segment under way lies in
  TimeNs now_ = 0;                 // the worker's clock, read once a turn
  TimeNs capture_now_ =
      0;  // what drives flows: live the clock, or a little behind it; else the newest timestamp
  TimeNs slip_ = kNever;  // when the capture's last packet was, if that was far from all others
  TimeNs next_publish_ = 0;
  const std::atomic<bool>* stop_ = nullptr;
  std::vector<rte_mbuf*> parked_;  // capture pace: taken off our ring while we waited for another's
  std::uint64_t since_sample_ = 0;
  std::uint32_t idle_turns_ = 0;
  std::atomic<bool> failed_{false};
};

}  // namespace spanlight
