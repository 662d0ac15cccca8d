#pragma once
// What is looked for in the text of a statement: its command, what people see of it in one line, and the
// secrets that stand in it. Not a grammar of SQL; pure.

#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "core/text_room.h"

namespace spanlight::postgresql {

constexpr std::string_view kRedacted = "[redacted]";

// "SELECT", "CREATE TABLE": the first word in capitals, of CREATE, ALTER and DROP two. Nothing: no word.
void write_command(TextRoom& out, std::string_view text);

// On one line: white space and comments at the start are left out, other white space becomes one blank.
void write_line(TextRoom& out, std::string_view text, std::size_t bytes_max);

// The next secret at or behind `from`: the literal that follows the word PASSWORD, the value of password=…
// within a literal, the password of a URL. Empty: none.
struct Secret {
  std::size_t at = 0;
  std::size_t size = 0;
};
Secret find_secret(std::string_view text, std::size_t from);

}  // namespace spanlight::postgresql
