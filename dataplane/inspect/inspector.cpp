#include "inspect/inspector.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "decode/ip_protocol.h"

namespace spanlight {

namespace {

// What is asked of those protocols alone that read it, before any other: a TLS record with a handshake, or
// SSH's banner.
bool begins_encrypted(Bytes head) {
  if (head.size() >= 3 && head[0] == 0x16 && head[1] == 0x03 && head[2] <= 0x04) return true;
  return as_text(head.first(std::min<std::size_t>(head.size(), 4))) == "SSH-";
}

}  // namespace

Inspector::Inspector(const Identifier& identifier, Workshop& workshop, RecordWriter& writer,
                     InspectCounters& counters)
    : identifier_(identifier),
      workshop_(workshop),
      writer_(writer),
      counters_(counters),
      scratch_(identifier.new_scratch()) {}

Inspector::~Inspector() {
  Identifier::free_scratch(scratch_);
}

// ---- what the worker tells ----------------------------------------------------------------------

void Inspector::on_chunk(Flow& flow, unsigned sender, const Chunk& chunk) {
  if (flow.encrypted) counters_.encrypted_bytes += chunk.bytes.size();
  if (flow.opaque || !wake(flow, sender, chunk.offset)) return;
  take(flow, sender, chunk);
}

void Inspector::take(Flow& flow, unsigned sender, const Chunk& chunk) {
  if (flow.opaque || (flow.inspection == nullptr && !open(flow))) return;
  if (flow.inspection->dissector != nullptr)
    deliver(flow, sender, chunk);
  else
    look_at_head(flow, sender, chunk);
}

void Inspector::on_gap(Flow& flow, unsigned sender, const Gap& gap) {
  if (flow.opaque || !wake(flow, sender, flow.delivered(sender) - gap.missing)) return;
  if (flow.inspection == nullptr && !open(flow)) return;
  InspectedSide& side = flow.inspection->side[sender];
  if (flow.inspection->dissector == nullptr) {
    drop_waiting(side);
    side.unknown.searched = {};
    side.lost = true;
    side.unknown.missing += gap.missing;
    side.cause = gap.cause;
    return;
  }
  std::uint64_t missing = gap.missing;
  if (side.skipping) {
    const std::uint64_t inside = std::min(missing, side.skip.left);
    side.skip.left -= inside;
    missing -= inside;
    tell_skipped(flow, sender, inside);
    if (side.skip.left == 0) end_skip(flow, sender);
  }
  if (missing == 0) return ask_held(flow, 1 - sender);
  drop_waiting(side);
  side.wait_bytes = 0;
  side.holding = false;
  current_ = &flow;
  const Direction from = direction(flow, sender);
  obey(flow, sender, {.time = gap.time},
       flow.inspection->dissector->on_gap(from, missing, gap.cause, gap.time, *this));
  ask_held(flow, 1 - sender);
}

void Inspector::on_end(Flow& flow, unsigned sender, End end, TimeNs time) {
  if (flow.opaque || !wake(flow, sender, flow.delivered(sender)) || flow.inspection == nullptr) return;
  InspectedSide& side = flow.inspection->side[sender];
  if (side.ended) return;
  side.ended = true;
  side.end = end;
  side.end_time = time;
  tell_end(flow, sender);
  ask_held(flow, 1 - sender);
}

// The end waits behind bytes that are held back, and for a dissector that can be told.
void Inspector::tell_end(Flow& flow, unsigned sender) {
  if (flow.inspection == nullptr || flow.inspection->dissector == nullptr) return;
  InspectedSide& side = flow.inspection->side[sender];
  if (!side.ended || side.end_told || (side.holding && side.waiting.used > 0)) return;
  side.end_told = true;
  end_skip(flow, sender);
  current_ = &flow;
  flow.inspection->dissector->on_end(direction(flow, sender), side.end, side.end_time, *this);
}

void Inspector::on_datagram(Flow& flow, unsigned sender, Bytes payload, std::size_t cut, TimeNs time) {
  // A datagram is a whole message: nothing of it waits for the next one.
  if (flow.encrypted) counters_.encrypted_bytes += payload.size();
  if (flow.opaque || sleeps_through(flow, payload) || !wake(flow, sender, 0)) return;
  take(flow, sender, {.bytes = payload, .time = time, .cut = cut});
  if (flow.inspection == nullptr) return;
  drop_waiting(flow.inspection->side[sender]);
  // Most such flows ask once, and their ends are not told: what waits for nothing keeps nothing.
  rest(flow);
}

void Inspector::on_time(Flow& flow, TimeNs now) {
  if (flow.inspection == nullptr || flow.inspection->dissector == nullptr) return;
  current_ = &flow;
  flow.inspection->dissector->on_time(now, *this);
}

TimeNs Inspector::next_deadline(const Flow& flow) {
  if (flow.inspection == nullptr || flow.inspection->dissector == nullptr) return kNever;
  return flow.inspection->dissector->next_deadline();
}

void Inspector::close(Flow& flow, End end, TimeNs time) {
  flow.parked = Flow::kNoProtocol;
  if (flow.inspection == nullptr) return;
  if (flow.inspection->dissector != nullptr) {
    current_ = &flow;
    for (const unsigned sender : {0u, 1u}) end_skip(flow, sender);
    flow.inspection->dissector->on_close(end, time, *this);
  }
  release(flow);
}

void Inspector::emit(const Transaction& call) {
  if (watcher_ != nullptr) [[unlikely]]
    watcher_->on_call(*current_, call);
  write(*current_, call);
}

void Inspector::write(const Flow& flow, const Transaction& call) {
  const unsigned client = flow.client ^ (call.reversed ? 1U : 0U);
  ConnectionInfo info;
  info.client = flow.key.ip[client];
  info.server = flow.key.ip[1 - client];
  info.client_port = flow.key.port[client];
  info.server_port = flow.key.port[1 - client];
  info.protocol = flow.key.protocol;
  info.tunnel = flow.tunnel;
  info.tunnel_id = flow.tunnel_id;
  info.vlan_count = flow.vlan_count;
  std::copy_n(flow.vlans, kVlansMax, info.vlans);
  info.conn_id = flow.conn_id;
  const TimeNs first = call.request.present ? call.request.first_byte : call.response.first_byte;
  const bool packets = flow.packets_kept && first >= packets_since_;
  if (!flow.midstream && !packets) return writer_.write(call, info, turn_time_);
  Transaction flagged = call;
  if (flow.midstream) flagged.flags |= kFlagMidstream;
  if (packets) flagged.flags |= kFlagPackets;
  writer_.write(flagged, info, turn_time_);
}

// ---- unidentified -------------------------------------------------------------------------------

Transport Inspector::transport_of(const Flow& flow) {
  switch (flow.key.protocol) {
    case ip_protocol::tcp:
      return Transport::tcp;
    case ip_protocol::icmp:
      return Transport::icmp;
    case ip_protocol::icmpv6:
      return Transport::icmpv6;
    case ip_protocol::sctp:
      return Transport::sctp;
    default:
      return Transport::udp;
  }
}

CandidateMask Inspector::candidates_of(const Flow& flow) const {
  return identifier_.all(transport_of(flow));
}

bool Inspector::open(Flow& flow) {
  const CandidateMask all = candidates_of(flow);
  const MutableBytes block = all == 0 ? MutableBytes{} : workshop_.state.take(sizeof(Inspection));
  if (block.empty()) {
    ++(all == 0 ? counters_.unknown : counters_.state_exhausted);
    flow.opaque = true;
    return false;
  }
  flow.inspection = new (block.data()) Inspection;
  for (const unsigned s : {0u, 1u}) {
    InspectedSide& side = flow.inspection->side[s];
    side.alive = all;
    side.lost = flow.midstream && flow.key.protocol == ip_protocol::tcp;
    if (flow.lost_by_us) side.cause = GapCause::sensor;
    side.ended = flow.conversation.stream[s].ended;  // before anybody spoke
  }
  return true;
}

void Inspector::look_at_head(Flow& flow, unsigned sender, const Chunk& chunk) {
  Inspection& in = *flow.inspection;
  InspectedSide& side = in.side[sender];
  if (side.alive == 0) return;
  if (side.lost) return search(flow, sender, chunk);
  const bool kept = side.waiting.used > 0;
  if (kept && !append(side, chunk)) return rule_out(flow, side);
  const Bytes own = kept ? side.waiting.bytes() : chunk.bytes;
  const bool encrypted = flow.key.protocol == ip_protocol::tcp && begins_encrypted(own);
  if (encrypted) {
    note_encrypted(flow, own.size());
    side.alive &= identifier_.encrypted();
    if (side.alive == 0) return turn_opaque(flow);
  }
  const Found found = probe(flow, side, own, chunk.cut, in.side[1 - sender].waiting.bytes());
  if (found.protocol != nullptr) {
    if (start(flow, sender, found, chunk.time)) show_as_it_came(flow, sender, kept ? window_of(side) : chunk);
  } else if (encrypted && side.alive == 0) {
    turn_opaque(flow);
  } else if (side.alive == 0 || (!kept && !keep_head(side, chunk))) {
    rule_out(flow, side);
  }
}

void Inspector::note_encrypted(Flow& flow, std::size_t bytes) {
  if (flow.encrypted) return;  // those are counted as they come
  flow.encrypted = true;
  ++counters_.encrypted;
  counters_.encrypted_bytes += bytes;
}

// Hints first: on the expected port one probe decides and nothing is scanned.
Inspector::Found Inspector::probe(const Flow& flow, InspectedSide& side, Bytes own, std::size_t cut,
                                  Bytes peer) {
  const CandidateMask hinted =
      side.alive & (identifier_.hinted(flow.key.port[0]) | identifier_.hinted(flow.key.port[1]));
  const Asked asked{.over = transport_of(flow), .own = own, .cut = cut, .peer = peer};
  Found found = probe_among(hinted, true, asked, side);
  if (found.protocol != nullptr) return found;
  const Identifier::Scan scan = identifier_.scan(side.alive & ~hinted, own, scratch_);
  if (scan.certain != 0) {
    const auto i = static_cast<unsigned>(std::countr_zero(scan.certain));
    return {.protocol = &identifier_.candidate(i), .verdict = Verdict::client};
  }
  // A short head may not show its pattern yet: patterns rule nobody out before the window they look at is
  // full.
  const bool full = own.size() >= Identifier::kScanBytes;
  if (full) side.alive &= scan.likely | hinted;
  found = probe_among(side.alive & ~hinted, false, asked, side);
  // Nor does a probe's no while a user pattern may still say yes.
  if (found.protocol == nullptr && !full)
    side.alive |= identifier_.with_user_patterns() & candidates_of(flow);
  return found;
}

Inspector::Found Inspector::probe_among(CandidateMask among, bool hinted, const Asked& asked,
                                        InspectedSide& side) const {
  for (; among != 0; among &= among - 1) {
    const auto i = static_cast<unsigned>(std::countr_zero(among));
    const Descriptor& candidate = identifier_.candidate(i);
    const Verdict verdict = candidate.probe_of(asked.over, asked.own, asked.cut, asked.peer, hinted);
    const bool undecided = verdict == Verdict::more && asked.own.size() < candidate.head_bytes_max;
    if (verdict == Verdict::no || (verdict == Verdict::more && !undecided))
      side.alive &= ~(CandidateMask{1} << i);
    else if (!undecided)
      return {.protocol = &candidate, .verdict = verdict};
  }
  return {};
}

// This direction belongs to nobody; the flow is given up once the other one does neither.
void Inspector::rule_out(Flow& flow, InspectedSide& side) {
  side.alive = 0;
  // Should the other side turn out to be somebody's, then what was said here came and was not understood.
  if (!side.lost) side.cause = GapCause::content;
  side.lost = true;
  side.unknown.missing += side.waiting.used;
  drop_waiting(side);
  const Inspection& in = *flow.inspection;
  if (in.side[0].alive != 0 || in.side[1].alive != 0) return;
  ++counters_.unknown;
  turn_opaque(flow);
}

// Joined midstream or behind a hole: any candidate's message may start anywhere, said by either side.
void Inspector::search(Flow& flow, unsigned sender, const Chunk& chunk) {
  InspectedSide& side = flow.inspection->side[sender];
  side.alive &= identifier_.searchable();
  if (side.alive == 0) return rule_out(flow, side);
  side.searched_bytes += static_cast<std::uint32_t>(chunk.bytes.size());
  if (side.searched_bytes > kSearchBytesMax || (side.waiting.used > 0 && !append(side, chunk)))
    return rule_out(flow, side);
  Chunk window = side.waiting.used == 0 ? chunk : window_of(side);
  // Bodies quote messages of the other side: a SYN knows better.
  const DirectionMask said = flow.client_known ? only(direction(flow, sender)) : kEitherDirection;
  const FoundStart begun = identifier_.search().find(side.alive, said, window.bytes, side.unknown.searched);
  window.advance(begun.at);
  side.unknown.searched.advance(begun.at);
  if (begun.protocol != nullptr && begun.protocol->reads_encrypted) {
    note_encrypted(flow, window.bytes.size());
    // Behind the connection's beginning there is nothing that it could read.
    const Verdict seen = begun.protocol->probe(window.bytes, {});
    if (seen != Verdict::client && seen != Verdict::server) return turn_opaque(flow);
  }
  if (begun.protocol != nullptr) {
    const Verdict speaker = begun.from == Direction::c2s ? Verdict::client : Verdict::server;
    const Found found{.protocol = begun.protocol, .verdict = begun.either ? Verdict::either : speaker};
    if (!start(flow, sender, found, chunk.time)) return;
    side.lost = false;
    return show_as_it_came(flow, sender, window);
  }
  if (!keep_head(side, window)) rule_out(flow, side);
}

// While no protocol is known: how they come is written down.
bool Inspector::keep_head(InspectedSide& side, const Chunk& rest) {
  if (side.waiting.block.empty()) side.waiting.front = sizeof(Arrivals);
  return keep(side, rest);
}

// Both sides' bytes that waited, in the order in which they came: an answer behind its request. `window`: of
// the side whose bytes came last.
void Inspector::show_as_it_came(Flow& flow, unsigned sender, const Chunk& window) {
  const Inspection& in = *flow.inspection;
  if (in.side[0].waiting.block.empty() && in.side[1].waiting.block.empty()) {  // the first bytes said it
    take(flow, sender, window);
    return tell_ends(flow);
  }
  std::array<Arrived, 2> sides;
  for (const unsigned s : {0u, 1u}) {
    Arrived& side = sides[s];
    side.waited = std::exchange(flow.inspection->side[s].waiting, {});
    const Waiting& w = side.waited;
    cut_as_it_came(s == sender ? window : Chunk{w.bytes(), w.offset, w.time, w.peer_acked}, side);
  }
  Arrived &own = sides[sender], &peer = sides[1 - sender];
  while (flow.inspection != nullptr && !(own.done() && peer.done())) {
    const bool peers = own.done() || (!peer.done() && peer.is_before(own));
    take(flow, peers ? 1 - sender : sender, (peers ? peer : own).take());
  }
  for (const Arrived& side : sides) workshop_.state.give(side.waited.block);
  tell_ends(flow);
}

// `all` ends where what waited does; where nothing did, it came now.
void Inspector::cut_as_it_came(const Chunk& all, Arrived& out) const {
  if (all.bytes.empty()) return;
  const Arrivals* arrivals = out.waited.arrivals();
  if (arrivals == nullptr) return out.add(all, turns_ + 1);
  const std::size_t skipped = out.waited.used - all.bytes.size();
  std::size_t at = 0;
  for (std::uint32_t i = 0; i < arrivals->count; ++i) {
    const Arrivals::One& one = arrivals->entries[i];
    if (one.end <= skipped + at) continue;
    const std::size_t bytes = one.end - skipped - at;
    out.add({all.bytes.subspan(at, bytes), all.offset + at, one.time, one.peer_acked}, one.turn);
    at += bytes;
  }
}

bool Inspector::start(Flow& flow, unsigned sender, Found found, TimeNs time) {
  Inspection& in = *flow.inspection;
  if (sheds_low_priority_ && identifier_.is_low_priority(*found.protocol)) {
    shed(flow, time);
    return false;
  }
  in.slot = workshop_.state.take(found.protocol->slot_bytes);
  if (in.slot.empty()) {
    ++counters_.state_exhausted;
    turn_opaque(flow);
    return false;
  }
  if (found.verdict != Verdict::either) {
    flow.client = (found.verdict == Verdict::client ? sender : 1 - sender) & 1;
    flow.client_known = true;
  }
  in.protocol = found.protocol;
  in.candidate = identifier_.index_of(*found.protocol);
  const Transport over = transport_of(flow);
  in.dissector = found.protocol->create_over(over, in.slot.data(), workshop_);
  if (!workshop_.handover.protocol.empty()) in.dissector->take_over(workshop_.handover);
  ++counters_.identified;
  current_ = &flow;
  if (watcher_ != nullptr) [[unlikely]]
    watcher_->on_identified(flow, *found.protocol);
  // What a direction said before anybody listened is a hole to its dissector. Where it began is known of who
  // spoke now; of the other side it is searched for, or shown as it comes, to a dissector that knows better
  // what to look for.
  for (const unsigned s : {0u, 1u}) {
    InspectedSide& side = in.side[s];
    const std::uint64_t missing = side.unknown.missing;
    side.skip = {};
    if (over != Transport::tcp) side.lost = false;  // each datagram begins a message
    if (side.lost) {
      const Answer answer = in.dissector->on_gap(direction(flow, s), missing, side.cause, time, *this);
      side.lost = s == sender || answer.want == Answer::Want::resync;
    }
  }
  return true;
}

// Ends that came before the dissector did.
void Inspector::tell_ends(Flow& flow) {
  for (const unsigned sender : {0u, 1u}) tell_end(flow, sender);
}

// ---- the end of interest ------------------------------------------------------------------------

void Inspector::shed(Flow& flow, TimeNs time) {
  ++counters_.shed;
  close(flow, End::shed, time);
  flow.opaque = flow.shed = true;
}

void Inspector::turn_opaque(Flow& flow) {
  release(flow);
  flow.opaque = true;
}

void Inspector::release(Flow& flow) {
  Inspection& in = *flow.inspection;
  for (InspectedSide& side : in.side) drop_waiting(side);
  workshop_.state.give(in.slot);
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(&in), sizeof(Inspection)});
  flow.inspection = nullptr;
}

}  // namespace spanlight
