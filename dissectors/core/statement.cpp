#include "core/statement.h"

#include <algorithm>

#include "core/fold.h"
#include "core/secret.h"

namespace spanlight {
namespace {

// Words that begin another clause: literals behind them are no secrets.
constexpr std::string_view kClauses[] = {"require", "account",   "comment", "attribute", "where",   "and",
                                         "from",    "superuser", "login",   "options",   "default", "limit",
                                         "order",   "group",     "having",  "union"};
// Words that run what a literal says.
constexpr std::string_view kRunners[] = {"execute", "prepare"};

template <std::size_t n>
bool is_any(std::string_view word, const std::string_view (&words)[n]) {
  return std::any_of(std::begin(words), std::end(words),
                     [word](std::string_view other) { return same_folded(word, other); });
}

bool announces_secret(std::string_view word) {
  return names_password(word) || same_folded(word, "identified");
}

}  // namespace

bool SecretScanner::is_word(char c) const {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         (c == '$' && language_ == Language::mysql) || static_cast<unsigned char>(c) >= 0x80;
}

std::size_t SecretScanner::word_end(std::size_t at) const {
  while (at < text_.size() && is_word(text_[at])) ++at;
  return at;
}

// Behind the quote that closes the literal or quoted name; the end of the text where none does.
std::size_t SecretScanner::quoted_end() const {
  const char quote = text_[at_];
  const bool escapes = language_ == Language::mysql && quote != '`';
  for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
    if (escapes && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (i + 1 == text_.size() || text_[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return text_.size();
}

// The same of CQL's $$…$$; at_ where none begins.
std::size_t SecretScanner::dollars_end() const {
  constexpr std::string_view kDollars = "$$";
  if (language_ != Language::cql || !text_.substr(at_).starts_with(kDollars)) return at_;
  const std::size_t close = text_.find(kDollars, at_ + kDollars.size());
  return close == std::string_view::npos ? text_.size() : close + kDollars.size();
}

// Passes a comment, if one begins here. MySQL runs what stands in /*! … */.
bool SecretScanner::comment() {
  const std::string_view rest = text_.substr(at_);
  const bool mysql = language_ == Language::mysql;
  const bool runs = mysql && (rest.starts_with("/*!") || rest.starts_with("/*M!"));
  std::size_t end = std::string_view::npos;
  if (rest.starts_with("/*") && !runs) {
    end = rest.find("*/", 2);
    if (end != std::string_view::npos) end += 2;
  } else if (mysql ? rest.starts_with('#') || rest.starts_with("-- ") || rest.starts_with("--\t")
                   : rest.starts_with("--") || rest.starts_with("//")) {
    end = rest.find('\n');
  } else {
    return false;
  }
  at_ = end == std::string_view::npos ? text_.size() : at_ + end;
  return true;
}

// Behind a word within brackets what follows them may be its secret as well: the outermost counts.
void SecretScanner::arm(std::int32_t depth) {
  armed_depth_ = armed_ ? std::min(armed_depth_, depth) : depth;
  armed_ = true;
}

void SecretScanner::word() {
  const std::size_t begin = at_;
  at_ = word_end(at_);
  const std::string_view word = text_.substr(begin, at_ - begin);
  if (announces_secret(word)) {
    arm(depth_);
  } else if (is_any(word, kRunners)) {
    runs_ = true;
  } else if (armed_ && word.front() >= '0' && word.front() <= '9') {
    secret_end_ = at_;  // a hash as a number: 0x2A…
    at_ = begin;
  } else if (armed_ && depth_ <= armed_depth_ && is_any(word, kClauses)) {
    armed_ = false;
  }
}

void SecretScanner::literal(std::size_t end) {
  const bool name = text_[at_] == '`';
  if (name && announces_secret(text_.substr(at_ + 1, end - at_ - 2))) arm(depth_);
  const bool statement = runs_ && !name && names_secret(text_.substr(at_, end - at_));
  constexpr std::int32_t kWholeStatement = -1;  // no comma ends it: USING 'a', 'b'
  if (statement) arm(kWholeStatement);
  if (armed_ && !name) {
    secret_end_ = end;
    return;
  }
  quote_ = text_[at_];
  ++at_;
  literal_end_ = end;
}

// Is a word in it, which is quoted, one that announces a secret?
bool SecretScanner::names_secret(std::string_view quoted) const {
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= quoted.size(); ++i) {
    if (i < quoted.size() && is_word(quoted[i])) continue;
    if (announces_secret(quoted.substr(begin, i - begin))) return true;
    begin = i + 1;
    if (i < quoted.size() && quoted[i] == '\\') begin = ++i + 1;  // \n
  }
  return false;
}

// Up to the next password of a URL in the literal, or behind the literal.
void SecretScanner::url() {
  const std::size_t colon = text_.substr(0, literal_end_).find("://", at_);
  if (colon == std::string_view::npos) {
    at_ = literal_end_;
    return;
  }
  const UrlPassword password = url_password(text_, colon, quote_);
  at_ = colon + 1;
  if (password.size == 0) return;
  at_ = password.at;
  secret_end_ = password.at + password.size;
}

// Does a variable get its value here: @name = …, @name := …?
bool SecretScanner::assigns() const {
  std::size_t at = std::min(text_.find_first_not_of(" \t\r\n", word_end(at_ + 1)), text_.size());
  if (at < text_.size() && text_[at] == ':') ++at;
  return at < text_.size() && text_[at] == '=';
}

void SecretScanner::sign(char c) {
  const bool own = depth_ <= armed_depth_;  // not within brackets that were opened behind the word
  switch (c) {
    case '\'':
    case '"':
    case '`':
      return literal(quoted_end());
    case '$':
      if (const std::size_t end = dollars_end(); end > at_) return literal(end);
      break;
    case '/':
    case '-':
    case '#':
      if (comment()) return;
      break;
    case '(':
      ++depth_;
      break;
    case ')':
      if (depth_ == 0) break;  // closes nothing
      if (own) armed_ = false;
      --depth_;
      break;
    case ',':
      if (own) armed_ = false;
      break;
    case '@':
      if (assigns()) runs_ = true;
      break;
    case ';':
      armed_ = runs_ = false;
      depth_ = 0;
      break;
    default:
      break;
  }
  ++at_;
}

std::string_view SecretScanner::next() {
  if (secret_end_ > 0) {
    shown_ = at_ = secret_end_;
    secret_end_ = 0;
    redacted_ = true;
    return kRedacted;
  }
  while (at_ < text_.size() && secret_end_ == 0) {
    if (at_ < literal_end_)
      url();
    else if (is_word(text_[at_]))
      word();
    else
      sign(text_[at_]);
  }
  const std::string_view piece = text_.substr(shown_, at_ - shown_);
  shown_ = at_;
  if (piece.empty() && secret_end_ > 0) return next();
  return piece;
}

}  // namespace spanlight
