#include "record/reader.h"

#include <algorithm>

namespace spanlight {
namespace {

template <typename Root>
Opened<Root> open_as(std::span<const std::uint8_t> bytes, const char* identifier) {
  constexpr std::size_t kBytesMin = 2 * sizeof(flatbuffers::uoffset_t);  // root offset and identifier
  if (bytes.size() > kWireBytesMax) return {nullptr, ReadFault::too_large};
  if (bytes.size() < kBytesMin || !flatbuffers::BufferHasIdentifier(bytes.data(), identifier)) {
    return {nullptr, ReadFault::wrong_identifier};
  }
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kWireAlignment != 0)
    return {nullptr, ReadFault::misaligned};

  flatbuffers::Verifier::Options limits;
  limits.max_depth = kWireDepthMax;
  // A table that is not shared takes at least its own four bytes and four of the offset to it.
  limits.max_tables = static_cast<flatbuffers::uoffset_t>(bytes.size() / 8 + 1);
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), limits);
  if (!verifier.VerifyBuffer<Root>(identifier)) return {nullptr, ReadFault::malformed};
  return {flatbuffers::GetRoot<Root>(bytes.data()), ReadFault::none};
}

// Takes what is asked for from a budget; once it is spent, it stays so.
class Budget {
 public:
  explicit Budget(std::size_t bytes) : left_(bytes) {}
  void take(std::size_t bytes) {
    spent_ = spent_ || bytes > left_;
    if (!spent_) left_ -= bytes;
  }
  void take(const flatbuffers::String* text) { take(text_of(text).size()); }
  bool spent() const { return spent_; }

 private:
  std::size_t left_;
  bool spent_ = false;
};

void take(Budget& budget, const wire::Field& field) {
  budget.take(field.name());
  budget.take(field.text());
  for (const flatbuffers::String* text : elements_of(field.list())) {
    budget.take(sizeof(flatbuffers::uoffset_t) + text_of(text).size());
    if (budget.spent()) return;
  }
}

void take(Budget& budget, const wire::Message* message) {
  if (message == nullptr) return;
  budget.take(size_of(message->header_bytes()));
  budget.take(size_of(message->headers()) * sizeof(wire::HeaderSpan));
  budget.take(size_of(message->body()));
  budget.take(message->content_type());
  budget.take(message->content_encoding());
  for (const wire::Field* field : elements_of(message->fields())) {
    take(budget, *field);
    if (budget.spent()) return;
  }
}

void take(Budget& budget, const wire::Record& record) {
  const flatbuffers::String* const texts[] = {
      record.protocol(),     record.version(), record.method(),  record.url(),      record.path(),
      record.query_string(), record.error(),   record.summary(), record.trace_id(), record.request_id()};
  for (const flatbuffers::String* text : texts) budget.take(text);
  budget.take(size_of(record.vlans()) * sizeof(std::uint16_t));
  take(budget, record.request());
  take(budget, record.response());
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
  auto batch = open_as<wire::RecordBatch>(bytes, wire::RecordBatchIdentifier());
  if (!batch) return batch;
  Budget budget(bytes.size() * kAmplificationMax);
  for (const wire::Record* record : elements_of(batch->records())) {
    take(budget, *record);
    if (budget.spent()) return {nullptr, ReadFault::amplified};
  }
  return batch;
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
