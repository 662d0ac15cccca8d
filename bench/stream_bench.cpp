// TCP reassembly: cost of one segment of 1448 bytes, in order, and with a tenth of the segments swapped.

#include <benchmark/benchmark.h>

#include <array>
#include <utility>
#include <vector>

#include "stream/reassembler.h"

namespace {

using namespace spanlight;

constexpr std::uint32_t kSegmentBytes = 1'448;
constexpr std::size_t kBurst = 4'096;

struct CountSink final : StreamSink {
  std::uint64_t bytes = 0, gaps = 0;
  void on_chunk(unsigned, const Chunk& chunk) override { bytes += chunk.bytes.size(); }
  void on_gap(unsigned, const Gap& gap) override { gaps += gap.missing; }
  void on_end(unsigned, End, TimeNs) override {}
};

// Side 0 sends data, side 1 acknowledges every `ack_every` segments.
void replay(benchmark::State& state, unsigned swap_every, unsigned ack_every) {
  static const std::array<std::uint8_t, kSegmentBytes> kPayload{};
  ReassemblyLimits limits;
  ReassemblyCounters counters;
  SlabPool slabs(16u << 20);
  Reassembler reassembler(limits, slabs, counters);
  CountSink sink;
  Conversation c;
  std::vector<std::pair<unsigned, Segment>> segments;
  std::uint32_t seq = 1;
  for (std::size_t i = 0; i < kBurst; ++i) {
    segments.push_back({0, {kPayload, kSegmentBytes, seq, 1, tcp_flag::ack, kSecondNs}});
    seq += kSegmentBytes;
    if (swap_every != 0 && i % swap_every == 1) std::swap(segments.back(), segments[segments.size() - 2]);
    if (ack_every != 0 && i % ack_every == ack_every - 1)
      segments.push_back({1, {{}, 0, 1, seq, tcp_flag::ack, kSecondNs}});
  }
  reassembler.on_segment(c, 0, {{}, 0, 0, 0, tcp_flag::syn, kSecondNs}, sink);
  reassembler.on_segment(c, 1, {{}, 0, 0, 1, tcp_flag::syn | tcp_flag::ack, kSecondNs}, sink);
  for (auto _ : state) {
    for (auto& [side, segment] : segments) {
      reassembler.on_segment(c, side, segment, sink);
      (side == 0 ? segment.seq : segment.ack) += kBurst * kSegmentBytes;
    }
  }
  reassembler.close(c, End::idle, kSecondNs, sink);
  if (sink.gaps != 0) state.SkipWithError("a gap in a stream without loss");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * segments.size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(sink.bytes));
}

void in_order(benchmark::State& state) {
  replay(state, 0, 0);
}
void in_order_with_acks(benchmark::State& state) {
  replay(state, 0, 2);
}
void tenth_swapped(benchmark::State& state) {
  replay(state, 10, 0);
}

BENCHMARK(in_order);
BENCHMARK(in_order_with_acks);
BENCHMARK(tenth_swapped);

}  // namespace

BENCHMARK_MAIN();
