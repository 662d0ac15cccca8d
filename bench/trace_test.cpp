// The traces must be what the benchmarks take them for: every frame decodes, every checksum holds in every
// lap, every connection's sequence numbers run on without a hole in every lap, and the messages have the
// sizes that the mixes promise.

#include "trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "decode/decode.h"
#include "standing.h"

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
  const std::size_t ip_bytes = static_cast<std::size_t>(frame[kIp + 2]) << 8 | frame[kIp + 3];
  const Bytes segment = frame.subspan(kTcp, ip_bytes - (kTcp - kIp));  // short frames are padded behind it
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
INSTANTIATE_TEST_SUITE_P(Mixes, EveryMix,
                         testing::Values(Mix::rpc, Mix::web, Mix::bulk, Mix::pipelined, Mix::chunked));

void renew_all(Trace& trace, std::uint16_t from, std::uint16_t to) {
  const LapStep step = LapStep::between(from, to);
  for (const TraceFrame& frame : trace.frames)
    renew(trace.bytes.data() + frame.offset, frame.from_client, frame.has_ack, step);
}

void expect_whole_streams(const Trace& trace) {
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
    ASSERT_GE(port, kPortFirst) << i;
    ASSERT_LT(port, kPortFirst + kPorts) << i;
    Side& side = sides[{port, from_client}];
    const bool syn = (packet.tcp_flags & 0x02) != 0, fin = (packet.tcp_flags & 0x01) != 0;
    ASSERT_EQ(syn, !side.open) << i;
    if (!syn) {
      ASSERT_EQ(packet.seq, side.next) << i;
    }
    ASSERT_EQ((packet.tcp_flags & 0x10) != 0, trace.frames[i].has_ack) << i;
    ASSERT_EQ(packet.ack, trace.frames[i].has_ack ? (sides[{port, !from_client}].next) : 0) << i;
    side.open = true;
    side.next = packet.seq + packet.payload_bytes + (syn || fin ? 1 : 0);
    side.closed = side.closed || fin;
  }
  EXPECT_EQ(sides.size(), 2 * trace.connections);
  for (const auto& [key, side] : sides) EXPECT_TRUE(side.closed) << key.first;
}

TEST_P(EveryMix, StreamsAreWholeInEveryLap) {
  Trace trace = make_trace(small(GetParam()));
  expect_whole_streams(trace);
  // Sequence numbers and ports wrap on the way.
  for (std::uint16_t lap = 1; lap < 60 && !HasFatalFailure(); ++lap) {
    renew_all(trace, static_cast<std::uint16_t>(lap - 1), lap);
    if (lap % 10 != 0) continue;
    SCOPED_TRACE(lap);
    expect_whole_streams(trace);
  }
}

TEST_P(EveryMix, ChecksumsHoldInEveryLap) {
  Trace trace = make_trace(small(GetParam()));
  const std::uint16_t laps[] = {0, 1, 2, 0xff, 0x100, 0xfffe, 0xffff, 0};
  for (std::size_t lap = 0; lap < std::size(laps); ++lap) {
    if (lap > 0) renew_all(trace, laps[lap - 1], laps[lap]);
    for (std::size_t i = 0; i < trace.frames.size(); ++i)
      ASSERT_TRUE(checksums_hold(trace.frame(i))) << i << " in lap " << laps[lap];
  }
}

// Every renewal is one addition to a sum; what could go wrong depends on the values alone.
TEST(Trace, ChecksumsHoldWhateverTheNumbersAre) {
  const Trace origin = make_trace(small(Mix::rpc));
  std::mt19937_64 random(5);
  for (const bool zeros : {false, true}) {
    for (unsigned round = 0; round < 5'000; ++round) {
      Trace trace = origin;
      std::uint8_t* frame = trace.bytes.data() + trace.frames[0].offset;
      const auto draw = [&] { return zeros && random() % 2 == 0 ? 0 : static_cast<std::uint32_t>(random()); };
      set_numbers(frame, draw(), draw(), static_cast<std::uint8_t>(draw()));
      ASSERT_TRUE(checksums_hold(trace.frame(0)));
      renew(frame, true, true, LapStep::between(0, static_cast<std::uint16_t>(draw())));
      ASSERT_TRUE(checksums_hold(trace.frame(0)));
      move_ip_id(frame, static_cast<std::uint16_t>(draw()));
      turn_round(frame);
      ASSERT_TRUE(checksums_hold(trace.frame(0)));
    }
  }
}

bool same(const Trace& one, const Trace& other) {
  return one.bytes == other.bytes &&
         std::equal(one.frames.begin(), one.frames.end(), other.frames.begin(), other.frames.end(),
                    [](const TraceFrame& a, const TraceFrame& b) { return a.offset == b.offset; });
}

