#include "mongodb/bson.h"

#include <algorithm>
#include <bit>

namespace spanlight::mongodb {
namespace {

enum Type : std::uint8_t {
  kDouble = 0x01,
  kString = 0x02,
  kDocument = 0x03,
  kArray = 0x04,
  kBinary = 0x05,
  kUndefined = 0x06,
  kObjectId = 0x07,
  kBoolean = 0x08,
  kDate = 0x09,
  kNull = 0x0a,
  kRegex = 0x0b,
  kPointer = 0x0c,
  kCode = 0x0d,
  kSymbol = 0x0e,
  kScopedCode = 0x0f,
  kInt32 = 0x10,
  kTimestamp = 0x11,
  kInt64 = 0x12,
  kDecimal = 0x13,
  kMaxKey = 0x7f,
  kMinKey = 0xff,
};

constexpr std::uint64_t kUnknown = ~std::uint64_t{0};
constexpr std::uint64_t kShort = kUnknown - 1;

std::uint32_t u32_of(Bytes bytes) {
  return Reader(bytes).le<std::uint32_t>();
}

// How long a value is; kShort: not enough of it is there to know, kUnknown: there is no such value.
std::uint64_t size_of(std::uint8_t type, Bytes value) {
  constexpr std::uint32_t kLengthMax = kDocumentBytesMax;
  switch (type) {
    case kUndefined:
    case kNull:
    case kMaxKey:
    case kMinKey:
      return 0;
    case kBoolean:
      return 1;
    case kInt32:
      return 4;
    case kDouble:
    case kDate:
    case kTimestamp:
    case kInt64:
      return 8;
    case kObjectId:
      return 12;
    case kDecimal:
      return 16;
    case kRegex: {
      const auto zero = std::find(value.begin(), value.end(), 0);
      if (zero == value.end()) return kShort;
      const auto second = std::find(zero + 1, value.end(), 0);
      return second == value.end() ? kShort : static_cast<std::uint64_t>(second - value.begin()) + 1;
    }
    default:
      break;
  }
  const bool counted = type == kString || type == kDocument || type == kArray || type == kBinary ||
                       type == kPointer || type == kCode || type == kSymbol || type == kScopedCode;
  if (!counted) return kUnknown;
  if (value.size() < 4) return kShort;
  const std::uint32_t length = u32_of(value);
  if (length > kLengthMax) return kUnknown;
  switch (type) {
    case kDocument:
    case kArray:
    case kScopedCode:
      return length < kDocumentBytesMin ? kUnknown : length;
    case kBinary:
      return std::uint64_t{length} + 5;
    case kPointer:
      return length == 0 ? kUnknown : std::uint64_t{length} + 4 + 12;
    default:
      return length == 0 ? kUnknown : std::uint64_t{length} + 4;
  }
}

double number_of(std::uint8_t type, Bytes value) {
  Reader r(value);
  switch (type) {
    case kDouble:
      return std::bit_cast<double>(r.le<std::uint64_t>());
    case kInt32:
      return static_cast<std::int32_t>(r.le<std::uint32_t>());
    case kInt64:
      return static_cast<double>(static_cast<std::int64_t>(r.le<std::uint64_t>()));
    case kBoolean:
      return r.u8();
    default:
      return 0;
  }
}

// Out of range: 0.
std::int64_t integer_of(std::uint8_t type, Bytes value) {
  if (type == kInt64) return static_cast<std::int64_t>(Reader(value).le<std::uint64_t>());
  const double number = number_of(type, value);
  constexpr double kMax = 9e18;
  return number > -kMax && number < kMax ? static_cast<std::int64_t>(number) : 0;
}

bool is_number(std::uint8_t type) {
  return type == kDouble || type == kInt32 || type == kInt64 || type == kBoolean;
}

// A string's text, as much of it as there is.
std::string_view text_of(Bytes value) {
  if (value.size() < 4) return {};
  const std::uint32_t length = u32_of(value);
  const std::size_t n = std::min<std::size_t>(length == 0 ? 0 : length - 1, value.size() - 4);
  return as_text(value.subspan(4, n));
}

constexpr std::string_view kIdentityCommands[] = {"saslStart",  "saslContinue", "authenticate",
                                                  "createUser", "updateUser",   "copydbsaslstart",
                                                  "getnonce",   "copydb"};

}  // namespace

bool is_secret(std::string_view name) {
  return name == "payload" || name == "pwd" || name == "key" || name == "nonce" || name == "password";
}

Walk::Look Walk::look(Bytes bytes, Element& out) const {
  if (bytes.empty()) return Look::more;
  out.type = bytes[0];
  if (out.type == 0) return Look::end;
  const Bytes names = bytes.subspan(1, std::min(bytes.size() - 1, kNameBytesMax + 1));
  const auto zero = std::find(names.begin(), names.end(), 0);
  if (zero == names.end()) return names.size() > kNameBytesMax ? Look::bad : Look::more;
  out.name = as_text(names.first(static_cast<std::size_t>(zero - names.begin())));
  out.head = 1 + out.name.size() + 1;
  const Bytes value = bytes.subspan(out.head);
  out.size = size_of(out.type, value.first(std::min(value.size(), kElementBytesMax - out.head)));
  if (out.size == kUnknown) return Look::bad;
  if (out.size == kShort) return value.size() >= kElementBytesMax - out.head ? Look::bad : Look::more;
  const bool nested = out.type == kDocument || out.type == kArray;
  const std::size_t looked_at =
      nested ? 4 : static_cast<std::size_t>(std::min<std::uint64_t>(out.size, kLookedAtMax));
  if (value.size() < looked_at) return Look::more;
  out.value = value.first(looked_at);
  return Look::element;
}

std::size_t Walk::feed(Bytes bytes, bool last, Said& said) {
  std::size_t at = 0;
  while (state_ != State::done && state_ != State::broken) {
    if (passing_ > 0) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(passing_, bytes.size() - at));
      passing_ -= n;
      at += n;
      if (passing_ > 0) return at;
      continue;
    }
    const Bytes rest = bytes.subspan(at);
    if (state_ == State::begin) {
      if (rest.size() < 4) break;
      const std::uint32_t length = u32_of(rest);
      if (length < kDocumentBytesMin || length > kDocumentBytesMax) {
        state_ = State::broken;
        break;
      }
      left_[0] = length - 4;
      at += 4;
      state_ = State::elements;
      continue;
    }
    Element element;
    const Look seen = look(rest, element);
    if (seen == Look::more) break;
    if (seen == Look::end) {
      at += 1;
      if (left_[depth_] != 1)
        state_ = State::broken;
      else if (depth_ == 0)
        state_ = State::done;
      else
        --depth_;
      continue;
    }
    if (seen == Look::bad || element.head + element.size >= left_[depth_]) {
      state_ = State::broken;
      break;
    }
    left_[depth_] -= element.head + element.size;
    at += element.head;
    take(element, said);
    Place into = Place::top;
    if (enters(element, said, into)) {
      ++depth_;
      places_[depth_] = into;
      left_[depth_] = element.size - 4;
      at += 4;
    } else {
      passing_ = element.size;
    }
  }
  if (last && state_ != State::done) state_ = State::broken;
  return at;
}

