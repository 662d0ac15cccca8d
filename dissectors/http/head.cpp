#include "http/head.h"

#include <algorithm>

namespace spanlight::http {

std::size_t Head::line_bytes_max(const Limits& limits) {
  return std::min<std::size_t>(limits.head_bytes_max, SlabBuffer::kBytesMax);
}

bool Head::append_text(Workshop& workshop, Bytes piece) {
  const std::size_t limit = line_bytes_max(workshop.limits);
  if (text_.size() > limit || piece.size() > limit - text_.size()) return false;
  if (text_.append(workshop.state, piece)) return true;
  ++workshop.counters.state_exhausted;
  return false;
}

bool Head::append_line(Workshop& workshop, Bytes piece) {
  return append_text(workshop, piece);
}

void Head::end_line(const StartLine& parsed) {
  start_line_ = parsed;
  line_done_ = true;
}

void Head::truncate(Workshop& workshop) {
  if (!truncated_) ++workshop.counters.headers_truncated;
  truncated_ = true;
  cut_header();
}

void Head::cut_header() {
  if (in_header_) text_.shrink(open_.name_offset);
  in_header_ = in_value_ = overflow_ = false;
}

// A header that does not fit counts as cut when it has ended: one that turns out malformed is not a header,
// and how much of it is seen before the fault depends on how the bytes were cut.
void Head::header_name(Workshop& workshop, Bytes piece) {
  if (truncated_) return;
  if (!in_header_) {
    overflow_ = count_ >= workshop.limits.headers_max;
    open_ = {.name_offset = static_cast<std::uint32_t>(text_.size())};
    in_header_ = true;
  }
  if (!overflow_ && !append_text(workshop, piece)) overflow_ = true;
  open_.name_length += static_cast<std::uint32_t>(piece.size());
}

void Head::header_value(Workshop& workshop, Bytes piece) {
  if (truncated_ || !in_header_) return;
  if (!in_value_) {
    open_.value_offset = static_cast<std::uint32_t>(text_.size());
    in_value_ = true;
  }
  if (!overflow_ && !append_text(workshop, piece)) overflow_ = true;
  open_.value_length += static_cast<std::uint32_t>(piece.size());
}

void Head::header_end(Workshop& workshop) {
  if (truncated_ || !in_header_) return;
  if (overflow_) return truncate(workshop);
  if (!in_value_) open_.value_offset = static_cast<std::uint32_t>(text_.size());
  // Optional white space behind a name or a value is not part of it (RFC 9112, 5.1; seen before the colon).
  const std::string_view all = as_text(text_.bytes());
  const auto is_space = [&](std::uint32_t at) { return all[at] == ' ' || all[at] == '\t'; };
  while (open_.value_length > 0 && is_space(open_.value_offset + open_.value_length - 1))
    --open_.value_length;
  while (open_.name_length > 0 && is_space(open_.name_offset + open_.name_length - 1)) --open_.name_length;
  const Bytes entry{reinterpret_cast<const std::uint8_t*>(&open_), sizeof(open_)};
  if (!spans_.append(workshop.state, entry)) {
    if (spans_.size() < SlabBuffer::kBytesMax) ++workshop.counters.state_exhausted;
    return truncate(workshop);
  }
  ++count_;
  in_header_ = in_value_ = false;
}

Headers Head::headers() const {
  // Slab blocks are aligned to 256 bytes.
  return {text_.bytes(), {reinterpret_cast<const HeaderSpan*>(spans_.data()), count_}};
}

void Head::release(Workshop& workshop) {
  text_.release(workshop.state);
  spans_.release(workshop.state);
  *this = Head{};
}

}  // namespace spanlight::http
