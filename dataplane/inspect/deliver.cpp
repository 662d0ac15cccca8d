// Inspector's second half: a flow whose protocol is known. Windows go to the dissector, its answers are
// obeyed.

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "inspect/inspector.h"

namespace spanlight {

namespace {

Window window(const Chunk& chunk) {
  return {.bytes = chunk.bytes,
          .offset = chunk.offset,
          .time = chunk.time,
          .peer_acked = chunk.peer_acked,
          .cut = chunk.cut};
}

}  // namespace

void Inspector::deliver(Flow& flow, unsigned sender, Chunk chunk) {
  InspectedSide& side = flow.inspection->side[sender];
  if (side.skipping) {
    pass_skip(flow, sender, chunk);
    if (chunk.bytes.empty()) return ask_held(flow, 1 - sender);
  }
  if (side.waiting.used > 0) {
    if (!append(side, chunk)) return overflow(flow, sender, chunk);
    if (side.holding || side.waiting.used < side.wait_bytes) return;
    chunk = window_of(side);
  }
  if (side.lost && !find_message(flow, sender, chunk, 0)) return;
  current_ = &flow;
  obey(flow, sender, chunk,
       flow.inspection->dissector->on_data(direction(flow, sender), window(chunk), *this));
  ask_held(flow, 1 - sender);
}

// One answer after the other until the window is used up, set aside, or not ours any more. Every round takes
// bytes off the window, so the loop is bounded by it.
void Inspector::obey(Flow& flow, unsigned sender, Chunk chunk, Answer answer) {
  InspectedSide& side = flow.inspection->side[sender];
  for (;;) {
    const std::size_t before = chunk.bytes.size();
    chunk.advance(answer.consumed);
    side.wait_bytes = 0;
    side.holding = false;
    switch (answer.want) {
      case Answer::Want::stop:
        flow.inspection->dissector->on_close(End::fin, chunk.time, *this);
        return turn_opaque(flow);
      case Answer::Want::identify:
        return hand_over(flow, sender, chunk);
      case Answer::Want::hold:
        side.holding = !chunk.bytes.empty();
        break;
      case Answer::Want::wait:
        side.wait_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(answer.n, kWaitingBytesMax));
        break;
      case Answer::Want::skip:
        if (answer.n > 0) {
          side.skipping = true;
          side.skip = {.left = answer.n, .seen = 0, .last_byte = 0};
          pass_skip(flow, sender, chunk);
        }
        break;
      case Answer::Want::resync:
        side.lost = true;
        break;
      case Answer::Want::data:
        break;
    }
    const bool again =
        (answer.want == Answer::Want::skip && answer.n > 0) || answer.want == Answer::Want::resync;
    if (chunk.bytes.empty()) return drop_waiting(side);
    // A message's start that brought the dissector here must not bring it here again.
    const std::size_t least = chunk.bytes.size() == before ? 1 : 0;
    if (side.lost && !find_message(flow, sender, chunk, least)) return;
    if (!again) {
      if (!keep(side, chunk)) overflow(flow, sender, chunk);
      return;
    }
    answer = flow.inspection->dissector->on_data(direction(flow, sender), window(chunk), *this);
  }
}

void Inspector::pass_skip(Flow& flow, unsigned sender, Chunk& chunk) {
  InspectedSide& side = flow.inspection->side[sender];
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(side.skip.left, chunk.bytes.size()));
  side.skip.left -= n;
  side.skip.seen += n;
  if (n > 0) side.skip.last_byte = chunk.time;
  counters_.skipped_bytes += n;
  chunk.advance(n);
  if (side.skip.left == 0) end_skip(flow, sender);
}

// Also where the direction ends before it does.
void Inspector::end_skip(Flow& flow, unsigned sender) {
  InspectedSide& side = flow.inspection->side[sender];
  if (!side.skipping) return;
  tell_skipped(flow, sender, 0);
  side.skipping = false;
  side.skip = {};
}

void Inspector::tell_skipped(Flow& flow, unsigned sender, std::uint64_t missing) {
  Skip& skip = flow.inspection->side[sender].skip;
  const std::uint64_t seen = std::exchange(skip.seen, 0);
  if (seen + missing == 0) return;
  flow.inspection->dissector->on_skipped(direction(flow, sender), seen, missing, skip.last_byte);
}

// Behind a hole: true once `chunk` begins with a message's start; until then its undecided tail waits.
bool Inspector::find_message(Flow& flow, unsigned sender, Chunk& chunk, std::size_t least) {
  InspectedSide& side = flow.inspection->side[sender];
  const Descriptor& protocol = *flow.inspection->protocol;
  if (least > 0) chunk.advance(least);
  const Sync at = protocol.can_be_found() ? protocol.find(direction(flow, sender), chunk.bytes)
                                          : Sync{.skip = 0, .found = true};
  chunk.advance(at.skip);
  if (at.found) {
    side.lost = false;
    return true;
  }
  if (!keep(side, chunk)) drop_waiting(side);
  return false;
}

// A held side that moved may be what the other side is held for. Every round takes bytes off a window.
void Inspector::ask_held(Flow& flow, unsigned sender) {
  while (ask_once(flow, sender)) sender = 1 - sender;
}

