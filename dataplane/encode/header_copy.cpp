#include "encode/header_copy.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace spanlight {

namespace {

constexpr std::size_t kVectorsBytes = 2 * (sizeof(flatbuffers::uoffset_t) + BatchBuilder::kAlignment);

// Between two pieces so many bytes of separators at most are copied with them.
constexpr std::size_t kGapBytesMax = 8;

// A span as it is within bounds, whatever it says.
struct Piece {
  std::size_t from = 0, size = 0;
  std::size_t end() const { return from + size; }
};

Piece piece_of(Bytes bytes, std::uint32_t offset, std::uint32_t length) {
  if (offset > bytes.size()) return {};
  return {offset, std::min<std::size_t>(length, bytes.size() - offset)};
}

std::span<const HeaderSpan> spans_kept(const Headers& headers) {
  return headers.spans.first(std::min(headers.spans.size(), kHeadersPerMessageMax));
}

// What HTTP/1 writes between a name and its value and between two lines: nearly always one of these.
constexpr std::size_t kPairBytes = 2;
bool is_usual_pair(const std::uint8_t* from) {
  constexpr std::uint16_t kColonSpace = ':' | ' ' << 8, kLineEnd = '\r' | '\n' << 8;
  std::uint16_t pair = 0;
  static_assert(sizeof(pair) == kPairBytes);
  std::memcpy(&pair, from, sizeof(pair));
  return pair == kColonSpace || pair == kLineEnd;
}
bool only_separators(const std::uint8_t* from, std::size_t size) {
  return std::all_of(from, from + size, [](std::uint8_t byte) {
    return byte == ':' || byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
  });
}

// Where pieces of the wire's bytes come to stand, one after another: in runs, each one stretch of the source.
class Placement {
 public:
  explicit Placement(Bytes bytes) : bytes_(bytes.data()) {}

  struct Place {
    std::uint32_t at;
    bool begins_run;
  };
  Place place(const Piece& piece) {
    if (piece.size == 0) return {static_cast<std::uint32_t>(size_), false};
    const std::size_t gap = piece.from - run_end_;  // huge where the piece does not follow
    const bool follows = gap == 0 || (gap == kPairBytes && is_usual_pair(bytes_ + run_end_)) ||
                         (gap <= kGapBytesMax && only_separators(bytes_ + run_end_, gap));
    if (follows) size_ += gap;
    run_end_ = piece.end();
    const std::size_t at = size_;
    size_ += piece.size;
    return {static_cast<std::uint32_t>(at), !follows};
  }
  void end_run() { run_end_ = kNowhere; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kNowhere = SIZE_MAX / 2;  // no piece begins so few bytes behind it
  const std::uint8_t* bytes_;
  std::size_t run_end_ = kNowhere;
  std::size_t size_ = 0;
};

// What is noted of each header beside the redactor's rules for it.
constexpr std::uint8_t kNameBeginsRun = 0x80, kValueBeginsRun = 0x40;
constexpr std::uint8_t kRuns = kNameBeginsRun | kValueBeginsRun;
static_assert(((Redactor::kHide | Redactor::kCookies | Redactor::kUrl) & kRuns) == 0);

// The headers of one message while they are copied.
class HeaderBlock {
 public:
  HeaderBlock(const Headers& headers, Redactor& redactor)
      : source_(headers.bytes), in_(spans_kept(headers)), redactor_(redactor), placement_(headers.bytes) {}
  bool write(BatchBuilder& builder, MessageChildren& out);  // true: redacted

 private:
  Piece name(std::size_t i) const { return piece_of(source_, in_[i].name_offset, in_[i].name_length); }
  Piece value(std::size_t i) const { return piece_of(source_, in_[i].value_offset, in_[i].value_length); }
  bool hidden(std::size_t i) const { return (notes_[i] & Redactor::kHide) != 0; }
  void place();
  void copy_runs(std::uint8_t* to) const;
  void show_hidden(std::uint8_t* to);
  bool mask(std::uint8_t* bytes);

