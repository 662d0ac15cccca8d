#include "preloaded.h"

#include <cstring>

#include "port/port.h"

namespace spanlight::bench {

namespace {

// Standing frames have headers alone: ten million of them fit into memory because nothing lies before them.
std::uint16_t offset_of(bool standing) {
  return standing ? 0 : RTE_PKTMBUF_HEADROOM;
}

PoolPlan plan_of(std::uint64_t frames, std::uint16_t frame_bytes_max, bool standing, std::uint32_t spares) {
  constexpr std::uint32_t kRoomUnit = 64;
  const std::uint32_t room = offset_of(standing) + frame_bytes_max;
  // Both threads that take mbufs may keep one and a half caches at hand.
  return {.mbufs = static_cast<std::uint32_t>(frames + spares + 2 * kMbufCacheMax * 3 / 2),
          .data_room_bytes = static_cast<std::uint16_t>((room + kRoomUnit - 1) / kRoomUnit * kRoomUnit)};
}

}  // namespace

std::uint64_t Preloaded::memory_bytes(std::uint64_t frames, std::uint16_t frame_bytes_max, bool standing,
                                      std::uint32_t spares) {
  constexpr std::uint64_t kRingEntryBytes = 2 * sizeof(void*);  // of the pool, a power of two of them
  return plan_of(frames, frame_bytes_max, standing, spares).bytes() + (frames + spares) * kRingEntryBytes;
}

bool Preloaded::load(const Trace& trace, std::uint8_t index, std::uint32_t spares) {
  data_offset = offset_of(trace.standing);
  ip_id_step = trace.ip_id_step;
  opening_frames = trace.standing ? trace.connections : 0;
  pool_ = create_pool(plan_of(trace.frames.size(), trace.frame_bytes_max, trace.standing, spares), index,
                      SOCKET_ID_ANY);
  if (pool_ == nullptr) return false;
  frames.reserve(trace.frames.size());
  for (std::size_t i = 0; i < trace.frames.size(); ++i) {
    rte_mbuf* mbuf = filled(trace.frame(i), index);
    if (mbuf == nullptr) return false;
    frames.push_back({mbuf, trace.frames[i].from_client, trace.frames[i].has_ack});
  }
  return true;
}

rte_mbuf* Preloaded::filled(Bytes bytes, std::uint8_t index) {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(pool_);
  if (mbuf == nullptr) return nullptr;
  mbuf->data_off = data_offset;
  char* data = rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(bytes.size()));
  if (data == nullptr) {
    rte_pktmbuf_free(mbuf);
    return nullptr;
  }
  std::memcpy(data, bytes.data(), bytes.size());
  frame_info(mbuf) = {.time = 0,
                      .wire_bytes = static_cast<std::uint32_t>(bytes.size()),
                      .port = index,
                      .link = LinkType::ethernet};
  return mbuf;
}

Preloaded::Turn Preloaded::replace(Frame& frame) {
  const Bytes bytes{rte_pktmbuf_mtod(frame.mbuf, const std::uint8_t*), rte_pktmbuf_pkt_len(frame.mbuf)};
  rte_mbuf* spare = filled(bytes, frame_info(frame.mbuf).port);
  if (spare == nullptr) return Turn::held;
  rte_pktmbuf_free(frame.mbuf);  // our reference; the holder's keeps the bytes as they are
  frame.mbuf = spare;
  return Turn::replaced;
}

Preloaded::~Preloaded() {
  for (const Frame& frame : frames) rte_pktmbuf_free(frame.mbuf);
  release_pool(pool_);
}

}  // namespace spanlight::bench
