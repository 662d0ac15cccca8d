#pragma once
// Frames as a sender would write them, for tests.

#include <cstdint>
#include <string>

#include "core/bytes.h"

namespace spanlight::amqp::wire {

inline std::string be(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = bytes; i > 0; --i) out += static_cast<char>(value >> 8 * (i - 1));
  return out;
}
inline std::string u8(unsigned v) {
  return be(v, 1);
}
inline std::string u16(unsigned v) {
  return be(v, 2);
}
inline std::string u32(std::uint64_t v) {
  return be(v, 4);
}
inline std::string u64(std::uint64_t v) {
  return be(v, 8);
}
inline std::string shortstr(const std::string& s) {
  return u8(static_cast<unsigned>(s.size())) + s;
}
inline std::string longstr(const std::string& s) {
  return u32(s.size()) + s;
}
inline std::string frame(unsigned type, unsigned channel, const std::string& payload) {
  return u8(type) + u16(channel) + u32(payload.size()) + payload + '\xce';
}
inline std::string invoke(unsigned channel, unsigned klass, unsigned number,
                          const std::string& arguments = {}) {
  return frame(1, channel, u16(klass) + u16(number) + arguments);
}
inline std::string header(unsigned channel, std::uint64_t body, unsigned flags = 0,
                          const std::string& properties = {}) {
  return frame(2, channel, u16(60) + u16(0) + u64(body) + u16(flags) + properties);
}
inline std::string body(unsigned channel, const std::string& bytes) {
  return frame(3, channel, bytes);
}
inline std::string text_entry(const std::string& name, const std::string& value) {
  return shortstr(name) + "S" + longstr(value);
}

const std::string kGreeting("AMQP\0\0\x09\x01", 8);
const std::string kHeartbeat = frame(8, 0, "");
const std::string kTable = longstr(text_entry("product", "broker") + shortstr("capabilities") + "F" +
                                   longstr(shortstr("confirms") + "t" + u8(1)));

inline std::string start() {
  return invoke(0, 10, 10, u8(0) + u8(9) + kTable + longstr("PLAIN AMQPLAIN") + longstr("en_US"));
}
inline std::string start_ok() {
  return invoke(0, 10, 11,
                kTable + shortstr("PLAIN") + longstr(std::string("\0guest\0secret", 13)) + shortstr("en_US"));
}
inline std::string tune(unsigned number) {
  return invoke(0, 10, number, u16(2'047) + u32(131'072) + u16(60));
}
inline std::string declare(const std::string& queue, unsigned channel = 1, unsigned bits = 2) {
  return invoke(channel, 50, 10, u16(0) + shortstr(queue) + u8(bits) + longstr(""));
}
inline std::string declare_ok(const std::string& queue, unsigned channel = 1) {
  return invoke(channel, 50, 11, shortstr(queue) + u32(3) + u32(1));
}
inline std::string publish(const std::string& exchange, const std::string& key, const std::string& text,
                           unsigned channel = 1) {
  return invoke(channel, 60, 40, u16(0) + shortstr(exchange) + shortstr(key) + u8(1)) +
         header(channel, text.size(), 0x9000, shortstr("text/plain") + u8(2)) +
         (text.empty() ? "" : body(channel, text));
}
inline std::string deliver(const std::string& key, const std::string& text, unsigned channel = 1) {
  return invoke(channel, 60, 60, shortstr("ctag") + u64(7) + u8(0) + shortstr("") + shortstr(key)) +
         header(channel, text.size()) + body(channel, text);
}
inline std::string get(const std::string& queue) {
  return invoke(1, 60, 70, u16(0) + shortstr(queue) + u8(0));
}
inline std::string get_ok(const std::string& text) {
  return invoke(1, 60, 71, u64(1) + u8(1) + shortstr("") + shortstr("q") + u32(4)) + header(1, text.size()) +
         body(1, text);
}
inline std::string close_channel(unsigned code, const std::string& text, unsigned channel = 1) {
  return invoke(channel, 20, 40, u16(code) + shortstr(text) + u16(50) + u16(20));
}

}  // namespace spanlight::amqp::wire
