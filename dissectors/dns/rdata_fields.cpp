#include "dns/rdata_fields.h"

#include <array>
#include <string_view>

#include "dns/codes.h"
#include "dns/rdata.h"

namespace spanlight::dns {
namespace {

// A record's value is a row of parts; what stands for each.
//   1 2 4  number of so many bytes         t  type, by its name        d  time (RRSIG: YYYYMMDDHHmmSS)
//   n      name                            s  string, in quotes        r  the rest as a string, in quotes
//   h      the rest in hexadecimal         b  the rest in base64       m  the rest: a map of types (NSEC)
//   H      u8 length, hexadecimal          e  u8 length, base32hex     p  the rest: parameters (SVCB)
//   v      u8 length, bytes as they are
constexpr std::string_view parts_of(std::uint16_t t) {
  switch (t) {
    case type::kSoa:
      return "nn44444";  // RFC 1035, 3.3.13
    case type::kHinfo:
      return "ss";
    case type::kNaptr:
      return "22sssn";  // RFC 3403, 4.1
    case type::kDs:
    case type::kCds:
      return "211h";  // RFC 4034, 5.1
    case type::kSshfp:
      return "11h";
    case type::kRrsig:
      return "t114dd2nb";  // RFC 4034, 3.1
    case type::kNsec:
      return "nm";
    case type::kDnskey:
    case type::kCdnskey:
      return "211b";
    case type::kNsec3:
      return "112Hem";  // RFC 5155, 3.2
    case type::kNsec3param:
      return "112H";
    case type::kTlsa:
    case type::kSmimea:
      return "111h";
    case type::kSvcb:
    case type::kHttps:
      return "2np";  // RFC 9460, 2.2
    case type::kUri:
      return "22r";
    case type::kCaa:
      return "1vr";  // RFC 8659, 4.1
    default:
      return {};
  }
}

void write_hex(TextRoom& out, Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  if (bytes.empty()) out.put('-');  // RFC 5155, 3.3: no salt
  for (const std::uint8_t b : bytes) {
    out.put(kDigits[b >> 4]);
    out.put(kDigits[b & 15]);
  }
}

// RFC 4648: groups of `kBits` bits, the last one filled with zeros. Padding is told by `to`.
template <unsigned kBits>
void write_groups(TextRoom& out, Bytes bytes, std::string_view alphabet) {
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const std::uint8_t b : bytes) {
    held = held << 8 | b;
    for (bits += 8; bits >= kBits; bits -= kBits)
      out.put(alphabet[held >> (bits - kBits) & ((1u << kBits) - 1)]);
  }
  if (bits > 0) out.put(alphabet[held << (kBits - bits) & ((1u << kBits) - 1)]);
}

void write_base64(TextRoom& out, Bytes bytes) {
  write_groups<6>(out, bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  for (std::size_t n = bytes.size(); n % 3 != 0; ++n) out.put('=');
}

void write_base32hex(TextRoom& out, Bytes bytes) {
  write_groups<5>(out, bytes, "0123456789ABCDEFGHIJKLMNOPQRSTUV");
}

// Days since 1970 to the calendar's date: years of 400 begin in March, so that leap days come last.
void write_time(TextRoom& out, std::uint32_t seconds) {
  constexpr std::uint32_t kDay = 86'400, kEra = 146'097, kToMarch0 = 719'468;
  const std::uint32_t days = seconds / kDay + kToMarch0, of_day = seconds % kDay;
  const std::uint32_t in_era = days % kEra;
  const std::uint32_t year_of_era = (in_era - in_era / 1'460 + in_era / 36'524 - in_era / 146'096) / 365;
  const std::uint32_t of_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t shifted = (5 * of_year + 2) / 153;
  const std::uint32_t day = of_year - (153 * shifted + 2) / 5 + 1,
                      month = shifted < 10 ? shifted + 3 : shifted - 9;
  out.padded(year_of_era + days / kEra * 400 + (month <= 2 ? 1 : 0), 4);
  for (const std::uint32_t part : {month, day, of_day / 3'600, of_day / 60 % 60, of_day % 60})
    out.padded(part, 2);
}

void write_quoted(TextRoom& out, Bytes bytes, NameStyle style) {
  out.letter('"');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '"') out.letter('\\');
    write_bytes(out, bytes.subspan(i, 1), style);
  }
  out.letter('"');
}

// RFC 4034, 4.1.2: windows of 256 types, each a map of up to 32 bytes.
void write_type_map(TextRoom& out, Reader& r) {
  bool first = true;
  while (r.left() > 0 && r.ok()) {
    const unsigned window = r.u8();
    const std::uint8_t length = r.u8();
    r.require(length >= 1 && length <= 32, Fault::bad_length);
    const Bytes map = r.take(length);
    for (unsigned i = 0; i < map.size() * 8; ++i) {
      if ((map[i / 8] & 0x80u >> i % 8) == 0) continue;
      if (!first) out.put(' ');
      first = false;
      write_type(out, static_cast<std::uint16_t>(window << 8 | i));
    }
  }
}

constexpr std::array<std::string_view, 8> kParameterNames = {
    "mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath"};

void write_parameter_name(TextRoom& out, std::uint16_t key) {
  if (key < kParameterNames.size()) return out.put(kParameterNames[key]);
  out.put("key");
  out.number(key);
}

// `list` of what is `each` bytes long.
template <typename Write>
void write_list(TextRoom& out, Reader& r, std::size_t each, const Write& write) {
  r.require(r.left() > 0 && r.left() % each == 0, Fault::bad_length);
  for (bool first = true; r.left() > 0 && r.ok(); first = false) {
    if (!first) out.put(',');
    write(r.take(each));
  }
}

// RFC 9460, 7 and 8.
Fault write_parameter(TextRoom& out, std::uint16_t key, Bytes value, NameStyle style) {
  enum : std::uint16_t { mandatory, alpn, no_default_alpn, port, ipv4hint, ech, ipv6hint };
  Reader r{value};
  switch (key) {
    case mandatory:
      write_list(out, r, 2,
                 [&](Bytes v) { write_parameter_name(out, static_cast<std::uint16_t>(v[0] << 8 | v[1])); });
      break;
    case alpn:
      for (bool first = true; r.left() > 0 && r.ok(); first = false) {
        if (!first) out.put(',');
        write_bytes(out, r.take(r.u8()), style);
      }
      break;
    case port:
      out.number(r.be<std::uint16_t>());
      break;
    case ipv4hint:
      write_list(out, r, 4, [&](Bytes v) { write_ipv4(out, v); });
      break;
    case ipv6hint:
      write_list(out, r, 16, [&](Bytes v) { write_ipv6(out, v); });
      break;
    case ech:
      write_base64(out, r.rest());
      break;
    default:
      write_quoted(out, r.rest(), style);
      break;
  }
  r.require(r.left() == 0, Fault::bad_length);
  return r.fault();
}

Fault write_parameters(TextRoom& out, Reader& r, NameStyle style) {
  for (bool first = true; r.left() > 0 && r.ok(); first = false) {
    const auto key = r.be<std::uint16_t>();
    const Bytes value = r.take(r.be<std::uint16_t>());
    if (!r.ok()) break;
    if (!first) out.put(' ');
    write_parameter_name(out, key);
    if (value.empty()) continue;
    out.put('=');
    if (const Fault fault = write_parameter(out, key, value, style); fault != Fault::none) return fault;
  }
  return r.fault();
}

Fault write_name_part(TextRoom& out, Bytes until_end, Reader& r, std::size_t rdata_at, NameStyle style) {
  if (!r.ok()) return r.fault();
  const std::size_t at = rdata_at + r.at();
  const NameEnd name = write_name(out, until_end, at, style);
  if (name.fault == Fault::none) r.skip(name.end - at);
  return name.fault;
}

}  // namespace

bool has_rdata_text(std::uint16_t type) {
  return !parts_of(type).empty();
}

Fault write_rdata(TextRoom& out, Bytes message, const ResourceRecord& record, NameStyle style) {
  const Bytes until_end = message.first(record.rdata_at + record.rdata_bytes);
  Reader r{until_end.subspan(record.rdata_at)};
  Fault fault = Fault::none;
  bool first = true;
  for (const char part : parts_of(record.type)) {
    const bool nothing_left = (part == 'm' || part == 'p') && r.left() == 0;
    if (!first && !nothing_left) out.put(' ');
    first = false;
    switch (part) {
      case '1':
        out.number(r.u8());
        break;
      case '2':
        out.number(r.be<std::uint16_t>());
        break;
      case '4':
        out.number(r.be<std::uint32_t>());
        break;
      case 't':
        write_type(out, r.be<std::uint16_t>());
        break;
      case 'd':
        write_time(out, r.be<std::uint32_t>());
        break;
      case 'n':
        fault = write_name_part(out, until_end, r, record.rdata_at, style);
        break;
      case 's':
        write_quoted(out, r.take(r.u8()), style);
        break;
      case 'v':
        write_bytes(out, r.take(r.u8()), style);
        break;
      case 'r':
        write_quoted(out, r.rest(), style);
        break;
      case 'h':
        write_hex(out, r.rest());
        break;
      case 'H':
        write_hex(out, r.take(r.u8()));
        break;
      case 'b':
        write_base64(out, r.rest());
        break;
      case 'e':
        write_base32hex(out, r.take(r.u8()));
        break;
      case 'm':
        write_type_map(out, r);
        break;
      default:  // 'p'
        fault = write_parameters(out, r, style);
        break;
    }
    if (fault != Fault::none) return fault;
  }
  r.require(r.left() == 0, Fault::bad_length);
  return r.fault();
}

}  // namespace spanlight::dns
