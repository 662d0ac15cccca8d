#pragma once
// Record batches (magic 2) and the older message sets: how many records, how compressed, and the first record
// where it is not. Pure. Compressed records are not inflated.

#include <cstdint>
#include <string_view>

#include "core/bytes.h"

namespace spanlight::kafka {

struct Batches {
  static constexpr unsigned kBatchesMax = 1'024;  // headers that are looked at in one partition

  std::uint64_t records = 0;
  std::uint32_t batches = 0;
  std::uint8_t compression = 0;  // of the first batch: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd
  bool cut = false;              // headers beyond what is there, or beyond the limit
  bool malformed = false;
  bool has_first = false;
  Bytes key, value;               // of the first record, as much as is there
  std::uint64_t value_bytes = 0;  // on the wire
};

// `bytes`: what is there of `size`.
Batches read_batches(Bytes bytes, std::uint64_t size);

std::string_view compression_name(std::uint8_t code);

}  // namespace spanlight::kafka
