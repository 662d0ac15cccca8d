// The traces must be what the benchmarks take them for: every frame decodes, every checksum holds in every
// lap, every connection's sequence numbers run on without a hole, and the messages have the sizes that the
// mixes promise.

#include "trace.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>

#include "decode/decode.h"

namespace spanlight::bench {
namespace {

constexpr std::size_t kIp = 14, kTcp = 34;

std::uint32_t sum16(Bytes bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
  return sum;
}

bool is_ones(std::uint32_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

bool checksums_hold(Bytes frame) {
  const Bytes segment = frame.subspan(kTcp);
  const std::uint32_t pseudo =
      sum16(frame.subspan(kIp + 12, 8)) + 6 + static_cast<std::uint32_t>(segment.size());
  return is_ones(sum16(frame.subspan(kIp, 20))) && is_ones(sum16(segment, pseudo));
}

Packet decoded(Bytes frame) {
  Packet packet;
  Fragment fragment;
  const auto bytes = static_cast<std::uint32_t>(frame.size());
  EXPECT_EQ(decode(frame, bytes, bytes, LinkType::ethernet, {}, packet, fragment), DecodeResult::ok);
  return packet;
}

TraceOptions small(Mix mix) {
  return {.mix = mix, .seed = 7, .connections = 3};
}

class EveryMix : public testing::TestWithParam<Mix> {};
INSTANTIATE_TEST_SUITE_P(Mixes, EveryMix, testing::Values(Mix::rpc, Mix::web, Mix::bulk));

TEST_P(EveryMix, StreamsAreWhole) {
  const Trace trace = make_trace(small(GetParam()));
  struct Side {
    bool open = false, closed = false;
    std::uint32_t next = 0;
  };
  std::map<std::pair<std::uint16_t, bool>, Side> sides;
  for (std::size_t i = 0; i < trace.frames.size(); ++i) {
    const Packet packet = decoded(trace.frame(i));
    const bool from_client = packet.key.port[packet.sender] != 80;
    ASSERT_EQ(from_client, trace.frames[i].from_client) << i;
    const std::uint16_t port = packet.key.port[from_client ? packet.sender : 1 - packet.sender];
    Side& side = sides[{port, from_client}];
    const bool syn = (packet.tcp_flags & 0x02) != 0, fin = (packet.tcp_flags & 0x01) != 0;
    ASSERT_EQ(syn, !side.open) << i;
    if (!syn) {
      ASSERT_EQ(packet.seq, side.next) << i;
    }
    if ((packet.tcp_flags & 0x10) != 0) {
      ASSERT_EQ(packet.ack, (sides[{port, !from_client}].next)) << i;
    }
    side.open = true;
    side.next = packet.seq + packet.payload_bytes + (syn || fin ? 1 : 0);
    side.closed = side.closed || fin;
  }
  EXPECT_EQ(sides.size(), 2 * trace.connections);
  for (const auto& [key, side] : sides) EXPECT_TRUE(side.closed) << key.first;
}

TEST_P(EveryMix, ChecksumsHoldInEveryLap) {
  Trace trace = make_trace(small(GetParam()));
  const std::uint16_t laps[] = {0, 1, 2, 0xff, 0x100, 0xfffe, 0xffff, 0};
  for (std::size_t i = 0; i < trace.frames.size(); ++i) {
    std::uint8_t* frame = trace.bytes.data() + trace.frames[i].offset;
    ASSERT_TRUE(checksums_hold(trace.frame(i))) << i;
    for (std::size_t lap = 1; lap < std::size(laps); ++lap) {
      retarget(frame, trace.frames[i].from_client, laps[lap - 1], laps[lap]);
      ASSERT_TRUE(checksums_hold(trace.frame(i))) << i << " in lap " << laps[lap];
    }
  }
}

TEST_P(EveryMix, OneSeedOneTrace) {
  const Trace one = make_trace(small(GetParam())), again = make_trace(small(GetParam()));
  EXPECT_EQ(one.bytes, again.bytes);
  TraceOptions other = small(GetParam());
  other.seed = 8;
  EXPECT_NE(one.bytes, make_trace(other).bytes);
}

TEST(Trace, LapsAreOtherConnections) {
  Trace trace = make_trace(small(Mix::rpc));
  const FlowKey before = decoded(trace.frame(0)).key;
  retarget(trace.bytes.data(), trace.frames[0].from_client, 0, 1);
  EXPECT_FALSE(before == decoded(trace.frame(0)).key);
}

struct Size {
  Mix mix;
  std::uint64_t client_bytes, server_bytes;  // of one call
};

TEST(Trace, CallsHaveTheirSizes) {
  for (const Size& want : {Size{Mix::rpc, 300, 400}, Size{Mix::web, 0, 6'300}}) {
    const Trace trace = make_trace(small(want.mix));
    std::uint64_t client = 0, server = 0;
    for (std::size_t i = 0; i < trace.frames.size(); ++i)
      (trace.frames[i].from_client ? client : server) += decoded(trace.frame(i)).payload_bytes;
    if (want.client_bytes != 0) {
      EXPECT_EQ(client, want.client_bytes * trace.calls);
    }
    EXPECT_EQ(server, want.server_bytes * trace.calls);
  }
}

}  // namespace
}  // namespace spanlight::bench
