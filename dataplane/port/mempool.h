#pragma once
// The packet buffers of one port: how many and how large, and the pool itself. A port's pool is its own, so
// that a port that is flooded cannot starve the others.

#include <cstdint>
#include <string>

#include <rte_mempool.h>

#include "settings/settings.h"

namespace spanlight {

constexpr std::uint16_t kDataRoomBytes = 2'048 + RTE_PKTMBUF_HEADROOM;  // a standard frame in one mbuf
constexpr std::uint32_t kFrameBytesMax = 262'144;                       // libpcap's largest snapshot
constexpr std::uint32_t kMbufsMin = 4'095;
constexpr std::uint32_t kMbufsMax = 4'194'303;
constexpr std::uint32_t kMbufCacheMax = 256;  // mbufs that a worker keeps at hand, hot in its cache

struct PoolPlan {
  std::uint32_t mbufs = 0;
  std::uint16_t data_room_bytes = kDataRoomBytes;
  bool lends = false;  // beyond what reception needs there are enough for body previews
  std::uint64_t bytes() const;
};

PoolPlan plan_pool(const PortSettings& port, const Settings& settings, unsigned workers);

// nullptr: not enough memory. The port's index becomes part of the pool's name, which is unique in the
// process.
rte_mempool* create_pool(const PoolPlan& plan, std::uint8_t port_index, int socket);

// The same for mbufs that no device writes into, but this process: capture files and kernel interfaces.
// Without hugepages they lie close together in memory of their own, for which the kernel is asked for large
// pages; DPDK would give each mbuf a small page of its own.
rte_mempool* create_software_pool(const PoolPlan& plan, std::uint8_t port_index);

// Frees the pool if all its mbufs are back; otherwise it stays until the process ends, since someone still
// reads them.
void release_pool(rte_mempool* pool);

}  // namespace spanlight
