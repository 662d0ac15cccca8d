#include "mqtt/properties.h"

#include <algorithm>
#include <array>

namespace spanlight::mqtt {
namespace {

constexpr std::array<std::string_view, 16> kTypes = {
    "",          "CONNECT", "CONNACK",     "PUBLISH",  "PUBACK",  "PUBREC",   "PUBREL",     "PUBCOMP",
    "SUBSCRIBE", "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};

constexpr std::uint32_t kAnyLength = 0xffffffff;

// Bounds of the remaining length, and the flags that a type must have.
struct Shape {
  std::uint32_t least, most;
  std::uint8_t flags;
};
constexpr std::array<Shape, 16> kShapes = {{{1, 0, 0},
                                            {10, kAnyLength, 0},
                                            {2, kAnyLength, 0},
                                            {2, kAnyLength, 0},
                                            {2, kAnyLength, 0},
                                            {2, kAnyLength, 0},
                                            {2, kAnyLength, 2},
                                            {2, kAnyLength, 0},
                                            {5, kAnyLength, 2},
                                            {3, kAnyLength, 0},
                                            {4, kAnyLength, 2},
                                            {2, kAnyLength, 0},
                                            {0, 0, 0},
                                            {0, 0, 0},
                                            {0, kAnyLength, 0},
                                            {0, kAnyLength, 0}}};

// Protocol name | level | flags | keep alive | [properties] | client id | [will] | [user] | [password]
void read_connect(Reader& r, Packet& p) {
  p.protocol_name = read_text(r);
  p.level = r.u8();
  const std::uint8_t flags = r.u8();
  p.keep_alive = r.be<std::uint16_t>();
  p.clean = (flags & 2) != 0;
  Properties of_will;
  if (p.level == kLevel5) read_properties(r, p.properties);
  p.client_id = read_text(r);
  if ((flags & 4) != 0) {
    if (p.level == kLevel5) read_properties(r, of_will);
    p.will_topic = read_text(r);
    read_text(r);
  }
  p.has_username = (flags & 0x80) != 0;
  p.has_password = (flags & 0x40) != 0;
  if (p.has_username) p.username = read_text(r);
  if (p.has_password) p.password = read_text(r);
}

// Packet id | [properties] | topic filter | options, and so on
void read_subscribe(Reader& r, std::uint8_t level, bool with_options, Packet& p) {
  p.id = r.be<std::uint16_t>();
  p.has_id = r.ok();
  if (level == kLevel5) read_properties(r, p.properties);
  while (r.ok() && r.left() > 0) {
    const std::string_view topic = read_text(r);
    const std::uint8_t options = with_options ? r.u8() : std::uint8_t{0};
    if (!r.ok()) break;
    ++p.topic_count;
    p.qos = std::max<std::uint8_t>(p.qos, options & 3);
    if (p.topics.all().size() < Packet::kTopicsMax) p.topics.add(topic);
  }
}

void read_reason(Reader& r, std::uint8_t level, Packet& p) {
  if (level == kLevel311 || level == kLevel31 || r.left() == 0) return;
  p.reason = r.u8();
  p.has_reason = r.ok();
  if (level == kLevel5 && r.left() > 0) read_properties(r, p.properties);
}

void read_body(Reader& r, std::uint8_t level, Packet& p) {
  switch (p.fixed.type) {
    case Type::connect:
      return read_connect(r, p);
    case Type::connack:
      p.session_present = (r.u8() & 1) != 0;
      p.reason = r.u8();
      p.has_reason = r.ok();
      if (r.left() > 0) read_properties(r, p.properties);
      return;
    case Type::publish:
      p.topic = read_text(r);
      if (p.fixed.qos() > 0) p.id = r.be<std::uint16_t>();
      p.has_id = p.fixed.qos() > 0 && r.ok();
      if (level == kLevel5) read_properties(r, p.properties);
      return;
    case Type::subscribe:
    case Type::unsubscribe:
      return read_subscribe(r, level, p.fixed.type == Type::subscribe, p);
    case Type::suback:
    case Type::unsuback:
      p.id = r.be<std::uint16_t>();
      p.has_id = r.ok();
      if (level == kLevel5) read_properties(r, p.properties);
      p.codes = r.rest();
      return;
    case Type::puback:
    case Type::pubrec:
    case Type::pubrel:
    case Type::pubcomp:
      p.id = r.be<std::uint16_t>();
      p.has_id = r.ok();
      return read_reason(r, level, p);
    case Type::disconnect:
    case Type::auth:
      return read_reason(r, level, p);
    default:
      return;
  }
}

}  // namespace

std::string_view type_name(Type type) {
  return kTypes[static_cast<std::size_t>(type)];
}

bool is_said_by(Type type, Direction from) {
  switch (type) {
    case Type::connect:
    case Type::subscribe:
    case Type::unsubscribe:
    case Type::pingreq:
      return from == Direction::c2s;
    case Type::connack:
    case Type::suback:
    case Type::unsuback:
    case Type::pingresp:
      return from == Direction::s2c;
    default:
      return type != Type::none;
  }
}

FixedHeader read_fixed_header(Bytes in) {
  FixedHeader h;
  Reader r(in);
  const std::uint8_t first = r.u8();
  h.type = static_cast<Type>(first >> 4);
  h.flags = first & 15;
  const Shape& shape = kShapes[first >> 4];
  if (r.ok()) {
    r.require(h.type != Type::none, Fault::bad_magic);
    r.require(h.type == Type::publish ? h.qos() < 3 : h.flags == shape.flags, Fault::bad_value);
  }
  h.remaining = read_varint(r);
  if (r.ok()) r.require(h.remaining >= shape.least && h.remaining <= shape.most, Fault::bad_length);
  h.bytes = r.at();
  h.fault = r.fault();
  return h;
}

// topic | packet id where QoS is not 0 | properties of MQTT 5. too_many: longer than what is kept of it.
PublishHead read_publish_head(Bytes in, const FixedHeader& fixed, std::uint8_t level) {
  PublishHead out;
  Reader r(in.subspan(fixed.bytes, std::min<std::size_t>(in.size() - fixed.bytes, fixed.remaining)));
  const auto topic_bytes = r.be<std::uint16_t>();
  r.require(topic_bytes <= kTopicBytesMax, Fault::too_many);
  r.skip(topic_bytes);
  if (fixed.qos() > 0) r.skip(2);
  if (level == kLevel5) {
    const std::uint32_t length = read_varint(r);
    r.require(length <= kPropertyBytesMax, Fault::too_many);
    r.skip(length);
  }
  out.bytes = fixed.bytes + r.at();
  out.fault = r.fault();
  // All of the packet is there, and it ends within: more bytes cure nothing.
  if (out.fault == Fault::short_input && in.size() - fixed.bytes >= fixed.remaining)
    out.fault = Fault::bad_length;
  return out;
}

void read_packet(Bytes in, std::uint8_t level, Packet& p) {
  p.fixed = read_fixed_header(in);
  p.fault = p.fixed.fault;
  if (p.fault != Fault::none) return;
  const Bytes rest = in.subspan(p.fixed.bytes);
  const bool whole = rest.size() >= p.fixed.remaining;
  Reader r(rest.first(std::min<std::size_t>(rest.size(), p.fixed.remaining)));
  read_body(r, level, p);
  p.fault = r.fault() == Fault::short_input && whole ? Fault::bad_length : r.fault();
}

// An empty topic filter is none: what looks like one is the length of MQTT 5's properties.
std::uint8_t level_of(Bytes in) {
  Packet p;
  read_packet(in, kLevel311, p);
  switch (p.fixed.type) {
    case Type::connect:
      return p.level & 0x7f;  // bridges set the highest bit
    case Type::connack:
    case Type::unsuback:
      return p.fixed.remaining == 2 ? kLevel311 : kLevel5;
    case Type::subscribe:
    case Type::unsubscribe:
      if (p.fault == Fault::short_input) return kUnknown;
      return p.fault == Fault::none &&
                     std::ranges::none_of(p.topics.all(), [](std::string_view t) { return t.empty(); })
                 ? kLevel311
                 : kLevel5;
    default:
      return kUnknown;
  }
}

}  // namespace spanlight::mqtt
