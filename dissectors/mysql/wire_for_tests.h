#pragma once
// Packets of MySQL for tests, written by hand.

#include <cstdint>
#include <string>
#include <string_view>

namespace spanlight::mysql::wire {

inline std::string le(std::uint64_t v, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(v >> 8 * i & 255);
  return out;
}
inline std::string packet(unsigned sequence, const std::string& payload) {
  return le(payload.size(), 3) + le(sequence, 1) + payload;
}
inline std::string str(std::string_view text) {
  return le(text.size(), 1) + std::string(text);
}

constexpr std::uint32_t kCapabilities = 1u << 9 | 1u << 15 | 1u << 19;  // 4.1, secure, plugin
constexpr std::uint32_t kDatabase = 1u << 3, kCompressed = 1u << 5, kTls = 1u << 11, kNoEof = 1u << 24;

inline std::string greeting(std::string_view version = "8.0.36") {
  return packet(0, "\x0a" + std::string(version) + '\0' + le(7, 4) + "saltsalt" + '\0' + le(0xffff, 2) +
                       le(45, 1) + le(2, 2) + le(0xffff, 2) + le(21, 1) + std::string(10, '\0') +
                       "moresaltsalt" + '\0' + "mysql_native_password" + '\0');
}
inline std::string login(std::uint32_t capabilities = kCapabilities, std::string_view user = "shop",
                         std::string_view database = {}) {
  std::string out = le(capabilities, 4) + le(1u << 24, 4) + le(45, 1) + std::string(23, '\0') +
                    std::string(user) + '\0' + str("secret-answer-hash-1");
  if ((capabilities & kDatabase) != 0) out += std::string(database) + '\0';
  return packet(1, out + "mysql_native_password" + '\0');
}
inline std::string ok(unsigned sequence, unsigned affected = 0, unsigned status = 2, unsigned insert_id = 0) {
  return packet(sequence, '\0' + le(affected, 1) + le(insert_id, 1) + le(status, 2) + le(0, 2));
}
inline std::string eof(unsigned sequence, unsigned status = 2) {
  return packet(sequence, "\xfe" + le(0, 2) + le(status, 2));
}
inline std::string ok_at_end(unsigned sequence, unsigned status = 2) {
  return packet(sequence, "\xfe" + le(0, 2) + le(status, 2) + le(0, 2));
}
inline std::string error(unsigned sequence, unsigned code, std::string_view state, std::string_view text) {
  return packet(sequence, "\xff" + le(code, 2) + "#" + std::string(state) + std::string(text));
}
inline std::string command(unsigned code, std::string_view arguments = {}) {
  return packet(0, le(code, 1) + std::string(arguments));
}
inline std::string query(std::string_view sql) {
  return command(3, sql);
}
inline std::string column(unsigned sequence, std::string_view name) {
  return packet(sequence, str("def") + str("shop") + str("t") + str("t") + str(name) + str(name) +
                              le(0x0c, 1) + le(45, 2) + le(80, 4) + le(253, 1) + le(0, 2) + le(0, 1) +
                              le(0, 2));
}

// Two columns and so many rows.
inline std::string rows(unsigned n, bool with_eof = true, unsigned status = 2, unsigned sequence = 1) {
  std::string out = packet(sequence, "\2") + column(sequence + 1, "id") + column(sequence + 2, "name");
  sequence += 3;
  if (with_eof) out += eof(sequence++);
  for (unsigned i = 0; i < n; ++i) out += packet(sequence++, str("1") + str("x"));
  return out + (with_eof ? eof(sequence, status) : ok_at_end(sequence, status));
}
inline std::string prepared(std::uint32_t id, unsigned columns, unsigned params, bool with_eof = true) {
  unsigned sequence = 1;
  std::string out = packet(sequence++, '\0' + le(id, 4) + le(columns, 2) + le(params, 2) + '\0' + le(0, 2));
  for (const unsigned n : {params, columns}) {
    for (unsigned i = 0; i < n; ++i) out += column(sequence++, "?");
    if (n > 0 && with_eof) out += eof(sequence++);
  }
  return out;
}
inline std::string execution(std::uint32_t id) {
  return command(23, le(id, 4) + '\0' + le(1, 4));
}

}  // namespace spanlight::mysql::wire
