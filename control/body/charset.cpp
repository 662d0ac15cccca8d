#include "body/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "body/words.h"
#include "record/json.h"
#include "record/utf8.h"

namespace spanlight::body {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

struct Known {
  std::string_view label;  // as it is written in Content-Type
  const char* iconv_name;
};
// Asked of iconv only by names from this table: what stands in the traffic never chooses a converter (glibc's
// rarer ones had holes). Labels of the WHATWG encoding standard, the usual ones.
constexpr auto kCharsets = std::to_array<Known>({{"iso-8859-2", "ISO-8859-2"},
                                                 {"iso-8859-5", "ISO-8859-5"},
                                                 {"iso-8859-7", "ISO-8859-7"},
                                                 {"iso-8859-9", "ISO-8859-9"},
                                                 {"iso-8859-15", "ISO-8859-15"},
                                                 {"windows-1250", "CP1250"},
                                                 {"windows-1251", "CP1251"},
                                                 {"windows-1252", "CP1252"},
                                                 {"windows-1253", "CP1253"},
                                                 {"windows-1254", "CP1254"},
                                                 {"windows-1256", "CP1256"},
                                                 {"koi8-r", "KOI8-R"},
                                                 {"koi8-u", "KOI8-U"},
                                                 {"shift_jis", "CP932"},
                                                 {"shift-jis", "CP932"},
                                                 {"euc-jp", "EUC-JP"},
                                                 {"euc-kr", "CP949"},
                                                 {"gb2312", "GBK"},
                                                 {"gbk", "GBK"},
                                                 {"gb18030", "GB18030"},
                                                 {"big5", "BIG5"},
                                                 {"utf-16", "UTF-16LE"},
                                                 {"utf-16le", "UTF-16LE"},
                                                 {"utf-16be", "UTF-16BE"},
                                                 {"utf-32le", "UTF-32LE"},
                                                 {"utf-32be", "UTF-32BE"}});

const char* iconv_name_of(std::string_view label) {
  const auto* const found = std::find_if(kCharsets.begin(), kCharsets.end(),
                                         [&](const Known& known) { return known.label == label; });
  return found == kCharsets.end() ? nullptr : found->iconv_name;
}

Utf8Text from_utf8(std::string_view bytes, bool cut) {
  Utf8Text result{{}, "utf-8", false};
  result.text.reserve(bytes.size());
  std::size_t at = 0;
  while (at < bytes.size()) {
    const Utf8Step step = utf8_step(bytes, at);
    if (step.valid) {
      result.text.append(bytes, at, step.length);
    } else if (step.cut && cut) {
      break;
    } else {
      result.text.append(kReplacement);
      result.replaced = true;
    }
    at += step.length;
  }
  return result;
}

// Closes a converter on every way out.
class Converter {
 public:
  explicit Converter(const char* from) : handle_(iconv_open("UTF-8", from)) {}
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (usable()) iconv_close(handle_);
  }
  bool usable() const { return handle_ != reinterpret_cast<iconv_t>(-1); }
  std::size_t step(char** in, std::size_t* in_left, char** out, std::size_t* out_left) {
    return iconv(handle_, in, in_left, out, out_left);
  }

 private:
  iconv_t handle_;
};

// False where this machine's iconv lacks the set.
bool convert(std::string_view bytes, const char* from, bool cut, Utf8Text& result) {
  Converter converter(from);
  if (!converter.usable()) return false;
  std::array<char, 4096> buffer;
  char* in = const_cast<char*>(bytes.data());  // iconv does not write there
  std::size_t in_left = bytes.size();
  while (in_left > 0) {
    char* out = buffer.data();
    std::size_t out_left = buffer.size();
    const std::size_t done = converter.step(&in, &in_left, &out, &out_left);
    const int why = errno;
    result.text.append(buffer.data(), buffer.size() - out_left);
    if (done != static_cast<std::size_t>(-1)) continue;
    if (why == E2BIG) continue;
    if (why == EINVAL && cut) break;  // ends within a character
    result.text.append(kReplacement);
    result.replaced = true;
    if (why == EINVAL) break;
    ++in;
    --in_left;
  }
  return true;
}

}  // namespace

Utf8Text to_utf8(std::string_view bytes, std::string_view charset, bool cut) {
  std::string label = lowered(charset);
  if (bytes.starts_with("\xef\xbb\xbf")) return from_utf8(bytes.substr(3), cut);
  if (bytes.starts_with("\xff\xfe")) {
    label = "utf-16le";
    bytes.remove_prefix(2);
  } else if (bytes.starts_with("\xfe\xff")) {
    label = "utf-16be";
    bytes.remove_prefix(2);
  }
  // Latin 1 is a subset of windows-1252 in all but control characters that no text has.
  if (label == "iso-8859-1" || label == "latin1") label = "windows-1252";
  const char* name = iconv_name_of(label);
  if (name == nullptr) {
    Utf8Text plain = from_utf8(bytes, cut);
    const bool said_utf8 = label == "utf-8" || label == "utf8";
    if (!plain.replaced || said_utf8) return plain;
    label = "windows-1252";
    name = iconv_name_of(label);
  }
  Utf8Text result{{}, label, false};
  if (!convert(bytes, name, cut, result)) return from_utf8(bytes, cut);
  if (!is_utf8(result.text)) return from_utf8(result.text, cut);  // a converter that lies
  return result;
}

}  // namespace spanlight::body
