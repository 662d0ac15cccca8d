#include "ws/recognise.h"

#include <algorithm>

#include "core/ws/frame.h"

namespace spanlight::ws {
namespace {

// A frame's head is two bytes: accident writes one easily. A chain of frames each of which begins where the
// one before ends speaks for itself; what each adds, in bits that accident would have to match.
constexpr std::uint32_t kProof = 40;
constexpr std::uint32_t kOfHead = 5;             // opcode, reserved bits, mask
constexpr std::uint32_t kOfTextMax = 24;         // masked text: a bit for each byte that comes out as text
constexpr std::uint32_t kOfJson = 8;             // text between brackets that belong together
constexpr std::uint32_t kOfClose = 6;            // a code that means something
constexpr unsigned kFramesMax = 32;              // empty and repeated ones add nothing
constexpr std::uint64_t kFrameBytesMax = 4'096;  // longer ones do not belong to a chain

// A frame's payload as it was before it was masked.
struct Plain {
  const FrameHead& head;
  Bytes payload;

  std::size_t size() const { return payload.size(); }
  std::uint8_t operator[](std::size_t i) const {
    return head.masked ? static_cast<std::uint8_t>(payload[i] ^ head.key[i & 3]) : payload[i];
  }
};

// As text: no control bytes, and characters of more than one byte that are whole.
bool is_text(const Plain& in, std::size_t begin) {
  std::size_t follow = 0;
  for (std::size_t i = begin; i < in.size(); ++i) {
    const std::uint8_t b = in[i];
    const bool continues = (b & 0xc0) == 0x80;
    if (continues != (follow > 0)) return false;
    if (continues) {
      --follow;
    } else if (b >= 0x80) {
      if (b < 0xc2 || b > 0xf4) return false;
      follow = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
    } else if (b < ' ' && b != '\n' && b != '\r' && b != '\t') {
      return false;
    }
  }
  return follow == 0;
}

bool is_close_code(std::uint32_t code) {
  return (code >= 1'000 && code <= 1'014) || (code >= 3'000 && code < 5'000);
}

constexpr std::uint32_t kNone = ~std::uint32_t{0};  // it speaks against a chain

// What a whole frame adds. Empty ones add nothing: bytes that repeat look like them.
std::uint32_t weight(const Plain& plain) {
  const FrameHead& head = plain.head;
  if (plain.size() == 0) return head.fin ? 0 : kNone;
  if (head.opcode == Opcode::close) {
    const auto code = static_cast<std::uint32_t>(plain[0] << 8 | plain[1]);
    return is_close_code(code) && is_text(plain, 2) ? kOfHead + kOfClose : kNone;
  }
  if (!head.fin || head.opcode == Opcode::continuation) return 0;
  if (head.opcode != Opcode::text || head.compressed) return kOfHead;
  if (!is_text(plain, 0)) return kNone;
  std::uint32_t bits = kOfHead;
  if (head.masked) bits += static_cast<std::uint32_t>(std::min<std::size_t>(plain.size(), kOfTextMax));
  const std::uint8_t first = plain[0], last = plain[plain.size() - 1];
  return bits + ((first == '{' && last == '}') || (first == '[' && last == ']') ? kOfJson : 0);
}

Look chain_at(Bytes in, bool masked) {
  std::uint32_t bits = 0;
  bool in_message = false;
  Bytes before;
  for (unsigned n = 0; bits < kProof; ++n) {
    if (n == kFramesMax) return Look::no;
    const FrameHead head = parse_frame_head(in.first(std::min(in.size(), kFrameHeadBytesMax)));
    if (head.fault != Fault::none && head.fault != Fault::short_input) return Look::no;
    if (in.size() > 1 && head.masked != masked) return Look::no;
    if (head.fault == Fault::short_input) return Look::more;
    if (head.length > kFrameBytesMax) return Look::no;
    if (!head.is_control()) {
      if ((head.opcode == Opcode::continuation) != in_message) return Look::no;
      in_message = !head.fin;
    }
    if (in.size() - head.bytes < head.length) return Look::more;
    const Bytes frame = in.first(head.bytes + static_cast<std::size_t>(head.length));
    const std::uint32_t more = weight({head, frame.subspan(head.bytes)});
    if (more == kNone) return Look::no;
    // One that is the same as the one before says nothing new.
    if (!std::equal(frame.begin(), frame.end(), before.begin(), before.end())) bits += more;
    before = frame;
    in = in.subspan(frame.size());
  }
  return Look::yes;
}

}  // namespace

// Nothing begins with a frame: there was a handshake, and who read it hands over.
Verdict probe(Bytes, Bytes) {
  return Verdict::no;
}

// A message's first frame, whole or not, compressed or not, or a frame of control; the mask, and no length of
// eight bytes.
std::span<const Signs> signs(Direction from) {
  static constexpr ByteSet kFirst = ByteSet::of("\x01\x02\x41\x42\x81\x82\xc1\xc2\x88\x89\x8a");
  static constexpr Signs kOfClient[] = {Signs(kFirst, ByteSet::range(0x80, 0xfe))};
  static constexpr Signs kOfServer[] = {Signs(kFirst, ByteSet::range(0x00, 0x7e))};
  return from == Direction::c2s ? kOfClient : kOfServer;
}

Look begins(Direction from, Bytes window) {
  return chain_at(window, from == Direction::c2s);
}

}  // namespace spanlight::ws
