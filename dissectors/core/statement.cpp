#include "core/statement.h"

#include <algorithm>

#include "core/fold.h"
#include "core/secret.h"

namespace spanlight {
namespace {

constexpr bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Words that begin another clause: literals behind them are no secrets.
constexpr std::string_view kClauses[] = {"require", "account",   "comment", "attribute", "where",  "and",
                                         "from",    "superuser", "login",   "options",   "default"};

}  // namespace

// Behind the quote that closes the literal; the end of the text where none does.
std::size_t SecretScanner::literal_end(char quote) const {
  for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
    if (backslash_ && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (i + 1 == text_.size() || text_[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return text_.size();
}

// Passes a comment, if one begins here. MySQL runs what stands in /*! … */.
bool SecretScanner::comment() {
  const std::string_view rest = text_.substr(at_);
  std::size_t end = std::string_view::npos;
  if (rest.starts_with("/*") && !rest.starts_with("/*!") && !rest.starts_with("/*M!")) {
    end = rest.find("*/", 2);
    if (end != std::string_view::npos) end += 2;
  } else if (rest.starts_with('#') || rest.starts_with("-- ") || rest.starts_with("--\t") ||
             (!backslash_ && rest.starts_with("--"))) {
    end = rest.find('\n');
  } else {
    return false;
  }
  at_ = end == std::string_view::npos ? text_.size() : at_ + end;
  return true;
}

void SecretScanner::word() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && is_word(text_[at_])) ++at_;
  const std::string_view word = text_.substr(begin, at_ - begin);
  if (names_password(word) || same_folded(word, "identified")) {
    armed_ = true;
  } else if (armed_ && word.front() >= '0' && word.front() <= '9') {
    secret_end_ = at_;  // a hash as a number: 0x2A…
    at_ = begin;
  } else if (armed_) {
    for (const std::string_view clause : kClauses)
      if (word.size() == clause.size() && same_folded(word, clause)) armed_ = false;
  }
}

std::string_view SecretScanner::next() {
  if (secret_end_ > 0) {
    shown_ = at_ = secret_end_;
    secret_end_ = 0;
    redacted_ = true;
    return kRedacted;
  }
  while (at_ < text_.size() && secret_end_ == 0) {
    const char c = text_[at_];
    if (comment()) continue;
    if (c == '\'' || c == '"' || c == '`') {
      const std::size_t end = literal_end(c);
      if (armed_ && c != '`')
        secret_end_ = end;
      else
        at_ = end;
    } else if (is_word(c)) {
      word();
    } else {
      if (c == ',' || c == ')' || c == ';') armed_ = false;
      ++at_;
    }
  }
  const std::string_view piece = text_.substr(shown_, at_ - shown_);
  shown_ = at_;
  if (piece.empty() && secret_end_ > 0) return next();
  return piece;
}

}  // namespace spanlight
