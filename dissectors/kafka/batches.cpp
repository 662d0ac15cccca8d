#include "kafka/batches.h"

#include <algorithm>

#include "core/reader.h"

namespace spanlight::kafka {
namespace {

constexpr std::size_t kSizeEnd = 12;  // offset of eight bytes, size of four, in either form
constexpr std::uint8_t kCompressionBits = 7;

// A signed number of seven bits a byte, zigzag.
std::int64_t take_zigzag(Reader& r) {
  constexpr unsigned kBytesMax = 10;
  std::uint64_t value = 0;
  for (unsigned i = 0; i < kBytesMax; ++i) {
    const std::uint8_t byte = r.u8();
    value |= std::uint64_t{byte & 0x7fu} << 7 * i;
    if ((byte & 0x80) == 0)
      return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  r.fail(Fault::bad_value);
  return 0;
}

Bytes take_there(Reader& r, std::int64_t size) {
  if (size <= 0 || !r.ok()) return {};
  return r.take(std::min<std::uint64_t>(static_cast<std::uint64_t>(size), r.left()));
}

// length, attributes, timestamp, offset, key, value: of a batch that is not compressed.
void read_first(Reader r, Batches& out) {
  take_zigzag(r);
  r.u8();
  take_zigzag(r);
  take_zigzag(r);
  const std::int64_t key = take_zigzag(r);
  out.key = take_there(r, key);
  if (key > 0 && out.key.size() < static_cast<std::uint64_t>(key)) return;
  const std::int64_t value = take_zigzag(r);
  if (!r.ok()) return;
  out.has_first = true;
  out.value_bytes = value > 0 ? static_cast<std::uint64_t>(value) : 0;
  out.value = take_there(r, value);
}

// Key and value of a message of an older set, with lengths of four bytes.
void read_first_old(Reader r, Batches& out) {
  const auto key = static_cast<std::int32_t>(r.be<std::uint32_t>());
  out.key = take_there(r, key);
  const auto value = static_cast<std::int32_t>(r.be<std::uint32_t>());
  if (!r.ok()) return;
  out.has_first = true;
  out.value_bytes = value > 0 ? static_cast<std::uint64_t>(value) : 0;
  out.value = take_there(r, value);
}

}  // namespace

Batches read_batches(Bytes bytes, std::uint64_t size) {
  Batches out;
  out.cut = bytes.size() < size;
  std::uint64_t at = 0;
  while (at < size) {
    if (out.batches == Batches::kBatchesMax || at >= bytes.size()) {
      out.cut = true;
      break;
    }
    Reader r{bytes.subspan(at)};
    r.skip(sizeof(std::uint64_t));
    const auto length = r.be<std::uint32_t>();
    r.skip(sizeof(std::uint32_t));  // leader epoch, or checksum
    const std::uint8_t magic = r.u8();
    if (magic < 2) {
      const std::uint8_t attributes = r.u8();
      if (magic == 1) r.skip(sizeof(std::uint64_t));
      if (!r.ok()) break;
      if (out.batches == 0) out.compression = attributes & kCompressionBits;
      if (out.batches == 0 && out.compression == 0) read_first_old(r, out);
      ++out.records;
    } else if (magic == 2) {
      r.skip(sizeof(std::uint32_t));  // checksum
      const auto attributes = r.be<std::uint16_t>();
      constexpr std::size_t kToCount = 4 + 8 + 8 + 8 + 2 + 4;
      r.skip(kToCount);
      const auto count = r.be<std::uint32_t>();
      if (!r.ok()) break;
      if (out.batches == 0) out.compression = attributes & kCompressionBits;
      if (out.batches == 0 && out.compression == 0) read_first(r, out);
      out.records += count;
    } else {
      if (r.ok()) out.malformed = true;
      break;
    }
    ++out.batches;
    at += kSizeEnd + length;
  }
  // A fetch ends in the middle of its last batch where it was limited: no fault of anybody's.
  return out;
}

std::string_view compression_name(std::uint8_t code) {
  constexpr std::string_view kNames[] = {"none", "gzip", "snappy", "lz4", "zstd"};
  return code < std::size(kNames) ? kNames[code] : std::string_view{"unknown"};
}

}  // namespace spanlight::kafka
