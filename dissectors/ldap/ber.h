#pragma once
// Elements of BER as LDAP uses it (RFC 4511, 5.1): tags of one byte, definite lengths of four bytes at most.
// Pure; nothing recurses.

#include <cstdint>

#include "core/reader.h"

namespace spanlight::ldap {

namespace tag {
constexpr std::uint8_t kBoolean = 0x01, kInteger = 0x02, kOctets = 0x04, kEnumerated = 0x0a, kSequence = 0x30,
                       kSet = 0x31;
}

struct ElementHead {
  std::uint8_t tag = 0;
  std::uint32_t length = 0;  // of its content
};

// `bad_value`: a tag of several bytes, or a length that is indefinite or longer than four bytes.
ElementHead read_head(Reader& r);

struct Element {
  std::uint8_t tag = 0;
  Bytes content;         // as far as it is there
  bool clipped = false;  // there should be more

  bool is(std::uint8_t wanted) const { return tag == wanted; }
  std::string_view text() const { return as_text(content); }
};

// The next element. Of one whose end is not there the beginning is taken, and nothing stands behind it.
Element read_element(Reader& r);

// An integer of at most four bytes; what is longer is 0.
std::int32_t integer_of(Bytes content);

}  // namespace spanlight::ldap
