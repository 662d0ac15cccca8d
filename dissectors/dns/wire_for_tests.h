#pragma once
// DNS messages for tests, written by hand: names without compression unless a pointer is asked for.

#include <cstdint>
#include <string>
#include <string_view>

namespace spanlight::dns::wire {

inline std::string u8(unsigned v) {
  return std::string(1, static_cast<char>(v));
}
inline std::string u16(unsigned v) {
  return u8(v >> 8 & 255) + u8(v & 255);
}
inline std::string u32(std::uint32_t v) {
  return u16(v >> 16) + u16(v & 0xffff);
}
inline std::string str(std::string_view text) {
  return u8(static_cast<unsigned>(text.size())) + std::string(text);
}

// "www.example.org"; "" is the root.
inline std::string name(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dot = text.find('.');
    out += str(text.substr(0, dot));
    text = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
  }
  return out + '\0';
}
inline std::string pointer(unsigned offset) {
  return u16(0xc000 | offset);
}
constexpr unsigned kQuestionAt = 12;  // of the first question's name

inline std::string header(unsigned id, unsigned flags, unsigned qd, unsigned an = 0, unsigned ns = 0,
                          unsigned ar = 0) {
  return u16(id) + u16(flags) + u16(qd) + u16(an) + u16(ns) + u16(ar);
}
inline std::string question(std::string_view of, unsigned type, unsigned klass = 1) {
  return name(of) + u16(type) + u16(klass);
}
// `owner` is on the wire already.
inline std::string record(const std::string& owner, unsigned type, const std::string& rdata,
                          std::uint32_t ttl = 60, unsigned klass = 1) {
  return owner + u16(type) + u16(klass) + u32(ttl) + u16(static_cast<unsigned>(rdata.size())) + rdata;
}
inline std::string opt(const std::string& options = {}, unsigned udp_bytes = 1232, std::uint32_t ttl = 0) {
  return u8(0) + u16(41) + u16(udp_bytes) + u32(ttl) + u16(static_cast<unsigned>(options.size())) + options;
}

// A query with recursion desired, and its answer with one address.
inline std::string query(unsigned id, std::string_view of, unsigned type = 1) {
  return header(id, 0x0100, 1) + question(of, type);
}
inline std::string answer(unsigned id, std::string_view of, std::string_view address = {"\xc0\0\2\1", 4}) {
  return header(id, 0x8180, 1, 1) + question(of, 1) + record(pointer(kQuestionAt), 1, std::string(address));
}
inline std::string failure(unsigned id, std::string_view of, unsigned rcode, unsigned type = 1) {
  return header(id, 0x8180 | rcode, 1) + question(of, type);
}

// As in a stream, with its length.
inline std::string framed(const std::string& message) {
  return u16(static_cast<unsigned>(message.size())) + message;
}

}  // namespace spanlight::dns::wire
