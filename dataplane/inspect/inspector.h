#pragma once
// Streams and datagrams → dissectors → transactions → records. One for each worker; it owns no flow, only
// knows the one it is working on. Everything it keeps lies in the worker's slabs.

#include <cstdint>

#include "encode/record_writer.h"
#include "flow/flow.h"
#include "inspect/identify.h"
#include "inspect/session.h"

namespace spanlight {

struct InspectCounters {
  std::uint64_t identified = 0;        // flows whose protocol was found
  std::uint64_t unknown = 0;           // flows given up: no protocol's
  std::uint64_t encrypted = 0;         // flows that begin with a TLS or SSH handshake
  std::uint64_t encrypted_bytes = 0;   // payload bytes seen in such flows
  std::uint64_t shed = 0;              // flows of low priority left out for a while
  std::uint64_t handovers = 0;         // flows passed from one protocol to another
  std::uint64_t parked = 0;            // times that a dissector gave its memory back between two messages
  std::uint64_t state_exhausted = 0;   // flows not looked into because the state slabs were full
  std::uint64_t waiting_exceeded = 0;  // windows dropped because they outgrew kWaitingBytesMax
  std::uint64_t skipped_bytes = 0;     // body bytes passed by counter
};

// Who wants to know what is found on flows.
class FlowWatcher {
 public:
  virtual void on_identified(const Flow& flow, const Descriptor& protocol) = 0;
  virtual void on_call(const Flow& flow, const Transaction& call) = 0;

 protected:
  ~FlowWatcher() = default;
};

class Inspector final : private Sink {
 public:
  static constexpr std::size_t kWaitingBytesMax = SlabPool::kPageBytes;  // per direction
  static constexpr std::uint64_t kSearchBytesMax = 262'144;  // per direction, for a protocol midstream
  static constexpr unsigned kHandoversMax = 4;               // per flow
  static constexpr std::size_t kDissectorBytesPrefetched = 512;

  Inspector(const Identifier& identifier, Workshop& workshop, RecordWriter& writer,
            InspectCounters& counters);
  ~Inspector();
  Inspector(const Inspector&) = delete;
  Inspector& operator=(const Inspector&) = delete;

  // The worker's clock for this turn: what ages batches. Everything else goes by capture time.
  void set_turn_time(TimeNs now) { turn_time_ = now; }

  // At most one; nobody unless asked for.
  void watch(FlowWatcher& watcher) { watcher_ = &watcher; }

  // A record of the flow that no dissector made.
  void write(const Flow& flow, const Transaction& call);

  // Packets of this time and later lie in the worker's packet ring; kNever: there is none.
  void packets_kept_since(TimeNs time) { packets_since_ = time; }

  void on_chunk(Flow& flow, unsigned sender, const Chunk& chunk);
  void on_gap(Flow& flow, unsigned sender, const Gap& gap);
  void on_end(Flow& flow, unsigned sender, End end, TimeNs time);

  // What the next calls for this flow will read; the second to be called after the first has landed.
  static void prefetch_inspection(const Flow& flow) {
    const auto* inspection = reinterpret_cast<const char*>(flow.inspection);
    for (std::size_t line = 0; inspection != nullptr && line < sizeof(Inspection); line += 64)
      __builtin_prefetch(inspection + line, 1);
  }
  static void prefetch_dissector(const Flow& flow) {
    if (flow.inspection == nullptr || flow.inspection->dissector == nullptr) return;
    const auto* dissector = reinterpret_cast<const char*>(flow.inspection->dissector);
    for (std::size_t line = 0; line < kDissectorBytesPrefetched; line += 64)
      __builtin_prefetch(dissector + line, 1);
  }

  // Overload: protocols of low priority are not dissected for now.
  void shed_low_priority(bool shed) { sheds_low_priority_ = shed; }
  bool sheds_low_priority() const { return sheds_low_priority_; }
  bool sheds(const Flow& flow) const {
    if (!sheds_low_priority_) return false;
    if (flow.parked != Flow::kNoProtocol)
      return identifier_.is_low_priority(identifier_.candidate(flow.parked));
    return flow.inspection != nullptr && flow.inspection->dissector != nullptr &&
           identifier_.is_low_priority(*flow.inspection->protocol);
  }

  // Ends interest in the flow for as long as its protocol is shed. `flow.shed` says so; whoever takes it back
  // takes `flow.opaque` back too.
  void shed(Flow& flow, TimeNs time);

  // Payload of an opaque flow that was not shown to anybody.
  void passed_unread(const Flow& flow, std::uint32_t bytes) {
    if (flow.encrypted) counters_.encrypted_bytes += bytes;
  }

