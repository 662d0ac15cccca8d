#pragma once
// The head of a message in one pass over its bytes, if all of it is there and it is perfectly regular: what
// is accepted here llhttp reads in the same way, what is not is llhttp's. README.md, "Two ways through a
// head". Pure.

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/http/known_header.h"
#include "core/transaction.h"
#include "http/byte_classes.h"

namespace spanlight::http {

constexpr std::size_t kScannedHeadersMax = 128;  // more are llhttp's

// What headers say of the body and of what is behind it.
struct BodyHeaders {
  std::uint64_t length = 0;
  bool has_length = false;
  bool chunked = false;
  bool upgrade = false;  // there is an Upgrade
};

// Offsets from the head's first byte. No initial values: the table of them is not to be written twice.
struct ScannedHeader {
  std::uint32_t name, name_end, value, value_end;
  HeaderSpan span() const { return {name, name_end - name, value, value_end - value}; }
};

struct ScannedHead {
  std::uint32_t line_bytes = 0;  // the start line with its CRLF
  std::uint32_t bytes = 0;       // the whole head with its empty line
  std::uint32_t count = 0;
  LiftedHeaders lifted;
  BodyHeaders body;
  std::array<ScannedHeader, kScannedHeadersMax> headers;  // `count` of them
};

// False: not regular, or not whole; `out` is not defined then.
bool scan_head(Bytes window, std::size_t headers_max, Classify classify, ScannedHead& out);

}  // namespace spanlight::http
