#include "dns/rdata.h"

#include <array>
#include <bit>
#include <string_view>

#include "dns/codes.h"
#include "dns/rdata_fields.h"

namespace spanlight::dns {
namespace {

constexpr std::size_t kIpv4Bytes = 4, kIpv6Bytes = 16;

// "key":12, in front of what leads somewhere.
void put_number(TextRoom& out, std::string_view key, std::uint64_t value) {
  out.put(",\"");
  out.put(key);
  out.put("\":");
  out.number(value);
}

template <typename Write>
Fault put_text(TextRoom& out, std::string_view key, const Write& write) {
  out.put(",\"");
  out.put(key);
  out.put("\":");
  out.open_json_string();
  const Fault fault = write();
  out.close_json_string();
  return fault;
}

Fault put_address(TextRoom& out, Bytes rdata, std::size_t bytes) {
  if (rdata.size() != bytes) return Fault::bad_length;
  return put_text(out, "data", [&] {
    bytes == kIpv4Bytes ? write_ipv4(out, rdata) : write_ipv6(out, rdata);
    return Fault::none;
  });
}

// The strings of a TXT record, one behind the other: how they were cut means nothing (RFC 7208, 3.3).
Fault put_strings(TextRoom& out, Bytes rdata, NameStyle style) {
  return put_text(out, "data", [&] {
    Reader r{rdata};
    while (r.left() > 0 && r.ok()) write_bytes(out, r.take(r.u8()), style);
    return r.fault();
  });
}

// Numbers of 16 bits, then a name: NS, CNAME, PTR, DNAME (none), MX (one), SRV (three).
Fault put_name(TextRoom& out, Bytes message, const ResourceRecord& record,
               std::span<const std::string_view> keys, NameStyle style) {
  const Bytes until_end = message.first(record.rdata_at + record.rdata_bytes);
  Reader r{until_end.subspan(record.rdata_at)};
  for (const std::string_view key : keys) put_number(out, key, r.be<std::uint16_t>());
  if (!r.ok()) return r.fault();
  return put_text(out, "data", [&] {
    const NameEnd name = write_name(out, until_end, record.rdata_at + r.at(), style);
    if (name.fault != Fault::none) return name.fault;
    return name.end == until_end.size() ? Fault::none : Fault::bad_length;
  });
}

constexpr std::string_view kMxKeys[] = {"preference"};
constexpr std::string_view kSrvKeys[] = {"priority", "weight", "port"};

Fault put_value(TextRoom& out, Bytes message, const ResourceRecord& record, NameStyle style) {
  const Bytes rdata = message.subspan(record.rdata_at, record.rdata_bytes);
  // A dynamic update names what it deletes by records without a value (RFC 2136, 2.5).
  if (rdata.empty()) return Fault::none;
  switch (record.type) {
    case type::kA:
      return put_address(out, rdata, kIpv4Bytes);
    case type::kAaaa:
      return put_address(out, rdata, kIpv6Bytes);
    case type::kNs:
    case type::kCname:
    case type::kPtr:
    case type::kDname:
      return put_name(out, message, record, {}, style);
    case type::kMx:
      return put_name(out, message, record, kMxKeys, style);
    case type::kSrv:
      return put_name(out, message, record, kSrvKeys, style);
    case type::kTxt:
    case type::kSpf:
      return put_strings(out, rdata, style);
    default:
      break;
  }
  if (!has_rdata_text(record.type)) {
    put_number(out, "size", record.rdata_bytes);
    return Fault::none;
  }
  return put_text(out, "rdata", [&] { return write_rdata(out, message, record, style); });
}

void put_head(TextRoom& out, Bytes message, const ResourceRecord& record, NameStyle style) {
  out.put("{\"name\":");
  out.open_json_string();
  write_name(out, message, record.name_at, style);
  out.close_json_string();
  out.put(",\"type\":\"");
  write_type(out, record.type);
  out.put("\",\"ttl\":");
  out.number(record.ttl);
  const bool multicast = style == NameStyle::utf8;
  const std::uint16_t top = multicast ? record.klass & klass::kTopBit : 0;
  const auto own = static_cast<std::uint16_t>(record.klass ^ top);
  if (own != klass::kIn) {
    out.put(",\"class\":\"");
    write_class(out, own);
    out.put('"');
  }
  if (top != 0) out.put(",\"flush\":true");
}

// Four bytes of room; how many it took.
std::size_t write_group(char* to, std::uint16_t group) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const unsigned digits = (static_cast<unsigned>(std::bit_width(group | 1u)) + 3) / 4;
  for (unsigned i = 0; i < digits; ++i) to[i] = kDigits[group >> 4 * (digits - 1 - i) & 15u];
  return digits;
}

}  // namespace

void write_ipv4(TextRoom& out, Bytes address) {
  for (std::size_t i = 0; i < kIpv4Bytes; ++i) {
    if (i > 0) out.put('.');
    out.number(address[i]);
  }
}

// RFC 5952: the longest run of zeros becomes "::", the first of equal ones; IPv4 inside is shown as such.
void write_ipv6(TextRoom& out, Bytes address) {
  constexpr std::size_t kGroups = 8, kTextBytesMax = kGroups * 5 + 1;
  std::array<std::uint16_t, kGroups> groups{};
  for (std::size_t i = 0; i < kGroups; ++i)
    groups[i] = static_cast<std::uint16_t>(address[2 * i] << 8 | address[2 * i + 1]);
  std::size_t start = kGroups, longest = 1;  // a lone zero is no run
  for (std::size_t i = 0, run = 0; i < kGroups; ++i) {
    run = groups[i] == 0 ? run + 1 : 0;
    if (run <= longest) continue;
    longest = run;
    start = i + 1 - run;
  }
  const bool ipv4 = start == 0 && longest == 5 && groups[5] == 0xffff;
  std::array<char, kTextBytesMax> text;
  std::size_t size = 0;
  for (std::size_t i = 0; i < (ipv4 ? 6 : kGroups); ++i) {
    if (i == start) {
      text[size++] = ':';
      text[size++] = ':';
      i += longest - 1;
      continue;
    }
    if (i > 0 && i != start + longest) text[size++] = ':';
    size += write_group(text.data() + size, groups[i]);
  }
  out.put(std::string_view(text.data(), size));
  if (!ipv4) return;
  out.put(':');
  write_ipv4(out, address.last(kIpv4Bytes));
}

bool write_record(TextRoom& out, Bytes message, const ResourceRecord& record, NameStyle style) {
  const std::size_t start = out.mark();
  put_head(out, message, record, style);
  const std::size_t value = out.mark();
  if (!out.full() && put_value(out, message, record, style) != Fault::none) {
    out.back_to(value);
    out.put(",\"malformed\":true");
  }
  out.put('}');
  if (!out.full()) return true;
  out.back_to(start);
  return false;
}

}  // namespace spanlight::dns
