// Nanoseconds per packet of decode, of the two hashes, and of the duplicate filter. One frame, hot in the
// cache: what the code costs, not what memory costs.

#include <benchmark/benchmark.h>

#include "decode/decode.h"
#include "decode/duplicates.h"
#include "decode/flow_key_hash.h"
#include "decode/toeplitz.h"
#include "support/packet_builder.h"

namespace spanlight {
namespace {

using test::Frame;
using test::PacketBuilder;

Frame tcp4() {
  return PacketBuilder().eth().ipv4("10.0.0.1", "10.0.0.2").tcp().payload(1'000).build();
}
Frame vlan_tcp6() {
  return PacketBuilder().eth().vlan(7).ipv6("fd00::1", "fd00::2").tcp().payload(1'000).build();
}
Frame vxlan_tcp4() {
  return PacketBuilder()
      .eth()
      .ipv4("10.0.0.1", "10.0.0.2")
      .vxlan(7)
      .eth()
      .ipv4("10.1.0.1", "10.1.0.2")
      .tcp()
      .payload(1'000)
      .build();
}

Packet decoded(const Frame& frame) {
  Packet packet;
  Fragment fragment;
  const auto bytes = static_cast<std::uint32_t>(frame.size());
  decode(frame, bytes, bytes, LinkType::ethernet, {}, packet, fragment);
  return packet;
}

void decode_frame(benchmark::State& state, const Frame& frame) {
  const DecodeOptions options;
  Packet packet;
  Fragment fragment;
  const auto bytes = static_cast<std::uint32_t>(frame.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(decode(frame, bytes, bytes, LinkType::ethernet, options, packet, fragment));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(decode_frame, tcp_ipv4, tcp4());
BENCHMARK_CAPTURE(decode_frame, tcp_ipv6_vlan, vlan_tcp6());
BENCHMARK_CAPTURE(decode_frame, tcp_ipv4_vxlan, vxlan_tcp4());

void hash_flow(benchmark::State& state) {
  FlowKey key = decoded(tcp4()).key;
  for (auto _ : state) {
    key.port[0] = static_cast<std::uint16_t>(key.port[0] + 1);
    benchmark::DoNotOptimize(flow_hash(key));
  }
}
BENCHMARK(hash_flow);

void hash_rss_symmetric(benchmark::State& state) {
  FlowKey key = decoded(vlan_tcp6()).key;
  for (auto _ : state) {
    key.port[0] = static_cast<std::uint16_t>(key.port[0] + 1);
    benchmark::DoNotOptimize(rss_hash(key));
  }
}
BENCHMARK(hash_rss_symmetric);

void hash_toeplitz_any_key(benchmark::State& state, const Frame& frame) {
  const Toeplitz toeplitz(kMicrosoftRssKey);
  FlowKey key = decoded(frame).key;
  for (auto _ : state) {
    key.port[0] = static_cast<std::uint16_t>(key.port[0] + 1);
    benchmark::DoNotOptimize(toeplitz.hash(key.ip[0], key.port[0], key.ip[1], key.port[1]));
  }
}
BENCHMARK_CAPTURE(hash_toeplitz_any_key, ipv4, tcp4());
BENCHMARK_CAPTURE(hash_toeplitz_any_key, ipv6, vlan_tcp6());

void duplicate_filter(benchmark::State& state) {
  DuplicateFilter filter;
  Packet packet = decoded(tcp4());
  const std::uint64_t hash = flow_hash(packet.key);
  TimeNs now = kSecondNs;
  for (auto _ : state) {
    packet.seq += 1'000;
    ++packet.ip_id;
    now += kMicrosecondNs;
    benchmark::DoNotOptimize(filter.seen(packet, hash, now));
  }
}
BENCHMARK(duplicate_filter);

}  // namespace
}  // namespace spanlight