TEST_P(EveryMix, OneSeedOneTrace) {
  TraceOptions options = small(GetParam());
  options.loss_per_mille = 20;
  options.disorder_per_mille = 50;
  const Trace one = make_trace(options);
  EXPECT_TRUE(same(one, make_trace(options)));
  options.seed = 8;
  EXPECT_FALSE(same(one, make_trace(options)));
}

TEST(Trace, LapsAreOtherConnections) {
  Trace trace = make_trace(small(Mix::rpc));
  std::set<std::uint16_t> ports;
  std::set<std::uint32_t> numbers;
  for (std::uint16_t lap = 0; lap < 100; ++lap) {
    const Packet packet = decoded(trace.frame(0));
    ports.insert(packet.key.port[packet.sender]);
    numbers.insert(packet.seq);
    const FlowKey before = packet.key;
    renew_all(trace, lap, lap + 1);
    EXPECT_FALSE(before == decoded(trace.frame(0)).key);
  }
  EXPECT_EQ(ports.size(), 100);
  EXPECT_EQ(numbers.size(), 100);
}

std::map<std::size_t, unsigned> offsets_of(const Trace& trace) {
  std::map<std::size_t, unsigned> offsets;
  for (const TraceFrame& frame : trace.frames) ++offsets[frame.offset];
  return offsets;
}

TEST_P(EveryMix, LossTakesFramesAndNothingElse) {
  TraceOptions options = small(GetParam());
  const Trace whole = make_trace(options);
  options.loss_per_mille = 100;
  const Trace lossy = make_trace(options);
  EXPECT_EQ(lossy.bytes, whole.bytes);
  EXPECT_EQ(lossy.frames.size() + lossy.lost, whole.frames.size());
  EXPECT_GT(lossy.lost * 20, whole.frames.size());  // a twentieth at least, a fifth at most
  EXPECT_LT(lossy.lost * 5, whole.frames.size());
  const auto all = offsets_of(whole);
  for (const auto& [offset, times] : offsets_of(lossy)) {
    EXPECT_EQ(times, 1);
    EXPECT_TRUE(all.contains(offset));
  }
}

TEST_P(EveryMix, DisorderLosesNothing) {
  TraceOptions options = small(GetParam());
  const Trace whole = make_trace(options);
  options.disorder_per_mille = 100;
  const Trace mixed = make_trace(options);
  EXPECT_EQ(mixed.bytes, whole.bytes);
  EXPECT_EQ(offsets_of(mixed), offsets_of(whole));
  EXPECT_GT(mixed.disordered, 0);
  EXPECT_EQ(mixed.lost, 0);
}

TEST(Trace, ConnectionsAreLeftAsWanted) {
  TraceOptions options = small(Mix::rpc);
  options.calls = 2;
  const auto flags_of = [&options](Ending ending) {
    options.ending = ending;
    const Trace trace = make_trace(options);
    unsigned fins = 0, with_payload = 0;
    for (std::size_t i = 0; i < trace.frames.size(); ++i) {
      const Packet packet = decoded(trace.frame(i));
      fins += packet.tcp_flags & 0x01;
      with_payload += packet.payload_bytes > 0 ? 1 : 0;
    }
    return std::tuple(fins, with_payload, trace.calls);
  };
  EXPECT_EQ(flags_of(Ending::closed), std::tuple(6, 12, 6));
  EXPECT_EQ(flags_of(Ending::opened), std::tuple(0, 0, 0));
  EXPECT_EQ(flags_of(Ending::idle), std::tuple(0, 12, 6));
  EXPECT_EQ(flags_of(Ending::asked), std::tuple(0, 15, 6));
}

TEST(Trace, ConnectionsHaveEndsOfTheirOwn) {
  std::set<std::tuple<std::string, std::string, std::uint16_t>> all;
  for (const std::uint32_t index : {0u, 1u, 15u, 16u, 49'999u, 50'000u, 50'001u, 9'999'999u}) {
    const Ends ends = ends_of(3, index);
    all.insert({ends.client, ends.server, ends.port});
  }
  EXPECT_EQ(all.size(), 8);
  EXPECT_EQ(ends_of(3, 9'999'999).server, "172.16.199.16");
}

TEST(Trace, PipelinedRequestsAreOutstandingTogether) {
  const Trace trace = make_trace(small(Mix::pipelined));
  std::map<std::uint16_t, std::uint64_t> asked;  // request bytes since the last answer
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < trace.frames.size(); ++i) {
    const Packet packet = decoded(trace.frame(i));
    if (packet.payload_bytes == 0) continue;
    const bool from_client = trace.frames[i].from_client;
    const std::uint16_t port = packet.key.port[from_client ? packet.sender : 1 - packet.sender];
    std::uint64_t& bytes = asked[port];
    bytes = from_client ? bytes + packet.payload_bytes : 0;
    most = std::max(most, bytes);
  }
  EXPECT_EQ(most, 8 * 300);
}

