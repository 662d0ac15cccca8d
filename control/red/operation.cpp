#include "red/operation.h"

#include "record/call_line.h"
#include "record/reader.h"
#include "record/utf8.h"

namespace spanlight {
namespace {

constexpr std::size_t kWordBytesMax = 40;  // a segment beyond it is taken for a name of one thing
constexpr std::size_t kSegmentsMax = 12;
constexpr std::string_view kAny = "{}", kMore = "…";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// "v1" and "oauth2" are words; "42", "7c9e6679-7425", "user-10394" are not.
bool names_one_thing(std::string_view segment) {
  if (segment.size() > kWordBytesMax) return true;
  std::size_t digits = 0, letters = 0;
  for (const char c : segment) {
    digits += is_digit(c);
    letters += is_letter(c);
  }
  if (digits == 0) return false;
  return letters == 0 || digits > 2;
}

void append_path(TextBuffer& out, std::string_view path) {
  std::size_t segments = 0;
  while (!path.empty()) {
    const std::size_t slash = path.find('/', 1);
    const std::string_view segment = path.substr(0, slash);
    const bool rooted = segment.front() == '/';
    if (++segments > kSegmentsMax) {
      out.append("/");
      out.append(kMore);
      return;
    }
    if (names_one_thing(segment.substr(rooted ? 1 : 0))) {
      out.append(rooted ? "/" : "");
      out.append(kAny);
    } else {
      out.append(segment);
    }
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
  }
}

void shorten(TextBuffer& out) {
  if (out.size() <= kOperationBytesMax) return;
  std::size_t end = kOperationBytesMax - kMore.size();
  while (end > 0 && (static_cast<unsigned char>(out.view()[end]) & 0xc0) == 0x80) --end;
  out.truncate(end);
  out.append(kMore);
}

}  // namespace

std::string_view operation_of(const wire::Record& record, TextBuffer& out) {
  out.clear();
  const std::string_view path = text_of(record.path());
  if (says_more(text_of(record.summary()), text_of(record.method()), path)) {
    out.append(text_of(record.summary()));
    shorten(out);
    return out.view();
  }
  out.append(text_of(record.method()));
  if (!path.empty()) {
    if (!out.empty()) out.append(' ');
    append_path(out, path);
  }
  if (out.empty()) {
    // A protocol without methods: its summary begins with what it did.
    const std::string_view summary = text_of(record.summary());
    out.append(summary.substr(0, summary.find(' ')));
  }
  shorten(out);
  return out.view();
}

}  // namespace spanlight
