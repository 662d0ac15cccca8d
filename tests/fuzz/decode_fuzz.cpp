// Frames of every link type through decode, reassembly of fragments, and the duplicate filter, as a worker
// runs them. Input: link type, options, then frames, each behind two bytes of captured length and one of
// time. Also checks what later rooms rely on: offsets within the frame, captured never more than claimed.

#include <cstdlib>
#include <vector>

#include "core/slab.h"
#include "decode/decode.h"
#include "decode/duplicates.h"
#include "decode/flow_key_hash.h"
#include "decode/fragments.h"
#include "decode/toeplitz.h"

using namespace spanlight;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_packet(const Packet& packet, std::size_t bytes) {
  require(packet.payload_offset <= bytes && packet.payload_bytes <= bytes - packet.payload_offset);
  require(packet.payload_bytes <= packet.payload_wire_bytes);
  require(packet.sender <= 1 && packet.vlan_count <= kVlansMax);
  require(packet.key.zero == 0);
  const int order = std::memcmp(packet.key.ip[0].bytes.data(), packet.key.ip[1].bytes.data(), 16);
  require(order < 0 || (order == 0 && packet.key.port[0] <= packet.key.port[1]));
  require(owner_of(packet, 7) < 7);
}

void check_fragment(const Fragment& fragment, std::size_t bytes) {
  require(fragment.payload_offset <= bytes && fragment.payload_bytes <= bytes - fragment.payload_offset);
  require(fragment.payload_bytes <= fragment.payload_wire_bytes);
}

class Worker {
 public:
  void frame(Bytes captured, std::uint32_t wire, LinkType link, const DecodeOptions& options, TimeNs now) {
    const std::vector<std::uint8_t> exact(captured.begin(), captured.end());
    const auto bytes = static_cast<std::uint32_t>(exact.size());
    const Bytes head = Bytes(exact).first(std::min<std::size_t>(exact.size(), kHeadBytesMax));
    Packet packet;
    Fragment fragment;
    DecodeResult result = decode(head, bytes, wire, link, options, packet, fragment);
    Bytes from = exact;
    for (int depth = 0; result == DecodeResult::fragment && depth < 4; ++depth) {
      check_fragment(fragment, from.size());
      Fragment first;
      from =
          fragments_.add(fragment, from.subspan(fragment.payload_offset, fragment.payload_bytes), now, first);
      if (from.empty()) break;
      result = decode_datagram(from, first, options, packet, fragment);
    }
    require(result < DecodeResult::count_);
    if (result == DecodeResult::ok) {
      check_packet(packet, from.size());
      duplicates_.seen(packet, flow_hash(packet.key), now);
    }
  }
  void expire(TimeNs now) {
    fragments_.expire(now, 8);
    require(fragments_.held_bytes() == slabs_.used_bytes());
  }

  void forget() {
    fragments_.expire(kNever, 2 * FragmentReassembler::kDatagramsMax);
    require(slabs_.used_bytes() == 0 && fragments_.waiting() == 0);
  }

 private:
  static inline SlabPool slabs_{1 << 20};
  static inline FragmentCounters counters_;
  // Kept from input to input, since its tables are large; forget() empties it.
  static inline FragmentReassembler fragments_{slabs_, counters_};
  DuplicateFilter duplicates_{16};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto link = static_cast<LinkType>(data[0] % 8);  // one more than there are
  const DecodeOptions options = {.vlan_in_key = (data[1] & 1) != 0, .decapsulate = (data[1] & 2) == 0};
  const bool cut = (data[1] & 4) != 0;
  Bytes rest(data + 2, size - 2);
  Worker worker;
  TimeNs now = kSecondNs;
  while (rest.size() >= 3) {
    const std::size_t n = std::min<std::size_t>(rest[0] << 8 | rest[1], rest.size() - 3);
    now += rest[2] * (rest[2] < 128 ? kMillisecondNs : kSecondNs);
    const std::uint32_t wire = static_cast<std::uint32_t>(n) + (cut ? 100U : 0U);
    worker.frame(rest.subspan(3, n), wire, link, options, now);
    if (rest[2] % 8 == 7) worker.expire(now);
    rest = rest.subspan(3 + n);
  }
  worker.forget();
  return 0;
}
