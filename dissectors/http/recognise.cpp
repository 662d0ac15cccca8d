#include "http/recognise.h"

#include <algorithm>
#include <string_view>

#include "http/start_line.h"

namespace spanlight::http {
namespace {

constexpr std::string_view kStatusPrefix = "HTTP/1.";
constexpr std::size_t kHeaderNameBytesMax = 256;

// A status line's head at `text`: HTTP/1.d SP ddd, then space or line end.
Look status_at(std::string_view text) {
  constexpr std::string_view kShape = "HTTP/1.d ddd";
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (i == text.size()) return Look::more;
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return Look::no;
  }
  if (text.size() == kShape.size()) return Look::more;
  const char next = text[kShape.size()];
  return next == ' ' || next == '\r' || next == '\n' ? Look::yes : Look::no;
}

// What follows a start line: a header's name with its colon, or the empty line.
Look header_at(Bytes text) {
  if (text.empty()) return Look::more;
  if (text[0] == '\n') return Look::yes;
  if (text[0] == '\r') return text.size() < 2 ? Look::more : text[1] == '\n' ? Look::yes : Look::no;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ':') return i > 0 ? Look::yes : Look::no;
    if (i == kHeaderNameBytesMax || !is_token_byte(text[i])) return Look::no;
  }
  return Look::more;
}

Bytes without_line_end(Bytes line) {
  return !line.empty() && line.back() == '\r' ? line.first(line.size() - 1) : line;
}

// The offset in `line` (without its end) where a message's start line begins, or npos. Remnants of a body may
// stand before it; before a method that is not known they cannot be told from it, so that one must stand
// `at_start`.
std::size_t request_in(Bytes line, bool at_start) {
  const std::string_view text = as_text(line);
  const std::size_t version = text.rfind(' ');
  if (version == std::string_view::npos || version == 0 || text.substr(version + 1).size() != 8 ||
      !text.substr(version + 1).starts_with(kStatusPrefix))
    return std::string_view::npos;
  const std::size_t target = text.rfind(' ', version - 1);
  if (target == std::string_view::npos || target + 1 == version) return std::string_view::npos;
  const std::size_t known = known_method_suffix(line.first(target));
  const std::size_t start = known > 0 ? target - known : at_start ? 0 : std::string_view::npos;
  if (start == std::string_view::npos || line.size() - start > kLineBytesMax) return std::string_view::npos;
  return parse_request_line(line.subspan(start)).fault == Fault::none ? start : std::string_view::npos;
}

std::size_t response_in(Bytes line) {
  const std::string_view text = as_text(line);
  for (std::size_t at = text.find(kStatusPrefix); at != std::string_view::npos;
       at = text.find(kStatusPrefix, at + 1))
    if (line.size() - at <= kLineBytesMax && status_at(text.substr(at)) != Look::no &&
        parse_status_line(line.subspan(at)).fault == Fault::none)
      return at;
  return std::string_view::npos;
}

Verdict probe_request(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && end <= kMethodBytesMax && is_token_byte(static_cast<std::uint8_t>(text[end])))
    ++end;
  if (end > kMethodBytesMax) return Verdict::no;
  if (end == text.size()) return Verdict::more;
  if (end == 0 || text[end] != ' ') return Verdict::no;
  const std::string_view method = text.substr(0, end);
  if (end + 1 == text.size()) return Verdict::more;
  // A method that only HTTP has, and an absolute path: that is enough. Others are known by their version.
  if (text[end + 1] == '/' && is_known_method(method) && !is_shared_method(method)) return Verdict::client;
  const std::string_view window = text.substr(0, kLineBytesMax + 1);
  for (std::size_t i = end; i < window.size(); ++i) {
    const char c = window[i];
    if (c == '\n') {
      const Bytes line = without_line_end(as_bytes(window.substr(0, i)));
      return parse_request_line(line).fault == Fault::none ? Verdict::client : Verdict::no;
    }
    if (static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\r') return Verdict::no;
  }
  return text.size() > kLineBytesMax ? Verdict::no : Verdict::more;
}

}  // namespace

Verdict probe(Bytes own, Bytes) {
  std::string_view text = as_text(own);
  std::size_t lead = 0;
  while (lead < text.size() && lead <= kLeadingLineBytesMax && (text[lead] == '\r' || text[lead] == '\n'))
    ++lead;
  if (lead > kLeadingLineBytesMax) return Verdict::no;
  text.remove_prefix(lead);
  if (text.empty()) return Verdict::more;
  if (text.starts_with(kStatusPrefix)) return Verdict::server;
  if (kStatusPrefix.starts_with(text)) return Verdict::more;
  return probe_request(text);
}

// Line by line. What cannot be decided yet stays in the window from the line's first possible start, or from
// the line end before it, which says that the next byte starts a line.
Sync sync(Direction from, Bytes window) {
  std::size_t start = 0;  // of the line looked at
  bool at_start = false;  // a line end was seen before it
  if (!window.empty() && window[0] == '\n') {
    start = 1;
    at_start = true;
  }
  while (true) {
    const auto end_at =
        std::find(window.begin() + static_cast<std::ptrdiff_t>(start), window.end(), std::uint8_t{'\n'});
    const std::size_t end = static_cast<std::size_t>(end_at - window.begin());
    // A line longer than the limit is kept from where a start line may still begin.
    const std::size_t keep_from = at_start ? start - 1 : start;
    if (end == window.size()) {
      const std::size_t tail = kLineBytesMax + 2;
      return {.skip = window.size() - keep_from > tail ? window.size() - tail : keep_from, .found = false};
    }
    const Bytes line = without_line_end(window.subspan(start, end - start));
    const std::size_t at = from == Direction::c2s ? request_in(line, at_start) : response_in(line);
    if (at != std::string_view::npos) {
      const Look next = header_at(window.subspan(end + 1));
      if (next == Look::yes) return {.skip = start + at, .found = true};
      if (next == Look::more) return {.skip = keep_from, .found = false};
    }
    start = end + 1;
    at_start = true;
  }
}

}  // namespace spanlight::http
