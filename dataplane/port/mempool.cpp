#include "port/mempool.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <string>

#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>

#include "port/large_memory.h"
#include "port/port.h"
#include "port/source.h"
#include "settings/source.h"

namespace spanlight {
namespace {

constexpr std::uint32_t kReservedMbufs = 1'024;  // held beyond rings and bursts, by reassembly above all
constexpr std::uint32_t kDataRoomMax = 0xffff;

std::string next_name(std::uint8_t port_index) {
  static unsigned created = 0;  // main thread only
  return "port" + std::to_string(port_index) + "_" + std::to_string(created++);
}

void free_memory(rte_mempool_memhdr* memory, void*) {
  std::free(memory->addr);
}

// All mbufs of the pool, one behind the other: nobody asks for I/O addresses, so they may cross pages. False:
// there is no memory.
bool give_memory(rte_mempool* pool) {
  const std::size_t object = pool->header_size + pool->elt_size + pool->trailer_size;
  const std::size_t bytes = pool->size * object + RTE_MEMPOOL_ALIGN;
  void* memory = allocate_large(bytes);
  if (memory == nullptr) return false;
  const int mbufs = rte_mempool_populate_iova(
      pool, static_cast<char*>(memory), reinterpret_cast<rte_iova_t>(memory), bytes, free_memory, nullptr);
  if (mbufs <= 0) std::free(memory);
  return mbufs == static_cast<int>(pool->size);
}

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
  return rte_pktmbuf_pool_create(next_name(port_index).c_str(), plan.mbufs, kMbufCacheMax, 0,
                                 plan.data_room_bytes, socket);
}

rte_mempool* create_software_pool(const PoolPlan& plan, std::uint8_t port_index) {
  if (rte_eal_has_hugepages() != 0) return create_pool(plan, port_index, SOCKET_ID_ANY);
  const unsigned element = static_cast<unsigned>(sizeof(rte_mbuf)) + plan.data_room_bytes;
  rte_mempool* pool =
      rte_mempool_create_empty(next_name(port_index).c_str(), plan.mbufs, element, kMbufCacheMax,
                               sizeof(rte_pktmbuf_pool_private), SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
  if (pool == nullptr) return nullptr;
  rte_pktmbuf_pool_private room{};
  room.mbuf_data_room_size = plan.data_room_bytes;
  if (rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), nullptr) == 0) {
    rte_pktmbuf_pool_init(pool, &room);
    if (give_memory(pool)) {
      rte_mempool_obj_iter(pool, rte_pktmbuf_init, nullptr);
      return pool;
    }
  }
  rte_mempool_free(pool);
  return nullptr;
}

void release_pool(rte_mempool* pool) {
  if (pool != nullptr && rte_mempool_full(pool) == 1) rte_mempool_free(pool);
}

}  // namespace spanlight
