// Worker's fourth part: what shedding (shedding.h) means for packets and flows. Body previews are the
// dissectors' to leave out (Limits::previews_shed); the packets of flows that are left out end in process().

#include <algorithm>

#include "decode/flow_key_hash.h"
#include "decode/ip_protocol.h"
#include "lcore/worker.h"

namespace spanlight {

namespace {

// A sweep must not be what the worker has no time for: it costs a few hundredths of a turn.
constexpr std::uint32_t kLookedAtPerTurn = 32;
constexpr std::uint32_t kEndedPerTurn = 4;

}  // namespace

void Worker::note_shedding() {
  const bool changed = shedding_.end_turn(to_flows_, shed_);
  to_flows_ = shed_ = 0;
  if (changed) follow_shedding();
  if (sweep_left_ > 0) sweep_left_out_flows();
}

void Worker::follow_shedding() {
  limits_.previews_shed = shedding_.level() >= ShedLevel::previews;
  inspector_.shed_low_priority(shedding_.level() >= ShedLevel::protocols);
  if (shedding_.kept() < shed_to_) {
    flows_cut_ = last_shed_ = now_;
    swept_from_ = std::min(swept_from_, shedding_.kept());
    sweep_left_ = table_.high_water();
    reassembler_.set_gap_cause(GapCause::sensor);
  }
  shed_to_ = shedding_.kept();
}

// Flows that are left out would wait for packets that end before they reach them: their calls are told now.
// What this has not come to yet, timers find (left_out).
void Worker::sweep_left_out_flows() {
  constexpr std::uint32_t kAhead = 8;
  std::uint32_t ended = 0;
  for (std::uint32_t n = 0; n < kLookedAtPerTurn && ended < kEndedPerTurn && sweep_left_ > 0; ++n) {
    --sweep_left_;
    if (sweep_at_ >= table_.high_water()) sweep_at_ = 0;
    const std::uint32_t index = sweep_at_++;
    if (index + kAhead < table_.high_water()) {
      __builtin_prefetch(&table_[index + kAhead].key);
      __builtin_prefetch(&table_[index + kAhead].generation);
    }
    if (!table_.is_live(index) || table_[index].closed || !left_out(table_[index])) continue;
    end_left_out(table_[index]);
    ++ended;
  }
  if (sweep_left_ == 0) swept_from_ = Shedding::kAllFlows;
}

// Its packets are left out now, or were for a time and it was not seen since: it does not know what it
// missed.
bool Worker::left_out(const Flow& flow) const {
  if (targets_leave_out(flow)) return true;
  if (shedding_.kept() == Shedding::kAllFlows && swept_from_ == Shedding::kAllFlows) return false;
  const std::uint64_t hash = flow_hash(flow.key);
  if (!shedding_.keeps(hash)) return true;
  return Shedding::point(hash) >= swept_from_ && flow.last_seen < flows_cut_;
}

void Worker::end_left_out(Flow& flow) {
  if (!flow.closed) ++(targets_leave_out(flow) ? counters_.flows_untargeted : counters_.flows_shed);
  remove(flow, End::shed, capture_now_);
}

// True: the packet is one of a protocol that is left out for now. Behind that time the flow is joined anew.
bool Worker::shed_by_protocol(Flow& flow, TimeNs time) {
  if (flow.shed && inspector_.sheds_low_priority()) return true;
  const bool begins = inspector_.sheds(flow);
  if (!flow.shed && !begins) return false;
  const bool is_tcp = flow.key.protocol == ip_protocol::tcp;
  current_ = &flow;
  if (is_tcp) {
    reassembler_.set_gap_cause(GapCause::sensor);
    reassembler_.close(flow.conversation, End::shed, time, *this);
    flow.conversation = Conversation{};
  }
  if (begins) {
    inspector_.shed(flow, time);
    return true;
  }
  flow.shed = flow.opaque = false;
  flow.midstream = flow.lost_by_us = is_tcp;
  return false;
}

}  // namespace spanlight
