#include "ldap/ber.h"

#include <algorithm>

namespace spanlight::ldap {

ElementHead read_head(Reader& r) {
  constexpr std::uint8_t kLongTag = 0x1f, kLongLength = 0x80;
  ElementHead out;
  out.tag = r.u8();
  if (r.ok()) r.require((out.tag & kLongTag) != kLongTag, Fault::bad_value);
  const std::uint8_t first = r.u8();
  if (first < kLongLength) {
    out.length = first;
    return out;
  }
  const unsigned bytes = first & 0x7f;
  r.require(bytes > 0 && bytes <= 4, Fault::bad_value);
  for (unsigned i = 0; i < bytes && r.ok(); ++i) out.length = out.length << 8 | r.u8();
  return out;
}

Element read_element(Reader& r) {
  const ElementHead head = read_head(r);
  Element out{.tag = head.tag};
  if (!r.ok()) return out;
  out.clipped = head.length > r.left();
  out.content = r.take(std::min<std::size_t>(head.length, r.left()));
  return out;
}

std::int32_t integer_of(Bytes content) {
  if (content.empty() || content.size() > 4) return 0;
  std::uint32_t value = (content[0] & 0x80) != 0 ? ~0u : 0u;
  for (const std::uint8_t byte : content) value = value << 8 | byte;
  return static_cast<std::int32_t>(value);
}

}  // namespace spanlight::ldap
