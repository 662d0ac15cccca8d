#include "postgresql/statement.h"

#include <algorithm>
#include <initializer_list>

#include "core/secret.h"

namespace spanlight::postgresql {
namespace {

constexpr char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
}
constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Behind the comment that opens at `at`, whose /* nest; `at` where there is none. One that does not end
// reaches to the end.
std::size_t comment_end(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) == "--") return std::min(text.find('\n', at), text.size());
  if (text.substr(at, 2) != "/*") return at;
  unsigned open = 0;
  while (at < text.size()) {
    const std::string_view two = text.substr(at, 2);
    at += two == "/*" || two == "*/" ? 2 : 1;
    if (two == "/*") ++open;
    if (two == "*/" && --open == 0) break;
  }
  return at;
}

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const std::size_t end = is_space(text[at]) ? at + 1 : comment_end(text, at);
    if (end == at) break;
    at = end;
  }
  return at;
}

std::size_t word_end(std::string_view text, std::size_t at) {
  while (at < text.size() && is_word(text[at])) ++at;
  return at;
}

struct Literal {
  std::size_t from = 0, to = 0;  // what is quoted
  std::size_t end = 0;           // behind what closes it, or the text's end
  bool dollar = false;
  bool closed() const { return to < end; }
};

// Its quote is at `at`.
Literal quoted_at(std::string_view text, std::size_t at, bool backslashes) {
  const std::size_t from = ++at;
  for (; at < text.size(); ++at) {
    if (backslashes && text[at] == '\\') {
      ++at;
    } else if (text[at] == '\'') {
      if (at + 1 >= text.size() || text[at + 1] != '\'') return {from, at, at + 1};
      ++at;
    }
  }
  return {from, text.size(), text.size()};
}

// The literal at `at`: 'a', E'a', U&'a', $$a$$, $tag$a$tag$. Where there is none, it ends at `at`.
Literal literal_at(std::string_view text, std::size_t at) {
  const Literal none{at, at, at};
  if (at >= text.size()) return none;
  const std::string_view rest = text.substr(at);
  if (rest[0] == '\'') return quoted_at(text, at, false);
  if (rest.size() > 1 && rest[1] == '\'' && is_word(rest[0]))
    return quoted_at(text, at + 1, upper(rest[0]) == 'E');
  if (rest.size() > 2 && upper(rest[0]) == 'U' && rest[1] == '&' && rest[2] == '\'')
    return quoted_at(text, at + 2, false);
  if (rest[0] != '$' || (rest.size() > 1 && is_digit(rest[1]))) return none;  // a parameter: $1
  const std::size_t tag = word_end(text, at + 1);
  if (tag >= text.size()) return {tag, tag, tag, true};
  if (text[tag] != '$') return none;
  const std::size_t from = tag + 1;
  const std::size_t to = text.find(text.substr(at, from - at), from);
  if (to == std::string_view::npos) return {from, text.size(), text.size(), true};
  return {from, to, to + (from - at), true};
}

// Within a literal the quotes of another are doubled, or, in E'…', escaped. Its end; `at` where there is
// none.
std::size_t inner_literal_end(std::string_view text, std::size_t at) {
  const std::string_view quote = text.substr(at, 2);
  if ((quote != "''" && quote != "\\'") || at + 2 >= text.size()) return at;
  for (std::size_t end = text.find(quote, at + 2); end != std::string_view::npos;
       end = text.find(quote, end + 4)) {
    if (text.substr(end + 2, 2) != quote) return end + 2;
    if (end + 4 > text.size()) break;
  }
  return text.size();
}

// Literals with the end of a line between them are one constant. From the end of its first, that at `at`, to
// its own.
std::size_t constant_end(std::string_view text, std::size_t at, std::size_t end, bool inner,
                         std::size_t (*skip)(std::string_view, std::size_t)) {
  const bool backslashes = upper(text[at]) == 'E';
  while (true) {
    const std::size_t next = skip(text, end);
    if (text.substr(end, next - end).find_first_of("\r\n") == std::string_view::npos) return end;
    std::size_t next_end = next;
    if (inner)
      next_end = inner_literal_end(text, next);
    else if (next < text.size() && text[next] == '\'')
      next_end = quoted_at(text, next, backslashes).end;
    if (next_end == next) return end;
    end = next_end;
  }
}

// n of $n; 0: there is none.
unsigned parameter_at(std::string_view text, std::size_t at) {
  constexpr unsigned kNumberMax = 65'535;  // Bind's own limit
  if (at >= text.size() || text[at] != '$') return 0;
  unsigned n = 0;
  for (++at; at < text.size() && is_digit(text[at]) && n <= kNumberMax; ++at)
    n = n * 10 + static_cast<unsigned>(text[at] - '0');
  return n;
}

// password=value, as a connection string has it: up to what ends the value.
std::size_t value_end(std::string_view text, std::size_t at) {
  constexpr std::string_view kEnds = "'&;,)";
  while (at < text.size() && !is_space(text[at]) && kEnds.find(text[at]) == std::string_view::npos) ++at;
  return at;
}

std::string_view word_at(std::string_view text, std::size_t at) {
  return text.substr(at, word_end(text, at) - at);
}

void put_upper(TextRoom& out, std::string_view word) {
  constexpr std::size_t kWordBytesMax = 24;
  for (const char c : word.substr(0, kWordBytesMax)) out.put(upper(c));
}

