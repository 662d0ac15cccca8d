#include "serve/answer.h"

#include <array>
#include <charconv>
#include <ctime>

namespace spanlight::serve {
namespace {

// What a browser may do with our pages: load from us alone, never within another's frame. Styles may stand in
// elements, since charts are drawn so; scripts may not.
constexpr std::string_view kSecurityHeaders =
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; manifest-src "
    "'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n";

std::string http_date() {
  std::array<char, 32> text{};
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  // A line feed would begin another header.
  for (const char c : value)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
  out += "\r\n";
}

}  // namespace

std::string answer_head(const AnswerHead& head) {
  std::string out = "HTTP/1.1 " + std::to_string(head.status) + ' ';
  out += status_words(head.status);
  out += "\r\n";
  append_header(out, "Date", http_date());
  if (!head.content_type.empty()) append_header(out, "Content-Type", head.content_type);
  if (head.body_bytes) {
    // RFC 9110, section 8.6: no length with 204 and 304.
    if (head.status != 204 && head.status != 304)
      append_header(out, "Content-Length", std::to_string(*head.body_bytes));
  } else if (!head.old_client) {
    append_header(out, "Transfer-Encoding", "chunked");
  }
  if (head.gzipped) append_header(out, "Content-Encoding", "gzip");
  if (head.varies) append_header(out, "Vary", "Accept-Encoding");
  if (head.is_api) append_header(out, "Cache-Control", "no-store");
  append_header(out, "Connection", head.keep_alive ? "keep-alive" : "close");
  for (const auto& [name, value] : head.headers) append_header(out, name, value);
  out += kSecurityHeaders;
  if (head.over_tls) append_header(out, "Strict-Transport-Security", "max-age=31536000");
  out += "\r\n";
  return out;
}

std::string chunk(std::string_view bytes) {
  std::array<char, 20> size{};
  const std::to_chars_result end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16);
  std::string out(size.data(), end.ptr);
  out.reserve(out.size() + bytes.size() + 4);
  out += "\r\n";
  out += bytes;
  out += "\r\n";
  return out;
}

}  // namespace spanlight::serve
