#pragma once
// MQTT 3.1, 3.1.1 and 5 (OASIS): packets, from their first bytes. Pure.

#include <cstdint>

#include "core/framed.h"
#include "core/listed.h"
#include "core/reader.h"

namespace spanlight::mqtt {

enum class Type : std::uint8_t {
  none,
  connect,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  pingreq,
  pingresp,
  disconnect,
  auth,
};
std::string_view type_name(Type type);

// Protocol levels, as CONNECT says them. kUnknown: it was not seen.
constexpr std::uint8_t kUnknown = 0, kLevel31 = 3, kLevel311 = 4, kLevel5 = 5;

// type and flags: u8 | remaining length: 1 to 4 bytes of 7 bits, the lowest first
struct FixedHeader {
  Fault fault = Fault::none;
  Type type = Type::none;
  std::uint8_t flags = 0;
  std::size_t bytes = 0;
  std::uint32_t remaining = 0;
  std::uint8_t qos() const { return flags >> 1 & 3; }
  bool retain() const { return (flags & 1) != 0; }
  bool dup() const { return (flags & 8) != 0; }
};
FixedHeader read_fixed_header(Bytes in);

bool is_said_by(Type type, Direction from);

// What of PUBLISH stands before its payload: topic, packet id, properties. `bytes`: with the fixed header.
struct PublishHead {
  Fault fault = Fault::none;
  std::size_t bytes = 0;
};
constexpr std::size_t kTopicBytesMax = 2'048;     // longer: the packet passes by counter
constexpr std::size_t kPropertyBytesMax = 1'536;  // likewise
PublishHead read_publish_head(Bytes in, const FixedHeader& fixed, std::uint8_t level);

struct Properties {
  static constexpr std::size_t kUserMax = 16;
  std::string_view content_type, response_topic, reason_string, assigned_client_id, auth_method,
      server_reference;
  std::uint32_t topic_alias = 0;
  std::uint32_t expiry = 0;
  bool has_expiry = false;
  bool has_auth_data = false;
  Listed<std::string_view, 2 * kUserMax> user;  // name, value, name, value
};

// Everything that is looked at in a packet; what was cut is missing, and `fault` is short_input.
struct Packet {
  static constexpr std::size_t kTopicsMax = 64;
  Fault fault = Fault::none;
  FixedHeader fixed;
  bool has_id = false;
  std::uint16_t id = 0;
  std::string_view topic;  // PUBLISH
  // CONNECT
  std::string_view protocol_name, client_id, will_topic, username;
  std::uint8_t level = 0;
  std::uint16_t keep_alive = 0;
  bool clean = false, has_password = false, has_username = false;
  std::string_view password;
  // CONNACK
  bool session_present = false;
  // SUBSCRIBE, UNSUBSCRIBE; SUBACK, UNSUBACK
  Listed<std::string_view, kTopicsMax> topics;
  Bytes codes;           // of what was granted, or asked for in SUBSCRIBE: see `qos`
  std::uint8_t qos = 0;  // the highest asked for
  std::uint32_t topic_count = 0;
  bool has_reason = false;
  std::uint8_t reason = 0;
  Properties properties;
};
void read_packet(Bytes in, std::uint8_t level, Packet& packet);

// The level that a packet can only have been made for; kUnknown: any.
std::uint8_t level_of(Bytes in);

std::string_view reason_name(std::uint8_t code);       // of MQTT 5; empty: unknown
std::string_view return_code_name(std::uint8_t code);  // of CONNACK before it

}  // namespace spanlight::mqtt
