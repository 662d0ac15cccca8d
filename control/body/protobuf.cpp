#include "body/protobuf.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "record/json.h"

namespace spanlight::body {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kVarintBytesMax = 10;
constexpr std::uint32_t kFieldNumberMax = (1u << 29) - 1;

enum class Step : std::uint8_t { ok, cut, malformed };

struct Cursor {
  Bytes bytes;
  std::size_t at = 0;

  bool at_end() const { return at == bytes.size(); }
  std::size_t left() const { return bytes.size() - at; }

  Step varint(std::uint64_t& out) {
    out = 0;
    for (std::size_t i = 0; i < kVarintBytesMax; ++i) {
      if (at_end()) return Step::cut;
      const std::uint8_t byte = bytes[at++];
      if (i == kVarintBytesMax - 1 && byte > 1) return Step::malformed;  // beyond 64 bits
      out |= std::uint64_t{byte & 0x7fu} << (7 * i);
      if (byte < 0x80) return Step::ok;
    }
    return Step::malformed;
  }

  template <typename T>
  Step fixed(std::uint64_t& out) {
    if (left() < sizeof(T)) return Step::cut;
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    at += sizeof(T);
    out = value;
    return Step::ok;
  }

  Step data(Bytes& out) {
    std::uint64_t length = 0;
    if (const Step step = varint(length); step != Step::ok) return step;
    if (length > left()) return Step::cut;
    out = bytes.subspan(at, static_cast<std::size_t>(length));
    at += static_cast<std::size_t>(length);
    return Step::ok;
  }
};

// The next field as it stands on the wire: length-delimited ones as bytes, the begin and end of groups as
// marks.
struct RawField {
  std::uint32_t number = 0;
  unsigned wire_type = 0;
  std::uint64_t value = 0;
  Bytes data;
};

Step read_field(Cursor& cursor, RawField& field) {
  std::uint64_t key = 0;
  if (const Step step = cursor.varint(key); step != Step::ok) return step;
  const std::uint64_t number = key >> 3;
  if (number == 0 || number > kFieldNumberMax) return Step::malformed;
  field.number = static_cast<std::uint32_t>(number);
  field.wire_type = static_cast<unsigned>(key & 7);
  switch (field.wire_type) {
    case 0:
      return cursor.varint(field.value);
    case 1:
      return cursor.fixed<std::uint64_t>(field.value);
    case 2:
      return cursor.data(field.data);
    case 3:
    case 4:
      return Step::ok;
    case 5:
      return cursor.fixed<std::uint32_t>(field.value);
    default:
      return Step::malformed;
  }
}

// True where all of it is a sequence of fields. Groups may be open within each other; they must close.
bool is_message(Bytes bytes) {
  Cursor cursor{bytes};
  std::array<std::uint32_t, kWireDepthMax> groups{};
  std::size_t open = 0;
  for (std::size_t fields = 0; !cursor.at_end(); ++fields) {
    RawField field;
    if (fields == kWireFieldsMax || read_field(cursor, field) != Step::ok) return false;
    if (field.wire_type == 3) {
      if (open == groups.size()) return false;
      groups[open++] = field.number;
    } else if (field.wire_type == 4) {
      if (open == 0 || groups[--open] != field.number) return false;
    }
  }
  return open == 0;
}

bool reads_as_text(Bytes bytes) {
  const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f;
  };
  return is_utf8(text) && std::none_of(text.begin(), text.end(), is_control);
}

WireType type_of_data(Bytes data, std::size_t depth) {
  if (data.empty() || reads_as_text(data)) return WireType::text;
  return depth <= kWireDepthMax && is_message(data) ? WireType::message : WireType::bytes;
}

// Messages under way: a nested message is entered, its parent goes on behind it.
class Walk {
 public:
  explicit Walk(Bytes bytes) { stack_[0] = Cursor{bytes}; }

  WireView run() {
    while (true) {
      while (depth_ > 0 && cursor().at_end()) --depth_;
      if (cursor().at_end()) break;
      if (view_.fields.size() == kWireFieldsMax) {
        view_.over_limit = true;
        return std::move(view_);
      }
      const Step step = one_field();
      if (step == Step::ok) continue;
      view_.truncated = step == Step::cut;
      return std::move(view_);
    }
    view_.whole = groups_ == 0;
    return std::move(view_);
  }

 private:
  Cursor& cursor() { return stack_[depth_]; }

  Step one_field() {
    RawField raw;
    if (const Step step = read_field(cursor(), raw); step != Step::ok) return step;
    WireField field;
    field.depth = static_cast<std::uint8_t>(depth_ + groups_);
    field.number = raw.number;
    field.value = raw.value;
    switch (raw.wire_type) {
      case 0:
        field.type = WireType::varint;
        break;
      case 1:
        field.type = WireType::fixed64;
        break;
      case 3:
        if (groups_ == kWireDepthMax) return Step::malformed;
        field.type = WireType::group;
        ++groups_;
        break;
      case 4:
        if (groups_ == 0) return Step::malformed;
        --groups_;
        return Step::ok;
      case 5:
        field.type = WireType::fixed32;
        break;
      default:
        field.data = raw.data;
        field.type = type_of_data(raw.data, depth_ + 1);
    }
    view_.fields.push_back(field);
    if (field.type == WireType::message) stack_[++depth_] = Cursor{field.data};
    return Step::ok;
  }

  WireView view_;
  std::array<Cursor, kWireDepthMax + 1> stack_{};
  std::size_t depth_ = 0;
  std::size_t groups_ = 0;
};

}  // namespace

std::string_view wire_type_name(WireType type) {
  switch (type) {
    case WireType::varint:
      return "varint";
    case WireType::fixed64:
      return "fixed64";
    case WireType::message:
      return "message";
    case WireType::text:
      return "text";
    case WireType::bytes:
      return "bytes";
    case WireType::group:
      return "group";
    case WireType::fixed32:
      return "fixed32";
  }
  return "unknown";
}

WireView view_protobuf(std::span<const std::uint8_t> bytes) {
  return Walk(bytes).run();
}

GrpcFrames split_grpc(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kPrefixBytes = 5;  // compressed flag, length in network order
  GrpcFrames result;
  while (bytes.size() >= kPrefixBytes) {
    if (result.frames.size() == kGrpcFramesMax) {
      result.over_limit = true;
      break;
    }
    if (bytes[0] > 1) {
      result.malformed = true;
      break;
    }
    GrpcFrame frame;
    frame.compressed = bytes[0] == 1;
    for (std::size_t i = 1; i < kPrefixBytes; ++i) frame.length = frame.length << 8 | bytes[i];
    bytes = bytes.subspan(kPrefixBytes);
    frame.cut = frame.length > bytes.size();
    frame.data = bytes.first(std::min<std::size_t>(frame.length, bytes.size()));
    bytes = bytes.subspan(frame.data.size());
    result.frames.push_back(frame);
  }
  return result;
}

}  // namespace spanlight::body
