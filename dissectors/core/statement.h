#pragma once
// Secrets in statements of query languages (SQL, CQL): the literals that follow PASSWORD or IDENTIFIED. What
// is shown of a statement goes through here. Pure; one pass, no memory.
//
// A word that ends as the names of passwords do, or IDENTIFIED, makes every literal behind it a secret, up to
// a comma, a closing bracket, a semicolon or a word that begins another clause. So a name in SET PASSWORD FOR
// 'name' is hidden too: too much rather than too little. Values of an INSERT are data and stay.

#include <cstdint>
#include <string_view>

namespace spanlight {

class SecretScanner {
 public:
  // `backslash`: in a literal it escapes the next letter (MySQL), otherwise it is a letter (CQL).
  SecretScanner(std::string_view statement, bool backslash) : text_(statement), backslash_(backslash) {}

  // The next piece of the statement to be shown: part of it, or kRedacted in place of a literal. Empty: the
  // end.
  std::string_view next();
  bool redacted() const { return redacted_; }

 private:
  void word();
  bool comment();
  std::size_t literal_end(char quote) const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t shown_ = 0;       // up to where the statement was given out
  std::size_t secret_end_ = 0;  // of the literal that is hidden next
  bool armed_ = false;
  bool backslash_;
  bool redacted_ = false;
};

}  // namespace spanlight
