#include "lcore/worker.h"

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

#include <algorithm>
#include <ctime>

#include "decode/flow_key_hash.h"
#include "lcore/ip_packet.h"

namespace spanlight {

namespace {

constexpr DurationNs kPublishEveryNs = 100 * kMillisecondNs;
constexpr std::size_t kTimersPerTurn = 512;  // live; a capture's timers all run when they are due
constexpr std::size_t kFragmentsExpiredPerTurn = 4;
constexpr std::uint32_t kSpinsBeforeSleep = 1'000;  // turns without a packet before the worker sleeps at all
constexpr std::uint32_t kSleepMaxNs = 500'000;
constexpr DurationNs kLastWordsNs = 2 * kSecondNs;  // a worker that ends waits so long for buffers, in all
// Where packets were lost here, what was acknowledged and is missing will not come: from one queue both
// directions come in order. Waiting would hold back whole flows, and then bring all that they held at once.
constexpr DurationNs kSkewOfOneQueueNs = kMillisecondNs;
constexpr DurationNs kLossShadowNs =
    2 * kSecondNs;  // gaps so soon after a loss of our own are laid to the sensor

// The vDSO's clock: no system call, and in step with the clocks of the other sensors and of Kubernetes.
TimeNs read_clock() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<TimeNs>(now.tv_sec) * kSecondNs + static_cast<TimeNs>(now.tv_nsec);
}

DecodeOptions decode_options(const Settings& s) {
  return {.vlan_in_key = s.vlan_in_key,
          .decapsulate = s.decapsulate,
          .vxlan_ports = {s.vxlan_ports[0], s.vxlan_ports[1]},
          .geneve_port = s.geneve_port};
}

Limits dissector_limits(const Settings& s) {
  return {.body_preview_bytes = s.body_preview_bytes,
          .head_bytes_max = s.head_bytes_max,
          .headers_max = s.headers_max,
          .open_calls_max = s.open_calls_max,
          .answer_timeout_ns = s.answer_timeout_s * kSecondNs,
          .credentials_shown = !s.redaction_enabled || !s.redact_credentials};
}

ReassemblyLimits reassembly_limits(const Settings& s) {
  return {.skew_allowance_ns = s.skew_allowance_ms * kMillisecondNs,
          .hole_timeout_ns = s.hole_timeout_ms * kMillisecondNs,
          .held_bytes_max = s.held_bytes_max,
          .held_segments_max = s.held_segments_max};
}

Shedding::Options shedding_options(const Settings& s, Pace pace, const Identifier& identifier) {
  return {.enabled = s.shedding_enabled && pace == Pace::live,
          .previews = s.body_preview_bytes > 0,
          .protocols = identifier.any_low_priority(),
          .one_of = s.shedding_one_of,
          .patience = s.shedding_patience_ms * kMillisecondNs,
          .calm = s.shedding_calm_ms * kMillisecondNs,
          .memory = s.tcp_idle_s * kSecondNs};
}

}  // namespace

Worker::Worker(std::uint16_t index, WorkerShared& shared, BatchPool& pool, Redactor& redactor,
               TargetReader targets)
    : index_(index),
      shared_(shared),
      settings_(shared.settings),
      pool_(pool),
      targets_(targets),
      decode_options_(decode_options(settings_)),
      limits_(dissector_limits(settings_)),
      reassembly_limits_(reassembly_limits(settings_)),
      state_(std::size_t{settings_.state_memory_mb} << 20),
      previews_(std::size_t{settings_.preview_memory_mb} << 20),
      workshop_{state_, previews_, limits_, counters_.dissectors, this, this, this, kFlowHashSeed.word[0]},
      fragments_(state_, counters_.fragments),
      table_(settings_.flows_max),
      health_(settings_.connection_records == ConnectionRecords::none ? 0 : settings_.flows_max),
      timers_(TimerOf{&table_}),
      reassembler_(reassembly_limits_, state_, counters_.reassembly),
      writer_(index, shared.sensor, shared.sensor_epoch, pool, redactor,
              {.batch_bytes = settings_.batch_bytes,
               .batch_ns = settings_.batch_ms * kMillisecondNs,
               .wait_for_buffer = shared.pace == Pace::capture},
              counters_.encode),
      inspector_(shared.identifier, workshop_, writer_, counters_.inspect),
      board_(rows_of(counters_)),
      sample_(settings_.sample_keep, settings_.sample_of),
      connection_sample_(
          1, settings_.connection_records == ConnectionRecords::sampled ? settings_.connection_one_of : 1),
      shedding_(shedding_options(settings_, shared.pace, shared.identifier)) {
  state_.prefer_huge_pages();
  previews_.prefer_huge_pages();
  if (health_.wanted()) inspector_.watch(*this);
  if (!table_.ok() || !health_.ok() || state_.capacity_bytes() == 0)
    failed_.store(true, std::memory_order_relaxed);
}

