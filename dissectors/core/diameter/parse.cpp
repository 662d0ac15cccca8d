#include "core/diameter/parse.h"

#include <algorithm>

namespace spanlight::diameter {
namespace {

std::uint32_t read_u24(Reader& r) {
  const std::uint32_t high = r.u8();
  return high << 16 | r.be<std::uint16_t>();
}

}  // namespace

Header read_header(Bytes in) {
  constexpr std::uint8_t kVersion = 1, kReserved = 0x0f;
  Reader r{in};
  Header out;
  const std::uint8_t version = r.u8();
  if (r.ok()) r.require(version == kVersion, Fault::bad_magic);
  out.length = read_u24(r);
  if (r.ok())
    r.require(out.length >= kHeaderBytes && out.length <= kMessageBytesMax && out.length % 4 == 0,
              Fault::bad_length);
  out.flags = r.u8();
  // An error is an answer (RFC 6733, 3).
  if (r.ok())
    r.require((out.flags & kReserved) == 0 && !(out.is_request() && out.is_error()), Fault::bad_value);
  out.command = read_u24(r);
  out.application = r.be<std::uint32_t>();
  out.hop_by_hop = r.be<std::uint32_t>();
  out.end_to_end = r.be<std::uint32_t>();
  out.fault = r.fault();
  return out;
}

SizedMessages::Measure measure(Bytes head) {
  const Header header = read_header(head);
  return {.fault = header.fault, .size = header.length, .wanted = header.length};
}

Avp read_avp(Reader& r) {
  constexpr std::uint8_t kVendor = 0x80, kReserved = 0x1f;
  constexpr std::uint32_t kHead = 8, kHeadWithVendor = 12;
  Avp out;
  out.code = r.be<std::uint32_t>();
  const std::uint8_t flags = r.u8();
  const std::uint32_t length = read_u24(r);
  const std::uint32_t head = (flags & kVendor) != 0 ? kHeadWithVendor : kHead;
  if (r.ok()) r.require((flags & kReserved) == 0, Fault::bad_value);
  if (r.ok()) r.require(length >= head, Fault::bad_length);
  if (head == kHeadWithVendor) out.vendor = r.be<std::uint32_t>();
  if (!r.ok()) return out;
  out.clipped = length - head > r.left();
  out.data = r.take(std::min<std::size_t>(length - head, r.left()));
  r.skip(std::min<std::size_t>((4 - length % 4) % 4, r.left()));  // the last one's may be missing
  return out;
}

std::uint32_t unsigned_of(Bytes data) {
  if (data.size() != 4) return 0;
  Reader r{data};
  return r.be<std::uint32_t>();
}

}  // namespace spanlight::diameter
