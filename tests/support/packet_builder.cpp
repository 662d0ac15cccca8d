#include "support/packet_builder.h"

#include <array>
#include <utility>

#include "support/frame_bytes.h"

namespace spanlight::test {

PacketBuilder& PacketBuilder::add(Layer kind, std::function<void(Frame&, const Inner&)> wrap,
                                  std::uint8_t number) {
  layers_.push_back({kind, number, std::move(wrap)});
  return *this;
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

}  // namespace spanlight::test