Worker::~Worker() = default;

void Worker::attach(RxQueue& queue, bool device_shards) {
  sources_.push_back({&queue, device_shards, {}});
}

void Worker::run(const std::atomic<bool>& stop) {
  stop_ = &stop;
  targets_.online();
  bool reading = !sources_.empty();  // the hand-over counts it as such since before the start
  while (!stop.load(std::memory_order_relaxed)) {
    const std::uint64_t began = rte_rdtsc();
    const std::size_t frames = turn();
    const std::uint64_t cycles = rte_rdtsc() - began;
    counters_.total_cycles += cycles;
    if (frames > 0) {
      counters_.busy_cycles += cycles;
      idle_turns_ = 0;
      continue;
    }
    bool ended = !sources_.empty() || shared_.hand_over.workers() > 1;
    for (const Source& source : sources_) ended = ended && source.queue->state() != QueueState::live;
    if (ended && shared_.pace == Pace::capture) {
      if (reading) shared_.hand_over.reading.fetch_sub(1);
      reading = false;
      if (shared_.hand_over.reading == 0 && shared_.hand_over.in_flight == 0) break;
    }
    const std::uint64_t rested = rte_rdtsc();
    idle();
    counters_.total_cycles += rte_rdtsc() - rested;
  }
  if (reading) shared_.hand_over.reading.fetch_sub(1);
  finish();
  targets_.offline();
}

// Every flow ends here; calls still open leave with their reason.
void Worker::finish() {
  // Stopped with frames under way to us: they are counted as what they are, lost.
  for (std::uint16_t n = 0; shared_.hand_over.workers() > 1 && (n = from_others()) > 0;) {
    counters_.handed_in += n;
    counters_.outcomes[static_cast<std::size_t>(Outcome::handover_full)] += n;
    rte_pktmbuf_free_bulk(burst_.data(), n);
  }
  fragments_.expire(kNever, FragmentReassembler::kDatagramsMax);  // what still waits does so in vain
  writer_.be_patient(kLastWordsNs);
  end_all_flows();
  writer_.flush();
  publish_counters(kNever);
}

// ---- one turn -----------------------------------------------------------------------------------

