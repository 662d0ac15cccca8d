// Worker's sixth part: packets into the packet ring (packets/packet_ring.h), as they were captured.

#include <rte_mbuf.h>

#include <algorithm>
#include <cstring>

#include "lcore/ip_packet.h"
#include "lcore/worker.h"

namespace spanlight {

// Of flows that nobody reads no call will come: their packets would only drive out others.
void Worker::keep(Flow& flow, const Slot& slot) {
  if (flow.opaque && !flow.closed) return;
  const FrameInfo& info = frame_info(slot.mbuf);
  if (!slot.datagram.empty()) return keep_datagram(flow, slot, info.time);
  const MutableBytes room = ring_->room(rte_pktmbuf_pkt_len(slot.mbuf));
  if (room.data() == nullptr) return;
  std::size_t at = 0;
  for (const rte_mbuf* piece = slot.mbuf; at < room.size(); piece = piece->next) {
    const std::size_t n = std::min<std::size_t>(piece->data_len, room.size() - at);
    std::memcpy(room.data() + at, rte_pktmbuf_mtod(piece, const std::uint8_t*), n);
    at += n;
  }
  ring_->commit({.time = info.time,
                 .conn_id = flow.conn_id,
                 .wire_bytes = info.wire_bytes,
                 .port = info.port,
                 .link = info.link});
  note_kept(flow);
}

void Worker::note_kept(Flow& flow) {
  flow.packets_kept = true;
  inspector_.packets_kept_since(ring_->whole_since());
}

// Its pieces came before anybody knew whose they were. What is kept is the packet that they were cut from.
void Worker::keep_datagram(Flow& flow, const Slot& slot, TimeNs time) {
  const Bytes bytes = slot.datagram;
  std::uint8_t header[kIpHeaderBytesMax];
  const std::size_t header_bytes = write_ip_header(header, whole_, bytes.size());
  const MutableBytes room = ring_->room(static_cast<std::uint32_t>(header_bytes + bytes.size()));
  if (room.data() == nullptr) return;
  std::memcpy(room.data(), header, std::min(header_bytes, room.size()));
  if (room.size() > header_bytes)
    std::memcpy(room.data() + header_bytes, bytes.data(), room.size() - header_bytes);
  ring_->commit({.time = time,
                 .conn_id = flow.conn_id,
                 .wire_bytes = static_cast<std::uint32_t>(header_bytes + bytes.size()),
                 .port = frame_info(slot.mbuf).port,
                 .link = LinkType::raw_ip});
  note_kept(flow);
}

}  // namespace spanlight
