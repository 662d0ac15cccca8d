#pragma once
// Frames as clients and brokers send them, for tests.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spanlight::kafka::wire {

inline std::string be16(std::uint16_t v) {
  return {static_cast<char>(v >> 8), static_cast<char>(v)};
}
inline std::string be32(std::uint32_t v) {
  return be16(static_cast<std::uint16_t>(v >> 16)) + be16(static_cast<std::uint16_t>(v));
}
inline std::string be64(std::uint64_t v) {
  return be32(static_cast<std::uint32_t>(v >> 32)) + be32(static_cast<std::uint32_t>(v));
}
inline std::string text(std::string_view t) {
  return be16(static_cast<std::uint16_t>(t.size())) + std::string(t);
}
inline std::string varint(std::uint32_t v) {
  std::string out;
  for (; v >= 0x80; v >>= 7) out += static_cast<char>((v & 0x7f) | 0x80);
  return out + static_cast<char>(v);
}
inline std::string compact(std::string_view t) {
  return varint(static_cast<std::uint32_t>(t.size() + 1)) + std::string(t);
}
inline std::string zigzag(std::int32_t v) {
  return varint(static_cast<std::uint32_t>(v << 1) ^ static_cast<std::uint32_t>(v >> 31));
}
const std::string kTags(1, '\0');

inline std::string frame(std::string_view body) {
  return be32(static_cast<std::uint32_t>(body.size())) + std::string(body);
}
inline std::string request(std::uint16_t key, std::uint16_t version, std::uint32_t id, std::string_view body,
                           bool flexible = false, std::string_view client = "shop") {
  return frame(be16(key) + be16(version) + be32(id) + text(client) + (flexible ? kTags : std::string()) +
               std::string(body));
}
inline std::string response(std::uint32_t id, std::string_view body, bool flexible = false) {
  return frame(be32(id) + (flexible ? kTags : std::string()) + std::string(body));
}

// A batch of magic 2 whose first record has this key and value.
inline std::string batch(std::uint32_t count, std::string_view key, std::string_view value,
                         std::uint16_t compression = 0) {
  std::string record = std::string(1, '\0') + zigzag(0) + zigzag(0) +
                       zigzag(static_cast<std::int32_t>(key.size())) + std::string(key) +
                       zigzag(static_cast<std::int32_t>(value.size())) + std::string(value) + zigzag(0);
  record = zigzag(static_cast<std::int32_t>(record.size())) + record;
  const std::string rest = be32(0) + std::string(1, '\2') + be32(0) + be16(compression) + be32(count - 1) +
                           be64(1) + be64(1) + be64(~std::uint64_t{0}) + be16(0xffff) +
                           be32(~std::uint32_t{0}) + be32(count) + record;
  return be64(0) + be32(static_cast<std::uint32_t>(rest.size())) + rest;
}

// Produce 7 to one partition.
inline std::string produce(std::uint32_t id, std::string_view topic, const std::string& records,
                           std::uint16_t acks = 1) {
  return request(0, 7, id,
                 be16(0xffff) + be16(acks) + be32(30'000) + be32(1) + text(topic) + be32(1) + be32(3) +
                     be32(static_cast<std::uint32_t>(records.size())) + records);
}
inline std::string produced(std::uint32_t id, std::string_view topic, std::uint16_t error = 0) {
  return response(id, be32(1) + text(topic) + be32(1) + be32(3) + be16(error) + be64(42) +
                          be64(~std::uint64_t{0}) + be64(0) + be32(0));
}
// Metadata 1.
inline std::string metadata(std::uint32_t id, const std::vector<std::string>& topics) {
  std::string body = be32(static_cast<std::uint32_t>(topics.size()));
  for (const std::string& t : topics) body += text(t);
  return request(3, 1, id, body);
}
inline std::string metadata_told(std::uint32_t id, std::string_view topic, std::uint16_t error = 0) {
  return response(id, be32(1) + be32(1) + text("broker") + be32(9'092) + be16(0xffff) + be32(1) + be32(1) +
                          be16(error) + text(topic) + std::string(1, '\0') + be32(0));
}

}  // namespace spanlight::kafka::wire