std::size_t Worker::turn() {
  now_ = read_clock();
  if (shared_.pace == Pace::live) {
    timers_.start(now_);
    reassembler_.set_read_time(now_);
  }
  look_at_targets();
  inspector_.set_turn_time(now_);
  shedding_.begin_turn(now_);
  const bool shed_sweep = sweep_left_ > 0 && swept_from_ < Shedding::kAllFlows;
  if (shedding_.kept() < Shedding::kAllFlows || shed_sweep) last_shed_ = now_;
  const TimeNs last_loss = std::max(shared_.last_loss.load(std::memory_order_relaxed), last_shed_);
  const bool shadow = last_loss + kLossShadowNs > now_;
  reassembler_.set_gap_cause(shadow ? GapCause::sensor : GapCause::mirror);
  reassembler_.cut_skew_allowance(shadow && sources_.size() == 1 ? kSkewOfOneQueueNs : kNever);

  std::size_t frames = 0;
  bool behind = false;
  for (Source& source : sources_) {
    const std::uint16_t n = source.queue->receive(burst_.data(), kBurstMax, now_);
    shedding_.saw(source.backlog, n == kBurstMax);
    if (n == 0) continue;
    look_at_targets();  // a capture that is a pipe may have been waited for
    counters_.received += n;
    behind = behind || n == kBurstMax;
    const bool shards = source.device_shards && !shared_.distrust_devices.load(std::memory_order_relaxed);
    process(burst_.data(), n, shards ? Origin::sharded_queue : Origin::queue);
    frames += n;
  }
  if (shared_.hand_over.workers() > 1) {
    const std::uint16_t n = from_others();
    counters_.handed_in += n;
    shedding_.saw(ring_backlog_, n == kBurstMax);
    behind = behind || n == kBurstMax;
    if (n > 0) process(burst_.data(), n, Origin::ring);
    if (shared_.pace == Pace::capture) shared_.hand_over.in_flight -= n;
    frames += n;
  }
  note_shedding();
  if (shared_.pace == Pace::live) tell_flows_the_time(behind);
  run_timers(capture_now_, shared_.pace == Pace::live ? kTimersPerTurn : ~std::size_t{0});
  fragments_.expire(capture_now_, kFragmentsExpiredPerTurn);
  writer_.flush_due(now_);
  targets_.quiescent();
  if (now_ >= next_publish_ || next_publish_ > now_ + kPublishEveryNs) publish_counters(now_);
  return frames;
}

// The two directions of a connection may come from two ports. While one may hold more than was read, time
// stands still for holes: what fills them may wait there unread. Not for long, since timers wait too. Holes
// date from the turn in which they were read, so that none is old when time goes on.
void Worker::tell_flows_the_time(bool behind) {
  constexpr DurationNs kBehindMaxNs = 2 * kSecondNs;
  const TimeNs least = now_ - kBehindMaxNs;
  const bool several = sources_.size() > 1 || shared_.hand_over.workers() > 1;
  capture_now_ = behind && several ? std::max(capture_now_, least) : std::max(capture_now_, now_);
  if (capture_now_ > now_ + kBehindMaxNs) capture_now_ = now_;  // the clock was set back
}

void Worker::process(rte_mbuf** frames, std::uint16_t n, Origin origin) {
  constexpr std::uint16_t kAhead = 4;
  std::uint16_t packets = 0;
  for (std::uint16_t i = 0; i < n; ++i) {
    if (i + kAhead < n) rte_prefetch0(rte_pktmbuf_mtod(frames[i + kAhead], const void*));
    Slot& slot = slots_[packets];
    slot.mbuf = frames[i];
    slot.datagram = {};
    slot.untargeted = false;
    if (!decode_one(frames[i], slot, origin)) continue;
    slot.hash = flow_hash(slot.packet.key);
    if (!shedding_.keeps(slot.hash)) {
      ++shed_;
      outcome(Outcome::shed_flow);
      rte_pktmbuf_free(frames[i]);
      continue;
    }
    table_.prefetch(slot.hash);
    duplicates_.prefetch(slot.packet, slot.hash);
    ++packets;
    if (slot.datagram.empty()) continue;
    give_to_flows(
        packets);  // what fragments became lives only until the next ones: it goes on at once, in its place
    packets = 0;
  }
  give_to_flows(packets);
}

// The dissector, and the beginning of what it will be shown: a message's head. What it skips nobody reads.
void Worker::prefetch_work(const Slot& slot) {
  constexpr std::uint32_t kLines = 8;
  const Packet& packet = slot.packet;
  if (slot.flow != nullptr) {
    Inspector::prefetch_dissector(*slot.flow);
    if (Inspector::skips(*slot.flow, packet.sender)) return;
  }
  const auto* payload = rte_pktmbuf_mtod_offset(slot.mbuf, const char*, packet.payload_offset);
  const std::uint32_t bytes = std::min(packet.payload_bytes, kLines * 64);
  for (std::uint32_t at = 0; at < bytes; at += 64) rte_prefetch0(payload + at);
}