TEST(Standing, EveryConnectionIsOpenedAndThenStays) {
  Trace trace = make_trace({.mix = Mix::headers, .seed = 7, .connections = 70, .frames = 300});
  ASSERT_EQ(trace.frames.size(), 300);
  ASSERT_TRUE(trace.standing);
  std::map<std::uint16_t, std::uint32_t> isn[2];  // by client's port: the client's, the server's
  for (unsigned lap = 0; lap < kOpeningLaps; ++lap) {
    for (std::size_t i = 0; i < trace.connections; ++i) {
      show_opening(trace.bytes.data() + trace.frames[i].offset, lap, i, trace.ip_id_step);
      ASSERT_TRUE(checksums_hold(trace.frame(i))) << lap;
      const Packet packet = decoded(trace.frame(i));
      const bool from_client = packet.key.port[packet.sender] != 80;
      const std::uint16_t port = packet.key.port[from_client ? packet.sender : 1 - packet.sender];
      const std::uint8_t flags[] = {0x02, 0x12, 0x10, 0x10};
      EXPECT_EQ(packet.tcp_flags, flags[lap]);
      EXPECT_EQ(from_client, lap == 0 || lap == 2 || (lap == 3 && i % 2 == 0));
      if (lap < 2) isn[lap][port] = packet.seq;
      if (lap == 1) {
        EXPECT_EQ(packet.ack, isn[0][port] + 1);
      }
      if (lap < 2) continue;
      EXPECT_EQ(packet.seq, isn[from_client ? 0 : 1][port] + 1);
      EXPECT_EQ(packet.ack, isn[from_client ? 1 : 0][port] + 1);
    }
  }
  EXPECT_EQ(isn[0].size(), 70);
  for (std::size_t i = 0; i < trace.frames.size(); ++i) {
    const Packet packet = decoded(trace.frame(i));
    const bool from_client = packet.key.port[packet.sender] != 80;
    const std::uint16_t port = packet.key.port[from_client ? packet.sender : 1 - packet.sender];
    EXPECT_TRUE(checksums_hold(trace.frame(i)));
    EXPECT_EQ(packet.seq, isn[from_client ? 0 : 1][port] + 1);
    EXPECT_EQ(packet.ack, isn[from_client ? 1 : 0][port] + 1);
    EXPECT_EQ(packet.payload_bytes, 0);
  }
}

// Two packets of one end that the duplicate filter would take for one must not come near each other.
TEST(Standing, NoTwoPacketsOfTwoLapsAreTheSame) {
  Trace trace = make_trace({.mix = Mix::headers, .seed = 7, .connections = 9, .frames = 400});
  for (unsigned lap = 0; lap < kOpeningLaps; ++lap)
    for (std::size_t i = 0; i < trace.connections; ++i)
      show_opening(trace.bytes.data() + trace.frames[i].offset, lap, i, trace.ip_id_step);
  std::set<std::vector<std::uint8_t>> seen;
  for (unsigned lap = 0; lap < 2; ++lap) {
    for (std::size_t i = 0; i < trace.frames.size(); ++i) {
      move_ip_id(trace.bytes.data() + trace.frames[i].offset, trace.ip_id_step);
      const Bytes frame = trace.frame(i);
      EXPECT_TRUE(seen.emplace(frame.begin(), frame.end()).second) << i << " in lap " << lap;
    }
  }
}

TEST(Standing, EndsAreThoseOfTheOtherMixes) {
  const Trace trace =
      make_trace({.mix = Mix::headers, .seed = 7, .connections = 100'003, .network = 2, .frames = 1});
  std::set<std::tuple<std::uint32_t, std::uint16_t>> got, want;
  for (std::size_t i = 0; i < trace.frames.size(); ++i) {
    const Bytes frame = trace.frame(i);
    ASSERT_EQ(frame[at::kSource + 1], 2);
    got.insert({std::uint32_t{frame[at::kDestination + 2]} << 8 | frame[at::kDestination + 3],
                static_cast<std::uint16_t>(frame[at::kSourcePort] << 8 | frame[at::kSourcePort + 1])});
  }
  for (std::uint32_t i = 0; i < 100'003; ++i) {
    const Ends ends = ends_of(2, i);
    unsigned high = 0, low = 0;
    ASSERT_EQ(std::sscanf(ends.server.c_str(), "172.16.%u.%u", &high, &low), 2);
    want.insert({high << 8 | low, ends.port});
  }
  EXPECT_EQ(got.size(), 100'003);
  EXPECT_TRUE(got == want);
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
