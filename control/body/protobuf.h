#pragma once
// Protobuf as it stands on the wire: which fields a message has, and what they may be. With its schema a
// field has a name and a type; what does not agree with it is shown as without. Then length-delimited fields
// that are messages themselves in every byte are shown so, unless they read as text. Flat, in order, with
// depths; no recursion on input. Pure; any thread. Source: protobuf encoding guide ("Message Structure");
// gRPC over HTTP/2 ("Length-Prefixed-Message").

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Descriptor;
class FieldDescriptor;
}  // namespace google::protobuf

namespace spanlight::body {

constexpr std::size_t kWireFieldsMax = 4096;  // of one view; what comes behind them is not looked at
constexpr std::size_t kWireDepthMax = 16;     // messages in messages; deeper ones are shown as bytes

enum class WireType : std::uint8_t { varint, fixed64, message, text, bytes, group, fixed32 };
std::string_view wire_type_name(WireType type);

struct WireField {
  std::uint8_t depth = 0;  // 0: of the outermost message; its fields follow a message at depth + 1
  WireType type = WireType::varint;
  std::uint32_t number = 0;
  std::uint64_t value = 0;             // varint, fixed64, fixed32
  std::span<const std::uint8_t> data;  // message, text, bytes: within the bytes given
  const google::protobuf::FieldDescriptor* declared = nullptr;  // that it agrees with
};

struct WireView {
  std::vector<WireField> fields;
  bool whole = false;       // every byte belongs to a field
  bool truncated = false;   // ends within a field: a cut preview
  bool over_limit = false;  // kWireFieldsMax reached
};

// Elements of a packed field stand as fields of their own. `type`: what the bytes are; nullptr: not known.
WireView view_protobuf(std::span<const std::uint8_t> bytes,
                       const google::protobuf::Descriptor* type = nullptr);

// A gRPC body is any number of these.
struct GrpcFrame {
  bool compressed = false;
  bool cut = false;  // the preview ends within it
  std::uint32_t length = 0;
  std::span<const std::uint8_t> data;
};
constexpr std::size_t kGrpcFramesMax = 256;

struct GrpcFrames {
  std::vector<GrpcFrame> frames;
  bool malformed = false;   // a flag byte that is neither 0 nor 1
  bool over_limit = false;  // kGrpcFramesMax reached
};
GrpcFrames split_grpc(std::span<const std::uint8_t> bytes);

}  // namespace spanlight::body
