// Frames of every link type through decode, reassembly of fragments, and the duplicate filter, as a worker
// runs them. Also checks what later rooms rely on: offsets within the frame, captured never more than
// claimed, a frame cut short gives the same or says so, a datagram consists of its fragments, hardware names
// the same owner.
//
// Input: u8 link type, u8 options, then frames: u16 captured bytes, u8 time, bytes.
//   options: bit 0 VLAN in the key, 1 no tunnels, 2 the wire had 100 bytes more, 4 no frames but fragments of
//            four bytes each: Worker::piece(); kFlood: each of some fragments comes for many datagrams

#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

#include "core/slab.h"
#include "decode/decode.h"
#include "decode/duplicates.h"
#include "decode/flow_key_hash.h"
#include "decode/fragments.h"
#include "decode/toeplitz.h"
#include "fragment_shadow.h"

using namespace spanlight;

namespace {

constexpr std::uint8_t kFlood = 0x88;  // a value and not a bit, since it takes milliseconds
constexpr unsigned kFloodedMax = 12;
constexpr unsigned kPiecesMax = 3 * FragmentReassembler::kHolesMax;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_packet(const Packet& packet, std::size_t bytes) {
  require(packet.payload_offset <= bytes && packet.payload_bytes <= bytes - packet.payload_offset);
  require(packet.payload_bytes <= packet.payload_wire_bytes);
  require(packet.sender <= 1 && packet.vlan_count <= kVlansMax);
  const int order = std::memcmp(packet.key.ip[0].bytes.data(), packet.key.ip[1].bytes.data(), 16);
  require(order < 0 || (order == 0 && packet.key.port[0] <= packet.key.port[1]));
  require(owner_of(packet, 7) < 7);
}

void check_fragment(const Fragment& fragment, std::size_t bytes) {
  require(fragment.payload_offset <= bytes && fragment.payload_bytes <= bytes - fragment.payload_offset);
  require(fragment.payload_bytes <= fragment.payload_wire_bytes);
}

// Hardware's hash, of whichever side sent, names the same owner as ours.
void check_owner(const FlowKey& key) {
  static const Toeplitz nic(kSymmetricRssKey);
  const bool ports = key.protocol == 6 || key.protocol == 17;
  for (const unsigned from : {0U, 1U}) {
    const IpAddress &a = key.ip[from], &b = key.ip[from ^ 1];
    const std::uint16_t a_port = key.port[from], b_port = key.port[from ^ 1];
    // NICs know no mixture of families; neither does the wire.
    if (a.is_v4() != b.is_v4()) return;
    require(rss_hash(key) == (ports ? nic.hash(a, a_port, b, b_port) : nic.hash(a, b)));
    require(ports || rss_hash(a, b) == rss_hash(key));
  }
}

// A frame of which the capture kept less is decoded alike, or says what is missing. (What seemed a tunnel may
// become a datagram.)
void check_prefix(Bytes frame, std::uint32_t wire, LinkType link, const DecodeOptions& options,
                  DecodeResult result, const Packet& whole) {
  const std::size_t n = frame.size() * (frame.back() % 64U) / 64;
  const std::vector<std::uint8_t> exact(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(n));
  Packet packet;
  Fragment fragment;
  const DecodeResult cut =
      decode(exact, static_cast<std::uint32_t>(n), wire, link, options, packet, fragment);
  if (cut == DecodeResult::truncated) return;
  if (cut == DecodeResult::ok) check_packet(packet, n);
  if (packet.payload_offset != whole.payload_offset || packet.tunnel != whole.tunnel) return;
  require(cut == result);
  if (cut != DecodeResult::ok) return;
  require(packet.key == whole.key && packet.payload_wire_bytes == whole.payload_wire_bytes);
  require(packet.payload_bytes <= whole.payload_bytes);
}

// Plain frames are decoded in one look: the walk, which reads the same bytes as raw IP, must agree.
void check_plain(Bytes head, std::uint32_t captured, std::uint32_t wire, const DecodeOptions& options,
                 DecodeResult result, const Packet& packet) {
  constexpr std::uint32_t kLink = 14;
  if (head.size() <= kLink || captured >= kHeadBytesMax || head[12] != 8 || head[13] != 0) return;
  Packet walked;
  Fragment fragment;
  const DecodeResult by_walk = decode(head.subspan(kLink), captured - kLink, std::max(wire, captured) - kLink,
                                      LinkType::raw_ip, options, walked, fragment);
  if (head[kLink] >> 4 != 4) return;  // raw IP may be IPv6, whatever the EtherType says
  require(by_walk == result);
  if (result != DecodeResult::ok) return;
  require(walked.key == packet.key && walked.sender == packet.sender && walked.ttl == packet.ttl &&
          walked.ip_id == packet.ip_id && walked.has_ip_id == packet.has_ip_id);
  require(walked.seq == packet.seq && walked.ack == packet.ack && walked.tcp_flags == packet.tcp_flags &&
          walked.window == packet.window && walked.checksum == packet.checksum && walked.mss == packet.mss &&
          walked.window_scale == packet.window_scale);
  require(walked.payload_offset + kLink == packet.payload_offset &&
          walked.payload_wire_bytes == packet.payload_wire_bytes &&
          walked.payload_bytes == packet.payload_bytes && walked.frame_bytes + kLink == packet.frame_bytes);
}

class Worker {
 public:
  void frame(Bytes captured, std::uint32_t wire, LinkType link, const DecodeOptions& options, TimeNs now) {
    const std::vector<std::uint8_t> exact(captured.begin(), captured.end());
    const auto bytes = static_cast<std::uint32_t>(exact.size());
    // In memory of its own: what lies behind the head is not to be read.
    const std::vector<std::uint8_t> head(exact.begin(), exact.begin() + std::min(bytes, kHeadBytesMax));
    Packet packet;
    Fragment fragment;
    DecodeResult result = decode(head, bytes, wire, link, options, packet, fragment);
    if (bytes > 0 && bytes <= kHeadBytesMax) check_prefix(exact, wire, link, options, result, packet);
    if (link == LinkType::ethernet) check_plain(head, bytes, wire, options, result, packet);
    Bytes from = exact;
    for (int depth = 0; result == DecodeResult::fragment && depth < 4; ++depth) {
      check_fragment(fragment, from.size());
      Fragment first;
      from = add(fragment, from.subspan(fragment.payload_offset, fragment.payload_bytes), now, first);
      if (from.empty()) break;
      result = decode_datagram(from, first, options, packet, fragment);
    }
    require(result < DecodeResult::count_);
    if (result == DecodeResult::ok) {
      check_packet(packet, from.size());
      check_owner(packet.key);
      duplicates_.seen(packet, flow_hash(packet.key), now);
    }
  }
  // A fragment without its frame, so that the order of pieces is explored and not their headers. u8: bits 0-1
  // identification, 2-3 time, 4 more follow, 5 IPv6, 6 other contents, 7 another network; u8 offset and u8
  // length in units of 8; u8: bits 0-2 how much shorter the last is, 6-7 protocol.
  void piece(Bytes event, TimeNs& now) {
    constexpr std::array<DurationNs, 4> kPauses = {0, kMillisecondNs, 60 * kMillisecondNs, 16 * kSecondNs};
    now += kPauses[event[0] >> 2 & 3];
    const bool more = (event[0] & 16) != 0;
    std::vector<std::uint8_t> payload((event[2] % 8U + 1) * 8 - (more ? 0 : event[3] % 8U));
    Fragment f = {.id = event[0] & 3U, .protocol = static_cast<std::uint8_t>(event[3] >> 6), .more = more};
    f.tunnel_id = event[0] >> 7;
    f.offset_in_datagram = event[1] * 8U;
    f.payload_bytes = f.payload_wire_bytes = static_cast<std::uint32_t>(payload.size());
    if ((event[0] & 32) == 0) f.src.bytes[10] = f.src.bytes[11] = 0xff;
    for (std::uint32_t i = 0; i < payload.size(); ++i)
      payload[i] = static_cast<std::uint8_t>((f.offset_in_datagram + i) * 157 / 8 + (event[0] & 64U));
    Fragment first;
    add(f, payload, now, first);
    require(fragments_->held_bytes() == slabs_.used_bytes());
  }

