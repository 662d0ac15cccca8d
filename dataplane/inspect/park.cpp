// Inspector between two messages: most connections are silent most of the time, and keep sixteen bytes then.

#include <new>

#include "inspect/inspector.h"

namespace spanlight {

bool Inspector::rest(Flow& flow) {
  const Inspection* in = flow.inspection;
  if (in == nullptr || in->dissector == nullptr || in->candidate == Flow::kNoProtocol) return false;
  if (!in->side[0].rests() || !in->side[1].rests()) return false;
  if (!in->dissector->park(position(flow, 0, flow.delivered(0)), flow.memo)) return false;
  ++counters_.parked;
  flow.parked = in->candidate;
  flow.handovers = in->handovers & 7;
  release(flow);
  return true;
}

bool Inspector::sleeps_through(const Flow& flow, Bytes datagram) const {
  if (flow.parked == Flow::kNoProtocol) return false;
  const Descriptor& protocol = identifier_.candidate(flow.parked);
  return protocol.wakes != nullptr && !protocol.wakes(datagram);
}

// True where there was nothing to wake, too. `sender_end`: how far the sender's direction was delivered
// before what comes now.
bool Inspector::wake(Flow& flow, unsigned sender, std::uint64_t sender_end) {
  if (flow.parked == Flow::kNoProtocol) return true;
  const std::uint8_t candidate = flow.parked;
  const Descriptor& protocol = identifier_.candidate(candidate);
  const MutableBytes block = workshop_.state.take(sizeof(Inspection));
  const MutableBytes slot = workshop_.state.take(protocol.slot_bytes);
  flow.parked = Flow::kNoProtocol;
  if (block.empty() || slot.empty()) {
    workshop_.state.give(block);
    workshop_.state.give(slot);
    ++counters_.state_exhausted;
    flow.opaque = true;
    return false;
  }
  flow.inspection = new (block.data()) Inspection;
  Inspection& in = *flow.inspection;
  in.protocol = &protocol;
  in.candidate = candidate;
  in.slot = slot;
  in.handovers = flow.handovers;
  in.dissector = protocol.create_over(transport_of(flow), slot.data(), workshop_);
  in.dissector->resume(position(flow, sender, sender_end), flow.memo);
  return true;
}

Position Inspector::position(const Flow& flow, unsigned sender, std::uint64_t sender_end) const {
  Position position;
  position.end[index_of(direction(flow, sender))] = sender_end;
  position.end[index_of(direction(flow, 1 - sender))] = flow.delivered(1 - sender);
  return position;
}

}  // namespace spanlight
