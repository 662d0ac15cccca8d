#include "http2/hpack.h"

#include <algorithm>
#include <array>

namespace spanlight::http2 {

bool Hpack::begin(std::uint64_t offset, TimeNs time) {
  if (inflater_ != nullptr && !lost_) return true;
  if (!lost_) {
    if (open()) return true;
    lost_ = true;  // what this block adds to the table will be missing
    return false;
  }
  if (offset < affordable_offset_ && time < affordable_time_) return false;
  affordable_offset_ = offset + table_bytes_;
  affordable_time_ = time + kSecondNs;
  release();
  if (!open() || !fill()) return false;
  lost_ = false;
  guesses_ = true;
  return true;
}

bool Hpack::open() {
  hooks_ = memory_.hooks();
  if (nghttp2_hd_inflate_new2(&inflater_, &hooks_) == 0 &&
      nghttp2_hd_inflate_change_table_size(inflater_, kAnyTable) == 0)
    return true;
  ++workshop_.counters.state_exhausted;
  release();
  return false;
}

// A size update, a literal with the placeholder's name and an empty value, and then that name by its index,
// 62, until the table is full.
bool Hpack::fill() {
  const std::uint32_t value = table_bytes_ - 31;  // 001xxxxx, continued (RFC 7541, 5.1)
  const std::array<std::uint8_t, 8> first = {0x3f,
                                             static_cast<std::uint8_t>(0x80 | (value & 0x7f)),
                                             static_cast<std::uint8_t>(0x80 | (value >> 7 & 0x7f)),
                                             static_cast<std::uint8_t>(value >> 14),
                                             0x40,
                                             0x01,
                                             static_cast<std::uint8_t>(kPlaceholder[0]),
                                             0x00};
  constexpr std::size_t kEntriesAtOnce = 64;
  std::array<std::uint8_t, 2 * kEntriesAtOnce> more;
  for (std::size_t i = 0; i < more.size(); i += 2) more[i] = 0x7e, more[i + 1] = 0x00;
  bool fed = feed(first, false);
  for (std::size_t left = table_bytes_ / (kEntryBytes + kPlaceholder.size()); fed && left > 0;) {
    const std::size_t n = std::min(left, kEntriesAtOnce);
    fed = feed(Bytes(more).first(2 * n), left == n);
    left -= n;
  }
  if (fed) return true;
  ++workshop_.counters.state_exhausted;
  release();
  return false;
}

bool Hpack::feed(Bytes in, bool last) {
  for (;;) {
    const Step step = next(in, last);
    if (step.failed) return false;
    in = in.subspan(step.consumed);
    if (!step.field) return true;
  }
}

Hpack::Step Hpack::next(Bytes in, bool last) {
  nghttp2_nv field{};
  int flags = 0;
  const auto consumed = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, in.data(), in.size(), last ? 1 : 0);
  if (consumed < 0) {
    if (consumed == NGHTTP2_ERR_NOMEM) ++workshop_.counters.state_exhausted;
    if (guesses_) table_bytes_ = kTableBytesLarge;  // an index beyond the guess speaks for a larger table
    lost_ = true;
    return {.failed = true};
  }
  Step out{.consumed = static_cast<std::size_t>(consumed)};
  if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
    out.field = true;
    out.name = as_text({field.name, field.namelen});
    out.value = as_text({field.value, field.valuelen});
    out.unknown = out.name == kPlaceholder;
  }
  if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
    out.end = true;
    nghttp2_hd_inflate_end_headers(inflater_);
  }
  return out;
}

void Hpack::release() {
  memory_.release();
  inflater_ = nullptr;
}

}  // namespace spanlight::http2
