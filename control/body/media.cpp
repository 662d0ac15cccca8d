#include "body/media.h"

#include <algorithm>
#include <array>

#include "body/words.h"
#include "record/json.h"

namespace spanlight::body {
namespace {

std::string charset_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::size_t end = parameters.find(';');
    const std::string_view parameter = parameters.substr(0, end);
    parameters = end == parameters.npos ? std::string_view{} : parameters.substr(end + 1);
    const std::size_t equals = parameter.find('=');
    if (equals == parameter.npos || lowered(trimmed(parameter.substr(0, equals))) != "charset") continue;
    std::string value = lowered(trimmed(parameter.substr(equals + 1)));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return value;
  }
  return {};
}

struct KnownType {
  std::string_view type;
  Kind kind;
};
constexpr auto kTypes = std::to_array<KnownType>({{"application/json", Kind::json},
                                                  {"application/x-ndjson", Kind::text},
                                                  {"application/graphql", Kind::text},
                                                  {"application/javascript", Kind::text},
                                                  {"application/xml", Kind::text},
                                                  {"application/yaml", Kind::text},
                                                  {"application/x-yaml", Kind::text},
                                                  {"application/x-www-form-urlencoded", Kind::form},
                                                  {"application/protobuf", Kind::protobuf},
                                                  {"application/x-protobuf", Kind::protobuf},
                                                  {"application/vnd.google.protobuf", Kind::protobuf}});

bool says_nothing(std::string_view type) {
  return type.empty() || type == "application/octet-stream" || type == "application/unknown";
}

Kind kind_of_bytes(std::string_view bytes) {
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == bytes.npos) return bytes.empty() ? Kind::empty : Kind::text;
  const bool has_zero = bytes.find('\0') != bytes.npos;
  // A cut preview may end within a character: at most three bytes of it are left.
  constexpr std::size_t kCutBytesMax = 3;
  bool readable = !has_zero;
  if (readable && !is_utf8(bytes)) {
    readable = false;
    for (std::size_t less = 1; less <= kCutBytesMax && less < bytes.size() && !readable; ++less)
      readable = is_utf8(bytes.substr(0, bytes.size() - less));
  }
  if (!readable) return Kind::binary;
  return bytes[first] == '{' || bytes[first] == '[' ? Kind::json : Kind::text;
}

}  // namespace

Media media_of(std::string_view content_type, std::string_view decoded) {
  Media media;
  const std::size_t semicolon = content_type.find(';');
  media.type = lowered(trimmed(content_type.substr(0, semicolon)));
  if (semicolon != content_type.npos) media.charset = charset_of(content_type.substr(semicolon + 1));
  const std::string_view type = media.type;
  const auto* const known =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const KnownType& each) { return each.type == type; });
  if (decoded.empty()) {
    media.kind = Kind::empty;
  } else if (known != kTypes.end()) {
    media.kind = known->kind;
  } else if (type.starts_with("application/grpc-web-text")) {
    media.kind = Kind::text;  // base64
  } else if (type.starts_with("application/grpc")) {
    media.kind = Kind::grpc;
  } else if (type.ends_with("+json")) {
    media.kind = Kind::json;
  } else if (type.ends_with("+xml") || type.starts_with("text/")) {
    media.kind = Kind::text;
  } else if (type.ends_with("+proto") || type.ends_with("+protobuf")) {
    media.kind = Kind::protobuf;
  } else if (type.starts_with("image/")) {
    media.kind = Kind::image;
  } else {
    media.kind = says_nothing(type) ? kind_of_bytes(decoded) : Kind::binary;
    // A type that we do not know may well be text.
    if (media.kind == Kind::binary) media.kind = kind_of_bytes(decoded);
  }
  return media;
}

}  // namespace spanlight::body