// Each step asks for what the next one reads: flow, then its inspection, then its dissector.
void Worker::give_to_flows(std::uint16_t packets) {
  constexpr std::uint16_t kAhead = 3;
  to_flows_ += packets;
  for (std::uint16_t i = 0; i < packets; ++i) table_.prefetch_flow(slots_[i].hash);
  for (std::uint16_t i = 0; i < packets; ++i) {
    Slot& slot = slots_[i];
    slot.flow = table_.find(slot.packet.key, slot.hash);
    if (slot.flow == nullptr) continue;
    Inspector::prefetch_inspection(*slot.flow);
    if (health_.wanted()) health_.prefetch(table_.index_of(*slot.flow));
  }
  for (std::uint16_t i = 0; i < packets; ++i) {
    if (i + kAhead < packets) prefetch_work(slots_[i + kAhead]);
    on_packet(slots_[i]);
    rte_pktmbuf_free(slots_[i].mbuf);
  }
}

// True if the slot holds a packet of ours. Otherwise the frame has found its outcome, and was freed or given
// away.
bool Worker::decode_one(rte_mbuf* frame, Slot& slot, Origin origin) {
  const FrameInfo& info = frame_info(frame);
  const std::uint32_t captured = rte_pktmbuf_pkt_len(frame);
  const std::uint32_t wanted = captured < kHeadBytesMax ? captured : kHeadBytesMax;
  // Headers in one piece: nearly always they are; else copied from the mbuf's segments.
  const auto* head = static_cast<const std::uint8_t*>(rte_pktmbuf_read(frame, 0, wanted, head_.data()));
  Fragment fragment;
  const DecodeResult result =
      decode({head, wanted}, captured, info.wire_bytes, info.link, decode_options_, slot.packet, fragment);
  if (info.has_outside) read_outside(frame, slot.packet);
  if (origin != Origin::ring) note_frame(frame, info, slot.packet);
  if (result == DecodeResult::fragment) return put_together(frame, fragment, slot, origin);
  if (result != DecodeResult::ok) {
    outcome(outcome_of(result));
    rte_pktmbuf_free(frame);
    return false;
  }
  // Before anybody else is given it. What comes over the ring was looked at there; a capture's is looked at
  // here.
  if (origin != Origin::ring || shared_.pace == Pace::capture) {
    const Bytes front{head, head == head_.data() ? wanted : std::uint32_t{frame->data_len}};
    if (!may_pass(is_target(frame, front, slot.packet), frame, slot)) return false;
  }
  return is_mine(frame, slot.packet, origin);
}

