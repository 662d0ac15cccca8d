// Worker's third part: IP fragments and the datagrams that they become.

#include <rte_mbuf.h>

#include <algorithm>

#include "lcore/ip_packet.h"
#include "lcore/worker.h"

namespace spanlight {

// Fragments meet at the owner of their address pair; the whole datagram goes on as a packet of the fragment
// that completed it, here or at its flow's owner.
bool Worker::put_together(rte_mbuf* frame, const Fragment& fragment, Slot& slot, Origin origin) {
  const unsigned workers = shared_.hand_over.workers();
  if (origin != Origin::ring && workers > 1 && owner_of(fragment, workers) != index_) {
    give_away(frame, owner_of(fragment, workers));
    return false;
  }
  // What is longer than any datagram is cut here, and refused for it below.
  const auto n = std::min(fragment.payload_bytes, static_cast<std::uint32_t>(scratch_.size()));
  const auto* payload =
      static_cast<const std::uint8_t*>(rte_pktmbuf_read(frame, fragment.payload_offset, n, scratch_.data()));
  const Outcome end = unwrap(fragment, payload == nullptr ? Bytes{} : Bytes{payload, n},
                             frame_info(frame).time, slot, whole_);
  if (end != Outcome::count_) {
    outcome(end);
    rte_pktmbuf_free(frame);
    return false;
  }
  if (!may_pass(is_target(slot), frame, slot)) return false;
  if (workers == 1 || owner_of(slot.packet, workers) == index_) return true;
  hand_datagram(frame, whole_, slot, owner_of(slot.packet, workers));
  return false;
}

// Fragments may lie inside a tunnel whose own packets are fragments. count_: the slot holds a whole packet.
Outcome Worker::unwrap(Fragment fragment, Bytes piece, TimeNs time, Slot& slot, Fragment& first) {
  constexpr unsigned kNestedMax = 4;
  for (unsigned depth = 0; depth < kNestedMax; ++depth) {
    const std::uint64_t refused = counters_.fragments.refused;
    slot.datagram = fragments_.add(fragment, piece, time, first);
    if (slot.datagram.empty())
      return counters_.fragments.refused == refused ? Outcome::fragment : Outcome::fragment_refused;
    Fragment inner;
    const DecodeResult result = decode_datagram(slot.datagram, first, decode_options_, slot.packet, inner);
    if (result == DecodeResult::ok) return Outcome::count_;
    if (result != DecodeResult::fragment) return outcome_of(result);
    fragment = inner;
    piece = slot.datagram.subspan(inner.payload_offset, inner.payload_bytes);
  }
  return Outcome::too_many_headers;
}

// A datagram for another worker travels as a bare IP packet in fresh mbufs: its own memory is this worker's.
void Worker::hand_datagram(rte_mbuf* last, const Fragment& fragment, const Slot& slot, unsigned owner) {
  rte_mbuf* whole = ip_packet_of(fragment, slot.datagram, last->pool);
  if (whole == nullptr) {
    outcome(Outcome::handover_full);
    lost_something();
  } else {
    frame_info(whole) = {.time = frame_info(last).time,
                         .wire_bytes = rte_pktmbuf_pkt_len(whole),
                         .port = frame_info(last).port,
                         .link = LinkType::raw_ip,
                         .has_outside = true};
    write_outside(whole, slot.packet);
    give_away(whole, owner);
  }
  rte_pktmbuf_free(last);
}

}  // namespace spanlight
