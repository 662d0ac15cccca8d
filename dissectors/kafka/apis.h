#pragma once
// What Kafka's requests and errors are called, and how each request is laid out.

#include <cstdint>
#include <span>
#include <string_view>

namespace spanlight::kafka {

namespace api {
constexpr std::int16_t kProduce = 0, kFetch = 1, kMetadata = 3, kJoinGroup = 11, kSyncGroup = 14,
                       kSaslHandshake = 17, kApiVersions = 18, kSaslAuthenticate = 36;
}  // namespace api

// How a value is written. In flexible versions texts, bytes and arrays have compact lengths, and structures
// end with tagged fields (KIP-482).
enum class Form : std::uint8_t { i8, i16, i32, i64, uuid, text, bytes, records, array, list, end };

// What a value is to us.
enum class Role : std::uint8_t {
  none,
  topic,
  topic_id,
  partition,
  offset,
  error,        // of what was named before it
  error_ahead,  // of what is named behind it
  error_text,
  throttle,
  group,
  member,
  transaction,
  acks,
  key,  // of a coordinator; a resource
  mechanism,
  secret,
  records,
  software,
};

// One value, in versions `from` to `to`. What follows an array up to its `end` is one of its structures; a
// list's elements are single values.
struct Slot {
  Form form;
  Role role = Role::none;
  std::uint8_t from = 0;
  std::uint8_t to = 255;
};
using Layout = std::span<const Slot>;

struct Api {
  std::string_view name;     // empty: no such request
  std::uint8_t version_max;  // that is known
  std::uint8_t flexible;     // from this version on; kNever: never
  Layout request, response;  // as far as they are looked at
};
constexpr std::uint8_t kNeverFlexible = 255;

// nullptr: no such request.
const Api* find_api(std::int16_t key);

// "NOT_LEADER_OR_FOLLOWER"; empty where it has no name here.
std::string_view error_name(std::int32_t code);

}  // namespace spanlight::kafka
