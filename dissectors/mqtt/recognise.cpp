#include "mqtt/recognise.h"

#include <algorithm>

namespace spanlight::mqtt {
namespace {

constexpr std::size_t kPacketLookMax = 2'048;  // longer ones are not looked through to their end
constexpr std::size_t kTopicProofMin = 3;

// Text without control characters, which has what the least of topics has.
bool is_topic(std::string_view text, bool wildcards) {
  if (text.empty()) return false;
  return std::ranges::all_of(text, [&](char c) {
    const auto b = static_cast<unsigned char>(c);
    return b >= ' ' && b != 0x7f && b < 0xf5 && (wildcards || (c != '+' && c != '#'));
  });
}

// Success, no subscribers, or a failure.
bool is_reason_of_ack(std::uint8_t code) {
  return (code == 0x00 || code == 0x10 || code >= 0x80) && !reason_name(code).empty();
}

// What a packet that is whole proves: 2 topics, 1 a shape, 0 nothing.
unsigned weigh(Bytes packet) {
  Packet p;
  read_packet(packet, level_of(packet), p);
  if (p.fault != Fault::none) return 0;
  switch (p.fixed.type) {
    case Type::connect:
      return p.protocol_name == "MQTT" || p.protocol_name == "MQIsdp" ? 3 : 0;
    case Type::publish:
      return is_topic(p.topic, false) ? p.topic.size() >= kTopicProofMin ? 2 : 1 : 0;
    case Type::subscribe:
    case Type::unsubscribe: {
      const bool topics =
          !p.topics.all().empty() &&
          std::ranges::all_of(p.topics.all(), [](std::string_view t) { return is_topic(t, true); });
      return topics && p.id != 0 ? 2 : 0;
    }
    case Type::connack:
      return packet[2] <= 1 && (p.reason <= 5 || !reason_name(p.reason).empty()) ? 1 : 0;
    case Type::puback:
    case Type::pubrec:
    case Type::pubrel:
    case Type::pubcomp:
      if (p.fixed.remaining > 2 && !is_reason_of_ack(packet[p.fixed.bytes + 2])) return 0;
      return p.id != 0 ? 1 : 0;
    case Type::unsuback:
    case Type::suback:
      return p.id != 0 ? 1 : 0;
    case Type::disconnect:
    case Type::auth:
      return p.fixed.remaining == 0 || !reason_name(packet[2]).empty() ? 1 : 0;
    default:
      return 1;
  }
}

// A chain of whole packets: enough of them prove that they are MQTT's. A packet with a topic alone does not:
// the next must begin where it ends.
Look look(Bytes in, Direction from, unsigned proof, unsigned enough) {
  constexpr unsigned kPacketsLookMax = 16;
  unsigned points = 0;
  for (unsigned n = 0; n < kPacketsLookMax; ++n) {
    const FixedHeader fixed = read_fixed_header(in);
    if (!in.empty() && !is_said_by(static_cast<Type>(in[0] >> 4), from)) return Look::no;
    if (fixed.fault != Fault::none) return fixed.fault == Fault::short_input ? Look::more : Look::no;
    if (points >= proof) return Look::yes;
    const std::size_t size = fixed.bytes + fixed.remaining;
    if (size > kPacketLookMax || fixed.bytes > 3) return Look::no;
    if (in.size() < size) return Look::more;
    const unsigned weight = weigh(in.first(size));
    if (weight == 0) return Look::no;
    points += weight;
    if (weight >= enough) return Look::yes;
    in = in.subspan(size);
  }
  return Look::no;
}

// CONNECT: its first bytes are a name. `level` and flags must be what they may be.
Look look_at_connect(Bytes in) {
  if (in.empty()) return Look::more;
  if (in[0] != 0x10) return Look::no;
  const FixedHeader fixed = read_fixed_header(in);
  if (fixed.fault != Fault::none) return fixed.fault == Fault::short_input ? Look::more : Look::no;
  const std::string_view text = as_text(in.subspan(fixed.bytes));
  for (const std::string_view name : {std::string_view("\0\4MQTT", 6), std::string_view("\0\6MQIsdp", 8)}) {
    const std::size_t there = std::min(text.size(), name.size());
    if (text.substr(0, there) != name.substr(0, there)) continue;
    if (text.size() < name.size() + 2) return Look::more;
    const auto level = static_cast<std::uint8_t>(text[name.size()]) & 0x7f;  // bridges set the highest bit
    const auto flags = static_cast<std::uint8_t>(text[name.size() + 1]);
    return level >= kLevel31 && level <= kLevel5 && (flags & 1) == 0 ? Look::yes : Look::no;
  }
  return Look::no;
}

constexpr unsigned kEnough = 3, kAgainEnough = 2;  // of one packet alone
constexpr unsigned kProof = 5;                     // for bytes that may be anybody's,
constexpr unsigned kHeadProof = 3;                 // where a connection begins with CONNACK,
constexpr unsigned kAgainProof = 1;                // and for MQTT's: one packet, and the next one's beginning

}  // namespace

Verdict probe(Bytes own, Bytes peer) {
  own = own.first(std::min(own.size(), kProbeBytes));
  const Look connect = look_at_connect(own);
  if (connect == Look::yes) return Verdict::client;
  if (connect == Look::more) return Verdict::more;
  // A broker's first packet is CONNACK; its client's bytes say whose.
  const FixedHeader fixed = read_fixed_header(own);
  if (fixed.fault == Fault::short_input) return Verdict::more;
  if (fixed.fault != Fault::none || fixed.type != Type::connack) return Verdict::no;
  if (look_at_connect(peer) == Look::yes) return Verdict::server;
  const Look chain = look(own, Direction::s2c, kHeadProof, kEnough);
  return chain == Look::yes ? Verdict::server : chain == Look::more ? Verdict::more : Verdict::no;
}

// PUBLISH in every quality of service, and what acknowledges: type, length in one byte or in two, and what
// stands behind it, the topic's length or a reason; CONNECT and its name; the others by type and flags.
std::span<const Signs> signs(Direction from) {
  constexpr auto publish = [] {
    ByteSet out;
    for (unsigned flags = 0; flags < 16; ++flags)
      if ((flags & 6) != 6) out.add(static_cast<std::uint8_t>(0x30 | flags));
    return out;
  };
  static constexpr ByteSet kAny = ByteSet::any(), kZero = ByteSet::of(std::string_view("\0", 1));
  static constexpr ByteSet kOneByte = ByteSet::range(0, 0x7f), kFirstOfTwo = ByteSet::range(0x80, 0xff);
  static constexpr ByteSet kSecondOfTwo = ByteSet::range(0, kPacketLookMax >> 7);
  static constexpr ByteSet kReason = ByteSet::of(std::string_view("\0\x10", 2)) | ByteSet::range(0x80, 0xff);
  static constexpr ByteSet kAcks = ByteSet::of("\x40\x50\x62\x70"), kConnect = ByteSet::of("\x10");
  static constexpr ByteSet kNameBytes = ByteSet::of("\4\6"), kM = ByteSet::of("M"), kQ = ByteSet::of("Q");
  static constexpr Signs kPublish(publish(), kOneByte, kZero);
  static constexpr Signs kLongPublish(publish(), kFirstOfTwo, kSecondOfTwo,
                                      ByteSet::range(0, kPacketLookMax >> 8));
  static constexpr Signs kAck(kAcks, ByteSet::of("\2")), kAckWithReason(kAcks, kOneByte, kAny, kAny, kReason);
  static constexpr Signs kLongAck(kAcks, kFirstOfTwo, kSecondOfTwo);
  static constexpr Signs kOfClient[] = {kPublish,
                                        kLongPublish,
                                        kAck,
                                        kAckWithReason,
                                        kLongAck,
                                        Signs(kConnect, kOneByte, kZero, kNameBytes, kM, kQ),
                                        Signs(kConnect, kFirstOfTwo),
                                        Signs(ByteSet::of("\x82\xa2\xe0\xf0")),
                                        Signs(ByteSet::of("\xc0"), kZero)};
  static constexpr Signs kOfServer[] = {kPublish,
                                        kLongPublish,
                                        kAck,
                                        kAckWithReason,
                                        kLongAck,
                                        Signs(ByteSet::of("\x20\x90\xb0\xe0\xf0")),
                                        Signs(ByteSet::of("\xd0"), kZero)};
  return from == Direction::c2s ? std::span<const Signs>(kOfClient) : kOfServer;
}

Look begins(Direction from, Bytes window) {
  if (from == Direction::c2s) {
    const Look connect = look_at_connect(window);
    if (connect != Look::no) return connect;
  }
  return look(window, from, kProof, kEnough);
}

Sync find_again(Direction from, Bytes window, bool connecting) {
  return first_of(window, signs(from), [&](Bytes in) {
    const bool awaited =
        connecting && from == Direction::s2c && in[0] >> 4 == static_cast<int>(Type::connack);
    return look(in, from, kAgainProof, awaited ? 1 : kAgainEnough);
  });
}

}  // namespace spanlight::mqtt