// True: the side was held, and took bytes.
bool Inspector::ask_once(Flow& flow, unsigned sender) {
  if (flow.inspection == nullptr || flow.inspection->dissector == nullptr) return false;
  InspectedSide& side = flow.inspection->side[sender];
  if (!side.holding) return false;
  side.holding = false;
  const Chunk chunk = window_of(side);
  current_ = &flow;
  const Answer answer = flow.inspection->dissector->on_data(direction(flow, sender), window(chunk), *this);
  obey(flow, sender, chunk, answer);
  tell_end(flow, sender);
  return answer.consumed > 0;
}

// The rest of both directions is another protocol: what the other side was held back with is its head.
void Inspector::hand_over(Flow& flow, unsigned sender, const Chunk& rest) {
  Inspection& in = *flow.inspection;
  ++counters_.handovers;
  current_ = &flow;
  in.dissector->on_close(End::fin, rest.time, *this);
  in.dissector = nullptr;
  workshop_.state.give(in.slot);
  in.slot = {};
  if (++in.handovers > kHandoversMax) {
    workshop_.handover = {};
    return turn_opaque(flow);
  }
  Waiting waited[2];
  for (const unsigned s : {0u, 1u}) {
    const InspectedSide old = in.side[s];
    waited[s] = old.waiting;
    in.side[s] = InspectedSide{};
    in.side[s].alive = candidates_of(flow);
    in.side[s].ended = old.ended;
    in.side[s].end = old.end;
    in.side[s].end_time = old.end_time;
  }
  const unsigned other = 1 - sender;
  const Chunk held{waited[other].bytes(), waited[other].offset, waited[other].time, waited[other].peer_acked};
  const Descriptor* next = identifier_.find(workshop_.handover.protocol);
  for (const Direction d : {Direction::c2s, Direction::s2c})
    in.side[d == Direction::c2s ? flow.client : 1 - flow.client].lost = workshop_.handover.lost[index_of(d)];
  const bool known =
      next != nullptr && start(flow, flow.client, {.protocol = next, .verdict = Verdict::client}, rest.time);
  workshop_.handover = {};
  if (next == nullptr || known) {
    if (!held.bytes.empty()) take(flow, other, held);
    if (!rest.bytes.empty()) take(flow, sender, rest);
  }
  for (const Waiting& w : waited) workshop_.state.give(w.block);
  tell_ends(flow);
}

// More waits than may wait: for the dissector it is a hole that the sensor made.
void Inspector::overflow(Flow& flow, unsigned sender, const Chunk& chunk) {
  InspectedSide& side = flow.inspection->side[sender];
  ++counters_.waiting_exceeded;
  const std::uint64_t missing = side.waiting.used + chunk.bytes.size();
  drop_waiting(side);
  side.holding = false;
  side.lost = true;
  current_ = &flow;
  obey(flow, sender, {.time = chunk.time},
       flow.inspection->dissector->on_gap(direction(flow, sender), missing, GapCause::sensor, chunk.time,
                                          *this));
}

// ---- bytes that wait ----------------------------------------------------------------------------

Chunk Inspector::window_of(const InspectedSide& side) {
  const Waiting& w = side.waiting;
  return {.bytes = w.bytes(), .offset = w.offset, .time = w.time, .peer_acked = w.peer_acked};
}

// Behind what waits already. False: no room, nothing was changed.
bool Inspector::append(InspectedSide& side, const Chunk& chunk) {
  Waiting& w = side.waiting;
  if (chunk.bytes.size() > kWaitingBytesMax - w.used) return false;
  const std::size_t needed = w.used + chunk.bytes.size();
  if (w.front + needed > w.block.size()) {
    const MutableBytes larger = workshop_.state.take(w.front + needed);
    if (larger.empty()) return false;
    if (w.front > 0 && w.block.empty()) new (larger.data()) Arrivals;
    if (!w.block.empty()) std::memcpy(larger.data(), w.block.data(), w.front + w.used);
    workshop_.state.give(w.block);
    w.block = larger;
  }
  std::memcpy(w.block.data() + w.front + w.used, chunk.bytes.data(), chunk.bytes.size());
  w.used = static_cast<std::uint32_t>(needed);
  if (Arrivals* arrivals = w.arrivals()) arrivals->add({w.used, ++turns_, chunk.time, chunk.peer_acked});
  w.time = chunk.time;
  w.peer_acked = chunk.peer_acked;
  return true;
}

// `rest` is all that waits from now on; it may lie inside the block that waits already. False: no room.
bool Inspector::keep(InspectedSide& side, const Chunk& rest) {
  Waiting& w = side.waiting;
  if (rest.bytes.empty()) {
    drop_waiting(side);
    return true;
  }
  const auto* begin = w.block.data();
  const bool inside =
      begin != nullptr && rest.bytes.data() >= begin && rest.bytes.data() < begin + w.block.size();
  if (inside) {
    const auto dropped = static_cast<std::uint32_t>(rest.bytes.data() - (begin + w.front));
    std::memmove(w.block.data() + w.front, rest.bytes.data(), rest.bytes.size());
    w.used = static_cast<std::uint32_t>(rest.bytes.size());
    if (Arrivals* arrivals = w.arrivals()) arrivals->drop(dropped);
  } else {
    const std::uint32_t front = w.front;
    drop_waiting(side);
    w.front = front;
    if (!append(side, rest)) return false;
  }
  w.offset = rest.offset;
  w.time = rest.time;
  w.peer_acked = rest.peer_acked;
  return true;
}

void Inspector::drop_waiting(InspectedSide& side) {
  workshop_.state.give(side.waiting.block);
  side.waiting = {};
}

}  // namespace spanlight
