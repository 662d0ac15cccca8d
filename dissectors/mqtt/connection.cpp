#include "mqtt/connection.h"

#include "mqtt/recognise.h"

namespace spanlight::mqtt {
namespace {

// What is asked and what answers it share the type of what is asked.
std::uint64_t id_of(Type asked, std::uint16_t packet_id) {
  return std::uint64_t{static_cast<std::uint8_t>(asked)} << 16 | packet_id;
}

}  // namespace

// PUBLISH: all that stands before the payload is its head. Where that is too long to be kept, as any other
// packet.
Token Connection::token(Direction from, Bytes rest) const {
  const FixedHeader fixed = read_fixed_header(rest);
  if (fixed.fault != Fault::none) return {.fault = fixed.fault};
  if (!is_said_by(fixed.type, from)) return {.fault = Fault::bad_value};
  const std::size_t size = fixed.bytes + fixed.remaining;
  if (fixed.type != Type::publish) return {.head = fixed.bytes, .payload = fixed.remaining};
  const PublishHead head = read_publish_head(rest, fixed, level_);
  if (head.fault == Fault::too_many) return {.head = fixed.bytes, .payload = fixed.remaining};
  return {.fault = head.fault, .head = head.bytes, .payload = size - head.bytes};
}

Place Connection::accept(Direction, const Token& token, Bytes head, bool, Sink&) {
  const FixedHeader fixed = read_fixed_header(head);
  const bool message = fixed.type == Type::publish && token.head > fixed.bytes;
  return {.last = true, .body = message};
}

Sync Connection::find(Direction from, Bytes rest) const {
  return find_again(from, rest, connecting_);
}

Connection::Mark Connection::mark(Direction from, const KeptMessage& message) {
  const Bytes head = message.head.bytes();
  if (const std::uint8_t level = level_of(head);
      level != kUnknown && (level_ == kUnknown || head[0] >> 4 == 1))
    level_ = level;
  Packet p;
  read_packet(head, level_, p);
  const bool readable = p.fault == Fault::none || p.fault == Fault::short_input;
  if (p.fixed.fault != Fault::none) return {.role = Role::nothing};
  if (!readable) ++workshop_.counters.malformed;
  if (from == Direction::s2c && p.fixed.type != Type::auth) connecting_ = false;
  switch (p.fixed.type) {
    case Type::connect:
      connecting_ = true;
      return {.role = Role::asks, .id = id_of(Type::connect, 0)};
    case Type::connack:
      return {.role = Role::answers, .id = id_of(Type::connect, 0)};
    case Type::pingreq:
      return {.role = Role::asks, .id = id_of(Type::pingreq, 0)};
    case Type::pingresp:
      return {.role = Role::answers, .id = id_of(Type::pingreq, 0)};
    case Type::publish:
      if (!p.has_id) return {};
      return {.role = Role::asks, .id = id_of(Type::publish, p.id), .repeated = p.fixed.dup()};
    case Type::pubrel:
    case Type::subscribe:
    case Type::unsubscribe:
      return p.has_id ? Mark{.role = Role::asks, .id = id_of(p.fixed.type, p.id)} : Mark{};
    case Type::puback:
    case Type::pubrec:
      return p.has_id ? Mark{.role = Role::answers, .id = id_of(Type::publish, p.id)} : Mark{};
    case Type::pubcomp:
      return p.has_id ? Mark{.role = Role::answers, .id = id_of(Type::pubrel, p.id)} : Mark{};
    case Type::suback:
      return p.has_id ? Mark{.role = Role::answers, .id = id_of(Type::subscribe, p.id)} : Mark{};
    case Type::unsuback:
      return p.has_id ? Mark{.role = Role::answers, .id = id_of(Type::unsubscribe, p.id)} : Mark{};
    default:
      return {};
  }
}

void Connection::tell(const ToldCall& call, Sink& sink) {
  emit_call(call, level_, workshop_.limits, sink);
}

bool Connection::park(const Position& position, Memo& memo) const {
  if (!rests(position)) return false;
  memo = to_memo(Rest{known(), level_, connecting_});
  return true;
}

void Connection::resume(const Position& position, const Memo& memo) {
  const auto rest = from_memo<Rest>(memo);
  resume_at(position);
  remember(rest.known);
  level_ = rest.level;
  connecting_ = rest.connecting;
}

}  // namespace spanlight::mqtt
