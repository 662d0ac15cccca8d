// DNS: a query and its answer from their first bytes to the record's transaction, as datagrams of one flow
// that does not rest. One address; a chain of three with a dozen; a failure.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "core/dissector.h"
#include "dns/dns.h"
#include "dns/wire_for_tests.h"

namespace {

using namespace spanlight;
using namespace spanlight::dns::wire;

struct CountSink final : Sink {
  std::uint64_t calls = 0;
  void emit(const Transaction& call) override {
    if (call.state == State::complete) ++calls;
  }
};

const std::string kName = "item-471.shop.svc.example";

std::string asked() {
  return header(7, 0x0100, 1, 0, 0, 1) + question(kName, 1) + opt();
}
std::string address(unsigned last) {
  return std::string("\x0a\x60\x01", 3) + static_cast<char>(last);
}
std::string one_address() {
  return header(7, 0x8180, 1, 1, 0, 1) + question(kName, 1) + record(pointer(kQuestionAt), 1, address(1)) +
         opt();
}
std::string chain() {
  std::string out = header(7, 0x8180, 1, 14, 0, 1) + question(kName, 1) +
                    record(pointer(kQuestionAt), 5, name("edge.cdn.example")) +
                    record(name("edge.cdn.example"), 5, name("pop.cdn.example"));
  for (unsigned i = 0; i < 12; ++i) out += record(name("pop.cdn.example"), 1, address(i));
  return out + opt();
}

// As on a sensor where other calls are open: one call's end does not empty a page.
void occupy(SlabPool& slabs) {
  for (const std::size_t bytes : SlabPool::kClassBytes)
    if (bytes < SlabPool::kPageBytes) slabs.take(bytes);
}

void pair(benchmark::State& state, std::string query, std::string answer) {
  SlabPool slabs(1u << 20);
  occupy(slabs);
  const Limits limits;
  DissectorCounters counters;
  Workshop workshop{slabs, slabs, limits, counters};
  const std::unique_ptr<void, void (*)(void*)> slot(
      std::aligned_alloc(64, (dns::kDescriptor.slot_bytes + 63) / 64 * 64), std::free);
  Dissector* dissector = dns::kDescriptor.create_over(Transport::udp, slot.get(), workshop);
  CountSink sink;
  std::uint16_t id = 0;
  for (auto _ : state) {
    ++id;  // else the same query again
    for (std::string* message : {&query, &answer}) {
      (*message)[0] = static_cast<char>(id >> 8);
      (*message)[1] = static_cast<char>(id & 255);
    }
    dissector->on_data(Direction::c2s, {as_bytes(query), 0, kSecondNs, 0}, sink);
    dissector->on_data(Direction::s2c, {as_bytes(answer), 0, kSecondNs, 0}, sink);
  }
  if (sink.calls != static_cast<std::uint64_t>(state.iterations())) state.SkipWithError("calls were lost");
  dissector->on_close(End::fin, kSecondNs, sink);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK_CAPTURE(pair, address, asked(), one_address())->Name("dns_pair/address");
BENCHMARK_CAPTURE(pair, chain, asked(), chain())->Name("dns_pair/chain");
BENCHMARK_CAPTURE(pair, nxdomain, asked(), failure(7, kName, 3))->Name("dns_pair/nxdomain");

void probe(benchmark::State& state) {
  const std::string query = asked();
  for (auto _ : state) benchmark::DoNotOptimize(dns::kDescriptor.datagram_probe(as_bytes(query), {}));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(probe)->Name("dns_probe");

}  // namespace