void Worker::note_frame(const rte_mbuf* frame, const FrameInfo& info, const Packet& packet) {
  counters_.received_bytes += info.wire_bytes;
  if (rte_pktmbuf_pkt_len(frame) < info.wire_bytes) ++counters_.cut_frames;
  if (info.wire_bytes > 1'522) ++counters_.jumbo_frames;
  if (info.wire_bytes > 9'216) ++counters_.super_frames;
  if (packet.vlan_count > 0) ++counters_.vlan_frames;
  if (packet.tunnel != Tunnel::none) ++counters_.tunnel_frames[static_cast<std::size_t>(packet.tunnel)];
}

// The device has sharded plain packets; what it cannot see (inside tunnels) and what it did not shard goes by
// the hash.
bool Worker::is_mine(rte_mbuf* frame, const Packet& packet, Origin origin) {
  constexpr std::uint64_t kSampleEvery = 251;  // no power of two: bursts must not always meet it alike
  constexpr std::uint64_t kSamplesMin = 256;   // before a device is judged
  if (origin == Origin::ring || shared_.hand_over.workers() == 1) return true;
  const bool trusted = origin == Origin::sharded_queue && packet.tunnel == Tunnel::none;
  if (trusted && ++since_sample_ < kSampleEvery) return true;
  const unsigned owner = owner_of(packet, shared_.hand_over.workers());
  if (trusted) {
    since_sample_ = 0;
    ++counters_.owner_sampled;
    if (owner != index_) ++counters_.owner_mismatch;
    if (counters_.owner_sampled >= kSamplesMin && counters_.owner_mismatch * 16 > counters_.owner_sampled)
      shared_.distrust_devices.store(true, std::memory_order_relaxed);
    return true;
  }
  if (owner == index_) return true;
  give_away(frame, owner);
  return false;
}

void Worker::give_away(rte_mbuf* frame, unsigned owner) {
  HandOver& rings = shared_.hand_over;
  const bool waits = shared_.pace == Pace::capture;
  if (waits) ++rings.in_flight;
  while (!rings.push(owner, frame)) {
    if (waits && !stop_->load(std::memory_order_relaxed)) {
      // Whoever we wait for may wait for us: our own ring goes on moving.
      rte_mbuf* frames[kBurstMax];
      const std::uint16_t n = rings.pop(index_, frames, kBurstMax);
      parked_.insert(parked_.end(), frames, frames + n);
      if (n == 0) rte_pause();
      continue;
    }
    if (waits) --rings.in_flight;
    outcome(Outcome::handover_full);
    lost_something();
    rte_pktmbuf_free(frame);
    return;
  }
  outcome(Outcome::handed_over);
}

// A burst that other workers handed over; what was parked is older than what is on the ring.
std::uint16_t Worker::from_others() {
  const std::size_t parked = std::min<std::size_t>(parked_.size(), kBurstMax);
  if (parked == 0) return shared_.hand_over.pop(index_, burst_.data(), kBurstMax);
  std::copy_n(parked_.begin(), parked, burst_.begin());
  parked_.erase(parked_.begin(), parked_.begin() + static_cast<std::ptrdiff_t>(parked));
  return static_cast<std::uint16_t>(parked);
}

// ---- resting ------------------------------------------------------------------------------------

void Worker::run_timers(TimeNs now, std::size_t budget) {
  std::size_t fired = 0;
  timers_.advance(now, budget, [&](std::uint32_t flow) {
    ++fired;
    on_timer(flow);
  });
  if (fired == budget) ++counters_.timer_backlog;
}

void Worker::idle() {
  rte_pause();
  if (settings_.idle == Idle::poll || ++idle_turns_ < kSpinsBeforeSleep) return;
  const std::uint32_t over = idle_turns_ - kSpinsBeforeSleep;
  const timespec nap{.tv_sec = 0, .tv_nsec = over > 10 ? kSleepMaxNs : 50'000};
  nanosleep(&nap, nullptr);
}

void Worker::publish_counters(TimeNs now) {
  counters_.flows_live = table_.live();
  counters_.state_bytes = state_.used_bytes();
  counters_.preview_bytes = previews_.used_bytes();
  counters_.ring_used = shared_.hand_over.workers() > 1 ? shared_.hand_over.used(index_) : 0;
  counters_.batches_waiting = pool_.waiting();
  counters_.targets_generation = targets_followed_;
  if (ring_ != nullptr) {
    counters_.kept = ring_->counters();
    counters_.ring_since = ring_->whole_since() == kNever ? 0 : ring_->whole_since() / kSecondNs;
  }
  counters_.shed_level = static_cast<std::uint64_t>(shedding_.level());
  counters_.shed_kept_permille = std::uint64_t{shedding_.kept()} * 1'000 / Shedding::kAllFlows;
  counters_.shed_steps_up = shedding_.steps_up();
  counters_.shed_steps_down = shedding_.steps_down();
  for (std::size_t i = 0; i < kShedLevels; ++i)
    counters_.shed_ms[i] = shedding_.time_at(static_cast<ShedLevel>(i)) / kMillisecondNs;
  board_.publish();
  if (now != kNever) next_publish_ = now + kPublishEveryNs;
}

void Worker::lost_something() {
  shared_.last_loss.store(now_, std::memory_order_relaxed);
}

}  // namespace spanlight
