#include "core/grpc/grpc.h"

#include <cstring>

namespace spanlight::grpc {
namespace {

constexpr std::uint8_t kCompressed = 0x01;
constexpr std::uint8_t kTrailers = 0x80;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int base64_digit(std::uint8_t c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

}  // namespace

Kind kind_of(std::string_view content_type) {
  constexpr std::string_view kType = "application/grpc";
  constexpr std::string_view kWeb = "-web", kText = "-text";
  if (!content_type.starts_with(kType)) return Kind::none;
  const std::string_view rest = content_type.substr(kType.size());
  if (rest.starts_with(kWeb)) return rest.substr(kWeb.size()).starts_with(kText) ? Kind::web_text : Kind::web;
  const bool ends = rest.empty() || rest[0] == '+' || rest[0] == ';' || rest[0] == ' ';
  return ends ? Kind::grpc : Kind::none;
}

Target target_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (path.empty() || path[0] != '/' || slash == 0) return {};
  return {path.substr(1, slash - 1), path.substr(slash + 1)};
}

std::string_view status_name(std::int64_t status) {
  constexpr std::array<std::string_view, 17> kNames = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  return status >= 0 && status < static_cast<std::int64_t>(kNames.size())
             ? kNames[static_cast<std::size_t>(status)]
             : std::string_view{};
}

std::optional<std::int64_t> number_of(std::string_view digits) {
  constexpr std::size_t kDigitsMax = 9;
  if (digits.empty() || digits.size() > kDigitsMax) return std::nullopt;
  std::int64_t out = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return out;
}

std::optional<DurationNs> timeout_of(std::string_view text) {
  constexpr std::size_t kDigitsMax = 8;
  if (text.size() < 2 || text.size() > kDigitsMax + 1) return std::nullopt;
  const std::optional<std::int64_t> number = number_of(text.substr(0, text.size() - 1));
  if (!number) return std::nullopt;
  const auto n = static_cast<std::uint64_t>(*number);
  switch (text.back()) {
    case 'H':
      return n * 3'600 * kSecondNs;
    case 'M':
      return n * 60 * kSecondNs;
    case 'S':
      return n * kSecondNs;
    case 'm':
      return n * kMillisecondNs;
    case 'u':
      return n * kMicrosecondNs;
    case 'n':
      return n;
    default:
      return std::nullopt;
  }
}

std::string_view percent_decode(std::string_view text, std::span<char> room) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size() && used < room.size(); ++i) {
    const bool escape = text[i] == '%' && text.size() - i > 2;
    const int high = escape ? hex_digit(text[i + 1]) : -1;
    const int low = escape ? hex_digit(text[i + 2]) : -1;
    const bool whole = high >= 0 && low >= 0;
    room[used++] = whole ? static_cast<char>(high * 16 + low) : text[i];
    if (whole) i += 2;
  }
  return {room.data(), used};
}

Trailer next_trailer(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  std::string_view value = line.substr(colon + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  return {line.substr(0, colon), value};
}

Bytes Base64::read(Bytes& in, MutableBytes room) {
  constexpr std::uint8_t kDigits = 4, kBytes = 3;
  std::size_t used = 0;
  std::size_t at = 0;
  for (; at < in.size() && room.size() - used >= kBytes; ++at) {
    const int digit = base64_digit(in[at]);
    const bool pads = in[at] == '=';
    if (digit < 0 && !pads) continue;  // line ends
    bits_ = bits_ << 6 | static_cast<std::uint32_t>(pads ? 0 : digit);
    padding_ = static_cast<std::uint8_t>(padding_ + (pads ? 1 : 0));
    if (++digits_ < kDigits) continue;
    for (std::uint8_t i = 0; i + padding_ < kBytes; ++i)
      room[used++] = static_cast<std::uint8_t>(bits_ >> (16 - 8 * i));
    bits_ = 0;
    digits_ = padding_ = 0;
  }
  in = in.subspan(at);
  return room.first(used);
}

void MessageWalk::begin() {
  prefix_bytes_ = 0;
  in_trailers_ = (prefix_[0] & kTrailers) != 0;
  left_ = std::uint32_t{prefix_[1]} << 24 | std::uint32_t{prefix_[2]} << 16 | std::uint32_t{prefix_[3]} << 8 |
          prefix_[4];
  // Other flags are no gRPC's: what follows cannot be told apart.
  if ((prefix_[0] & ~(kTrailers | kCompressed)) != 0) {
    lost_ = true;
    return;
  }
  if (in_trailers_) return;
  ++messages_;
  bytes_ += left_;
  compressed_ += prefix_[0] & kCompressed;
}

Bytes MessageWalk::read(Bytes data) {
  Bytes trailers;
  while (!data.empty() && !lost_) {
    const std::size_t inside = static_cast<std::size_t>(std::min<std::uint64_t>(left_, data.size()));
    left_ -= inside;
    if (in_trailers_ && inside > 0) trailers = data.first(inside);
    data = data.subspan(inside);
    if (data.empty()) break;
    const std::size_t n = std::min(kPrefixBytes - prefix_bytes_, data.size());
    std::memcpy(prefix_.data() + prefix_bytes_, data.data(), n);
    prefix_bytes_ = static_cast<std::uint8_t>(prefix_bytes_ + n);
    data = data.subspan(n);
    if (prefix_bytes_ == kPrefixBytes) begin();
  }
  return trailers;
}

void MessageWalk::pass(std::uint64_t bytes) {
  const std::uint64_t inside = std::min(left_, bytes);
  left_ -= inside;
  if (bytes > inside) lost_ = true;
}

}  // namespace spanlight::grpc