void Walk::take(const Element& element, Said& said) {
  const std::string_view name = element.name;
  const bool number = is_number(element.type);
  const bool first = first_;
  first_ = false;
  switch (places_[depth_]) {
    case Place::top:
      if (first) {
        said.command.set(name);
        if (name == "$query" && element.type == kDocument) first_ = true;  // the command stands within
        if (element.type == kString) said.collection.set(text_of(element.value));
        for (const std::string_view command : kIdentityCommands)
          if (name == command) said.proves_identity = true;
      }
      if (name == "$db" && element.type == kString) said.database.set(text_of(element.value));
      if (name == "collection" && element.type == kString && said.collection.empty())
        said.collection.set(text_of(element.value));
      if (name == "speculativeAuthenticate" || (name == "conversationId" && number))
        said.proves_identity = true;
      if (name == "getMore" && number) {
        said.cursor = integer_of(element.type, element.value);
        said.has_cursor = true;
      }
      if (name == "ok" && number) {
        said.ok = number_of(element.type, element.value);
        said.has_ok = true;
      }
      if (name == "n" && number) {
        said.n = integer_of(element.type, element.value);
        said.has_n = true;
      }
      [[fallthrough]];
    case Place::concern_error:
    case Place::write_error:
      if (name == "code" && number && !said.has_code) {
        said.code = static_cast<std::int32_t>(integer_of(element.type, element.value));
        said.has_code = true;
      }
      if ((name == "errmsg" || name == "$err") && element.type == kString && said.message.empty())
        said.message.set(text_of(element.value));
      if (name == "codeName" && element.type == kString && said.code_name.empty())
        said.code_name.set(text_of(element.value));
      return;
    case Place::cursor:
      if (name == "id" && number) {
        said.cursor = integer_of(element.type, element.value);
        said.has_cursor = true;
      }
      if (name == "ns" && element.type == kString && said.collection.empty()) {
        const std::string_view space = text_of(element.value);
        const std::size_t dot = space.find('.');
        if (dot != std::string_view::npos) said.collection.set(space.substr(dot + 1));
      }
      return;
    case Place::batch:
      ++said.documents;
      return;
    case Place::write_errors:
      ++said.write_errors;
      return;
    case Place::identity:
      return;
  }
}

// The documents that are worth a look inside.
bool Walk::enters(const Element& element, Said& said, Place& into) const {
  if (depth_ + 1u >= kDepthMax) return false;
  const bool document = element.type == kDocument, array = element.type == kArray;
  const Place here = places_[depth_];
  if (here == Place::top && document && element.name == "$query")
    into = Place::top;
  else if (here == Place::top && document && element.name == "cursor")
    into = Place::cursor;
  else if (here == Place::top && document && element.name == "writeConcernError")
    into = Place::concern_error;
  else if (here == Place::top && array && element.name == "writeErrors")
    into = Place::write_errors;
  else if (here == Place::write_errors && document && said.write_errors == 1)
    into = Place::write_error;
  else if (here == Place::cursor && array && (element.name == "firstBatch" || element.name == "nextBatch"))
    into = Place::batch;
  else
    return false;
  if (into == Place::batch) said.has_batch = true;
  if (into == Place::concern_error) said.concern_error = true;
  return true;
}

// ---- JSON ---------------------------------------------------------------------------------------

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
  const std::uint32_t length = u32_of(document);
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
