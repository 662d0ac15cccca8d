#include "quic/frame.h"

#include "quic/packet.h"

namespace spanlight::quic {
namespace {

constexpr std::uint8_t kPadding = 0x00, kPing = 0x01, kAck = 0x02, kAckEcn = 0x03, kCrypto = 0x06,
                       kClose = 0x1c;

// largest | delay | count of ranges | first range | (gap | range) … | three counts of ECN
void read_ack(Reader& r, bool ecn) {
  read_varint(r);
  read_varint(r);
  std::uint64_t ranges = read_varint(r);
  read_varint(r);
  for (; ranges > 0 && r.ok(); --ranges) {
    read_varint(r);
    read_varint(r);
  }
  for (unsigned i = 0; ecn && i < 3; ++i) read_varint(r);
}

Bytes take_counted(Reader& r) {
  const std::uint64_t bytes = read_varint(r);
  r.require(bytes <= r.left(), Fault::bad_length);
  return r.take(r.ok() ? static_cast<std::size_t>(bytes) : 0);
}

}  // namespace

Frame parse_frame(Bytes in) {
  Reader r(in);
  Frame out;
  switch (r.u8()) {
    case kPadding:
      out.type = FrameType::padding;
      while (r.left() > 0 && in[r.at()] == kPadding) r.skip(1);
      break;
    case kPing:
      out.type = FrameType::ping;
      break;
    case kAck:
      out.type = FrameType::ack;
      read_ack(r, false);
      break;
    case kAckEcn:
      out.type = FrameType::ack;
      read_ack(r, true);
      break;
    case kCrypto:
      out.type = FrameType::crypto;
      out.offset = read_varint(r);
      out.crypto = take_counted(r);
      break;
    case kClose:
      out.type = FrameType::close;
      out.close_code = read_varint(r);
      read_varint(r);  // the frame that was wrong
      out.close_reason = take_counted(r);
      break;
    default:
      r.fail(Fault::bad_value);
      break;
  }
  out.fault = r.fault();
  out.whole_bytes = r.at();
  return out;
}

}  // namespace spanlight::quic
