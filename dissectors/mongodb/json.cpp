#include "mongodb/json.h"

#include <algorithm>
#include <array>

#include "core/reader.h"
#include "mongodb/values.h"

namespace spanlight::mongodb {
namespace {

constexpr std::size_t kJsonDepthMax = 32;

void put_escaped(TextRoom& out, std::string_view text) {
  out.open_json_string();
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20) {
      out.letter(c);
      continue;
    }
    if (c == '\n') {
      out.put("\\n");
    } else if (c == '\t') {
      out.put("\\t");
    } else {
      const std::uint16_t value = byte;
      out.put("\\u");
      out.hex(value);
    }
  }
  out.close_json_string();
}

void put_integer(TextRoom& out, std::int64_t value) {
  if (value < 0) out.put('-');
  out.number(value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                       : static_cast<std::uint64_t>(value));
}

void put_double(TextRoom& out, double value) {
  constexpr std::size_t kRoomBytes = 32;
  char room[kRoomBytes];
  if (value != value || value - value != 0)
    return out.put(value != value ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  const auto end = std::to_chars(room, room + kRoomBytes, value).ptr;
  out.put(std::string_view(room, static_cast<std::size_t>(end - room)));
}

// MongoDB's relaxed extended JSON, shortened: ids, dates and numbers stand as values.
void put_value(TextRoom& out, std::uint8_t type, Bytes value) {
  switch (type) {
    case kDouble:
      return put_double(out, number_of(type, value));
    case kString:
    case kSymbol:
    case kCode:
      return put_escaped(out, text_of(value));
    case kObjectId:
      out.put("{\"$oid\":\"");
      out.hex(value);
      return out.put("\"}");
    case kBoolean:
      return out.put(value[0] != 0 ? "true" : "false");
    case kDate:
      out.put("{\"$date\":");
      put_integer(out, integer_of(kInt64, value));
      return out.put('}');
    case kInt32:
    case kInt64:
      return put_integer(out, integer_of(type, value));
    case kTimestamp:
      out.put("{\"$timestamp\":");
      out.number(Reader(value).le<std::uint64_t>());
      return out.put('}');
    case kBinary: {
      out.put("{\"$binary\":\"");
      const std::size_t n = value.size() < 5 ? 0 : value.size() - 5;
      out.hex(value.subspan(value.size() - n));
      return out.put("\"}");
    }
    case kRegex:
      return put_escaped(out, as_text(value.first(static_cast<std::size_t>(
                                  std::find(value.begin(), value.end(), 0) - value.begin()))));
    case kNull:
    case kUndefined:
      return out.put("null");
    default:
      return out.put("\"?\"");
  }
}

struct Level {
  std::size_t end = 0;  // offset of the document's last byte
  bool array = false;
  bool any = false;
};

}  // namespace

bool to_json(Bytes document, bool secrets, TextRoom& out, bool& redacted) {
  std::array<Level, kJsonDepthMax> levels;
  if (document.size() < 4) return false;
  const std::uint32_t length = Reader(document).le<std::uint32_t>();
  if (length < kDocumentBytesMin) return false;
  std::size_t depth = 0, at = 4;
  levels[0] = {.end = length - 1};
  out.put('{');
  while (true) {
    if (out.full() || at >= document.size()) return false;
    const std::uint8_t type = document[at];
    Level& level = levels[depth];
    if (type == 0) {
      if (at != level.end) return false;
      out.put(level.array ? ']' : '}');
      ++at;
      if (depth == 0) return !out.full();
      --depth;
      continue;
    }
    const Bytes names = document.subspan(at + 1);
    const auto zero = std::find(names.begin(), names.end(), 0);
    if (zero == names.end()) return false;
    const std::string_view name = as_text(names.first(static_cast<std::size_t>(zero - names.begin())));
    at += 1 + name.size() + 1;
    const std::uint64_t size = size_of(type, document.subspan(at));
    if (size >= kShort || size > document.size() - at) {
      // The document goes on beyond what is there: an inner one is shown as far as it is.
      if (size >= kShort || (type != kDocument && type != kArray)) return false;
    }
    if (at + size > level.end) return false;
    if (level.any) out.put(',');
    level.any = true;
    if (!level.array) {
      put_escaped(out, name);
      out.put(':');
    }
    if (secrets && is_secret(name)) {
      redacted = true;
      out.put("\"[redacted]\"");
      if (size > document.size() - at) return false;
      at += static_cast<std::size_t>(size);
      continue;
    }
    if (type == kDocument || type == kArray) {
      if (depth + 1 == kJsonDepthMax) {
        out.put("\"…\"");
        at += static_cast<std::size_t>(size);
        continue;
      }
      ++depth;
      levels[depth] = {.end = at + static_cast<std::size_t>(size) - 1, .array = type == kArray};
      out.put(type == kArray ? '[' : '{');
      at += 4;
      continue;
    }
    put_value(out, type, document.subspan(at, static_cast<std::size_t>(size)));
    at += static_cast<std::size_t>(size);
  }
}

}  // namespace spanlight::mongodb
