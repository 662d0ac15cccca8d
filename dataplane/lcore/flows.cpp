// Worker's second half: one packet on its flow, and how flows end.

#include <rte_mbuf.h>
#include <rte_pause.h>

#include <algorithm>

#include "decode/flow_key_hash.h"
#include "decode/ip_protocol.h"
#include "lcore/worker.h"

namespace spanlight {

namespace {

constexpr std::uint32_t kIcmpLead = 4;
constexpr DurationNs kClockStepNs =
    3'600 * kSecondNs;  // packets of one capture are never so far out of order

void add_saturating(std::uint32_t& counter) {
  counter += counter != 0xffffffff;
}

void waste(std::uint32_t pauses) {
  for (std::uint32_t n = 0; n < pauses; ++n) rte_pause();
}

}  // namespace

void Worker::on_packet(Slot& slot) {
  const Packet& packet = slot.packet;
  const TimeNs time = frame_info(slot.mbuf).time;
  if (shared_.pace == Pace::capture) follow_capture(time);
  if (slot.untargeted) return outcome(Outcome::filtered);
  if (!sample_.keeps(packet.key)) return outcome(Outcome::sampled_out);
  if (settings_.remove_duplicates && duplicates_.seen(packet, slot.hash, time))
    return outcome(Outcome::duplicate);
  Flow* flow = flow_of(slot, time);
  if (flow == nullptr) {
    lost_something();
    return outcome(Outcome::table_full);
  }
  flow->last_seen = std::max(flow->last_seen, time);
  flow->restless = false;
  add_saturating(flow->packets[packet.sender]);
  flow->bytes[packet.sender] += packet.payload_wire_bytes;
  if (health_.wanted()) note_health(*flow, packet, time);
  if (ring_ != nullptr) keep(*flow, slot);
  if (shared_.wasted_pauses != 0) [[unlikely]]
    waste(shared_.wasted_pauses);
  const bool may_shed = !flow->closed && (flow->shed || inspector_.sheds_low_priority());
  const bool shed = may_shed && shed_by_protocol(*flow, time);
  if (packet.key.protocol == ip_protocol::tcp) {
    outcome(shed ? Outcome::shed_protocol : Outcome::stream);
    on_tcp(*flow, slot, time);
  } else {
    outcome(shed ? Outcome::shed_protocol : Outcome::datagram);
    on_datagram(*flow, slot, time);
  }
  arm(*flow);
}

// A capture's clock goes by its packets. One packet far from all others is a slip and moves nothing; two that
// agree are another clock.
void Worker::follow_capture(TimeNs time) {
  const auto far_from = [time](TimeNs other) {
    return std::max(time, other) - std::min(time, other) > kClockStepNs;
  };
  timers_.start(time);  // the first packet's; also where all times are 0
  const bool slips = capture_now_ != 0 && far_from(capture_now_);
  if (slips && (slip_ == kNever || far_from(slip_))) {
    slip_ = time;
    return;
  }
  slip_ = kNever;
  if (slips && time < capture_now_) step_back(time);
  if (time > capture_now_) {
    capture_now_ = time;
    run_timers(capture_now_, ~std::size_t{0});
  }
}

// Time begins afresh. Every flow is ended but those of the packet before, which showed the new clock first.
void Worker::step_back(TimeNs time) {
  ++counters_.clock_steps;
  for (std::uint32_t i = 0; i < table_.high_water(); ++i) {
    if (!table_.is_live(i)) continue;
    Flow& flow = table_[i];
    const bool of_this_clock = !flow.closed && flow.last_seen <= time + kClockStepNs;
    if (of_this_clock)
      timers_.disarm(i);
    else
      remove(flow, End::capture_ended, capture_now_);
  }
  timers_.restart(time);
  capture_now_ = time;
  for (std::uint32_t i = 0; i < table_.high_water(); ++i)
    if (table_.is_live(i)) arm(table_[i]);
}

void Worker::end_all_flows() {
  for (std::uint32_t i = 0; table_.live() > 0; ++i)
    if (table_.is_live(i)) remove(table_[i], End::capture_ended, capture_now_);
}

Flow* Worker::flow_of(Slot& slot, TimeNs time) {
  const Packet& packet = slot.packet;
  Flow* flow = slot.flow;
  if (flow == nullptr || !FlowTable::is(*flow, packet.key)) flow = table_.find(packet.key, slot.hash);
  if (flow == nullptr) return open_flow(slot, time);
  const bool opening = packet.key.protocol == ip_protocol::tcp &&
                       (packet.tcp_flags & (tcp_flag::syn | tcp_flag::ack)) == tcp_flag::syn;
  if (!opening && !flow->closed) return flow;
  const Segment segment{.wire_bytes = packet.payload_wire_bytes,
                        .seq = packet.seq,
                        .ack = packet.ack,
                        .flags = packet.tcp_flags,
                        .time = time};
  const bool rejoins = opening && flow->shed;
  if (!rejoins && !Reassembler::reopens(flow->conversation, packet.sender, segment)) {
    if (!flow->closed && !flow->has_session()) orient(*flow, packet);  // the SYN came late: a skewed TAP
    return flow;
  }
  ++counters_.flows_reopened;
  remove(*flow, End::idle, time);  // unless it is closed nobody saw it end
  return open_flow(slot, time);
}

Flow* Worker::open_flow(const Slot& slot, TimeNs time) {
  Flow* flow = table_.insert(slot.packet.key, slot.hash);
  if (flow == nullptr) {
    Flow* oldest = table_.eviction_candidate();
    if (oldest == nullptr) return nullptr;
    ++counters_.flows_evicted;
    remove(*oldest, End::evicted, time);
    flow = table_.insert(slot.packet.key, slot.hash);
    if (flow == nullptr) return nullptr;
  }
  const Packet& packet = slot.packet;
  ++counters_.flows_opened;
  flow->first_seen = time;
  flow->conn_id =
      flow_hash_detail::fold(slot.hash ^ time, 0x9e3779b97f4a7c15 + shared_.sensor_epoch + index_);
  flow->tunnel = packet.tunnel;
  flow->tunnel_id = packet.tunnel_id;
  flow->vlan_count = packet.vlan_count & 7;
  std::copy_n(packet.vlans, kVlansMax, flow->vlans);
  orient(*flow, packet);
  if (flow->midstream) ++counters_.flows_midstream;
  flow->lost_by_us = flow->midstream && (shedding_.may_have_shed(slot.hash) || targets_left_out(*flow));
  if (health_.wanted()) begin_health(*flow, packet.sender, time);
  return flow;
}

// Who is the client: the SYN says so; without one, the end with the higher port is taken for it until content
// decides.
void Worker::orient(Flow& flow, const Packet& packet) {
  const std::uint8_t sender = packet.sender;
  if (packet.key.protocol == ip_protocol::tcp && (packet.tcp_flags & tcp_flag::syn) != 0) {
    const bool answers = (packet.tcp_flags & tcp_flag::ack) != 0;
    flow.client = (answers ? 1 - sender : sender) & 1;
    flow.client_known = true;
    flow.midstream = false;
    return;
  }
  flow.midstream = packet.key.protocol == ip_protocol::tcp;
  const std::uint16_t own = packet.key.port[sender];
  const std::uint16_t peer = packet.key.port[1 - sender];
  flow.client = (own >= peer ? sender : 1 - sender) & 1;
}

// ---- TCP ----------------------------------------------------------------------------------------

void Worker::on_tcp(Flow& flow, Slot& slot, TimeNs time) {
  if (flow.closed) return note_late(slot.packet);
  current_ = &flow;
  if (flow.opaque && !shared_.follows_unread) {
    inspector_.passed_unread(flow, slot.packet.payload_bytes);
    if (flow.conversation.hole_deadline != 0) reassembler_.let_go(flow.conversation, time, *this);
    Reassembler::pass_unread(flow.conversation, slot.packet.sender, slot.packet.tcp_flags);
  } else {
    give_segments(flow, slot, time);
  }
  after_segment(flow, time);
}

// Acknowledgements and retransmissions of what is over, the mirror's late copies; or a connection that lives
// on behind a RST which its receiver refused: it is joined again when the entry goes.
void Worker::note_late(const Packet& packet) {
  if (packet.payload_wire_bytes == 0) return;
  ++counters_.late_segments;
  counters_.late_bytes += packet.payload_wire_bytes;
}

// One segment for each piece of contiguous memory; SYN goes with the first, FIN and RST with the last.
void Worker::give_segments(Flow& flow, const Slot& slot, TimeNs time) {
  const Packet& packet = slot.packet;
  Segment segment{
      .seq = packet.seq, .ack = packet.ack, .flags = packet.tcp_flags, .time = time, .clock = capture_now_};
  std::uint32_t left = packet.payload_bytes;
  const std::uint32_t cut = packet.payload_wire_bytes - packet.payload_bytes;
  std::uint32_t offset = packet.payload_offset;
  rte_mbuf* piece = slot.mbuf;
  const bool lends = slot.datagram.empty() && shared_.ports_lend[frame_info(slot.mbuf).port];
  for (; slot.datagram.empty() && piece->next != nullptr && offset >= piece->data_len; piece = piece->next)
    offset -= piece->data_len;
  constexpr std::uint8_t kLast = tcp_flag::fin | tcp_flag::rst;
  for (;;) {
    const bool whole = !slot.datagram.empty() || piece->next == nullptr || left <= piece->data_len - offset;
    const std::uint32_t n = whole ? left : piece->data_len - offset;
    const auto* bytes = slot.datagram.empty() ? rte_pktmbuf_mtod_offset(piece, const std::uint8_t*, offset)
                                              : slot.datagram.data() + offset;
    segment.payload = {bytes, n};
    segment.wire_bytes = whole ? n + cut : n;
    segment.flags = whole ? packet.tcp_flags : packet.tcp_flags & static_cast<std::uint8_t>(~kLast);
    if (segment.seq != packet.seq) segment.flags &= static_cast<std::uint8_t>(~tcp_flag::syn);
    lendable_ = lends ? piece : nullptr;
    reassembler_.on_segment(flow.conversation, packet.sender, segment, *this);
    lendable_ = nullptr;
    if (whole) return;
    const bool after_syn = (segment.flags & tcp_flag::syn) != 0;
    segment.seq += n + (after_syn ? 1 : 0);
    left -= n;
    offset = 0;
    piece = piece->next;
  }
}

// Bytes may come from elsewhere too: segments that were held, windows that waited.
Loan* Worker::lend(Bytes bytes) {
  if (lendable_ == nullptr || counters_.buffers_lent >= settings_.lent_buffers) return nullptr;
  const auto* begin = rte_pktmbuf_mtod(lendable_, const std::uint8_t*);
  if (bytes.data() < begin || bytes.data() + bytes.size() > begin + lendable_->data_len) return nullptr;
  rte_mbuf_refcnt_update(lendable_, 1);
  ++counters_.buffers_lent;
  return reinterpret_cast<Loan*>(lendable_);
}

void Worker::give_back(Loan* loan) {
  --counters_.buffers_lent;
  rte_pktmbuf_free_seg(reinterpret_cast<rte_mbuf*>(loan));
}

// A RST ends the connection when nothing is waited for any more: what it acknowledges may come behind it.
void Worker::after_segment(Flow& flow, TimeNs time) {
  const Conversation& c = flow.conversation;
  const bool both_ended = c.stream[0].ended && c.stream[1].ended;
  if (both_ended || (c.reset() && c.hole_deadline == 0))
    end_connection(flow, c.reset() ? End::reset : End::fin, time);
}

// ---- UDP, ICMP, SCTP ----------------------------------------------------------------------------

void Worker::on_datagram(Flow& flow, const Slot& slot, TimeNs time) {
  const Packet& packet = slot.packet;
  // ICMP's type, code and checksum are a part of what its dissector reads.
  const std::uint32_t lead =
      packet.key.protocol == ip_protocol::icmp || packet.key.protocol == ip_protocol::icmpv6 ? kIcmpLead : 0;
  if (flow.opaque || packet.payload_bytes + lead == 0) return;
  const std::uint32_t at = packet.payload_offset - lead;
  reading_ = &flow;
  if (!slot.datagram.empty()) {
    inspector_.on_datagram(flow, packet.sender, slot.datagram.subspan(at), 0, time);
    return;
  }
  // A length of 0 leaves it to the frame: of more than a datagram can be, the beginning is read.
  const auto n = std::min(packet.payload_bytes + lead, static_cast<std::uint32_t>(scratch_.size()));
  const auto* bytes = static_cast<const std::uint8_t*>(rte_pktmbuf_read(slot.mbuf, at, n, scratch_.data()));
  const std::uint32_t cut = packet.payload_wire_bytes - packet.payload_bytes;
  if (bytes != nullptr) inspector_.on_datagram(flow, packet.sender, {bytes, n}, cut, time);
}

// ---- the end of flows ---------------------------------------------------------------------------

TimeNs Worker::idle_deadline(const Flow& flow) const {
  std::uint32_t seconds = settings_.udp_idle_s;
  if (flow.key.protocol == ip_protocol::tcp) {
    const bool answered = flow.packets[0] > 0 && flow.packets[1] > 0;
    const bool spoken = flow.bytes[0] > 0 || flow.bytes[1] > 0;
    seconds = answered || spoken ? settings_.tcp_idle_s : settings_.tcp_opening_s;
  }
  return flow.last_seen + seconds * kSecondNs;
}

// Busy connections keep what they need; those that were silent for so long give it back if they can. A second
// is long against the time between the calls of a busy one, and short against what memory lasts for.
TimeNs Worker::rest_deadline(const Flow& flow) {
  constexpr DurationNs kRestAfterNs = kSecondNs;
  return flow.inspection == nullptr || flow.restless ? kNever : flow.last_seen + kRestAfterNs;
}

// A flow has one timer, armed for the earliest of its deadlines. Silence is looked at lazily: packets do not
// move the timer, it asks when it fires. A closed flow's is armed for when its entry goes, whatever comes.
void Worker::arm(Flow& flow) {
  if (flow.closed) return;
  TimeNs deadline = std::min({idle_deadline(flow), rest_deadline(flow), Inspector::next_deadline(flow)});
  if (flow.conversation.hole_deadline != 0) deadline = std::min(deadline, flow.conversation.hole_deadline);
  if (health_.wanted()) deadline = std::min(deadline, report_deadline(flow));
  if (flow.timer.covers(deadline)) return;
  timers_.arm(table_.index_of(flow), deadline);
}

void Worker::on_timer(std::uint32_t index) {
  Flow& flow = table_[index];
  const TimeNs now = capture_now_;
  if (left_out(flow)) return end_left_out(flow);
  if (flow.closed || idle_deadline(flow) <= now) {
    if (!flow.closed) ++counters_.flows_idle;
    return remove(flow, End::idle, now);
  }
  current_ = &flow;
  if (flow.conversation.hole_deadline != 0 && flow.conversation.hole_deadline <= now) {
    reassembler_.on_time(flow.conversation, now, *this);
    after_segment(flow, now);
  }
  if (Inspector::next_deadline(flow) <= now) inspector_.on_time(flow, now);
  if (rest_deadline(flow) <= now) flow.restless = !inspector_.rest(flow);
  if (health_.wanted()) report_if_due(flow, now);
  arm(flow);
}

// Both ends are done. The entry stays a little, so that late segments do not look like a connection joined
// midstream; not for as long as there are such, since they may be of one that lives.
void Worker::end_connection(Flow& flow, End end, TimeNs time) {
  current_ = &flow;
  reassembler_.close(flow.conversation, end, time, *this);
  inspector_.close(flow, end, time);
  ++counters_.flows_closed;
  flow.closed = true;
  flow.opaque = true;
  timers_.arm(table_.index_of(flow), time + settings_.tcp_closed_s * kSecondNs);
}

void Worker::remove(Flow& flow, End end, TimeNs time) {
  const std::uint64_t hash = flow_hash(flow.key);
  table_.prefetch(hash);  // the index's line is cold: nobody asked for this flow
  if (!flow.closed) {
    current_ = &flow;
    reassembler_.close(flow.conversation, end, time, *this);
    inspector_.close(flow, end, time);
  }
  if (flow.key.protocol == ip_protocol::tcp && flow.bytes[0] + flow.bytes[1] > 0) {
    ++counters_.flows_spoken;
    if (flow.packets[0] == 0 || flow.packets[1] == 0) ++counters_.flows_one_sided;
  }
  if (health_.wanted()) end_health(flow, end);
  timers_.disarm(table_.index_of(flow));
  table_.erase(flow, hash);
}

}  // namespace spanlight
