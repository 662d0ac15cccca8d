#include "serve/url.h"

#include "record/json.h"

namespace spanlight::serve {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_clean(std::string_view text) {
  return text.find('\0') == text.npos && is_utf8(text);
}

// Looked for after decoding, so that no escape hides it. A backslash is no separator here, but might be one
// to whoever the path is handed on to.
bool climbs(std::string_view path) {
  if (path.find('\\') != path.npos) return true;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (segment == "." || segment == "..") return true;
    path = slash == path.npos ? std::string_view{} : path.substr(slash + 1);
  }
  return false;
}

bool parse_query(std::string_view text, std::vector<std::pair<std::string, std::string>>& out) {
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    std::optional<std::string> name = percent_decoded(pair.substr(0, equals), true);
    std::optional<std::string> value =
        equals == pair.npos ? std::string{} : percent_decoded(pair.substr(equals + 1), true);
    if (!name || !value || !is_clean(*name) || !is_clean(*value) || out.size() == kQueryParametersMax)
      return false;
    out.emplace_back(*std::move(name), *std::move(value));
  }
  return true;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '%') {
      if (text.size() - at < 3) return std::nullopt;
      const int high = hex_digit(text[at + 1]);
      const int low = hex_digit(text[at + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high << 4 | low);
      at += 2;
    } else {
      out += c == '+' && plus_is_blank ? ' ' : c;
    }
  }
  return out;
}

std::optional<Target> parse_target(std::string_view target) {
  if (target.empty() || target.front() != '/') return std::nullopt;
  const std::size_t question = target.find('?');
  std::optional<std::string> path = percent_decoded(target.substr(0, question), false);
  if (!path || !is_clean(*path) || climbs(*path)) return std::nullopt;
  Target parsed{*std::move(path), {}};
  if (question != target.npos && !parse_query(target.substr(question + 1), parsed.query)) return std::nullopt;
  return parsed;
}

}  // namespace spanlight::serve