  // Nobody will read what this side says next.
  static bool skips(const Flow& flow, unsigned sender) {
    return flow.opaque || (flow.inspection != nullptr && flow.inspection->side[sender].skipping);
  }

  // One datagram of a flow without a stream; `cut` bytes at its end were not captured.
  void on_datagram(Flow& flow, unsigned sender, Bytes payload, std::size_t cut, TimeNs time);

  void on_time(Flow& flow, TimeNs now);
  static TimeNs next_deadline(const Flow& flow);

  // What dissects `other`, if that is the protocol of `flow`.
  static Dissector* dissector_like(const Flow& flow, const Flow& other) {
    const Inspection *in = flow.inspection, *beside = other.inspection;
    return in != nullptr && beside != nullptr && in->protocol == beside->protocol ? beside->dissector
                                                                                  : nullptr;
  }

  // The flow was silent for a while: its memory is given back if nothing of it is open. True: it was.
  bool rest(Flow& flow);

  // The flow is over: calls still open are told, slabs given back.
  void close(Flow& flow, End end, TimeNs time);

 private:
  void emit(const Transaction& call) override;

  void take(Flow& flow, unsigned sender, const Chunk& chunk);
  void note_encrypted(Flow& flow, std::size_t bytes);

  // between two messages
  bool sleeps_through(const Flow& flow, Bytes datagram) const;
  bool wake(Flow& flow, unsigned sender, std::uint64_t sender_end);
  Position position(const Flow& flow, unsigned sender, std::uint64_t sender_end) const;

  // unidentified
  static Transport transport_of(const Flow& flow);
  CandidateMask candidates_of(const Flow& flow) const;
  bool open(Flow& flow);
  void look_at_head(Flow& flow, unsigned sender, const Chunk& chunk);
  void search(Flow& flow, unsigned sender, const Chunk& chunk);
  void show_as_it_came(Flow& flow, unsigned sender, const Chunk& window);
  void cut_as_it_came(const Chunk& all, Arrived& out) const;
  struct Found {
    const Descriptor* protocol = nullptr;
    Verdict verdict = Verdict::no;
  };
  Found probe(const Flow& flow, InspectedSide& side, Bytes own, std::size_t cut, Bytes peer);
  struct Asked {
    Transport over;
    Bytes own;
    std::size_t cut;  // of a datagram: bytes that the capture left out behind `own`
    Bytes peer;
  };
  Found probe_among(CandidateMask among, bool hinted, const Asked& asked, InspectedSide& side) const;
  void rule_out(Flow& flow, InspectedSide& side);
  bool start(Flow& flow, unsigned sender, Found found, TimeNs time);

  // dissecting
  void deliver(Flow& flow, unsigned sender, Chunk chunk);
  void obey(Flow& flow, unsigned sender, Chunk window, Answer answer);
  void pass_skip(Flow& flow, unsigned sender, Chunk& chunk);
  void end_skip(Flow& flow, unsigned sender);
  void tell_skipped(Flow& flow, unsigned sender, std::uint64_t missing);
  bool find_message(Flow& flow, unsigned sender, Chunk& window, std::size_t least);
  void tell_end(Flow& flow, unsigned sender);
  void tell_ends(Flow& flow);
  void ask_held(Flow& flow, unsigned sender);
  bool ask_once(Flow& flow, unsigned sender);
  void hand_over(Flow& flow, unsigned sender, const Chunk& rest);
  void overflow(Flow& flow, unsigned sender, const Chunk& chunk);

  // bytes that wait
  bool append(InspectedSide& side, const Chunk& chunk);
  bool keep(InspectedSide& side, const Chunk& rest);
  bool keep_head(InspectedSide& side, const Chunk& rest);
  void drop_waiting(InspectedSide& side);
  static Chunk window_of(const InspectedSide& side);

  void turn_opaque(Flow& flow);
  void release(Flow& flow);
  Direction direction(const Flow& flow, unsigned sender) const {
    return sender == flow.client ? Direction::c2s : Direction::s2c;
  }

  const Identifier& identifier_;
  Workshop& workshop_;
  RecordWriter& writer_;
  InspectCounters& counters_;
  hs_scratch* scratch_ = nullptr;
  std::uint32_t turns_ = 0;  // of pieces that wait (Arrivals)
  Flow* current_ = nullptr;  // whose dissector is running
  FlowWatcher* watcher_ = nullptr;
  TimeNs turn_time_ = 0;
  TimeNs packets_since_ = kNever;
  bool sheds_low_priority_ = false;
};

}  // namespace spanlight
