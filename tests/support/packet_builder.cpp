#include "support/packet_builder.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace spanlight::test {

namespace {

void put16(Frame& f, std::size_t at, std::size_t v) {
  f[at] = static_cast<std::uint8_t>(v >> 8);
  f[at + 1] = static_cast<std::uint8_t>(v);
}

void push16(Frame& f, std::size_t v) {
  f.push_back(static_cast<std::uint8_t>(v >> 8));
  f.push_back(static_cast<std::uint8_t>(v));
}

void push32(Frame& f, std::size_t v) {
  push16(f, v >> 16);
  push16(f, v);
}

void append(Frame& f, Bytes bytes) {
  f.insert(f.end(), bytes.begin(), bytes.end());
}

void prepend(Frame& f, const Frame& header) {
  f.insert(f.begin(), header.begin(), header.end());
}

Frame address(std::string_view text, int family) {
  Frame bytes(family == AF_INET ? 4 : 16);
  if (inet_pton(family, std::string(text).c_str(), bytes.data()) != 1) std::abort();
  return bytes;
}

std::uint32_t sum16(Bytes bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
  return sum;
}

std::uint16_t fold(std::uint32_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
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

std::uint16_t ether_type(Layer kind, int number) {
  switch (kind) {
    case Layer::ipv4:
      return 0x0800;
    case Layer::ipv6:
      return 0x86dd;
    case Layer::vlan:
      return static_cast<std::uint16_t>(number);
    case Layer::mpls:
      return 0x8847;
    case Layer::pppoe:
      return 0x8864;
    case Layer::eth:
      return 0x6558;
    case Layer::ppp:
      return 0x880b;
    default:
      return 0x88b5;  // for local experiments
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

PacketBuilder& PacketBuilder::add(Layer kind, std::function<void(Frame&, const Inner&)> wrap,
                                  std::uint8_t number) {
  layers_.push_back({kind, number, std::move(wrap)});
  return *this;
}

PacketBuilder& PacketBuilder::eth(int type) {
  return add(Layer::eth, [type](Frame& bytes, const Inner& inner) {
    Frame h = {0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1};
    push16(h, type >= 0 ? static_cast<std::size_t>(type) : ether_type(inner.kind, inner.number));
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::eth_802_3() {
  return add(Layer::eth, [](Frame& bytes, const Inner&) {
    Frame h = {0x01, 0x80, 0xc2, 0, 0, 0, 0x02, 0, 0, 0, 0, 1};
    push16(h, bytes.size());
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::llc_snap() {
  return add(Layer::llc, [](Frame& bytes, const Inner& inner) {
    Frame h = {0xaa, 0xaa, 0x03, 0, 0, 0};
    push16(h, ether_type(inner.kind, inner.number));
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::vlan(std::uint16_t id, std::uint16_t tpid, std::uint8_t priority) {
  // The tag protocol stands in the header around: its number goes through `number` in 8 bits, see
  // build_from().
  const std::uint8_t short_tpid = tpid == 0x8100 ? 0 : tpid == 0x88a8 ? 1 : 2;
  return add(
      Layer::vlan,
      [id, priority](Frame& bytes, const Inner& inner) {
        Frame h;
        push16(h, static_cast<std::size_t>(priority << 13 | id));
        push16(h, inner.kind == Layer::llc ? bytes.size() : ether_type(inner.kind, inner.number));
        prepend(bytes, h);
      },
      short_tpid);
}

PacketBuilder& PacketBuilder::mpls(std::uint32_t label) {
  return add(Layer::mpls, [label](Frame& bytes, const Inner& inner) {
    Frame h;
    push32(h, label << 12 | (inner.kind == Layer::mpls ? 0U : 0x100U) | 64);
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::pseudo_wire_control_word() {
  return add(Layer::other, [](Frame& bytes, const Inner&) { prepend(bytes, {0, 0, 0, 0}); });
}

PacketBuilder& PacketBuilder::pppoe() {
  return add(Layer::pppoe, [](Frame& bytes, const Inner&) {
    Frame h = {0x11, 0x00, 0x00, 0x07};
    push16(h, bytes.size());
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::ppp(bool address_and_control, bool one_byte_protocol) {
  return add(Layer::ppp, [=](Frame& bytes, const Inner& inner) {
    Frame h;
    if (address_and_control) h = {0xff, 0x03};
    if (!one_byte_protocol) h.push_back(inner.kind == Layer::mpls ? 0x02 : 0x00);
    h.push_back(inner.kind == Layer::ipv4   ? 0x21
                : inner.kind == Layer::ipv6 ? 0x57
                : inner.kind == Layer::mpls ? 0x81
                                            : 0xc1);
    prepend(bytes, h);
  });
}

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

PacketBuilder& PacketBuilder::gre(const GreFields& fields) {
  return add(Layer::gre, [fields](Frame& bytes, const Inner& inner) {
    Frame h;
    push16(h, static_cast<std::size_t>((fields.checksum ? 0x8000 : 0) | (fields.has_key ? 0x2000 : 0) |
                                       (fields.has_sequence ? 0x1000 : 0)));
    push16(h,
           fields.type >= 0 ? static_cast<std::size_t>(fields.type) : ether_type(inner.kind, inner.number));
    if (fields.checksum) push32(h, 0);
    if (fields.has_key) push32(h, fields.key);
    if (fields.has_sequence) push32(h, fields.sequence);
    prepend(bytes, h);
    if (fields.checksum) put16(bytes, 4, fold(sum16(bytes)));
  });
}

PacketBuilder& PacketBuilder::vxlan(std::uint32_t vni) {
  udp(50'000, 4'789, false);
  return add(Layer::vxlan, [vni](Frame& bytes, const Inner&) {
    Frame h = {0x08, 0, 0, 0};
    push32(h, vni << 8);
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::geneve(std::uint32_t vni, const Frame& options) {
  udp(50'001, 6'081, false);
  return add(Layer::geneve, [=](Frame& bytes, const Inner& inner) {
    Frame h = {static_cast<std::uint8_t>(options.size() / 4), 0};
    push16(h, ether_type(inner.kind, inner.number));
    push32(h, vni << 8);
    append(h, options);
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::erspan_1() {
  return gre({.type = 0x88be});
}

PacketBuilder& PacketBuilder::erspan_2(std::uint16_t session) {
  gre({.has_sequence = true, .sequence = 9, .type = 0x88be});
  return add(Layer::erspan, [session](Frame& bytes, const Inner&) {
    Frame h = {0x10, 0x07};
    push16(h, session);
    push32(h, 3);
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::erspan_3(std::uint16_t session, bool subheader, std::uint8_t frame_type) {
  gre({.has_sequence = true, .sequence = 9, .type = 0x22eb});
  return add(Layer::erspan, [=](Frame& bytes, const Inner&) {
    Frame h = {0x20, 0x07};
    push16(h, session);
    push32(h, 0x11223344);
    push16(h, 0);
    push16(h, static_cast<std::size_t>(frame_type << 10 | (subheader ? 1 : 0)));
    if (subheader) h.resize(20);
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::gtp(std::uint32_t tunnel, bool sequence, unsigned extension_headers) {
  udp(2'152, 2'152);
  return add(Layer::gtp, [=](Frame& bytes, const Inner&) {
    Frame optional;
    if (sequence || extension_headers > 0)
      optional = {0, 5, 0, static_cast<std::uint8_t>(extension_headers > 0 ? 0x85 : 0)};
    for (unsigned i = 1; i <= extension_headers; ++i) {
      append(optional, Frame{1, 0x10, 0x01, static_cast<std::uint8_t>(i < extension_headers ? 0x85 : 0)});
    }
    Frame h = {static_cast<std::uint8_t>(0x30 | (sequence ? 2 : 0) | (extension_headers > 0 ? 4 : 0)), 0xff};
    push16(h, optional.size() + bytes.size());
    push32(h, tunnel);
    append(h, optional);
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::teredo(bool authentication, bool origin) {
  udp(3'544, 40'001);
  return add(Layer::teredo, [=](Frame& bytes, const Inner&) {
    Frame h;
    if (authentication) {
      h = {0, 1, 4, 3};
      h.resize(4 + 4 + 3 + 9, 0xee);
    }
    if (origin) append(h, Frame{0, 0, 0x63, 0xbf, 0xf5, 0xff, 0xff, 0xfe});
    prepend(bytes, h);
  });
}

PacketBuilder& PacketBuilder::payload(std::string_view bytes) {
  return raw(Frame(bytes.begin(), bytes.end()));
}

PacketBuilder& PacketBuilder::payload(std::size_t count, std::uint8_t value) {
  return raw(Frame(count, value));
}

PacketBuilder& PacketBuilder::raw(const Frame& bytes, Layer as) {
  return add(as, [bytes](Frame& inside, const Inner&) { prepend(inside, bytes); });
}

Frame PacketBuilder::build_from(std::size_t first) const {
  Frame bytes;
  Inner inner;
  for (std::size_t i = layers_.size(); i > first; --i) {
    const Part& part = layers_[i - 1];
    part.wrap(bytes, inner);
    inner.kind = part.kind;
    inner.number = part.number;
    constexpr std::array<int, 3> kTagProtocols = {0x8100, 0x88a8, 0x9100};
    if (part.kind == Layer::vlan) inner.number = kTagProtocols[part.number];
  }
  return bytes;
}

Frame PacketBuilder::build() const {
  return build_from(0);
}

std::size_t PacketBuilder::offset_of(std::size_t layer) const {
  return build().size() - build_from(layer).size();
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

Frame cooked_v1(const Frame& packet, std::uint16_t protocol) {
  Frame f = {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0};
  push16(f, protocol);
  append(f, packet);
  return f;
}

Frame cooked_v2(const Frame& packet, std::uint16_t protocol) {
  Frame f;
  push16(f, protocol);
  append(f, Frame{0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0});
  append(f, packet);
  return f;
}

Frame loopback(const Frame& packet, std::uint32_t family, bool big_endian) {
  Frame f;
  push32(f, family);
  if (!big_endian) std::reverse(f.begin(), f.end());
  append(f, packet);
  return f;
}

Frame nflog(const Frame& packet, std::uint8_t family, bool big_endian) {
  Frame f = {family, 0, 0, 5};
  const auto attribute = [&](std::uint8_t type, const Frame& value) {
    Frame h;
    push16(h, 4 + value.size());
    push16(h, type);
    if (!big_endian) {
      std::swap(h[0], h[1]);
      std::swap(h[2], h[3]);
    }
    append(f, h);
    append(f, value);
    while (f.size() % 4 != 0 && type != 9) f.push_back(0);
  };
  attribute(1, {8, 0, 1, 0});              // packet header
  attribute(10, {'p', 'r', 'e', 'f', 0});  // prefix, padded
  attribute(9, packet);
  return f;
}

}  // namespace spanlight::test
