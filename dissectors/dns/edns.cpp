#include "dns/edns.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "dns/codes.h"
#include "dns/rdata.h"

namespace spanlight::dns {
namespace {

constexpr std::uint16_t kClientSubnet = 8, kExtendedError = 15;
constexpr std::uint16_t kDnssecOk = 0x8000;

}  // namespace

// The class is the size; the TTL is u8 high bits of the code | u8 version | u16 flags. Options: u16 code |
// u16 length | contents.
Edns edns_of(Bytes message, const ResourceRecord& opt) {
  Edns out;
  out.udp_bytes = opt.klass;
  out.version = opt.ttl >> 16 & 0xff;
  out.dnssec_ok = (opt.ttl & kDnssecOk) != 0;
  Reader r{message.subspan(opt.rdata_at, opt.rdata_bytes)};
  while (r.left() > 0 && r.ok()) {
    const auto code = r.be<std::uint16_t>();
    const Bytes contents = r.take(r.be<std::uint16_t>());
    if (code == kClientSubnet && out.client_subnet.empty()) out.client_subnet = contents;
    if (code == kExtendedError && out.extended_error.empty()) out.extended_error = contents;
  }
  return out;
}

// u16 family | u8 bits asked for | u8 bits answered for | as many bytes of the address as matter
void write_client_subnet(TextRoom& out, Bytes option) {
  Reader r{option};
  const auto family = r.be<std::uint16_t>();
  const std::uint8_t bits = r.u8();
  r.skip(1);
  const Bytes part = r.rest();
  std::array<std::uint8_t, 16> address{};
  if (!r.ok() || part.size() > address.size()) return;
  std::ranges::copy(part, address.begin());
  if (family == 1)
    write_ipv4(out, address);
  else
    write_ipv6(out, address);
  out.put('/');
  out.number(bits);
}

// u16 code | text
void write_extended_error(TextRoom& out, Bytes option) {
  Reader r{option};
  const auto code = r.be<std::uint16_t>();
  if (!r.ok()) return;
  out.number(code);
  const std::string_view name = extended_error_name(code);
  if (!name.empty()) {
    out.put(' ');
    out.put(name);
  }
  const Bytes text = r.rest();
  if (text.empty()) return;
  out.put(": ");
  write_bytes(out, text, NameStyle::utf8);
}

}  // namespace spanlight::dns
