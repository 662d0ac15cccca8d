#pragma once
// BSON and messages of MongoDB for tests, written by hand.

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace spanlight::mongodb::wire {

inline std::string le(std::uint64_t v, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(v >> 8 * i & 255);
  return out;
}
inline std::string name(std::string_view text) {
  return std::string(text) + '\0';
}

// Elements.
inline std::string str(std::string_view key, std::string_view text) {
  return "\x02" + name(key) + le(text.size() + 1, 4) + name(text);
}
inline std::string i32(std::string_view key, int v) {
  return "\x10" + name(key) + le(static_cast<unsigned>(v), 4);
}
inline std::string i64(std::string_view key, std::int64_t v) {
  return "\x12" + name(key) + le(static_cast<std::uint64_t>(v), 8);
}
inline std::string f64(std::string_view key, double v) {
  return "\x01" + name(key) + le(std::bit_cast<std::uint64_t>(v), 8);
}
inline std::string binary(std::string_view key, std::string_view bytes) {
  return "\x05" + name(key) + le(bytes.size(), 4) + '\0' + std::string(bytes);
}
inline std::string doc(const std::string& elements) {
  return le(elements.size() + 5, 4) + elements + '\0';
}
inline std::string sub(std::string_view key, const std::string& elements) {
  return "\x03" + name(key) + doc(elements);
}
inline std::string array(std::string_view key, const std::string& elements) {
  return "\x04" + name(key) + doc(elements);
}

// Messages.
inline std::string message(unsigned opcode, unsigned id, unsigned to, const std::string& body) {
  return le(body.size() + 16, 4) + le(id, 4) + le(to, 4) + le(opcode, 4) + body;
}
inline std::string body_of(const std::string& elements, unsigned flags = 0,
                           const std::string& sections = {}) {
  return le(flags, 4) + '\0' + doc(elements) + sections + ((flags & 1) != 0 ? "csum" : "");
}
inline std::string ask(unsigned id, const std::string& elements, unsigned flags = 0,
                       const std::string& sections = {}) {
  return message(2013, id, 0, body_of(elements, flags, sections));
}
inline std::string answer(unsigned id, unsigned to, const std::string& elements, unsigned flags = 0) {
  return message(2013, id, to, body_of(elements, flags));
}
inline std::string sequence(std::string_view key, const std::string& documents) {
  return "\x01" + le(4 + key.size() + 1 + documents.size(), 4) + name(key) + documents;
}
inline std::string packed(unsigned id, unsigned to, unsigned opcode, unsigned how, std::size_t size,
                          const std::string& bytes) {
  return message(2012, id, to, le(opcode, 4) + le(size, 4) + le(how, 1) + bytes);
}
inline std::string query(unsigned id, std::string_view space, const std::string& elements) {
  return message(2004, id, 0, le(0, 4) + name(space) + le(0, 4) + le(1, 4) + doc(elements));
}
inline std::string reply(unsigned id, unsigned to, const std::string& elements, unsigned flags = 0) {
  return message(1, id, to, le(flags, 4) + le(0, 8) + le(0, 4) + le(1, 4) + doc(elements));
}
inline std::string find(std::string_view collection) {
  return str("find", collection) + sub("filter", i32("price", 3)) + str("$db", "shop");
}
inline std::string batch(unsigned n, std::int64_t cursor = 0, std::size_t padding = 0) {
  std::string documents;
  for (unsigned i = 0; i < n; ++i)
    documents +=
        sub(std::to_string(i), i32("_id", static_cast<int>(i)) + str("x", std::string(padding, 'x')));
  return sub("cursor", array("firstBatch", documents) + i64("id", cursor) + str("ns", "shop.items")) +
         f64("ok", 1);
}
inline std::string fine() {
  return f64("ok", 1);
}
inline std::string failure(int code, std::string_view code_name, std::string_view text) {
  return f64("ok", 0) + str("errmsg", text) + i32("code", code) + str("codeName", code_name);
}

}  // namespace spanlight::mongodb::wire
