#pragma once
// Frames and segments of CQL for tests, written by hand.

#include <cstdint>
#include <string>
#include <string_view>

namespace spanlight::cassandra::wire {

inline std::string be(std::uint64_t v, unsigned bytes) {
  std::string out;
  for (unsigned i = bytes; i > 0; --i) out += static_cast<char>(v >> 8 * (i - 1) & 255);
  return out;
}
inline std::string str(std::string_view text) {
  return be(text.size(), 2) + std::string(text);
}
inline std::string long_str(std::string_view text) {
  return be(text.size(), 4) + std::string(text);
}

inline std::string frame(unsigned opcode, int stream, const std::string& body, unsigned version = 4,
                         unsigned flags = 0) {
  return be(version, 1) + be(flags, 1) + be(static_cast<std::uint16_t>(stream), 2) + be(opcode, 1) +
         be(body.size(), 4) + body;
}
inline std::string answer(unsigned opcode, int stream, const std::string& body, unsigned version = 4,
                          unsigned flags = 0) {
  return frame(opcode, stream, body, version | 0x80, flags);
}
inline std::string startup(std::string_view compression = {}, unsigned version = 4) {
  std::string body = str("CQL_VERSION") + str("3.0.0");
  if (!compression.empty()) body += str("COMPRESSION") + str(compression);
  return frame(1, 0, be(compression.empty() ? 1 : 2, 2) + body, version);
}
inline std::string query_body(std::string_view cql) {
  return long_str(cql) + be(1, 2) + be(0, 1);
}
inline std::string query(int stream, std::string_view cql, unsigned version = 4) {
  return frame(7, stream, query_body(cql), version);
}
inline std::string done(int stream, unsigned version = 4) {
  return answer(8, stream, be(1, 4), version);
}
// One column of integers.
inline std::string rows_body(unsigned n, unsigned flags = 1) {
  std::string out = be(2, 4) + be(flags, 4) + be(1, 4);
  if ((flags & 2) != 0) out += long_str("page");
  if ((flags & 4) == 0) out += str("shop") + str("items") + str("id") + be(9, 2);
  out += be(n, 4);
  for (unsigned i = 0; i < n; ++i) out += be(4, 4) + be(i, 4);
  return out;
}
inline std::string rows(int stream, unsigned n, unsigned version = 4) {
  return answer(8, stream, rows_body(n), version);
}
inline std::string error(int stream, unsigned code, std::string_view text) {
  return answer(0, stream, be(code, 4) + str(text));
}
const std::string kId(16, '\x5a');
inline std::string prepared(int stream) {
  return answer(8, stream, be(4, 4) + str(kId) + be(0, 8));
}
inline std::string execution(int stream) {
  return frame(10, stream, str(kId) + be(6, 2) + be(0, 1));
}

inline std::string le(std::uint64_t v, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(v >> 8 * i & 255);
  return out;
}
inline std::string checked(const std::string& fields) {
  std::uint32_t crc = 0x875060;
  for (const char c : fields) {
    crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 16;
    for (int bit = 0; bit < 8; ++bit) {
      crc <<= 1;
      if ((crc & 0x1000000) != 0) crc ^= 0x1974f0b;
    }
  }
  return fields + le(crc, 3);
}
inline std::string segment(const std::string& payload, bool whole = true) {
  return checked(le(payload.size() | (whole ? 1u << 17 : 0), 3)) + payload + "csum";
}
inline std::string packed_segment(const std::string& packed, std::size_t unpacked, bool whole = true) {
  return checked(le(packed.size() | static_cast<std::uint64_t>(unpacked) << 17 |
                        (whole ? std::uint64_t{1} << 34 : 0),
                    5)) +
         packed + "csum";
}

}  // namespace spanlight::cassandra::wire
