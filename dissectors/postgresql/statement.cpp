#include "postgresql/statement.h"

#include <algorithm>

namespace spanlight::postgresql {
namespace {

constexpr std::size_t kUrlPartBytesMax = 256;  // of what stands between :// and @

constexpr char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
}
constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
constexpr bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Behind white space and comments. A comment that does not end reaches to the end.
std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (is_space(rest[0])) {
      ++at;
    } else if (rest.starts_with("--")) {
      at = std::min(text.find('\n', at), text.size());
    } else if (rest.starts_with("/*")) {
      const std::size_t end = text.find("*/", at + 2);
      at = end == std::string_view::npos ? text.size() : end + 2;
    } else {
      break;
    }
  }
  return at;
}

std::size_t word_end(std::string_view text, std::size_t at) {
  while (at < text.size() && is_word(text[at])) ++at;
  return at;
}

// Behind the closing quote of the literal that opens at `at`; the end where it is not closed.
std::size_t quoted_end(std::string_view text, std::size_t at, bool backslashes) {
  for (++at; at < text.size(); ++at) {
    if (backslashes && text[at] == '\\') {
      ++at;
    } else if (text[at] == '\'') {
      if (at + 1 >= text.size() || text[at + 1] != '\'') return at + 1;
      ++at;
    }
  }
  return text.size();
}

// The literal at `at`: 'a', E'a', U&'a', $$a$$, $tag$a$tag$. Its end; `at` where there is none.
std::size_t literal_end(std::string_view text, std::size_t at) {
  if (at >= text.size()) return at;
  const std::string_view rest = text.substr(at);
  if (rest[0] == '\'') return quoted_end(text, at, false);
  if (rest.size() > 1 && rest[1] == '\'' && is_word(rest[0]))
    return quoted_end(text, at + 1, upper(rest[0]) == 'E');
  if (rest.size() > 2 && upper(rest[0]) == 'U' && rest[1] == '&' && rest[2] == '\'')
    return quoted_end(text, at + 2, false);
  if (rest[0] != '$' || (rest.size() > 1 && rest[1] >= '0' && rest[1] <= '9')) return at;  // a parameter: $1
  const std::size_t tag = word_end(text, at + 1);
  if (tag >= text.size()) return text.size();
  if (text[tag] != '$') return at;
  const std::size_t end = text.find(text.substr(at, tag + 1 - at), tag + 1);
  return end == std::string_view::npos ? text.size() : end + (tag + 1 - at);
}

constexpr std::string_view kWord = "PASSWORD";

bool is_password(std::string_view text, std::size_t at) {
  if (text.size() - at < kWord.size()) return false;
  for (std::size_t i = 0; i < kWord.size(); ++i)
    if (upper(text[at + i]) != kWord[i]) return false;
  const std::size_t end = at + kWord.size();
  return end == text.size() || !is_word(text[end]);
}

// The secret behind the word that ends at `at`.
Secret secret_behind(std::string_view text, std::size_t at) {
  const std::size_t word_end = at;
  const std::size_t word = at - kWord.size();
  if (at < text.size() && text[at] == '\'' && word > 0 && text[word - 1] == '\'')
    return {at, 0};  // 'PASSWORD'
  at = skip_blanks(text, at);
  if (at < text.size() && (text[at] == '"' || text[at] == ')')) at = skip_blanks(text, at + 1);
  const bool equals = at < text.size() && text[at] == '=';
  if (equals) at = skip_blanks(text, at + 1);
  const bool close = equals && at == word_end + 1;  // as in what a literal holds: password=secret host=…
  if (close && text.substr(at, 2) == "''" && at + 2 < text.size() && is_word(text[at + 2])) {
    const std::size_t end = text.find("''", at + 2);
    return {at, (end == std::string_view::npos ? text.size() : end + 2) - at};
  }
  if (const std::size_t end = literal_end(text, at); end > at) return {at, end - at};
  if (!close) return {at, 0};
  std::size_t end = at;
  while (end < text.size() && !is_space(text[end]) && text[end] != '\'' && text[end] != '&' &&
         text[end] != ';' && text[end] != ',' && text[end] != ')')
    ++end;
  if (end > at && text[at] == '$') return {at, 0};  // a parameter
  return {at, end - at};
}

// scheme://user:secret@host
Secret secret_in_url(std::string_view text, std::size_t colon) {
  const std::size_t from = colon + 3;
  const std::size_t last = std::min(text.size(), from + kUrlPartBytesMax);
  std::size_t separator = 0;
  for (std::size_t at = from; at < last; ++at) {
    const char c = text[at];
    if (c == '@') return separator == 0 ? Secret{} : Secret{separator + 1, at - separator - 1};
    if (is_space(c) || c == '\'' || c == '/') return {};
    if (c == ':' && separator == 0) separator = at;
  }
  // Cut within it: better hidden than shown.
  return separator != 0 && last == text.size() ? Secret{separator + 1, last - separator - 1} : Secret{};
}

}  // namespace

void write_command(TextRoom& out, std::string_view text) {
  std::size_t at = skip_blanks(text, 0);
  while (at < text.size() && text[at] == '(') at = skip_blanks(text, at + 1);
  constexpr std::size_t kWordBytesMax = 24;
  const auto write_word = [&] {
    const std::size_t end = std::min(word_end(text, at), at + kWordBytesMax);
    for (; at < end; ++at) out.put(upper(text[at]));
  };
  const std::size_t mark = out.mark();
  write_word();
  const std::string_view first = out.since(mark);
  if (first != "CREATE" && first != "ALTER" && first != "DROP") return;
  at = skip_blanks(text, at);
  if (at >= text.size() || !is_word(text[at])) return;
  out.put(' ');
  write_word();
}

void write_line(TextRoom& out, std::string_view text, std::size_t bytes_max) {
  std::size_t at = skip_blanks(text, 0), used = 0;
  bool blank = false;
  for (; at < text.size() && used < bytes_max; ++at) {
    const char c = text[at];
    if (is_space(c)) {
      blank = true;
      continue;
    }
    if (blank) {
      out.put(' ');
      ++used;
    }
    blank = false;
    out.put(c);
    ++used;
  }
}

Secret find_secret(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size(); ++at) {
    const char c = text[at];
    if ((c == 'p' || c == 'P') && is_password(text, at)) {
      const Secret secret = secret_behind(text, at + kWord.size());
      if (secret.size > 0) return secret;
      at += kWord.size() - 1;
    } else if (c == ':' && text.substr(at, 3) == "://") {
      const Secret secret = secret_in_url(text, at);
      if (secret.size > 0) return secret;
    }
  }
  return {text.size(), 0};
}

}  // namespace spanlight::postgresql
