#include "http/head.h"

#include <algorithm>
#include <new>

namespace spanlight::http {
namespace {

// Where spans stand behind so much text.
constexpr std::size_t spans_at(std::size_t text_bytes) {
  return (text_bytes + alignof(HeaderSpan) - 1) / alignof(HeaderSpan) * alignof(HeaderSpan);
}

Bytes bytes_of(std::span<const HeaderSpan> spans) {
  return {reinterpret_cast<const std::uint8_t*>(spans.data()), spans.size_bytes()};
}

}  // namespace

bool Head::store(Workshop& workshop, Bytes bytes, const ScannedHead& scanned, const StartLine& line) {
  const Bytes text = bytes.first(bytes.size() - 2);  // the empty line names nothing
  const std::size_t table_at = spans_at(text.size());
  if (!text_.reserve(workshop.state, table_at + scanned.count * sizeof(HeaderSpan))) return false;
  text_.append(workshop.state, text);
  std::uint8_t* table = text_.spare().data() + (table_at - text.size());
  for (std::uint32_t i = 0; i < scanned.count; ++i)
    new (table + i * sizeof(HeaderSpan)) HeaderSpan(scanned.headers[i].span());
  count_ = scanned.count;
  lifted_ = scanned.lifted;
  packed_ = true;
  end_line(line);
  return true;
}

// Trailers follow: as if the head had come in pieces.
bool Head::unpack(Workshop& workshop) {
  SlabBuffer text, table;
  const std::span<const HeaderSpan> packed = spans();
  const Headers from = headers();
  bool stored =
      text.reserve(workshop.state, text_.size()) && table.reserve(workshop.state, packed.size_bytes());
  if (stored)
    text.append(workshop.state,
                text_.bytes().first(packed.empty() ? text_.size() : packed.front().name_offset));
  for (std::size_t i = 0; stored && i < packed.size(); ++i) {
    HeaderSpan span = packed[i];
    span.name_offset = static_cast<std::uint32_t>(text.size());
    text.append(workshop.state, as_bytes(from.name(packed[i])));
    span.value_offset = static_cast<std::uint32_t>(text.size());
    text.append(workshop.state, as_bytes(from.value(packed[i])));
    table.append(workshop.state, bytes_of({&span, 1}));
  }
  if (!stored) {
    ++workshop.counters.state_exhausted;
    text.release(workshop.state);
    return false;
  }
  text_.release(workshop.state);
  text_ = text;
  spans_ = table;
  packed_ = false;
  return true;
}

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
  if (packed_ && !unpack(workshop)) return truncate(workshop);
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
  if (!spans_.append(workshop.state, bytes_of({&open_, 1}))) {
    if (spans_.size() < SlabBuffer::kBytesMax) ++workshop.counters.state_exhausted;
    return truncate(workshop);
  }
  if (open_.value_length > 0)
    lifted_.note(count_, known_header(all.substr(open_.name_offset, open_.name_length)));
  ++count_;
  in_header_ = in_value_ = false;
}

std::span<const HeaderSpan> Head::spans() const {
  // Slab blocks are aligned to 128 bytes.
  const std::uint8_t* table = packed_ ? text_.data() + spans_at(text_.size()) : spans_.data();
  return {reinterpret_cast<const HeaderSpan*>(table), count_};
}

std::string_view Head::lifted(Known known) const {
  const std::uint32_t place = lifted_.place(known);
  if (place == 0) return {};
  const HeaderSpan& span = spans()[place - 1];
  return text({span.value_offset, span.value_length});
}

void Head::release(Workshop& workshop) {
  text_.release(workshop.state);
  spans_.release(workshop.state);
  *this = Head{};
}

}  // namespace spanlight::http
