#include "body/protobuf.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "record/json.h"

namespace spanlight::body {
namespace {

using Bytes = std::span<const std::uint8_t>;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

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

WireType type_of_data(Bytes data, std::size_t depth, const FieldDescriptor* declared) {
  const bool may_be_message = declared == nullptr || declared->type() == FieldDescriptor::TYPE_MESSAGE;
  const bool may_be_text = declared == nullptr || declared->type() != FieldDescriptor::TYPE_MESSAGE;
  if (may_be_text && (data.empty() || reads_as_text(data))) return WireType::text;
  return may_be_message && depth <= kWireDepthMax && is_message(data) ? WireType::message : WireType::bytes;
}

// How one value of the declared type stands on the wire.
unsigned wire_type_of(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
      return 1;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_BYTES:
      return 2;
    case FieldDescriptor::TYPE_GROUP:
      return 3;
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
      return 5;
    default:
      return 0;
  }
}

bool is_packed(const RawField& raw, const FieldDescriptor& declared) {
  return raw.wire_type == 2 && declared.is_packable() && wire_type_of(declared) != 2;
}

Step read_scalar(Cursor& cursor, unsigned wire_type, std::uint64_t& value) {
  if (wire_type == 0) return cursor.varint(value);
  return wire_type == 1 ? cursor.fixed<std::uint64_t>(value) : cursor.fixed<std::uint32_t>(value);
}

WireType type_of_scalar(unsigned wire_type) {
  if (wire_type == 0) return WireType::varint;
  return wire_type == 1 ? WireType::fixed64 : WireType::fixed32;
}

// Messages under way: a nested message is entered, its parent goes on behind it.
class Walk {
 public:
  Walk(Bytes bytes, const Descriptor* type) {
    stack_[0] = Cursor{bytes};
    types_[0] = type;
  }

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

  std::size_t depth() const { return depth_ + groups_; }

  // What the schema says of a field, if it stands on the wire as that says.
  const FieldDescriptor* declared(const RawField& raw) const {
    if (types_[depth()] == nullptr) return nullptr;
    const FieldDescriptor* found = types_[depth()]->FindFieldByNumber(static_cast<int>(raw.number));
    if (found == nullptr) return nullptr;
    return wire_type_of(*found) == raw.wire_type || is_packed(raw, *found) ? found : nullptr;
  }

  Step one_field() {
    RawField raw;
    if (const Step step = read_field(cursor(), raw); step != Step::ok) return step;
    if (raw.wire_type == 4) {
      if (groups_ == 0) return Step::malformed;
      --groups_;
      return Step::ok;
    }
    WireField field;
    field.depth = static_cast<std::uint8_t>(depth());
    field.number = raw.number;
    field.value = raw.value;
    field.declared = declared(raw);
    if (field.declared != nullptr && is_packed(raw, *field.declared) && unpack(field, raw.data))
      return Step::ok;
    if (raw.wire_type == 3) return open_group(field);
    if (raw.wire_type != 2) {
      field.type = type_of_scalar(raw.wire_type);
      view_.fields.push_back(field);
      return Step::ok;
    }
    field.data = raw.data;
    field.type = type_of_data(raw.data, depth_ + 1, field.declared);
    view_.fields.push_back(field);
    if (field.type != WireType::message) return Step::ok;
    stack_[++depth_] = Cursor{field.data};
    types_[depth()] = type_within(field);
    return Step::ok;
  }

  Step open_group(WireField& field) {
    if (groups_ == kWireDepthMax) return Step::malformed;
    field.type = WireType::group;
    view_.fields.push_back(field);
    ++groups_;
    types_[depth()] = type_within(field);
    return Step::ok;
  }

  static const Descriptor* type_within(const WireField& field) {
    return field.declared == nullptr ? nullptr : field.declared->message_type();
  }

  // Each element as a field. False, and nothing is shown: it is not what the schema says.
  bool unpack(WireField field, Bytes data) {
    const std::size_t before = view_.fields.size();
    const unsigned wire_type = wire_type_of(*field.declared);
    field.type = type_of_scalar(wire_type);
    for (Cursor elements{data}; !elements.at_end();) {
      if (view_.fields.size() == kWireFieldsMax) {
        view_.over_limit = true;
        break;
      }
      if (read_scalar(elements, wire_type, field.value) != Step::ok) {
        view_.fields.resize(before);
        return false;
      }
      view_.fields.push_back(field);
    }
    return true;
  }

  WireView view_;
  std::array<Cursor, kWireDepthMax + 1> stack_{};
  std::array<const Descriptor*, 2 * kWireDepthMax + 1>
      types_{};  // of what is open at each depth, groups included
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

WireView view_protobuf(std::span<const std::uint8_t> bytes, const Descriptor* type) {
  return Walk(bytes, type).run();
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
