#pragma once
// Bytes that libpcap lends → a chain of mbufs of our own. Data path.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <rte_mbuf.h>

#include "core/bytes.h"
#include "port/mempool.h"

namespace spanlight {

// nullptr: the pool has not enough mbufs, and none is taken. Bytes beyond kFrameBytesMax stay behind; the
// frame's wire_bytes then says that it is cut.
inline rte_mbuf* copy_frame(rte_mempool* pool, Bytes frame) {
  frame = frame.first(std::min<std::size_t>(frame.size(), kFrameBytesMax));
  rte_mbuf* head = rte_pktmbuf_alloc(pool);
  if (head == nullptr) return nullptr;
  rte_mbuf* last = head;
  head->pkt_len = static_cast<std::uint32_t>(frame.size());
  for (;;) {
    const std::size_t n = std::min<std::size_t>(frame.size(), rte_pktmbuf_tailroom(last));
    if (n != 0) std::memcpy(rte_pktmbuf_mtod(last, void*), frame.data(), n);
    last->data_len = static_cast<std::uint16_t>(n);
    frame = frame.subspan(n);
    if (frame.empty()) return head;
    last->next = rte_pktmbuf_alloc(pool);
    if (last->next == nullptr) {
      rte_pktmbuf_free(head);
      return nullptr;
    }
    last = last->next;
    ++head->nb_segs;
  }
}

}  // namespace spanlight
