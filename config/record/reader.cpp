#include "record/reader.h"

#include "record/verify.h"

namespace spanlight {
namespace {

ReadFault looks_like(std::span<const std::uint8_t> bytes, const char* identifier) {
  constexpr std::size_t kBytesMin = 2 * sizeof(flatbuffers::uoffset_t);  // root offset and identifier
  if (bytes.size() > kWireBytesMax) return ReadFault::too_large;
  if (bytes.size() < kBytesMin || !flatbuffers::BufferHasIdentifier(bytes.data(), identifier))
    return ReadFault::wrong_identifier;
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kWireAlignment != 0) return ReadFault::misaligned;
  return ReadFault::none;
}

template <typename Root>
Opened<Root> open_as(std::span<const std::uint8_t> bytes, const char* identifier) {
  const ReadFault fault = looks_like(bytes, identifier);
  if (fault != ReadFault::none) return {nullptr, fault};
  flatbuffers::Verifier::Options limits;
  limits.max_depth = kWireDepthMax;
  // A table that is not shared takes at least its own four bytes and four of the offset to it.
  limits.max_tables = static_cast<flatbuffers::uoffset_t>(bytes.size() / 8 + 1);
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), limits);
  if (!verifier.VerifyBuffer<Root>(identifier)) return {nullptr, ReadFault::malformed};
  return {flatbuffers::GetRoot<Root>(bytes.data()), ReadFault::none};
}

}  // namespace

std::string_view fault_name(ReadFault fault) {
  switch (fault) {
    case ReadFault::none:
      return "none";
    case ReadFault::misaligned:
      return "misaligned";
    case ReadFault::too_large:
      return "too_large";
    case ReadFault::wrong_identifier:
      return "wrong_identifier";
    case ReadFault::malformed:
      return "malformed";
    case ReadFault::amplified:
      return "amplified";
  }
  return "unknown";
}

Opened<wire::RecordBatch> open_batch(std::span<const std::uint8_t> bytes) {
  ReadFault fault = looks_like(bytes, wire::RecordBatchIdentifier());
  if (fault == ReadFault::none) fault = verify_batch(bytes);
  if (fault != ReadFault::none) return {nullptr, fault};
  return {flatbuffers::GetRoot<wire::RecordBatch>(bytes.data()), ReadFault::none};
}

Opened<wire::Hello> open_hello(std::span<const std::uint8_t> bytes) {
  return open_as<wire::Hello>(bytes, wire::HelloIdentifier());
}

Opened<wire::Stats> open_stats(std::span<const std::uint8_t> bytes) {
  return open_as<wire::Stats>(bytes, wire::StatsIdentifier());
}

HeaderReader::HeaderReader(const wire::Message& message) : spans_(message.headers()) {
  const std::span<const std::uint8_t> bytes = bytes_of(message.header_bytes());
  bytes_ = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  left_ = bytes_.size();
}

std::optional<Header> HeaderReader::next() {
  const std::uint32_t count = size_of(spans_);
  const auto inside = [this](std::uint32_t offset, std::uint32_t length) {
    return offset <= bytes_.size() && length <= bytes_.size() - offset;
  };
  while (at_ < count) {
    const wire::HeaderSpan& span = *spans_->Get(at_++);
    const std::size_t named = std::size_t{span.name_length()} + span.value_length();
    if (!inside(span.name_offset(), span.name_length()) ||
        !inside(span.value_offset(), span.value_length()) || named > left_) {
      ++skipped_;
      continue;
    }
    left_ -= named;
    return Header{bytes_.substr(span.name_offset(), span.name_length()),
                  bytes_.substr(span.value_offset(), span.value_length())};
  }
  return std::nullopt;
}

}  // namespace spanlight
