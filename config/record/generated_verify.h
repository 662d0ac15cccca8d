#pragma once
// What verify_batch() must agree with, for its test and its fuzzer: FlatBuffers' own verifier, then the sum
// of the parts. Slow and plain.

#include <cstdint>
#include <span>

#include "record/reader.h"

namespace spanlight {

class PartsSum {
 public:
  std::uint64_t of(const wire::RecordBatch& batch) {
    for (const wire::Record* record : *batch.records()) add(*record);
    return sum_;
  }

 private:
  void add(const flatbuffers::String* text) { sum_ += text_of(text).size(); }
  void add(const wire::Field& field) {
    add(field.name());
    add(field.text());
    for (const flatbuffers::String* text : elements_of(field.list())) {
      sum_ += sizeof(flatbuffers::uoffset_t);
      add(text);
    }
  }
  void add(const wire::Message* message) {
    if (message == nullptr) return;
    sum_ += size_of(message->header_bytes());
    sum_ += size_of(message->headers()) * sizeof(wire::HeaderSpan);
    sum_ += size_of(message->body());
    add(message->content_type());
    add(message->content_encoding());
    for (const wire::Field* field : elements_of(message->fields())) add(*field);
  }
  void add(const wire::Record& record) {
    for (const flatbuffers::String* text :
         {record.protocol(), record.version(), record.method(), record.url(), record.path(),
          record.query_string(), record.error(), record.summary(), record.trace_id(), record.request_id()})
      add(text);
    sum_ += size_of(record.vlans()) * sizeof(std::uint16_t);
    add(record.request());
    add(record.response());
  }
  std::uint64_t sum_ = 0;
};

// True if open_batch() may accept the bytes, which have a batch's identifier and are aligned.
inline bool generated_verify(std::span<const std::uint8_t> bytes) {
  flatbuffers::Verifier::Options limits;
  limits.max_depth = kWireDepthMax;
  limits.max_tables = static_cast<flatbuffers::uoffset_t>(bytes.size() / 8 + 1);
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), limits);
  if (!verifier.VerifyBuffer<wire::RecordBatch>(wire::RecordBatchIdentifier())) return false;
  const auto* batch = flatbuffers::GetRoot<wire::RecordBatch>(bytes.data());
  return PartsSum().of(*batch) <= bytes.size() * kAmplificationMax;
}

}  // namespace spanlight
