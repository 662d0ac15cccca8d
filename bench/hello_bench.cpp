// Hellos: a handshake of TLS 1.3 from its first byte to the record's transaction, a ClientHello of 3 KB over
// several segments, one of QUIC from its sealed datagrams; what one Initial packet costs to open, and what a
// datagram costs that is none.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/dissector.h"
#include "core/tls/wire_for_tests.h"
#include "quic/quic.h"
#include "quic/recognise.h"
#include "quic/wire_for_tests.h"
#include "tls/tls.h"

namespace {

using namespace spanlight;

struct CountSink final : Sink {
  std::uint64_t calls = 0;
  void emit(const Transaction& call) override {
    if (call.state == State::complete) ++calls;
  }
};

struct Said {
  Direction from;
  std::string bytes;
};

constexpr Direction kC = Direction::c2s, kS = Direction::s2c;

// Each round is a connection of its own: its dissector is made anew.
void handshake(benchmark::State& state, const Descriptor& protocol, Transport over,
               const std::vector<Said>& said) {
  SlabPool slabs(1u << 20);
  for (const std::size_t bytes : SlabPool::kClassBytes)
    if (bytes < SlabPool::kPageBytes) slabs.take(bytes);  // one connection's end does not empty a page
  const Limits limits;
  DissectorCounters counters;
  Workshop workshop{slabs, slabs, limits, counters};
  const std::unique_ptr<void, void (*)(void*)> slot(
      std::aligned_alloc(64, (protocol.slot_bytes + 63) / 64 * 64), std::free);
  CountSink sink;
  for (auto _ : state) {
    Dissector* dissector = protocol.create_over(over, slot.get(), workshop);
    for (const Said& s : said) dissector->on_data(s.from, {as_bytes(s.bytes), 0, kSecondNs, 0}, sink);
    dissector->on_close(End::fin, kSecondNs, sink);
  }
  if (sink.calls != static_cast<std::uint64_t>(state.iterations())) state.SkipWithError("calls were lost");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

std::vector<Said> over_tls(std::size_t share_bytes) {
  tls::testing::HelloParts parts;
  parts.share_bytes = share_bytes;
  const std::string asked = tls::testing::record(22, tls::testing::client_hello(parts));
  std::vector<Said> out;
  for (std::size_t at = 0; at < asked.size(); at += 1'448) out.push_back({kC, asked.substr(at, 1'448)});
  out.push_back({kS, tls::testing::record(22, tls::testing::server_hello_13()) + tls::testing::sealed(900)});
  out.push_back({kC, tls::testing::change_cipher() + tls::testing::sealed()});
  return out;
}

std::string quic_asked() {
  return quic::testing::initial(kC, {.frames = quic::testing::crypto(0, tls::testing::client_hello())});
}
std::vector<Said> over_quic() {
  const std::string answer = quic::testing::crypto(0, tls::testing::server_hello_13());
  return {{kC, quic_asked()},
          {kS, quic::testing::initial(kS, {.to = "", .from = "server", .frames = answer})}};
}

BENCHMARK_CAPTURE(handshake, tls, tls::kDescriptor, Transport::tcp, over_tls(32))->Name("hello/tls");
BENCHMARK_CAPTURE(handshake, tls_3k, tls::kDescriptor, Transport::tcp, over_tls(3'000))->Name("hello/tls_3k");
BENCHMARK_CAPTURE(handshake, quic, quic::kDescriptor, Transport::udp, over_quic())->Name("hello/quic");

void open_initial(benchmark::State& state) {
  const std::string packet = quic_asked();
  const quic::Head head = quic::parse_head(as_bytes(packet));
  std::array<std::uint8_t, quic::kInitialBytesMax> room;
  for (auto _ : state) {
    const quic::Keys keys = quic::make_keys(*head.known, head.to);
    benchmark::DoNotOptimize(quic::open_packet(keys.client, as_bytes(packet), head.number_at, room));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(packet.size()) *
                          static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(open_initial)->Name("quic_initial/keys_and_open");

void probe(benchmark::State& state, const std::string& datagram) {
  for (auto _ : state) benchmark::DoNotOptimize(quic::probe(as_bytes(datagram), {}));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK_CAPTURE(probe, initial, quic_asked())->Name("quic_probe/initial");
BENCHMARK_CAPTURE(probe, other, std::string(1'200, 'x'))->Name("quic_probe/other");

}  // namespace