  void expire(TimeNs now) {
    fragments_->expire(now, 8);
    require(fragments_->held_bytes() == slabs_.used_bytes());
  }

  void forget() {
    if (flood_) {
      fragments_ = std::make_unique<FragmentReassembler>(slabs_, counters_);
    } else {
      fragments_->expire(kNever, 2 * FragmentReassembler::kDatagramsMax);
    }
    require(slabs_.used_bytes() == 0 && fragments_->waiting() == 0);
  }

  void flood() { flood_ = true; }

 private:
  Bytes add(const Fragment& fragment, Bytes payload, TimeNs now, Fragment& first) {
    const FragmentCounters before = counters_;
    const Bytes whole = fragments_->add(fragment, payload, now, first);
    if (flood_) {
      for (std::uint32_t i = 1; i < 128 && flooded_ < kFloodedMax; ++i) {
        Fragment other = fragment;
        other.id += i << 16;
        fragments_->add(other, payload, now);
      }
      ++flooded_;
      require(fragments_->held_bytes() == slabs_.used_bytes());
      return {};
    }
    shadow_.check(fragment, payload, now, counters_.refused == before.refused, whole);
    return whole;
  }

  static inline SlabPool slabs_{16 << 20};
  static inline FragmentCounters counters_;
  // Kept from input to input, since its tables are large; forget() empties it.
  static inline auto fragments_ = std::make_unique<FragmentReassembler>(slabs_, counters_);
  DuplicateFilter duplicates_{16};
  FragmentShadow shadow_;
  bool flood_ = false;
  unsigned flooded_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto link = static_cast<LinkType>(data[0] % 8);  // one more than there are
  const DecodeOptions options = {.vlan_in_key = (data[1] & 1) != 0, .decapsulate = (data[1] & 2) == 0};
  const bool cut = (data[1] & 4) != 0;
  Bytes rest(data + 2, size - 2);
  Worker worker;
  if (data[1] == kFlood) worker.flood();
  TimeNs now = kSecondNs;
  if ((data[1] & 16) != 0) {
    for (unsigned i = 0; i < kPiecesMax && rest.size() >= 4; ++i, rest = rest.subspan(4))
      worker.piece(rest.first(4), now);
    rest = {};
  }
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
