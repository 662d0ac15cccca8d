#include "mqtt/properties.h"

#include <algorithm>

namespace spanlight::mqtt {

std::uint32_t read_varint(Reader& r) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    const std::uint8_t byte = r.u8();
    value |= std::uint32_t{byte & 0x7fu} << shift;
    if (!r.ok() || (byte & 0x80) == 0) return value;
  }
  r.fail(Fault::bad_length);
  return 0;
}

std::string_view read_text(Reader& r) {
  return as_text(r.take(r.be<std::uint16_t>()));
}

namespace {

// MQTT 5, 2.2.2.2: what follows an identifier.
enum class Kind : std::uint8_t { none, byte, two, four, varint, text, pair };
Kind kind_of_property(std::uint32_t id) {
  switch (id) {
    case 0x01:
    case 0x17:
    case 0x19:
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2a:
      return Kind::byte;
    case 0x13:
    case 0x21:
    case 0x22:
    case 0x23:
      return Kind::two;
    case 0x02:
    case 0x11:
    case 0x18:
    case 0x27:
      return Kind::four;
    case 0x0b:
      return Kind::varint;
    case 0x03:
    case 0x08:
    case 0x09:
    case 0x12:
    case 0x15:
    case 0x16:
    case 0x1a:
    case 0x1c:
    case 0x1f:
      return Kind::text;
    case 0x26:
      return Kind::pair;
    default:
      return Kind::none;
  }
}

void keep_text(std::uint32_t id, std::string_view text, Properties& out) {
  switch (id) {
    case 0x03:
      out.content_type = text;
      break;
    case 0x08:
      out.response_topic = text;
      break;
    case 0x12:
      out.assigned_client_id = text;
      break;
    case 0x15:
      out.auth_method = text;
      break;
    case 0x16:
      out.has_auth_data = true;
      break;
    case 0x1c:
      out.server_reference = text;
      break;
    case 0x1f:
      out.reason_string = text;
      break;
    default:
      break;
  }
}

void read_property(Reader& r, Properties& out) {
  const std::uint32_t id = read_varint(r);
  switch (kind_of_property(id)) {
    case Kind::none:
      r.fail(Fault::bad_value);
      break;
    case Kind::byte:
      r.u8();
      break;
    case Kind::two: {
      const auto value = r.be<std::uint16_t>();
      if (id == 0x23) out.topic_alias = value;
      break;
    }
    case Kind::four: {
      const auto value = r.be<std::uint32_t>();
      if (id != 0x02) break;
      out.expiry = value;
      out.has_expiry = true;
      break;
    }
    case Kind::varint:
      read_varint(r);
      break;
    case Kind::text:
      keep_text(id, read_text(r), out);
      break;
    case Kind::pair: {
      const std::string_view name = read_text(r), value = read_text(r);
      if (!r.ok() || out.user.all().size() >= 2 * Properties::kUserMax) break;
      out.user.add(name);
      out.user.add(value);
      break;
    }
  }
}

}  // namespace

// Each takes a byte at least, so the loop is bounded by the packet.
void read_properties(Reader& r, Properties& out) {
  const std::uint32_t length = read_varint(r);
  const std::size_t there = std::min<std::size_t>(length, r.left());
  Reader inside(r.take(there));
  while (inside.ok() && inside.left() > 0) read_property(inside, out);
  if (!r.ok()) return;
  r.require(inside.ok(),
            inside.fault() == Fault::short_input && there < length ? Fault::short_input : Fault::bad_value);
  r.require(there == length, Fault::short_input);
}

}  // namespace spanlight::mqtt
