#pragma once
// Text of any usual character set → valid UTF-8. Pure; any thread.

#include <cstdint>
#include <string>
#include <string_view>

namespace spanlight::body {

struct Utf8Text {
  std::string text;       // always well-formed
  std::string charset;    // what it was read as, lower case: "utf-8", "iso-8859-1", "shift_jis", …
  bool replaced = false;  // some bytes were not of that set: each such part is U+FFFD
};

// `charset` as in Content-Type, may be empty or unknown: then UTF-8 where it is, else Latin (windows-1252, as
// browsers do). A byte order mark wins over both. `cut`: the text may end within a character; what is left of
// one at the end is then dropped without being called wrong.
Utf8Text to_utf8(std::string_view bytes, std::string_view charset, bool cut);

}  // namespace spanlight::body