// `words` in capitals.
bool is_any(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [word](std::string_view other) {
    return std::equal(word.begin(), word.end(), other.begin(), other.end(),
                      [](char a, char b) { return upper(a) == b; });
  });
}

}  // namespace

void write_command(TextRoom& out, std::string_view text) {
  std::size_t at = skip_blanks(text, 0);
  while (at < text.size() && text[at] == '(') at = skip_blanks(text, at + 1);
  const std::string_view first = word_at(text, at);
  put_upper(out, first);
  const bool creates = is_any(first, {"CREATE"});
  if (!creates && !is_any(first, {"ALTER", "DROP"})) return;
  at = skip_blanks(text, at + first.size());
  std::string_view what = word_at(text, at);
  while (creates && is_any(what, {"OR", "REPLACE", "UNIQUE", "TEMP", "TEMPORARY", "UNLOGGED", "GLOBAL",
                                  "LOCAL"})) {  // how it is made, not what
    at = skip_blanks(text, at + what.size());
    what = word_at(text, at);
  }
  if (what.empty()) return;
  out.put(' ');
  put_upper(out, what);
  const std::string_view second = word_at(text, skip_blanks(text, at + what.size()));
  if ((is_any(what, {"MATERIALIZED"}) && is_any(second, {"VIEW"})) ||
      (is_any(what, {"USER"}) && is_any(second, {"MAPPING"}))) {
    out.put(' ');
    put_upper(out, second);
  }
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

// Begins the literal, comment or quoted name at at_, of which only the statement itself has any.
bool SecretSearch::enter() {
  if (const std::size_t end = comment_end(text_, at_); end > at_) {
    enter(Within::prose, at_ + 2, end, end);
    return true;
  }
  if (text_[at_] == '"') {
    const std::size_t close = text_.find('"', at_ + 1);
    if (close == std::string_view::npos) return false;
    enter(Within::name, at_ + 1, close, close + 1);
    return true;
  }
  const Literal literal = literal_at(text_, at_);
  if (literal.end == at_) return false;
  const bool stray = !literal.dollar && literal.closed() && literal.end < text_.size() &&
                     is_word(text_[literal.end]);  // 'a PASSWORD 'b': a quote too many opens nothing
  if (stray)
    at_ = literal.from;
  else
    enter(literal.dollar || !literal.closed() ? Within::prose : Within::literal, literal.from, literal.to,
          literal.end);
  return true;
}

void SecretSearch::enter(Within within, std::size_t from, std::size_t to, std::size_t end) {
  within_ = within;
  at_ = from;
  to_ = to;
  end_ = end;
}

// The secret behind the word that ends at at_. What is quoted with the word is quoted up to the same end.
Secret SecretSearch::secret_behind() const {
  const bool named = within_ == Within::name && at_ == to_;  // "password" = 'secret'
  if (within_ == Within::name && !named) return {};
  const bool outside = within_ == Within::statement || named;
  const std::string_view text = outside ? text_ : text_.substr(0, to_);
  // What is quoted has no comments of its own: not each word of it looks for the end of one.
  const auto skip = outside ? skip_blanks : skip_space;
  std::size_t at = skip(text, at_);
  if (at < text.size() && (text[at] == '"' || text[at] == ')')) at = skip(text, at + 1);
  const bool equals = at < text.size() && text[at] == '=';
  if (equals) at = skip(text, at + 1);
  // As a connection string has it, password=secret host=…, which may have blanks beside the sign. Elsewhere
  // that would be a column, or a function: password = crypt(…)
  const bool bare = equals && (at == at_ + 1 || within_ == Within::literal);
  // '' in a function's body is an empty literal, or a quote in a literal of that body.
  const bool inner = within_ == Within::literal ||
                     (within_ == Within::prose && at + 2 < text.size() && value_end(text, at + 2) > at + 2);
  std::size_t end = inner ? inner_literal_end(text, at) : at;
  const bool doubled = end > at;
  if (!doubled) end = literal_at(text, at).end;
  if (end > at) return {at, constant_end(text, at, end, doubled, skip) - at, 0};
  const unsigned parameter = within_ == Within::literal ? 0 : parameter_at(text, at);
  if (parameter > 0) return {at, 0, outside ? parameter : 0};  // a function's own is none of Bind's
  return bare ? Secret{at, value_end(text, at) - at, 0} : Secret{};
}

Secret SecretSearch::next() {
  while (at_ < text_.size()) {
    if (within_ != Within::statement && at_ >= end_) within_ = Within::statement;
    if (within_ == Within::statement && enter()) continue;
    Secret secret;
    const bool letter = is_word(text_[at_]);
    if (letter) {
      const std::string_view word = word_at(text_, at_);
      at_ += word.size();
      if (names_password(word)) secret = secret_behind();
      if (!secret.found() && at_ < text_.size() && text_[at_] == '$' && within_ == Within::statement)
        ++at_;  // a letter of names, unless they begin with it
    } else if (text_.substr(at_, 3) == "://") {
      const UrlPassword password = url_password(text_, at_, '\'');
      secret = {password.at, password.size, 0};
    }
    if (secret.found()) {
      at_ = secret.at + secret.size;
      return secret;
    }
    if (!letter) ++at_;
  }
  return {text_.size(), 0, 0};
}

}  // namespace spanlight::postgresql
