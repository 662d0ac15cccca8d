#include "packets/collect.h"

#include <algorithm>

#include "packets/pcapng.h"

namespace spanlight {

namespace {

// Copies of what was found, in the order of the rings, no more of them than the file may hold.
class Found {
 public:
  explicit Found(std::size_t bytes_max) : bytes_max_(std::min(bytes_max, kPacketsBytesMax)) {}

  // False: there is no room for it.
  bool take(const KeptPacket& packet, Bytes bytes) {
    const std::size_t needed = kPacketBlockBytes + bytes.size();
    if (needed > bytes_max_ - spent_) return false;
    spent_ += needed;
    entries_.push_back({packet, bytes_.size()});
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return true;
  }

  PacketsFile write(const PacketsOrigin& origin, bool more) {
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry& a, const Entry& b) { return a.packet.time < b.packet.time; });
    PcapngWriter writer(origin.application, origin.comment, origin.ports);
    PacketsFile file;
    file.truncated = more;
    for (const Entry& entry : entries_) {
      if (writer.size() + writer.bytes_for(entry.packet) > bytes_max_) {
        file.truncated = true;
        break;
      }
      writer.add(entry.packet, Bytes{bytes_.data() + entry.at, entry.packet.bytes});
      ++file.count;
    }
    file.pcapng = writer.take();
    return file;
  }

 private:
  struct Entry {
    KeptPacket packet;
    std::size_t at;
  };
  const std::size_t bytes_max_;
  std::size_t spent_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace

PacketsFile collect_packets(std::span<const PacketRing* const> rings, const PacketsRequest& request,
                            TimeNs oldest, const PacketsOrigin& origin, const std::atomic<bool>& stop) {
  std::vector<std::uint64_t> wanted = request.conn_ids;
  std::sort(wanted.begin(), wanted.end());
  Found found(request.bytes_max);
  bool more = false;
  TimeNs first = kNever;
  for (const PacketRing* ring : rings) {
    const TimeNs held = std::max(ring->oldest(), oldest);
    if (ring->oldest() != 0 && held <= ring->newest()) first = std::min(first, held);
    ring->look_through([&](const KeptPacket& packet, Bytes bytes) {
      if (stop.load(std::memory_order_relaxed)) return false;
      if (packet.time < oldest || packet.time < request.from || packet.time > request.until) return true;
      if (!std::binary_search(wanted.begin(), wanted.end(), packet.conn_id)) return true;
      if (found.take(packet, bytes)) return true;
      more = true;
      return false;
    });
  }
  PacketsFile file = found.write(origin, more);
  file.oldest = first == kNever ? 0 : first;
  return file;
}

}  // namespace spanlight
