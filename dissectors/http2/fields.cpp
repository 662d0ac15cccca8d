#include "http2/fields.h"

#include <algorithm>

namespace spanlight::http2 {
namespace {

// As most heads need; they grow from there.
constexpr std::size_t kTextBytes = 704;
constexpr std::size_t kSpanBytes = 256;

Bytes bytes_of(const HeaderSpan& span) {
  return {reinterpret_cast<const std::uint8_t*>(&span), sizeof(span)};
}

GrpcHeader grpc_header(std::string_view name) {
  constexpr std::string_view kPrefix = "grpc-";
  if (!name.starts_with(kPrefix)) return GrpcHeader::none;
  const std::string_view rest = name.substr(kPrefix.size());
  if (rest == "status") return GrpcHeader::status;
  if (rest == "message") return GrpcHeader::message;
  if (rest == "timeout") return GrpcHeader::timeout;
  return rest == "encoding" ? GrpcHeader::encoding : GrpcHeader::none;
}

}  // namespace

Fields::Slice* Fields::pseudo(std::string_view name) {
  if (name == ":method") return &method_;
  if (name == ":path") return &path_;
  if (name == ":authority") return &authority_;
  if (name == ":scheme") return &scheme_;
  if (name == ":status") return &status_;
  return name == ":protocol" ? &protocol_ : nullptr;
}

// All or nothing: name and value side by side, as the record wants them.
bool Fields::store(Workshop& workshop, std::string_view name, std::string_view value) {
  const std::size_t limit = std::min<std::size_t>(workshop.limits.head_bytes_max, SlabBuffer::kBytesMax);
  const std::size_t more = name.size() + value.size();
  if (text_.size() > limit || more > limit - text_.size()) return false;
  if (text_.reserve(workshop.state, std::max(text_.size() + more, kTextBytes))) {
    text_.append(workshop.state, as_bytes(name));
    text_.append(workshop.state, as_bytes(value));
    return true;
  }
  ++workshop.counters.state_exhausted;
  return false;
}

void Fields::add(Workshop& workshop, std::string_view name, std::string_view value) {
  if (truncated_) return;
  const auto at = static_cast<std::uint32_t>(text_.size());
  if (name.starts_with(':')) {
    Slice* slice = pseudo(name);
    if (slice == nullptr || slice->length != 0) return;  // RFC 9113, 8.3: none other, and each once
    if (!store(workshop, {}, value)) return truncate(workshop);
    *slice = {at, static_cast<std::uint32_t>(value.size())};
    return;
  }
  const auto count = static_cast<std::uint32_t>(spans().size());
  if (count >= workshop.limits.headers_max || !store(workshop, name, value)) return truncate(workshop);
  const auto name_bytes = static_cast<std::uint32_t>(name.size());
  const HeaderSpan span{at, name_bytes, at + name_bytes, static_cast<std::uint32_t>(value.size())};
  if (spans_.capacity() == 0) spans_.reserve(workshop.state, kSpanBytes);
  if (!spans_.append(workshop.state, bytes_of(span))) {
    if (spans_.size() < SlabBuffer::kBytesMax) ++workshop.counters.state_exhausted;
    text_.shrink(at);
    return truncate(workshop);
  }
  if (!value.empty()) lifted_.note(count, http::known_header(name));
  if (const GrpcHeader known = grpc_header(name); known != GrpcHeader::none)
    grpc_[static_cast<std::size_t>(known)] = static_cast<std::uint16_t>(count + 1);
}

void Fields::truncate(Workshop& workshop) {
  ++workshop.counters.headers_truncated;
  truncated_ = true;
}

std::uint16_t Fields::status() const {
  constexpr std::size_t kDigits = 3;
  const std::string_view digits = status_text();
  if (digits.size() != kDigits) return 0;
  std::uint16_t out = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return 0;
    out = static_cast<std::uint16_t>(out * 10 + (c - '0'));
  }
  return out;
}

std::string_view Fields::value_at(std::uint32_t place) const {
  if (place == 0) return {};
  const HeaderSpan& span = spans()[place - 1];
  return text({span.value_offset, span.value_length});
}

std::string_view Fields::lifted(http::Known known) const {
  return value_at(lifted_.place(known));
}

std::string_view Fields::grpc(GrpcHeader header) const {
  return value_at(grpc_[static_cast<std::size_t>(header)]);
}

void Fields::release(Workshop& workshop) {
  text_.release(workshop.state);
  spans_.release(workshop.state);
  *this = Fields{};
}

}  // namespace spanlight::http2
