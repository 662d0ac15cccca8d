#pragma once
// A body preview as people want to see it: what it is, its text, or the fields of its protobuf, and its first
// bytes in hex; as one JSON object. Pure; any thread; everything that comes out is bounded by constants.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "body/encodings.h"
#include "record/text_buffer.h"

namespace google::protobuf {
class Descriptor;
}

namespace spanlight::body {

constexpr std::size_t kHexBytesMax = std::size_t{16} << 10;  // of the decoded bytes: so many are shown in hex
constexpr std::size_t kGrpcDecodedBytesMax = std::size_t{1} << 20;  // of all messages of a stream together

struct Preview {
  std::span<const std::uint8_t> bytes;
  std::uint64_t wire_bytes = 0;  // the whole body's; more than bytes.size() where the preview is cut
  std::string_view content_type;
  std::string_view content_encoding;
  std::string_view grpc_encoding;  // of the messages of a gRPC stream that say they are compressed
  const google::protobuf::Descriptor* message =
      nullptr;  // what a protobuf body is, or each message of gRPC's
};

enum class Kind : std::uint8_t { empty, json, text, form, protobuf, grpc, image, binary };
std::string_view kind_name(Kind kind);

// Counted by who calls, over all views.
struct ViewCounts {
  std::uint64_t views = 0;
  std::uint64_t over_limit = 0;  // bodies that were cut because they grew beyond the bound
  std::uint64_t corrupt = 0;     // codings that were not what they said
};

// Appends
//   {"kind":"json","content_type":"…","encodings":["gzip"],"encoding_left":"","fault":"none","truncated":false,
//    "over_limit":false,"bytes":123,"charset":"utf-8","replaced":false,"text":"…",
//    "messages":[{"compressed":false,"cut":false,"bytes":12,"fields":[…]}],"hex_bytes":123,"hex":"7b22…"}
// `text` stands with text kinds only; `messages` with protobuf (one) and gRPC; hex always. A field of a
// message:
//   {"depth":0,"number":1,"type":"varint","value":"150","signed":"75"}  numbers as text: JavaScript keeps 53
//   bits
//   {"depth":0,"number":2,"type":"text","text":"…"}   {…"type":"bytes","bytes":5,"hex":"…"}
//   {…"type":"message","bytes":9}
// and, where its schema is known, with it; `shown` is a number's value as its type has it:
//   {"depth":0,"number":3,"name":"state","declared":"shop.State","type":"varint","value":"1","shown":"OPEN"}
// A message whose type is known has "message":"shop.Item" too.
void append_view(TextBuffer& out, const Preview& preview, ViewCounts& counts);

void append_hex(TextBuffer& out, std::span<const std::uint8_t> bytes);

}  // namespace spanlight::body