  Bytes source_;
  std::span<const HeaderSpan> in_;
  Redactor& redactor_;
  Placement placement_;
  wire::HeaderSpan* out_ = nullptr;
  std::uint8_t all_notes_ = 0;
  std::array<std::uint8_t, kHeadersPerMessageMax> notes_;
};

void HeaderBlock::place() {
  Placement placement = placement_;
  std::uint8_t all_notes = 0;
  const bool redacts = redactor_.active();
  for (std::size_t i = 0; i < in_.size(); ++i) {
    const Piece name = this->name(i), value = this->value(i);
    std::uint8_t notes = 0;
    if (redacts && value.size > 0)
      notes = redactor_.header_rules(as_text(source_.subspan(name.from, name.size)));
    const Placement::Place name_place = placement.place(name);
    if (name_place.begins_run) notes |= kNameBeginsRun;
    Placement::Place value_place{0, false};
    if ((notes & Redactor::kHide) != 0)
      placement.end_run();  // a gap may not reach over what is left out
    else
      value_place = placement.place(value);
    if (value_place.begins_run) notes |= kValueBeginsRun;
    out_[i] = wire::HeaderSpan(name_place.at, static_cast<std::uint32_t>(name.size), value_place.at,
                               static_cast<std::uint32_t>(value.size));
    notes_[i] = notes;
    all_notes |= notes;
  }
  placement_ = placement;
  all_notes_ = all_notes;
}

void HeaderBlock::copy_runs(std::uint8_t* to) const {
  std::size_t from = 0, at = 0;  // of the run under way, which ends where the next begins
  const auto begin = [&](const Piece& piece, std::size_t piece_at) {
    std::memcpy(to + at, source_.data() + from, piece_at - at);
    from = piece.from;
    at = piece_at;
  };
  for (std::size_t i = 0; i < in_.size(); ++i) {
    if ((notes_[i] & kRuns) == 0) [[likely]]
      continue;
    if ((notes_[i] & kNameBeginsRun) != 0) begin(name(i), out_[i].name_offset());
    if ((notes_[i] & kValueBeginsRun) != 0) begin(value(i), out_[i].value_offset());
  }
  begin({}, placement_.size());
}

// All hidden values are one text behind the rest.
void HeaderBlock::show_hidden(std::uint8_t* to) {
  std::memcpy(to, kRedacted.data(), kRedacted.size());
  for (std::size_t i = 0; i < in_.size(); ++i)
    if (hidden(i))
      out_[i] = wire::HeaderSpan(out_[i].name_offset(), out_[i].name_length(),
                                 static_cast<std::uint32_t>(placement_.size()),
                                 static_cast<std::uint32_t>(kRedacted.size()));
}

bool HeaderBlock::mask(std::uint8_t* bytes) {
  const bool all = redactor_.text_rules();
  bool changed = false;
  for (std::size_t i = 0; i < in_.size(); ++i) {
    const auto rules = static_cast<std::uint8_t>(notes_[i] & ~kRuns);
    if ((rules & Redactor::kHide) != 0 || (rules == 0 && !all)) continue;
    changed |= redactor_.mask_header_value(rules, {bytes + out_[i].value_offset(), out_[i].value_length()});
  }
  return changed;
}

bool HeaderBlock::write(BatchBuilder& builder, MessageChildren& out) {
  std::uint8_t *spans = nullptr, *bytes = nullptr;
  out.headers = builder.vector<const wire::HeaderSpan*>(in_.size(), sizeof(wire::HeaderSpan), &spans);
  out_ = reinterpret_cast<wire::HeaderSpan*>(spans);
  place();
  const bool hides = (all_notes_ & Redactor::kHide) != 0;
  out.header_bytes =
      builder.vector<std::uint8_t>(placement_.size() + (hides ? kRedacted.size() : 0), 1, &bytes);
  copy_runs(bytes);
  if (hides) show_hidden(bytes + placement_.size());
  const bool masks = redactor_.text_rules() || (all_notes_ & (Redactor::kCookies | Redactor::kUrl)) != 0;
  return (masks && mask(bytes)) || hides;
}

}  // namespace

std::uint32_t copy_headers(BatchBuilder& builder, const Headers& headers, Redactor& redactor,
                           MessageChildren& out) {
  std::uint32_t flags = 0;
  if (HeaderBlock(headers, redactor).write(builder, out)) flags |= kFlagRedacted;
  if (headers.spans.size() > kHeadersPerMessageMax) flags |= kFlagTruncatedHeaders;
  return flags;
}

std::size_t headers_bound(const Headers& headers) {
  if (headers.spans.empty()) return 0;
  Placement placement(headers.bytes);
  for (const HeaderSpan& span : spans_kept(headers)) {
    placement.place(piece_of(headers.bytes, span.name_offset, span.name_length));
    placement.place(piece_of(headers.bytes, span.value_offset, span.value_length));
  }
  return kVectorsBytes + spans_kept(headers).size() * sizeof(HeaderSpan) + placement.size() +
         kRedacted.size();
}

std::size_t headers_bound_quick(const Headers& headers) {
  if (headers.spans.empty()) return 0;
  std::size_t bound = kVectorsBytes + kRedacted.size();
  for (const HeaderSpan& span : spans_kept(headers))
    bound += sizeof(HeaderSpan) + 2 * kGapBytesMax + span.name_length + span.value_length;
  return bound;
}

}  // namespace spanlight
