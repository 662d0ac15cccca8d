#pragma once
// Secrets in statements of query languages (SQL, CQL): the literals that follow PASSWORD or IDENTIFIED, and
// passwords of URLs. What is shown of a statement goes through here. Pure; no memory, each byte is looked at
// a few times at most.
//
// A word that ends as the names of passwords do, or IDENTIFIED, makes every literal behind it a secret, up to
// a comma, a word that begins another clause, or the end of the brackets that it stands in; what is bracketed
// behind it ends nothing: CURRENT_USER(), CONCAT('a', 'b'). So a name in SET PASSWORD FOR 'name' is hidden
// too: too much rather than too little. Values of an INSERT are data and stay.
//
// A literal may be a statement itself: of EXECUTE and PREPARE, or put into a variable from which PREPARE
// takes it. One that names a password is hidden whole, with all literals behind it: it may be put together
// from them, or they are its parameters.

#include <cstdint>
#include <string_view>

namespace spanlight {

class SecretScanner {
 public:
  enum class Language : std::uint8_t {
    mysql,
    cql,  // a backslash is a letter; $$literals$$, comments behind //
  };

  SecretScanner(std::string_view statement, Language language) : text_(statement), language_(language) {}

  // The next piece of the statement to be shown: part of it, or kRedacted in place of a secret. Empty: the
  // end.
  std::string_view next();
  bool redacted() const { return redacted_; }

 private:
  bool is_word(char c) const;
  void word();
  bool comment();
  std::size_t word_end(std::size_t at) const;
  std::size_t quoted_end() const;
  std::size_t dollars_end() const;
  void literal(std::size_t end);
  void url();
  void sign(char c);
  void arm(std::int32_t depth);
  bool assigns() const;
  bool names_secret(std::string_view quoted) const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t shown_ = 0;         // up to where the statement was given out
  std::size_t secret_end_ = 0;    // of what is hidden next
  std::size_t literal_end_ = 0;   // of the literal that is searched for URLs
  std::int32_t depth_ = 0;        // brackets that are open
  std::int32_t armed_depth_ = 0;  // at the word that announced a secret
  char quote_ = 0;                // of that literal
  bool armed_ = false;
  bool runs_ = false;  // literals may be statements
  Language language_;
  bool redacted_ = false;
};

}  // namespace spanlight
