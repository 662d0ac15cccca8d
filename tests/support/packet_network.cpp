// IP, its extension headers and fragments, and the transports.

#include <arpa/inet.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "support/frame_bytes.h"

namespace spanlight::test {

namespace {

Frame address(std::string_view text, int family) {
  Frame bytes(family == AF_INET ? 4 : 16);
  if (inet_pton(family, std::string(text).c_str(), bytes.data()) != 1) std::abort();
  return bytes;
}

int ip_number(Layer kind, bool in_v6) {
  switch (kind) {
    case Layer::tcp:
      return 6;
    case Layer::udp:
      return 17;
    case Layer::icmp:
      return in_v6 ? 58 : 1;
    case Layer::icmpv6:
      return 58;
    case Layer::sctp:
      return 132;
    case Layer::gre:
      return 47;
    case Layer::ipv4:
      return 4;
    case Layer::ipv6:
      return 41;
    case Layer::mpls:
      return 137;
    default:
      return 59;
  }
}

// The checksum of the transport segment `bytes` with its pseudo header.
void finish_checksum(Frame& bytes, int protocol, Bytes src, Bytes dst) {
  std::size_t at = 0;
  bool pseudo = true;
  switch (protocol) {
    case 6:
      at = 16;
      break;
    case 17:
      at = 6;
      break;
    case 1:
      at = 2;
      pseudo = false;
      break;
    case 58:
      at = 2;
      break;
    default:
      return;
  }
  if (bytes.size() < at + 2) return;
  if (protocol == 17 && bytes[6] == 0 && bytes[7] == 0) return;  // asked for without
  put16(bytes, at, 0);
  std::uint32_t sum = sum16(bytes);
  if (pseudo)
    sum = sum16(src, sum16(dst, sum)) + static_cast<std::uint32_t>(protocol) +
          static_cast<std::uint32_t>(bytes.size());
  const std::uint16_t checksum = fold(sum);
  put16(bytes, at, checksum == 0 && protocol == 17 ? 0xffff : checksum);
}

}  // namespace

PacketBuilder& PacketBuilder::ipv4(std::string_view src, std::string_view dst, const Ipv4Fields& fields) {
  const Frame s = address(src, AF_INET), d = address(dst, AF_INET);
  return add(Layer::ipv4, [=](Frame& bytes, const Inner& inner) {
    const int number = fields.protocol >= 0             ? fields.protocol
                       : inner.kind == Layer::extension ? inner.number
                                                        : ip_number(inner.kind, false);
    if (ip_number(inner.kind, false) == number) finish_checksum(bytes, number, s, d);
    const std::size_t header_bytes = 20 + fields.options.size();
    Frame h = {static_cast<std::uint8_t>(0x40 | header_bytes / 4), 0};
    push16(h, fields.total_length_0 ? 0 : header_bytes + bytes.size());
    push16(h, fields.id);
    push16(h, fields.dont_fragment ? 0x4000 : 0);
    h.push_back(fields.ttl);
    h.push_back(static_cast<std::uint8_t>(number));
    push16(h, 0);
    append(h, s);
    append(h, d);
    append(h, fields.options);
    put16(h, 10, fold(sum16(h)));
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::ipv6(std::string_view src, std::string_view dst, const Ipv6Fields& fields) {
  const Frame s = address(src, AF_INET6), d = address(dst, AF_INET6);
  return add(Layer::ipv6, [=](Frame& bytes, const Inner& inner) {
    const int number = fields.next_header >= 0          ? fields.next_header
                       : inner.kind == Layer::extension ? inner.number
                                                        : ip_number(inner.kind, true);
    if (ip_number(inner.kind, true) == number) finish_checksum(bytes, number, s, d);
    Frame h = {0x60, 0, 0, 0};
    push16(h, fields.payload_length_0 ? 0 : bytes.size());
    h.push_back(static_cast<std::uint8_t>(number));
    h.push_back(fields.hop_limit);
    append(h, s);
    append(h, d);
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::extension(std::uint8_t number, std::uint8_t units) {
  return add(
      Layer::extension,
      [=](Frame& bytes, const Inner& inner) {
        const std::size_t size = number == 51 ? 8 + units * 4U : 8 + units * 8U;
        Frame h(size, 0);
        h[0] = static_cast<std::uint8_t>(inner.kind == Layer::extension ? inner.number
                                                                        : ip_number(inner.kind, true));
        h[1] = units;
        prepend(bytes, h);
      },
      number);
}

PacketBuilder& PacketBuilder::fragment_header(std::uint32_t id, std::uint32_t offset, bool more,
                                              int next_header) {
  return add(
      Layer::extension,
      [=](Frame& bytes, const Inner& inner) {
        const int number = next_header >= 0                 ? next_header
                           : inner.kind == Layer::extension ? inner.number
                                                            : ip_number(inner.kind, true);
        Frame h = {static_cast<std::uint8_t>(number), 0};
        push16(h, (offset & 0xfff8) | (more ? 1 : 0));
        push32(h, id);
        prepend(bytes, h);
      },
      44);
}

PacketBuilder& PacketBuilder::tcp(const TcpFields& fields) {
  return add(Layer::tcp, [fields](Frame& bytes, const Inner&) {
    Frame h;
    push16(h, fields.src);
    push16(h, fields.dst);
    push32(h, fields.seq);
    push32(h, fields.ack);
    h.push_back(static_cast<std::uint8_t>((20 + fields.options.size()) / 4 << 4));
    h.push_back(fields.flags);
    push16(h, fields.window);
    push32(h, 0);
    append(h, fields.options);
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::udp(std::uint16_t src, std::uint16_t dst, bool with_checksum) {
  return add(Layer::udp, [=](Frame& bytes, const Inner&) {
    Frame h;
    push16(h, src);
    push16(h, dst);
    push16(h, 8 + bytes.size());
    push16(h, with_checksum ? 1 : 0);
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::icmp(std::uint8_t type, std::uint8_t code) {
  return add(Layer::icmp, [=](Frame& bytes, const Inner&) { prepend(bytes, {type, code, 0, 0}); });
}

PacketBuilder& PacketBuilder::sctp(std::uint16_t src, std::uint16_t dst) {
  return add(Layer::sctp, [=](Frame& bytes, const Inner&) {
    Frame h;
    push16(h, src);
    push16(h, dst);
    push32(h, 0x01020304);
    push32(h, 0xa1b2c3d4);  // not the CRC32c it should be
    prepend(bytes, h);
  });
}

std::vector<Frame> fragments_of(const Frame& frame, std::size_t ip_offset, std::size_t bytes,
                                std::uint32_t id) {
  const bool v6 = frame[ip_offset] >> 4 == 6;
  const std::size_t header_bytes = v6 ? 40 : (frame[ip_offset] & 0x0fU) * 4U;
  const std::size_t transport_at = ip_offset + header_bytes, total = frame.size() - transport_at;
  const std::size_t step = std::max<std::size_t>(bytes & ~std::size_t{7}, 8);
  std::vector<Frame> out;
  for (std::size_t at = 0; at < total; at += step) {
    const std::size_t n = std::min(step, total - at);
    const bool more = at + n < total;
    Frame f(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(transport_at));
    if (v6) {
      Frame h = {f[ip_offset + 6], 0};
      push16(h, at | (more ? 1 : 0));
      push32(h, id);
      f[ip_offset + 6] = 44;
      put16(f, ip_offset + 4, h.size() + n);
      append(f, h);
    } else {
      put16(f, ip_offset + 2, header_bytes + n);
      put16(f, ip_offset + 4, id);
      put16(f, ip_offset + 6, at / 8 | (more ? 0x2000 : 0));
      put16(f, ip_offset + 10, 0);
      put16(f, ip_offset + 10, fold(sum16(Bytes(f).subspan(ip_offset, header_bytes))));
    }
    append(f, Bytes(frame).subspan(transport_at + at, n));
    out.push_back(std::move(f));
  }
  return out;
}

}  // namespace spanlight::test
