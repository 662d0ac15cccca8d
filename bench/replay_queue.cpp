#include "replay_queue.h"

#include <algorithm>
#include <cstring>
#include <ctime>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "port/mempool.h"

namespace spanlight::bench {

namespace {

std::uint64_t thread_cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * kSecondNs + static_cast<std::uint64_t>(t.tv_nsec);
}

std::uint64_t cycles_of(double seconds) {
  return static_cast<std::uint64_t>(seconds * static_cast<double>(rte_get_tsc_hz()));
}

PoolPlan plan_of(const Trace& trace) {
  return {.mbufs = static_cast<std::uint32_t>(trace.frames.size())};
}

}  // namespace

// Without hugepages DPDK lets no mbuf cross a page, so that each takes a page of its own.
std::uint64_t Preloaded::memory_bytes(const Trace& trace) {
  constexpr std::uint64_t kPageBytes = 4'096;
  return std::max(plan_of(trace).bytes(), trace.frames.size() * kPageBytes);
}

bool Preloaded::load(const Trace& trace, std::uint8_t index) {
  pool_ = create_pool(plan_of(trace), index, SOCKET_ID_ANY);
  if (pool_ == nullptr) return false;
  for (std::size_t i = 0; i < trace.frames.size(); ++i) {
    const Bytes bytes = trace.frame(i);
    rte_mbuf* mbuf = rte_pktmbuf_alloc(pool_);
    char* data =
        mbuf == nullptr ? nullptr : rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(bytes.size()));
    if (data == nullptr) return false;
    std::memcpy(data, bytes.data(), bytes.size());
    frame_info(mbuf) = {
        .time = 0, .wire_bytes = trace.frames[i].length, .port = index, .link = LinkType::ethernet};
    frames.push_back({mbuf, trace.frames[i].from_client ? 1U : 0U});
  }
  return true;
}

Preloaded::~Preloaded() {
  for (const Frame& frame : frames) rte_pktmbuf_free(frame.mbuf);
  release_pool(pool_);
}

ReplayQueue::ReplayQueue(Preloaded& preloaded, const BatchPool* pool, const std::atomic<bool>& hold,
                         double warm_up_s, double seconds)
    : preloaded_(preloaded),
      pool_(pool),
      hold_(hold),
      warm_up_cycles_(cycles_of(warm_up_s)),
      measured_cycles_(cycles_of(seconds)) {}

bool ReplayQueue::admitted() const {
  return !hold_.load(std::memory_order_relaxed) &&
         (pool_ == nullptr || pool_->available() >= kBuffersFreeMin);
}

// False when the last lap is over. The burst before is done with when this is called: the worker asks for the
// next.
bool ReplayQueue::lap_begins(std::uint64_t tsc) {
  if (began_tsc_ == 0)
    began_tsc_ = tsc;
  else
    figures_.laps += counts_ ? 1 : 0;
  if (!counts_ && tsc - began_tsc_ >= warm_up_cycles_) {
    counts_ = true;
    began_tsc_ = tsc;
    began_cpu_ns_ = thread_cpu_ns();
    figures_ = {.laps_in_all = figures_.laps_in_all};
  } else if (counts_ && tsc - began_tsc_ >= measured_cycles_) {
    figures_.wall_cycles = tsc - began_tsc_;
    figures_.cpu_ns = thread_cpu_ns() - began_cpu_ns_;
    state_.store(QueueState::ended, std::memory_order_release);
    return false;
  }
  ++figures_.laps_in_all;
  ++preloaded_.lap;
  return true;
}

std::uint16_t ReplayQueue::receive(rte_mbuf** out, std::uint16_t n, TimeNs now) {
  if (state_.load(std::memory_order_relaxed) != QueueState::live) return 0;
  const std::uint64_t tsc = rte_rdtsc();
  if (gave_) figures_.busy_cycles += tsc - called_tsc_;
  called_tsc_ = tsc;
  gave_ = false;
  if (!admitted()) {
    ++figures_.held_polls;
    return 0;
  }
  if (next_ == 0 && !lap_begins(tsc)) return 0;
  constexpr std::size_t kAhead = 6;
  const std::size_t left = preloaded_.frames.size() - next_;
  const std::uint16_t wanted = left < n ? static_cast<std::uint16_t>(left) : n;
  const Preloaded::Frame* frames = preloaded_.frames.data() + next_;
  const std::uint16_t lap = preloaded_.lap;
  std::uint16_t given = 0;
  for (; given < wanted; ++given) {
    if (given + kAhead < left) {
      rte_prefetch0(frames[given + kAhead].mbuf);
      rte_prefetch0(static_cast<const char*>(frames[given + kAhead].mbuf->buf_addr) + RTE_PKTMBUF_HEADROOM);
    }
    rte_mbuf* mbuf = frames[given].mbuf;
    if (rte_mbuf_refcnt_read(mbuf) != 1) {
      ++figures_.still_held;
      break;
    }
    retarget(rte_pktmbuf_mtod(mbuf, std::uint8_t*), frames[given].from_client != 0,
             static_cast<std::uint16_t>(lap - 1), lap);
    frame_info(mbuf).time = now;
    figures_.bytes += rte_pktmbuf_pkt_len(mbuf);
    rte_mbuf_refcnt_update(mbuf, 1);
    out[given] = mbuf;
  }
  figures_.packets += given;
  next_ = next_ + given == preloaded_.frames.size() ? 0 : next_ + given;
  gave_ = given > 0;
  return given;
}

}  // namespace spanlight::bench
