#include "amqp/recognise.h"

#include "amqp/frame.h"
#include "amqp/methods.h"
#include "amqp/table.h"

namespace spanlight::amqp {
namespace {

Verdict speaker_of(Speaker speaker) {
  switch (speaker) {
    case Speaker::client:
      return Verdict::client;
    case Speaker::server:
      return Verdict::server;
    case Speaker::both:
      break;
  }
  return Verdict::either;
}

// A frame of a known method whose arguments fill it, a content header that does, or a heartbeat; with its end
// at its place. Bodies say nothing of themselves. Looks at kProbeBytes at most.
Verdict look(Bytes in) {
  const FrameHead head = read_head(in);
  if (head.fault != Fault::none) return head.fault == Fault::short_input ? Verdict::more : Verdict::no;
  const std::size_t size = head.payload_bytes + kAroundBytes;
  if (head.type == frame_type::kBody || size > kProbeBytes) return Verdict::no;
  if (head.type == frame_type::kMethod && head.payload_bytes < 4) return Verdict::no;
  if (head.type == frame_type::kMethod && in.size() >= kHeadBytes + 4) {
    Reader r{in.subspan(kHeadBytes)};
    const auto klass = r.be<std::uint16_t>();
    if (find_method(method_id(klass, r.be<std::uint16_t>())) == nullptr) return Verdict::no;
  }
  if (head.type == frame_type::kHeader && in.size() >= kHeadBytes + 4 &&
      (in[kHeadBytes] != 0 || in[kHeadBytes + 1] != 60 || in[kHeadBytes + 2] != 0 || in[kHeadBytes + 3] != 0))
    return Verdict::no;
  if (in.size() < size) return Verdict::more;
  const Bytes frame = in.first(size);
  if (!is_closed(frame)) return Verdict::no;
  const Bytes payload = frame.subspan(kHeadBytes, head.payload_bytes);
  if (head.type == frame_type::kHeartbeat) return Verdict::either;
  if (head.type == frame_type::kHeader) {
    const ContentHeader content = read_content_header(payload);
    return content.fault == Fault::none && write_properties(content, nullptr).fault == Fault::none
               ? Verdict::either
               : Verdict::no;
  }
  const Invocation said = read_invocation(payload);
  return said.fault == Fault::none ? speaker_of(said.method->speaker) : Verdict::no;
}

}  // namespace

Verdict probe(Bytes own, Bytes) {
  if (own.empty()) return Verdict::more;
  switch (greeting_of(own)) {
    case Greeting::none:
      return look(own);
    case Greeting::short_input:
      return Verdict::more;
    case Greeting::v0_9_1:
    case Greeting::older:
      return Verdict::client;
    case Greeting::other:
      break;
  }
  return Verdict::no;
}

// Type, length, and the class of methods and content; a heartbeat whole.
std::span<const Signs> signs(Direction) {
  static constexpr ByteSet kZero = ByteSet::of(std::string_view("\0", 1)), kAny = ByteSet::any();
  static constexpr ByteSet kLength = ByteSet::range(0, kProbeBytes >> 8);
  static constexpr Signs kMethod(ByteSet::of("\1"), kAny, kAny, kZero, kZero, kLength, kAny, kZero,
                                 ByteSet::of("\x0a\x14\x1e\x28\x32\x3c\x55\x5a"));
  static constexpr Signs kHeader(ByteSet::of("\2"), kAny, kAny, kZero, kZero, kLength, kAny, kZero,
                                 ByteSet::of("\x3c"), kZero, kZero);
  static constexpr Signs kHeartbeat(ByteSet::of("\x08"), kZero, kZero, kZero, kZero, kZero, kZero);
  static constexpr Signs kSigns[] = {kMethod, kHeader, kHeartbeat};
  return kSigns;
}

Look begins(Direction from, Bytes window) {
  const Verdict seen = look(window);
  if (seen == Verdict::more) return Look::more;
  const Verdict wanted = from == Direction::c2s ? Verdict::client : Verdict::server;
  return seen == wanted || seen == Verdict::either ? Look::yes : Look::no;
}

}  // namespace spanlight::amqp
