#include "body/view.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <string>
#include <vector>

#include "body/charset.h"
#include "body/media.h"
#include "body/protobuf.h"
#include "record/json.h"

namespace spanlight::body {
namespace {

using Bytes = std::span<const std::uint8_t>;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr std::size_t kFieldHexBytesMax =
    256;  // a field's bytes shown in the list; all of them stand in the hex

Bytes bytes_of_text(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string_view text_of_bytes(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <typename Number>
void append_number(TextBuffer& out, Number value) {
  constexpr std::size_t kTextMax = 24;
  char* at = out.room(kTextMax);
  out.commit(std::to_chars(at, at + kTextMax, value).ptr);
}

void append_bool(TextBuffer& out, std::string_view key, bool value) {
  out.append(key);
  out.append(value ? "true" : "false");
}

// Zigzag: what the number is if the field is a sint.
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

std::string_view declared_type(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return field.message_type()->full_name();
  if (field.enum_type() != nullptr) return field.enum_type()->full_name();
  return field.type_name();
}

// The bits on the wire as the value that the declared type makes of them.
void append_shown(TextBuffer& out, std::uint64_t value, const FieldDescriptor& declared) {
  switch (declared.type()) {
    case FieldDescriptor::TYPE_BOOL:
      return out.append(value != 0 ? "true" : "false");
    case FieldDescriptor::TYPE_ENUM: {
      const auto* known = declared.enum_type()->FindValueByNumber(static_cast<int>(value));
      if (known != nullptr) return out.append(known->name());
      return append_number(out, static_cast<std::int32_t>(value));
    }
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_SFIXED32:
      return append_number(out, static_cast<std::int32_t>(value));
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_SFIXED64:
      return append_number(out, static_cast<std::int64_t>(value));
    case FieldDescriptor::TYPE_SINT32:
    case FieldDescriptor::TYPE_SINT64:
      return append_number(out, unzigzag(value));
    case FieldDescriptor::TYPE_FLOAT:
      return append_number(out, std::bit_cast<float>(static_cast<std::uint32_t>(value)));
    case FieldDescriptor::TYPE_DOUBLE:
      return append_number(out, std::bit_cast<double>(value));
    default:
      return append_number(out, value);
  }
}

void append_declared(TextBuffer& out, const FieldDescriptor& declared) {
  out.append(",\"name\":");
  append_json_string(out, declared.name());
  out.append(",\"declared\":");
  append_json_string(out, declared_type(declared));
}

void append_scalar(TextBuffer& out, const WireField& field) {
  out.append(",\"value\":\"");
  append_number(out, field.value);
  out.append('"');
  if (field.declared != nullptr) {
    out.append(",\"shown\":\"");
    append_shown(out, field.value, *field.declared);
    out.append('"');
  } else if (field.type == WireType::varint) {
    out.append(",\"signed\":\"");
    append_number(out, unzigzag(field.value));
    out.append('"');
  }
}

void append_wire_field(TextBuffer& out, const WireField& field) {
  out.append("{\"depth\":");
  append_number(out, unsigned{field.depth});
  out.append(",\"number\":");
  append_number(out, field.number);
  if (field.declared != nullptr) append_declared(out, *field.declared);
  out.append(",\"type\":\"");
  out.append(wire_type_name(field.type));
  out.append('"');
  switch (field.type) {
    case WireType::varint:
    case WireType::fixed64:
    case WireType::fixed32:
      append_scalar(out, field);
      break;
    case WireType::text:
      out.append(",\"text\":");
      append_json_string(out, text_of_bytes(field.data));
      break;
    case WireType::bytes:
      out.append(",\"bytes\":");
      append_number(out, field.data.size());
      out.append(",\"hex\":\"");
      append_hex(out, field.data.first(std::min(field.data.size(), kFieldHexBytesMax)));
      out.append('"');
      break;
    case WireType::message:
      out.append(",\"bytes\":");
      append_number(out, field.data.size());
      break;
    case WireType::group:
      break;
  }
  out.append('}');
}

void append_fields(TextBuffer& out, Bytes message, const Descriptor* type) {
  const WireView view = view_protobuf(message, type);
  if (type != nullptr) {
    out.append(",\"message\":");
    append_json_string(out, type->full_name());
  }
  append_bool(out, ",\"whole\":", view.whole);
  append_bool(out, ",\"fields_over_limit\":", view.over_limit);
  out.append(",\"fields\":[");
  bool first = true;
  for (const WireField& field : view.fields) {
    if (!first) out.append(',');
    append_wire_field(out, field);
    first = false;
  }
  out.append(']');
}

void append_message(TextBuffer& out, bool compressed, bool cut, Bytes message, const Descriptor* type) {
  append_bool(out, "{\"compressed\":", compressed);
  append_bool(out, ",\"cut\":", cut);
  out.append(",\"bytes\":");
  append_number(out, message.size());
  append_fields(out, message, type);
  out.append('}');
}

// The messages of a gRPC body, each taken out of its own compression. `left` bounds what all of them become.
void append_grpc(TextBuffer& out, Bytes bytes, const Preview& preview, ViewCounts& counts) {
  const std::string_view encoding = preview.grpc_encoding;
  const GrpcFrames split = split_grpc(bytes);
  append_bool(out, ",\"malformed\":", split.malformed);
  append_bool(out, ",\"messages_over_limit\":", split.over_limit);
  out.append(",\"messages\":[");
  std::size_t left = kGrpcDecodedBytesMax;
  bool first = true;
  for (const GrpcFrame& frame : split.frames) {
    if (!first) out.append(',');
    first = false;
    if (!frame.compressed) {
      append_message(out, false, frame.cut, frame.data, preview.message);
      continue;
    }
    const Decoded decoded = undo_encoding(frame.data, encoding.empty() ? "gzip" : encoding, left);
    if (decoded.over_limit) ++counts.over_limit;
    if (decoded.fault == Fault::corrupt) ++counts.corrupt;
    left -= std::min(left, decoded.bytes.size());
    append_message(out, true, frame.cut || decoded.truncated || decoded.over_limit,
                   bytes_of_text(decoded.bytes), preview.message);
  }
  out.append(']');
}

void append_text(TextBuffer& out, std::string_view bytes, std::string_view charset, bool cut) {
  const Utf8Text text = to_utf8(bytes, charset, cut);
  out.append(",\"charset\":");
  append_json_string(out, text.charset);
  append_bool(out, ",\"replaced\":", text.replaced);
  out.append(",\"text\":");
  append_json_string(out, text.text);
}

void append_head(TextBuffer& out, const Media& media, const Decoded& decoded, bool cut) {
  out.append("{\"kind\":\"");
  out.append(kind_name(media.kind));
  out.append("\",\"content_type\":");
  append_json_string(out, media.type);
  out.append(",\"encodings\":[");
  for (std::size_t i = 0; i < decoded.undone.size(); ++i) {
    if (i > 0) out.append(',');
    append_json_string(out, decoded.undone[i]);
  }
  out.append("],\"encoding_left\":");
  append_json_string(out, decoded.left);
  out.append(",\"fault\":\"");
  out.append(fault_name(decoded.fault));
  out.append('"');
  append_bool(out, ",\"truncated\":", cut);
  append_bool(out, ",\"over_limit\":", decoded.over_limit);
  out.append(",\"bytes\":");
  append_number(out, decoded.bytes.size());
}

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::empty:
      return "empty";
    case Kind::json:
      return "json";
    case Kind::text:
      return "text";
    case Kind::form:
      return "form";
    case Kind::protobuf:
      return "protobuf";
    case Kind::grpc:
      return "grpc";
    case Kind::image:
      return "image";
    case Kind::binary:
      return "binary";
  }
  return "unknown";
}

void append_hex(TextBuffer& out, std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  char* at = out.room(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    *at++ = kDigits[byte >> 4];
    *at++ = kDigits[byte & 0x0f];
  }
  out.commit(at);
}

void append_view(TextBuffer& out, const Preview& preview, ViewCounts& counts) {
  ++counts.views;
  const Decoded decoded = undo_encodings(preview.bytes, preview.content_encoding);
  if (decoded.over_limit) ++counts.over_limit;
  if (decoded.fault == Fault::corrupt) ++counts.corrupt;
  const bool cut = decoded.truncated || decoded.over_limit || preview.bytes.size() < preview.wire_bytes;
  Media media = media_of(preview.content_type, decoded.bytes);
  // What could not be unpacked has not the type that its content has.
  if (decoded.fault == Fault::unknown_encoding || decoded.fault == Fault::too_many_layers)
    media.kind = Kind::binary;
  const Bytes bytes = bytes_of_text(decoded.bytes);
  append_head(out, media, decoded, cut);
  switch (media.kind) {
    case Kind::json:
    case Kind::text:
    case Kind::form:
      append_text(out, decoded.bytes, media.charset, cut);
      break;
    case Kind::protobuf:
      out.append(",\"messages\":[");
      append_message(out, false, cut, bytes, preview.message);
      out.append(']');
      break;
    case Kind::grpc:
      append_grpc(out, bytes, preview, counts);
      break;
    case Kind::empty:
    case Kind::image:
    case Kind::binary:
      break;
  }
  const Bytes shown = bytes.first(std::min(bytes.size(), kHexBytesMax));
  out.append(",\"hex_bytes\":");
  append_number(out, shown.size());
  out.append(",\"hex\":\"");
  append_hex(out, shown);
  out.append("\"}");
}

}  // namespace spanlight::body
