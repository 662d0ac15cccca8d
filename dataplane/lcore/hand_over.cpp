#include "lcore/hand_over.h"

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <algorithm>
#include <bit>
#include <cstdio>

namespace spanlight {

HandOver::HandOver(unsigned workers, std::uint32_t ring_size) {
  for (unsigned i = 0; i < workers; ++i) {
    char name[RTE_RING_NAMESIZE];
    std::snprintf(name, sizeof(name), "hand_over_%u", i);
    rings_.push_back(rte_ring_create(name, std::bit_ceil(ring_size), SOCKET_ID_ANY, RING_F_SC_DEQ));
  }
}

HandOver::~HandOver() {
  for (rte_ring* ring : rings_) {
    void* frame = nullptr;
    while (ring != nullptr && rte_ring_dequeue(ring, &frame) == 0)
      rte_pktmbuf_free(static_cast<rte_mbuf*>(frame));
    rte_ring_free(ring);
  }
}

bool HandOver::ok() const {
  return std::none_of(rings_.begin(), rings_.end(), [](const rte_ring* ring) { return ring == nullptr; });
}

bool HandOver::push(unsigned owner, rte_mbuf* frame) {
  return rte_ring_enqueue(rings_[owner], frame) == 0;
}

std::uint16_t HandOver::pop(unsigned owner, rte_mbuf** frames, std::uint16_t n) {
  return static_cast<std::uint16_t>(
      rte_ring_dequeue_burst(rings_[owner], reinterpret_cast<void**>(frames), n, nullptr));
}

std::uint32_t HandOver::used(unsigned owner) const {
  return rte_ring_count(rings_[owner]);
}

}  // namespace spanlight
