#include "mongodb/parse.h"

#include <algorithm>

namespace spanlight::mongodb {
namespace {

constexpr std::size_t kSpaceBytesMax = 255;  // of database.collection

std::string_view space_of(Reader& r, Bytes body) {
  const Bytes rest = body.subspan(r.at());
  const auto zero = std::find(rest.begin(), rest.end(), 0);
  const auto n = static_cast<std::size_t>(zero - rest.begin());
  r.require(n <= kSpaceBytesMax, Fault::bad_length);
  const std::string_view out = as_text(r.take(n));
  r.skip(1);
  return out;
}

}  // namespace

bool Header::understood() const {
  return length > kHeaderBytes && length <= kMessageBytesMax && !op_name(opcode).empty();
}

Header header_of(Bytes in) {
  Reader r(in);
  Header out;
  out.length = r.le<std::uint32_t>();
  out.request_id = r.le<std::uint32_t>();
  out.response_to = r.le<std::uint32_t>();
  out.opcode = r.le<std::uint32_t>();
  return out;
}

std::string_view op_name(std::uint32_t opcode) {
  switch (opcode) {
    case kReply:
      return "reply";
    case kUpdate:
      return "update";
    case kInsert:
      return "insert";
    case kQuery:
      return "query";
    case kGetMore:
      return "getMore";
    case kDelete:
      return "delete";
    case kKillCursors:
      return "killCursors";
    case kCompressed:
      return "compressed";
    case kMsg:
      return "msg";
    default:
      return {};
  }
}

Opening parse_opening(std::uint32_t opcode, Bytes body) {
  Opening out;
  Reader r(body);
  switch (opcode) {
    case kMsg:
      out.flags = r.le<std::uint32_t>();
      // Bits below 16 that are not known forbid to read on.
      r.require((out.flags & 0xffff & ~kMsgFlags) == 0, Fault::bad_value);
      break;
    case kReply:
      out.flags = r.le<std::uint32_t>();
      out.cursor = static_cast<std::int64_t>(r.le<std::uint64_t>());
      out.has_cursor = true;
      r.skip(4);  // where it starts
      out.returned = r.le<std::uint32_t>();
      out.has_document = out.returned > 0;
      break;
    case kQuery:
      out.flags = r.le<std::uint32_t>();
      out.space = space_of(r, body);
      r.skip(4 + 4);  // to skip, to return
      out.has_document = true;
      break;
    case kInsert:
      out.flags = r.le<std::uint32_t>();
      out.space = space_of(r, body);
      break;
    case kUpdate:
    case kDelete:
      r.skip(4);
      out.space = space_of(r, body);
      out.flags = r.le<std::uint32_t>();
      break;
    case kGetMore:
      r.skip(4);
      out.space = space_of(r, body);
      r.skip(4);
      out.cursor = static_cast<std::int64_t>(r.le<std::uint64_t>());
      out.has_cursor = true;
      break;
    case kKillCursors:
      r.skip(4);
      out.returned = r.le<std::uint32_t>();
      break;
    default:
      r.fail(Fault::bad_value);
  }
  out.size = r.at();
  out.fault = r.fault();
  return out;
}

Packing parse_packing(Bytes body) {
  constexpr std::uint8_t kNothing = 0, kSnappy = 1, kZlib = 2, kZstd = 3;
  Packing out;
  Reader r(body);
  out.opcode = r.le<std::uint32_t>();
  out.size = r.le<std::uint32_t>();
  out.how = r.u8();
  r.require(out.opcode != kCompressed && !op_name(out.opcode).empty(), Fault::bad_value);
  r.require(out.size <= kMessageBytesMax, Fault::bad_length);
  switch (out.how) {
    case kNothing:
      out.name = "noop";
      break;
    case kSnappy:
      out.name = "snappy";
      out.method = unpack::Method::snappy;
      break;
    case kZlib:
      out.name = "zlib";
      out.method = unpack::Method::zlib;
      break;
    case kZstd:
      out.name = "zstd";
      out.method = unpack::Method::zstd;
      break;
    default:
      r.fail(Fault::bad_value);
  }
  out.fault = r.fault();
  return out;
}

// ---- documents ----------------------------------------------------------------------------------

void Documents::begin(bool sections, std::uint64_t bytes) {
  *this = Documents{};
  sections_ = sections;
  left_ = bytes;
  stage_ = sections ? Stage::kind : Stage::document;
  if (bytes == 0) stage_ = Stage::done;
}

void Documents::fail() {
  broken_ = true;
  stage_ = Stage::done;
  passing_ = 0;
}

std::uint64_t Documents::passing() const {
  if (stage_ == Stage::done) return left_;
  return stage_ == Stage::document ? walk_.passing() : passing_;
}

void Documents::pass(std::uint64_t n, bool missing) {
  if (missing && stage_ != Stage::done && n > passing()) fail();
  if (stage_ == Stage::document)
    walk_.pass(std::min(n, walk_.passing()));
  else if (stage_ != Stage::done)
    passing_ -= std::min(n, passing_);
  left_ -= std::min(n, left_);
}

std::size_t Documents::feed(Bytes bytes, Said& said) {
  std::size_t at = 0;
  while (left_ > 0) {
    Bytes rest = bytes.subspan(at);
    if (rest.size() > left_) rest = rest.first(static_cast<std::size_t>(left_));
    const Stage before = stage_;
    const std::size_t n = step(rest, said);
    at += n;
    left_ -= n;
    // A sequence's document that begins takes nothing yet: it passes in the next step.
    if (n == 0 && stage_ == before && (passing_ == 0 || rest.empty())) break;
  }
  if (left_ == 0 && stage_ != Stage::done) {
    broken_ = broken_ || stage_ != Stage::kind;
    stage_ = Stage::done;
  }
  return at;
}

std::size_t Documents::step(Bytes bytes, Said& said) {
  constexpr std::uint8_t kBody = 0, kSequence = 1;
  if (passing_ > 0 || stage_ == Stage::done) {
    const std::uint64_t n =
        stage_ == Stage::done ? bytes.size() : std::min<std::uint64_t>(passing_, bytes.size());
    if (stage_ != Stage::done) passing_ -= n;
    return static_cast<std::size_t>(n);
  }
  switch (stage_) {
    case Stage::kind:
      if (bytes.empty()) return 0;
      if (bytes[0] > kSequence) {
        fail();
        return 0;
      }
      stage_ = bytes[0] == kBody ? Stage::document : Stage::sequence;
      if (stage_ == Stage::document) walk_.begin();
      return 1;
    case Stage::document: {
      const std::size_t n = walk_.feed(bytes, bytes.size() == left_, said);
      if (walk_.broken()) fail();
      if (walk_.done()) stage_ = sections_ ? Stage::kind : Stage::done;
      return n;
    }
    case Stage::sequence:
      return begin_sequence(bytes);
    case Stage::in_sequence:
      return next_of_sequence(bytes);
    case Stage::done:
      break;
  }
  return 0;
}

// i32 size, with itself | name\0 | documents
std::size_t Documents::begin_sequence(Bytes bytes) {
  constexpr std::size_t kNameBytesMax = 255;
  const Bytes names = bytes.subspan(std::min<std::size_t>(bytes.size(), 4));
  const auto zero = static_cast<std::size_t>(std::find(names.begin(), names.end(), 0) - names.begin());
  if (zero == names.size()) {
    if (names.size() > kNameBytesMax || bytes.size() == left_) fail();
    return 0;
  }
  const std::uint32_t size = Reader(bytes).le<std::uint32_t>();
  const std::size_t head = 4 + zero + 1;
  if (size < head || size > left_) {
    fail();
    return 0;
  }
  sequence_left_ = size - head;
  stage_ = sequence_left_ > 0 ? Stage::in_sequence : Stage::kind;
  return head;
}

std::size_t Documents::next_of_sequence(Bytes bytes) {
  if (bytes.size() < 4) {
    if (bytes.size() == left_) fail();
    return 0;
  }
  const std::uint32_t size = Reader(bytes).le<std::uint32_t>();
  if (size < kDocumentBytesMin || size > sequence_left_) {
    fail();
    return 0;
  }
  ++sent_;
  passing_ = size;
  sequence_left_ -= size;
  if (sequence_left_ == 0) stage_ = Stage::kind;
  return 0;
}

}  // namespace spanlight::mongodb
