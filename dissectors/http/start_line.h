#pragma once
// The first line of an HTTP/1 message (RFC 9112, 3 and 4): bytes to parts, pure. llhttp is not asked here,
// since it knows a fixed list of methods and of target characters; it gets a canned start line and does
// headers and framing.

#include <cstddef>
#include <cstdint>

#include "core/bytes.h"
#include "core/reader.h"

namespace spanlight::http {

constexpr std::size_t kMethodBytesMax = 64;

struct Slice {  // within the line
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

struct StartLine {
  Fault fault = Fault::none;  // bad_magic: no such line; bad_value: a version or status that is not HTTP/1
  bool lenient = false;       // readable, though not by the grammar
  std::uint8_t minor = 0;     // HTTP/1.<minor>
  std::uint16_t status = 0;
  Slice method;
  Slice target;
  Slice reason;
};

// `line` is without its line end.
StartLine parse_request_line(Bytes line);
StartLine parse_status_line(Bytes line);

bool is_token_byte(std::uint8_t byte);          // RFC 9110, 5.6.2
bool is_known_method(std::string_view token);   // registered with IANA, or in wide use
bool is_shared_method(std::string_view token);  // known, and of RTSP, SIP or ICAP as well
std::size_t known_method_suffix(Bytes text);    // length of the longest known method that ends `text`

}  // namespace spanlight::http
