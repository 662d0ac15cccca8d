// Layers below IP, and link-layer headers that are not Ethernet.

#include <algorithm>
#include <utility>

#include "support/frame_bytes.h"

namespace spanlight::test {

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
