#include "http2/recognise.h"

#include <algorithm>
#include <array>

#include "http2/frame.h"

namespace spanlight::http2 {
namespace {

// Larger frames are read, but do not begin a chain: they would not fit what waits of a direction.
constexpr std::uint32_t kSyncFrameBytesMax = 16'384;
constexpr unsigned kChainMax = 8;
constexpr std::uint32_t kPushedMax = 65'536;
constexpr std::uint32_t kSettingsMax = 32;
constexpr std::uint32_t kErrorCodeMax = 0xd;

// How many bits of a frame are as they must be, rounded down: what accident would have to match.
constexpr unsigned kWeightPlain = 14;       // DATA: little is fixed
constexpr unsigned kWeightSameStream = 26;  // of a frame on a stream that another of the chain is on
constexpr unsigned kWeightControl = 30;     // a fixed length, type and flags
constexpr unsigned kWeightBlock = 26;       // a header block that can be read to its very end
constexpr unsigned kWeightRequest = 14;     // and begins as a request does,
constexpr unsigned kWeightResponse = 8;     // or as a response
constexpr unsigned kWeightNeeded = 40;

// An integer of HPACK (RFC 7541, 5.1) behind its first byte's prefix.
bool read_integer(Reader& r, std::uint8_t first, unsigned prefix_bits, std::uint32_t& out) {
  const std::uint32_t full = (1u << prefix_bits) - 1;
  out = first & full;
  if (out < full) return true;
  for (unsigned shift = 0; shift <= 21; shift += 7) {
    const std::uint8_t byte = r.u8();
    out += std::uint32_t{byte & 0x7fu} << shift;
    if ((byte & 0x80) == 0) return r.ok();
  }
  return false;
}

bool skip_string(Reader& r) {
  std::uint32_t length = 0;
  if (!read_integer(r, r.u8(), 7, length) || length > r.left()) return false;
  r.skip(length);
  return r.ok();
}

constexpr std::uint32_t kIndexMax = 61 + 65'536 / 33;  // static table, and a large dynamic one

// The representations of a whole block, without a table (RFC 7541, 6): their bytes must come out even.
// `indices`: the first few names' indices; 0: a new name.
bool walk_block(Bytes block, std::array<std::uint32_t, 6>& indices) {
  Reader r{block};
  std::size_t count = 0;
  while (r.left() > 0) {
    const std::uint8_t first = r.u8();
    std::uint32_t index = 0;
    if ((first & 0x80) != 0) {  // indexed
      if (!read_integer(r, first, 7, index) || index == 0 || index > kIndexMax) return false;
    } else if ((first & 0xe0) == 0x20) {  // size update: before the first field only
      if (!read_integer(r, first, 5, index) || count > 0) return false;
      continue;
    } else {
      if (!read_integer(r, first, (first & 0x40) != 0 ? 6 : 4, index) || index > kIndexMax) return false;
      if ((index == 0 && !skip_string(r)) || !skip_string(r)) return false;
    }
    if (count < indices.size()) indices[count] = index;
    ++count;
  }
  return r.ok() && count > 0;
}

// Whether the block begins with what only a request or a response has (RFC 7541, appendix A).
bool begins_message(Direction from, const std::array<std::uint32_t, 6>& indices) {
  if (from == Direction::s2c) return indices[0] >= 8 && indices[0] <= 14;  // :status
  bool method = false, scheme = false;
  for (const std::uint32_t index : indices) {
    method = method || index == 2 || index == 3;
    scheme = scheme || index == 6 || index == 7;
  }
  return method && scheme;
}

// Stricter than check_frame(): what senders do, not what they may.
bool is_plausible(Direction from, const FrameHead& frame, std::uint8_t reserved_bit) {
  if (reserved_bit != 0 || frame.length > kSyncFrameBytesMax || check_frame(frame) != Fault::none)
    return false;
  switch (frame.type) {
    case FrameType::data:
      // Only what was pushed is even in a server's, and few are.
      if (frame.stream % 2 == 0 && (from == Direction::c2s || frame.stream > kPushedMax)) return false;
      return (frame.flags & ~(kEndStream | kPadded)) == 0 && (frame.length > 0 || frame.has(kEndStream));
    case FrameType::headers:
      return (frame.flags & ~(kEndStream | kEndHeaders | kPadded | kPriority)) == 0 && frame.length > 0 &&
             (from == Direction::s2c || frame.stream % 2 == 1);
    case FrameType::priority:
    case FrameType::rst_stream:
    case FrameType::goaway:
    case FrameType::window_update:
      return frame.flags == 0;
    case FrameType::settings:
      return (frame.flags & ~kEndStream) == 0 && frame.length <= 6 * kSettingsMax;
    case FrameType::push_promise:
      return from == Direction::s2c && (frame.flags & ~(kEndHeaders | kPadded)) == 0;
    case FrameType::ping:
      return (frame.flags & ~kEndStream) == 0;
    case FrameType::continuation:
      return (frame.flags & ~kEndHeaders) == 0;
  }
  return false;
}

// `payload` is whole. 0: it cannot be a frame of this type.
unsigned weigh(Direction from, const FrameHead& frame, Bytes payload) {
  Reader r{payload};
  switch (frame.type) {
    case FrameType::headers: {
      const FramePrefix prefix = parse_prefix(frame, payload);
      if (prefix.fault != Fault::none) return 0;
      if (!frame.has(kEndHeaders)) return kWeightPlain;
      std::array<std::uint32_t, 6> indices{};
      if (!walk_block(payload.subspan(frame.prefix_bytes(), prefix.content), indices)) return 0;
      if (!begins_message(from, indices)) return kWeightBlock;
      return kWeightBlock + (from == Direction::c2s ? kWeightRequest : kWeightResponse);
    }
    case FrameType::rst_stream:
      return r.be<std::uint32_t>() <= kErrorCodeMax ? kWeightNeeded : 0u;
    case FrameType::window_update:
      return r.be<std::uint32_t>() - 1 < 0x7fff'ffff ? kWeightControl : 0u;
    case FrameType::goaway:
      return r.be<std::uint32_t>() >> 31 == 0 && r.be<std::uint32_t>() <= kErrorCodeMax ? kWeightNeeded : 0u;
    case FrameType::settings:
      while (r.left() > 0) {
        if (r.be<std::uint16_t>() == 0) return 0;
        r.skip(sizeof(std::uint32_t));
      }
      return kWeightControl;
    case FrameType::ping:
      return kWeightControl;
    default:
      return kWeightPlain;
  }
}

// A chain that begins at `window`'s first byte.
Look chain_at(Direction from, Bytes window) {
  std::array<std::uint32_t, kChainMax> streams{};
  unsigned weight = 0;
  for (unsigned n = 0; n < kChainMax; ++n) {
    if (window.size() < kFrameHeadBytes) return Look::more;
    const FrameHead frame = parse_frame_head(window);
    const std::uint8_t reserved = window[5] & 0x80;
    if (!is_plausible(from, frame, reserved)) return Look::no;
    if (n == 0 && frame.type == FrameType::continuation) return Look::no;  // its beginning is missing
    const bool known = std::find(streams.begin(), streams.begin() + n, frame.stream) != streams.begin() + n;
    if (known && frame.stream != 0) weight += kWeightSameStream;
    streams[n] = frame.stream;
    if (frame.type == FrameType::data || frame.type == FrameType::continuation) {
      weight += kWeightPlain;
      if (weight >= kWeightNeeded) return Look::yes;
    }
    if (window.size() - kFrameHeadBytes < frame.length) return Look::more;
    if (frame.type != FrameType::data && frame.type != FrameType::continuation) {
      const unsigned here = weigh(from, frame, window.subspan(kFrameHeadBytes, frame.length));
      if (here == 0) return Look::no;
      weight += here;
      if (weight >= kWeightNeeded) return Look::yes;
    }
    window = window.subspan(kFrameHeadBytes + frame.length);
  }
  return Look::no;
}

Look preface_at(Bytes window) {
  const std::string_view head = as_text(window.first(std::min(window.size(), kPreface.size())));
  if (head == kPreface) return Look::yes;
  return kPreface.starts_with(head) ? Look::more : Look::no;
}

}  // namespace

// A server may speak first: its SETTINGS (RFC 9113, 3.4).
Verdict probe(Bytes own, Bytes) {
  switch (preface_at(own)) {
    case Look::yes:
      return Verdict::client;
    case Look::more:
      return Verdict::more;
    case Look::no:
      break;
  }
  constexpr std::array<std::uint8_t, kFrameHeadBytes> kSettings = {0, 0, 0, 4, 0, 0, 0, 0, 0};
  for (std::size_t i = 0; i < kFrameHeadBytes; ++i) {
    if (i == own.size()) return Verdict::more;
    const bool right = i == 2 ? own[i] % 6 == 0 && own[i] <= 6 * kSettingsMax : own[i] == kSettings[i];
    if (!right) return Verdict::no;
  }
  return Verdict::server;
}

// A frame of 16 KiB at most, of a known type; or the preface.
std::span<const Signs> signs(Direction from) {
  static constexpr Signs kFrame(ByteSet::of(std::string_view("\0", 1)),
                                ByteSet::range(0, kSyncFrameBytesMax >> 8), ByteSet::any(),
                                ByteSet::range(0, 9), ByteSet::any(), ByteSet::range(0, 0x7f));
  static constexpr std::string_view kWords[] = {kPreface};
  static constexpr Signs kOfClient[] = {kFrame, Signs::of_words(kWords, false)};
  static constexpr Signs kOfServer[] = {kFrame};
  return from == Direction::c2s ? std::span<const Signs>(kOfClient) : kOfServer;
}

Look begins(Direction from, Bytes window) {
  const Look seen = from == Direction::c2s ? preface_at(window) : Look::no;
  return seen != Look::no ? seen : chain_at(from, window);
}

}  // namespace spanlight::http2
