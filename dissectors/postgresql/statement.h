#pragma once
// What is looked for in the text of a statement: its command, what people see of it in one line, and the
// secrets that stand in it. Not a grammar of SQL; pure.

#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "core/text_room.h"

namespace spanlight::postgresql {

// "SELECT", "CREATE TABLE": the first word in capitals, of CREATE, ALTER and DROP also what it is about
// ("CREATE MATERIALIZED VIEW"), not how (OR REPLACE, TEMP). Nothing: no word.
void write_command(TextRoom& out, std::string_view text);

// On one line: white space and comments at the start are left out, other white space becomes one blank.
void write_line(TextRoom& out, std::string_view text, std::size_t bytes_max);

// A secret's text, or the parameter that brings it: PASSWORD $1.
struct Secret {
  std::size_t at = 0;
  std::size_t size = 0;
  unsigned parameter = 0;  // 0: it stands in the text
  bool found() const { return size > 0 || parameter > 0; }
};

// Finds the secrets of a statement: the literal (or several, on lines of their own) or parameter that follows
// the word PASSWORD, the value of password=… or password = … within a literal, the password of a URL. The
// word and its secret stand in the same literal, comment or quoted name, or in none. The text outlives it. No
// memory, one pass.
class SecretSearch {
 public:
  explicit SecretSearch(std::string_view text) : text_(text) {}

  // The next one; none found: there is no more.
  Secret next();

 private:
  enum class Within : std::uint8_t {
    statement,
    literal,
    name,   // "…"
    prose,  // a comment, $$…$$, what no quote closes: its quotes may be those of SQL
  };
  bool enter();
  void enter(Within within, std::size_t from, std::size_t to, std::size_t end);
  Secret secret_behind() const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t to_ = 0, end_ = 0;  // of what is quoted, and behind its quote
  Within within_ = Within::statement;
};

}  // namespace spanlight::postgresql
