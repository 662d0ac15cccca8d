#include "store_child/request.h"

#include <algorithm>

namespace spanlight::store_child {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
// Credentials and the like mean something to a server only.
constexpr std::string_view kIgnored[] = {"user",
                                         "password",
                                         "wait_end_of_query",
                                         "session_timeout",
                                         "cancel_http_readonly_queries_on_client_close",
                                         "send_progress_in_http_headers"};

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool decode(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+') {
      out += ' ';
    } else if (text[at] != '%') {
      out += text[at];
    } else {
      if (text.size() - at < 3) return false;
      const int high = digit_of(text[at + 1]), low = digit_of(text[at + 2]);
      if (high < 0 || low < 0) return false;
      out += static_cast<char>(high << 4 | low);
      at += 2;
    }
  }
  return true;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string put(Request& request, const std::string& key, std::string value) {
  if (key == "query") {
    request.query = std::move(value);
  } else if (key == "query_id") {
    request.query_id = std::move(value);
  } else if (key == "database") {
    request.database = std::move(value);
  } else if (key == "default_format") {
    if (!is_name(value)) return "default_format is no name of a format";
    request.format = std::move(value);
  } else if (key.starts_with("param_")) {
    if (!is_name(std::string_view(key).substr(6))) return "a parameter's name is not one";
    request.parameters.emplace_back(key.substr(6), std::move(value));
  } else if (std::find(std::begin(kIgnored), std::end(kIgnored), key) == std::end(kIgnored)) {
    if (!is_name(key)) return "a setting's name is not one";
    request.settings.emplace_back(key, std::move(value));
  }
  return {};
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool begins_with_word(std::string_view text, std::string_view upper) {
  if (text.size() < upper.size()) return false;
  for (std::size_t at = 0; at < upper.size(); ++at)
    if ((text[at] & ~0x20) != upper[at]) return false;
  return text.size() == upper.size() || !is_name(text.substr(upper.size(), 1));
}

}  // namespace

std::string read_target(std::string_view target, Request& request) {
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark == std::string_view::npos) return {};
  std::string_view rest = target.substr(mark + 1);
  std::string key, value;
  for (std::size_t count = 0; !rest.empty(); ++count) {
    if (count == kParametersMax)
      return "there are more than " + std::to_string(kParametersMax) + " parameters";
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    if (!decode(pair.substr(0, equals), key) ||
        !decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), value))
      return "a parameter has a % that two hexadecimal digits do not follow";
    if (std::string fault = put(request, key, std::move(value)); !fault.empty()) return fault;
    value = {};
  }
  return {};
}

std::optional<Insert> read_insert(std::string_view sql) {
  sql = trimmed(sql);
  if (!begins_with_word(sql, "INSERT")) return std::nullopt;
  const std::size_t name = sql.find_last_of(kSpace);
  if (name == std::string_view::npos || !is_name(sql.substr(name + 1))) return std::nullopt;
  const std::string_view head = trimmed(sql.substr(0, name));
  const std::size_t word = head.find_last_of(" \t\r\n)");
  if (word == std::string_view::npos || !begins_with_word(head.substr(word + 1), "FORMAT"))
    return std::nullopt;
  return Insert{std::string(head.substr(0, word + 1)), std::string(sql.substr(name + 1))};
}

bool is_question(std::string_view sql) {
  sql = trimmed(sql);
  return begins_with_word(sql, "SELECT") || begins_with_word(sql, "WITH") || sql.starts_with('(');
}

}  // namespace spanlight::store_child
