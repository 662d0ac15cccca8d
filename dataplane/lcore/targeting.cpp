// Worker's fifth part: capture targets (command/targets.h). What nobody asked for ends before it costs
// anything: live before the hash, the flow table and the ring to another worker.

#include <rte_mbuf.h>

#include <algorithm>
#include <cstring>

#include "lcore/ip_packet.h"
#include "lcore/worker.h"

namespace spanlight {

// Targets were replaced. Flows that they leave out are ended, so that their calls are told now and not when
// they have waited long enough; a filter can say nothing of a flow, and theirs end by silence.
void Worker::follow_targets() {
  targets_followed_ = target_set_->generation();
  const bool restricted = targets_restrict_, by_filter = target_set_->filter() != nullptr;
  const bool filters = by_filter || targets_filter_;  // now, or until now: nobody knows whose packets it was
  if (restricted && (filters || target_set_->everything())) targets_widened_ = now_;
  if (filters) last_shed_ = now_;  // what flows lack that it let through now and then, they lack by our doing
  targets_restrict_ = !target_set_->everything();
  targets_filter_ = by_filter;
  if (targets_restrict_ && !by_filter) sweep_left_ = table_.high_water();
}

// The beginning of a connection that was joined midstream was there, and was left out.
bool Worker::targets_left_out(const Flow& flow) const {
  const DurationNs memory = settings_.tcp_idle_s * kSecondNs;
  if (targets_widened_ != 0 && now_ < targets_widened_ + memory) return true;
  if (!targets_restrict_ || targets_filter_) return false;
  const TimeNs since = target_set_->since(flow.key.ip[0], flow.key.ip[1]);
  return since != 0 && since <= now_ && now_ < since + memory;
}

// `head`: the frame's first bytes in one piece.
bool Worker::is_target(const rte_mbuf* frame, Bytes head, const Packet& packet) const {
  if (target_set_->everything()) [[likely]]
    return true;
  const TargetFilter* filter = target_set_->filter();
  if (filter == nullptr) return target_set_->admits(packet.key.ip[0], packet.key.ip[1]);
  auto* mutable_frame = const_cast<rte_mbuf*>(frame);  // the dynamic field's accessor takes no other
  const FrameInfo& info = frame_info(mutable_frame);
  return filter->matches(info.link, head, info.wire_bytes);
}

// A datagram that was put together is judged as the bare IP packet that it would have been in one piece, for
// a filter too: its ports stand in the first fragment alone.
bool Worker::is_target(const Slot& slot) {
  if (target_set_->everything()) [[likely]]
    return true;
  const TargetFilter* filter = target_set_->filter();
  if (filter == nullptr) return target_set_->admits(slot.packet.key.ip[0], slot.packet.key.ip[1]);
  const std::size_t header = write_ip_header(head_.data(), whole_, slot.datagram.size());
  const std::size_t n = std::min(slot.datagram.size(), head_.size() - header);
  std::memcpy(head_.data() + header, slot.datagram.data(), n);
  return filter->matches(LinkType::raw_ip, {head_.data(), header + n},
                         static_cast<std::uint32_t>(header + slot.datagram.size()));
}

// False: the frame has ended. A capture's clock goes by every packet in its turn, so there it goes on,
// marked.
bool Worker::may_pass(bool target, rte_mbuf* frame, Slot& slot) {
  if (target) [[likely]]
    return true;
  if (shared_.pace == Pace::capture) {
    slot.untargeted = true;
    return true;
  }
  outcome(Outcome::filtered);
  rte_pktmbuf_free(frame);
  return false;
}

bool Worker::targets_leave_out(const Flow& flow) const {
  return targets_restrict_ && !targets_filter_ && !target_set_->admits(flow.key.ip[0], flow.key.ip[1]);
}

}  // namespace spanlight
