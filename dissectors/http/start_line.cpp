#include "http/start_line.h"

#include <array>
#include <string_view>

namespace spanlight::http {
namespace {

constexpr std::array<std::string_view, 37> kMethods = {
    "GET",     "HEAD",  "POST",   "PUT",       "DELETE",      "PATCH",    "OPTIONS",    "CONNECT",
    "TRACE",   "COPY",  "LOCK",   "MKCOL",     "MOVE",        "PROPFIND", "PROPPATCH",  "SEARCH",
    "UNLOCK",  "BIND",  "REBIND", "UNBIND",    "ACL",         "REPORT",   "MKACTIVITY", "CHECKOUT",
    "CHECKIN", "MERGE", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "PURGE",    "MKCALENDAR", "LINK",
    "UNLINK",  "QUERY", "LABEL",  "M-SEARCH",  "UNCHECKOUT"};
constexpr std::array<std::string_view, 3> kSharedMethods = {"OPTIONS", "NOTIFY", "SUBSCRIBE"};

constexpr auto kToken = [] {
  std::array<bool, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<std::uint8_t>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<std::uint8_t>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<std::uint8_t>(c)] = true;
  for (const char c : std::string_view{"!#$%&'*+-.^_`|~"}) table[static_cast<std::uint8_t>(c)] = true;
  return table;
}();

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Slice slice(std::size_t from, std::size_t to) {
  return {static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to - from)};
}

}  // namespace

bool is_token_byte(std::uint8_t byte) {
  return kToken[byte];
}

bool is_known_method(std::string_view token) {
  for (const std::string_view m : kMethods)
    if (m == token) return true;
  return false;
}

bool is_shared_method(std::string_view token) {
  for (const std::string_view m : kSharedMethods)
    if (m == token) return true;
  return false;
}

std::size_t known_method_suffix(Bytes bytes) {
  const std::string_view text = as_text(bytes);
  std::size_t longest = 0;
  for (const std::string_view m : kMethods)
    if (m.size() > longest && text.ends_with(m)) longest = m.size();
  return longest;
}

// method SP target SP HTTP/1.x   (RFC 9112, 3). Spaces within the target are the target's (3.2: not valid,
// and seen).
StartLine parse_request_line(Bytes line) {
  StartLine out;
  std::string_view text = as_text(line);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
    out.lenient = true;
  }
  const std::size_t method_end = text.find(' ');
  if (method_end == std::string_view::npos || method_end == 0 || method_end > kMethodBytesMax) {
    out.fault = Fault::bad_magic;
    return out;
  }
  for (const char c : text.substr(0, method_end))
    if (!is_token_byte(static_cast<std::uint8_t>(c))) out.fault = Fault::bad_magic;
  const std::size_t version = text.rfind(' ');
  const std::string_view protocol = text.substr(version + 1);
  if (!protocol.starts_with("HTTP/")) out.fault = Fault::bad_magic;
  if (out.fault != Fault::none) return out;
  if (protocol.size() != 8 || !protocol.starts_with("HTTP/1.") || !is_digit(protocol[7])) {
    out.fault = Fault::bad_value;
    return out;
  }
  out.minor = static_cast<std::uint8_t>(protocol[7] - '0');
  std::size_t target = method_end;
  std::size_t target_end = version;
  while (target < target_end && text[target] == ' ') ++target;
  while (target_end > target && text[target_end - 1] == ' ') --target_end;
  if (target == target_end) {
    out.fault = Fault::bad_magic;
    return out;
  }
  out.lenient = out.lenient || target != method_end + 1 || target_end != version ||
                text.substr(target, target_end - target).find(' ') != std::string_view::npos;
  out.method = slice(0, method_end);
  out.target = slice(target, target_end);
  return out;
}

// HTTP/1.x SP 3DIGIT [ SP reason ]   (RFC 9112, 4). Servers leave out the reason, and the space before it.
StartLine parse_status_line(Bytes line) {
  StartLine out;
  const std::string_view text = as_text(line);
  if (!text.starts_with("HTTP/")) {
    out.fault = Fault::bad_magic;
    return out;
  }
  out.fault = Fault::bad_value;
  if (text.size() < 12 || !text.starts_with("HTTP/1.") || !is_digit(text[7]) || text[8] != ' ') return out;
  std::size_t at = 9;
  while (at < text.size() && text[at] == ' ') ++at;
  out.lenient = at != 9;
  if (text.size() - at < 3) return out;
  for (std::size_t i = at; i < at + 3; ++i) {
    if (!is_digit(text[i])) return out;
    out.status = static_cast<std::uint16_t>(out.status * 10 + (text[i] - '0'));
  }
  at += 3;
  if (out.status < 100 || (at < text.size() && text[at] != ' ')) return out;
  if (at < text.size()) ++at;
  std::size_t end = text.size();
  while (end > at && (text[end - 1] == ' ' || text[end - 1] == '\t')) --end;
  out.minor = static_cast<std::uint8_t>(text[7] - '0');
  out.reason = slice(at, end);
  out.fault = Fault::none;
  return out;
}

}  // namespace spanlight::http
