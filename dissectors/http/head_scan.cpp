#include "http/head_scan.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace spanlight::http {
namespace {

// Walks forward over the bytes by their classes, 64 at a time. What lies behind them counts as control.
class Cursor {
 public:
  Cursor(Bytes bytes, Classify classify) : bytes_(bytes), classify_(classify) { load(0); }

  // The first byte from `at` on that cannot stand in a name, or in a value. Not before the last answer.
  std::size_t name_end(std::size_t at) { return next<&ByteClasses::not_token>(at); }
  std::size_t value_end(std::size_t at) { return next<&ByteClasses::control>(at); }

  bool is(std::size_t at, char c) const {
    return at < bytes_.size() && bytes_[at] == static_cast<std::uint8_t>(c);
  }
  bool is_line_end(std::size_t at) const { return is(at, '\r') && is(at + 1, '\n'); }

 private:
  template <std::uint64_t ByteClasses::*kClass>
  std::size_t next(std::size_t at) {
    while (true) {
      if (at >= base_ + kClassifiedBytes) {
        if (at >= bytes_.size()) return bytes_.size();
        load(at - at % kClassifiedBytes);
      }
      const std::uint64_t rest = classes_.*kClass >> (at - base_);
      if (rest != 0) return at + static_cast<std::size_t>(std::countr_zero(rest));
      at = base_ + kClassifiedBytes;
    }
  }

  void load(std::size_t base) {
    base_ = base;
    const Bytes rest = bytes_.subspan(base);
    if (rest.size() >= kClassifiedBytes) {
      classes_ = classify_(rest.data());
      return;
    }
    std::array<std::uint8_t, kClassifiedBytes> last{};
    std::copy(rest.begin(), rest.end(), last.begin());
    classes_ = classify_(last.data());
  }

  Bytes bytes_;
  Classify classify_;
  std::size_t base_ = 0;
  ByteClasses classes_;
};

bool is_space(std::uint8_t byte) {
  return byte == ' ' || byte == '\t';
}

// Digits alone, and no more of them than 64 bits hold whatever they are.
bool read_length(Bytes value, std::uint64_t& length) {
  constexpr std::size_t kDigitsMax = 19;
  if (value.empty() || value.size() > kDigitsMax) return false;
  length = 0;
  for (const std::uint8_t digit : value) {
    if (digit < '0' || digit > '9') return false;
    length = length * 10 + (digit - '0');
  }
  return true;
}

bool is_chunked(std::string_view value) {
  constexpr std::string_view kChunked = "chunked";
  return std::ranges::equal(value, kChunked, [](char c, char lower) { return (c | 0x20) == lower; });
}

// What a header says of the body. `value` is as it stands, with what white space is behind it. False: not as
// it should be.
bool read_framing(Known known, Bytes value, BodyHeaders& body) {
  switch (known) {
    case Known::content_length:
      if (body.has_length || body.chunked || !read_length(value, body.length)) return false;
      body.has_length = true;
      return true;
    case Known::transfer_encoding:
      if (body.has_length || body.chunked || !is_chunked(as_text(value))) return false;
      body.chunked = true;
      return true;
    case Known::upgrade:
      body.upgrade = true;
      return true;
    default:
      return true;
  }
}

}  // namespace

// start-line CRLF *( name ":" OWS value OWS CRLF ) CRLF   (RFC 9112, 2.1)
bool scan_head(Bytes window, std::size_t headers_max, Classify classify, ScannedHead& out) {
  Cursor cursor(window, classify);
  const std::size_t line_end = cursor.value_end(0);
  if (!cursor.is_line_end(line_end)) return false;
  out.line_bytes = static_cast<std::uint32_t>(line_end + 2);
  out.count = 0;
  out.lifted = {};
  out.body = {};
  const std::size_t count_max = std::min(headers_max, kScannedHeadersMax);
  std::size_t at = out.line_bytes;
  while (true) {
    const std::size_t name = at, colon = cursor.name_end(at);
    if (colon == name) break;
    if (!cursor.is(colon, ':') || out.count == count_max) return false;
    const std::size_t end = cursor.value_end(colon + 1);
    if (!cursor.is_line_end(end)) return false;
    std::size_t value = colon + 1, value_end = end;
    while (value < end && is_space(window[value])) ++value;
    const Known known = known_header(as_text(window.subspan(name, colon - name)));
    if (!read_framing(known, window.subspan(value, end - value), out.body)) return false;
    while (value_end > value && is_space(window[value_end - 1])) --value_end;
    if (value_end > value) out.lifted.note(out.count, known);
    out.headers[out.count++] = {static_cast<std::uint32_t>(name), static_cast<std::uint32_t>(colon),
                                static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value_end)};
    at = end + 2;
  }
  if (!cursor.is_line_end(at)) return false;
  out.bytes = static_cast<std::uint32_t>(at + 2);
  return true;
}

}  // namespace spanlight::http
