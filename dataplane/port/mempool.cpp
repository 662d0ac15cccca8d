#include "port/mempool.h"

#include <algorithm>
#include <bit>
#include <cstdio>

#include <rte_mbuf.h>

#include "port/port.h"
#include "port/source.h"
#include "settings/source.h"

namespace spanlight {
namespace {

constexpr std::uint32_t kReservedMbufs = 1'024;  // held beyond rings and bursts, by reassembly above all
constexpr std::uint32_t kDataRoomMax = 0xffff;

}  // namespace

std::uint64_t PoolPlan::bytes() const {
  rte_mempool_objsz size{};
  const std::uint32_t element = static_cast<std::uint32_t>(sizeof(rte_mbuf)) + data_room_bytes;
  // Without hugepages DPDK lets no object cross a page: what does not fit a page's rest begins a new one.
  constexpr std::uint64_t kPageBytes = 4'096;
  const std::uint64_t object = rte_mempool_calc_obj_size(element, 0, &size);
  const std::uint64_t per_page = kPageBytes / object;
  if (per_page > 0) return (mbufs + per_page - 1) / per_page * kPageBytes;
  return std::uint64_t{mbufs} * ((object + kPageBytes - 1) / kPageBytes) * kPageBytes;
}

// What may be out at once: descriptors (a NIC's), bursts in work, the per-lcore caches (DPDK lets a cache
// grow to one and a half), and the hand-over rings, which together can hold ring_size mbufs for each other
// worker.
PoolPlan plan_pool(const PortSettings& port, const Settings& settings, unsigned workers) {
  PoolPlan plan;
  const Source source = source_of(port.source);
  const bool copied = source.kind == SourceKind::file || source.kind == SourceKind::interface;
  std::uint64_t mbufs = kReservedMbufs + std::uint64_t{workers} * (2 * kBurstMax + kMbufCacheMax * 3 / 2) +
                        (workers > 1 ? std::uint64_t{workers} * settings.ring_size : 0);
  if (copied) mbufs += std::uint64_t{kBurstMax} * (kFrameBytesMax / (kDataRoomBytes - RTE_PKTMBUF_HEADROOM));
  if (!copied) mbufs += std::uint64_t{settings.rx_descriptors} * workers;
  if (source.kind == SourceKind::vdev) {
    const std::uint32_t frame = single_segment_bytes(complete_vdev(parse_vdev(source.target)));
    const std::uint32_t room = std::min(frame + RTE_PKTMBUF_HEADROOM, kDataRoomMax);
    plan.data_room_bytes = static_cast<std::uint16_t>(std::max<std::uint32_t>(room, kDataRoomBytes));
    // net_af_packet keeps the kernel's ring, not mbufs, in its queues.
    if (frame > kDataRoomBytes) mbufs = std::min<std::uint64_t>(mbufs, std::uint64_t{kMbufsMin} * workers);
  }
  // Devices of the kernel's have few and large buffers.
  plan.lends = source.kind != SourceKind::vdev;
  if (plan.lends) mbufs += std::uint64_t{workers} * settings.lent_buffers;
  if (settings.mbufs != 0) {
    plan.lends = plan.lends && settings.mbufs >= mbufs;
    mbufs = settings.mbufs;
  }
  // A ring-backed pool stores best 2^n - 1.
  const std::uint64_t rounded = std::bit_ceil(std::clamp<std::uint64_t>(mbufs, kMbufsMin, kMbufsMax) + 1) - 1;
  plan.mbufs = static_cast<std::uint32_t>(rounded);
  return plan;
}

rte_mempool* create_pool(const PoolPlan& plan, std::uint8_t port_index, int socket) {
  static unsigned created = 0;  // main thread only
  char name[RTE_MEMPOOL_NAMESIZE];
  std::snprintf(name, sizeof(name), "port%u_%u", unsigned{port_index}, created++);
  return rte_pktmbuf_pool_create(name, plan.mbufs, kMbufCacheMax, 0, plan.data_room_bytes, socket);
}

void release_pool(rte_mempool* pool) {
  if (pool != nullptr && rte_mempool_full(pool) == 1) rte_mempool_free(pool);
}

}  // namespace spanlight
