#pragma once
// One transaction as a FlatBuffers record: its size, bounded before it is written, and the writing itself.

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/transaction.h"
#include "encode/batch_builder.h"
#include "encode/record_writer.h"

namespace spanlight {

constexpr std::size_t kHeadersPerMessageMax = 4'096;  // beyond: left out, kFlagTruncatedHeaders
constexpr std::size_t kFieldsPerMessageMax = 64;      // beyond: left out, EncodeCounters::fields_left_out
constexpr std::size_t kListTextsMax = 256;            // of one field; beyond: left out, the same counter

// Short texts of few values (methods, versions, media types, names of fields) are written once a batch.
// Direct-mapped: what falls on an entry replaces it.
class TextCache {
 public:
  using Text = flatbuffers::Offset<flatbuffers::String>;
  static constexpr std::size_t kTextBytesMax = 48;
  void clear() { entries_.fill({}); }
  Text& entry(std::string_view text) {  // not empty
    const auto byte = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(text[i])}; };
    const std::uint32_t sample =
        byte(0) << 24 | byte(text.size() / 2) << 16 | byte(text.size() - 1) << 8 | (text.size() & 0xff);
    return entries_[sample * 0x9e3779b1u >> (32 - kEntryBits)];  // Fibonacci hashing
  }

 private:
  static constexpr unsigned kEntryBits = 7;
  std::array<Text, 1u << kEntryBits> entries_{};
};

// Upper bounds of a record's parts in the builder, notes and alignment included.
struct RecordBound {
  std::size_t spine = 0;  // all but the rest
  std::size_t headers = 0;
  std::size_t bodies = 0;
};
RecordBound bound_of(const Transaction& call);
std::size_t text_bound(std::string_view text);

struct RecordShape {
  bool headers = true;
  bool bodies = true;
};

struct RecordTarget {
  BatchBuilder& builder;
  TextCache& cache;
  flatbuffers::Offset<flatbuffers::String> protocol;  // its name, in the same batch
};

// What does not fit the bound of `shape` must not be asked for.
flatbuffers::Offset<wire::Record> write_record(RecordTarget& target, std::uint64_t id,
                                               const Transaction& call, const ConnectionInfo& connection,
                                               RecordShape shape, Redactor& redactor,
                                               EncodeCounters& counters);

}  // namespace spanlight
