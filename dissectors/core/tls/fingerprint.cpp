#include "core/tls/fingerprint.h"

#include <algorithm>
#include <charconv>

#include "core/crypto/crypto.h"
#include "core/crypto/md5.h"

namespace spanlight::tls {
namespace {

// The parts of a JA3: decimal numbers, joined by dashes; parts by commas. Hashed as it is written.
class Ja3 {
 public:
  void number(std::uint16_t value) {
    char digits[5];
    const char* end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
    if (!first_) md5_.add(as_bytes("-"));
    first_ = false;
    md5_.add(as_bytes({digits, static_cast<std::size_t>(end - digits)}));
  }
  void unless_grease(std::uint16_t value) {
    if (!is_grease(value)) number(value);
  }
  void next_part() {
    md5_.add(as_bytes(","));
    first_ = true;
  }
  void finish(TextRoom& room) { room.hex(md5_.finish()); }

 private:
  crypto::Md5 md5_;
  bool first_ = true;
};

// Numbers of a JA4, in four hexadecimal digits each, and what is hashed of them.
class Ja4List {
 public:
  void add(std::uint16_t value) {
    if (is_grease(value)) return;
    if (count_ < values_.size()) values_[count_] = value;
    ++count_;
  }
  bool overflows() const { return count_ > values_.size(); }
  std::size_t count() const { return count_; }
  std::span<std::uint16_t> values() { return std::span(values_).first(count_); }

 private:
  std::array<std::uint16_t, kJa4Max> values_;
  std::size_t count_ = 0;
};

void write_joined(TextRoom& text, std::span<const std::uint16_t> values) {
  bool first = true;
  for (const std::uint16_t value : values) {
    if (!first) text.put(',');
    first = false;
    text.hex(value);
  }
}

constexpr std::size_t kShownBytes = 6;  // of a hash: twelve digits

void write_hash(TextRoom& room, std::string_view text) {
  if (text.empty()) return room.put("000000000000");
  const crypto::Sha256 hash = crypto::sha256(as_bytes(text));
  room.hex(Bytes(hash).first(kShownBytes));
}

std::string_view short_version(std::uint16_t version) {
  switch (version) {
    case 0x0304:
      return "13";
    case 0x0303:
      return "12";
    case 0x0302:
      return "11";
    case 0x0301:
      return "10";
    case 0x0300:
      return "s3";
    case 0x0002:
      return "s2";
    default:
      return "00";
  }
}

bool is_alphanumeric(std::uint8_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// First and last character of the first protocol; of its hexadecimal form where they are no letters.
void write_protocol_ends(TextRoom& room, Bytes protocols) {
  Bytes first;
  bool any = false;
  each_protocol(protocols, [&](Bytes name) {
    if (!any) first = name;
    any = true;
  });
  if (first.empty()) return room.put("00");
  if (is_alphanumeric(first.front()) && is_alphanumeric(first.back())) {
    room.put(static_cast<char>(first.front()));
    room.put(static_cast<char>(first.back()));
    return;
  }
  constexpr char kHex[] = "0123456789abcdef";
  room.put(kHex[first.front() >> 4]);
  room.put(kHex[first.back() & 15]);
}

void write_count(TextRoom& room, std::size_t count) {
  room.padded(static_cast<std::uint32_t>(std::min<std::size_t>(count, 99)), 2);
}

}  // namespace

// version,ciphers,extensions,groups,point formats
void write_ja3(TextRoom& room, const ClientHello& hello) {
  Ja3 ja3;
  ja3.number(hello.version);
  ja3.next_part();
  each_cipher(hello, [&](std::uint16_t cipher) { ja3.unless_grease(cipher); });
  ja3.next_part();
  each_extension(hello.extensions, [&](std::uint16_t type, Bytes) { ja3.unless_grease(type); });
  ja3.next_part();
  each_u16(hello.groups, [&](std::uint16_t group) { ja3.unless_grease(group); });
  ja3.next_part();
  for (const std::uint8_t format : hello.point_formats) ja3.number(format);
  ja3.finish(room);
}

// version,cipher,extensions
void write_ja3s(TextRoom& room, const ServerHello& hello) {
  Ja3 ja3;
  ja3.number(hello.version);
  ja3.next_part();
  ja3.number(hello.cipher);
  ja3.next_part();
  each_extension(hello.extensions, [&](std::uint16_t type, Bytes) { ja3.unless_grease(type); });
  ja3.finish(room);
}

// t13d1516h2_8daaf6152771_e5627efa2ab1: how, version, name or address, how many ciphers and extensions, first
// protocol; sorted ciphers; sorted extensions without name and protocols, and signature algorithms as they
// came.
bool write_ja4(TextRoom& room, const ClientHello& hello, Carrier carrier) {
  Ja4List ciphers, extensions, signatures;
  std::size_t all_extensions = 0;
  each_cipher(hello, [&](std::uint16_t cipher) { ciphers.add(cipher); });
  each_extension(hello.extensions, [&](std::uint16_t type, Bytes) {
    if (is_grease(type)) return;
    ++all_extensions;
    if (type != extension::server_name && type != extension::alpn) extensions.add(type);
  });
  each_u16(hello.signature_algorithms, [&](std::uint16_t scheme) { signatures.add(scheme); });
  if (ciphers.overflows() || extensions.overflows() || signatures.overflows() || !crypto::available())
    return false;
  room.put(static_cast<char>(carrier));
  room.put(short_version(highest_version(hello)));
  room.put(hello.has_server_name ? 'd' : 'i');
  write_count(room, ciphers.count());
  write_count(room, all_extensions);
  write_protocol_ends(room, hello.protocols);
  room.put('_');
  std::array<char, (2 * kJa4Max + 1) * 5> written;
  TextRoom text(written);
  std::sort(ciphers.values().begin(), ciphers.values().end());
  write_joined(text, ciphers.values());
  write_hash(room, text.since(0));
  room.put('_');
  text.back_to(0);
  std::sort(extensions.values().begin(), extensions.values().end());
  write_joined(text, extensions.values());
  if (extensions.count() > 0 && signatures.count() > 0) {
    text.put('_');
    write_joined(text, signatures.values());
  }
  write_hash(room, text.since(0));
  return true;
}

}  // namespace spanlight::tls
