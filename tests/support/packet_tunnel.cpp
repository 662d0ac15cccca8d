// What carries packets in packets.

#include "support/frame_bytes.h"

namespace spanlight::test {

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

}  // namespace spanlight::test
