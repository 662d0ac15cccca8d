// The flow table and its timers with 1,000 flows (all in the cache) and with a million (each look-up goes to
// memory): look-up alone, look-up as the worker does it (hash, prefetch and look-up in three passes over a
// burst), a flow's insertion and erasure, and timers armed, moved and fired. What a connection's health takes
// of a packet.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "core/time_ns.h"
#include "decode/flow_key_hash.h"
#include "flow/flow_table.h"
#include "flow/health.h"
#include "flow/timer_wheel.h"

namespace spanlight {
namespace {

constexpr std::size_t kBurst = 64;

FlowKey key_of(std::uint32_t n) {
  FlowKey key;
  key.ip[0].bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 0};
  key.ip[1].bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 172, 16, 0, 1};
  for (unsigned i = 0; i < 3; ++i) key.ip[0].bytes[13 + i] = static_cast<std::uint8_t>(n >> (16 - 8 * i));
  key.port[0] = static_cast<std::uint16_t>(10'000 + n % 50'000);
  key.port[1] = 80;
  key.protocol = 6;
  return key;
}

// A table that holds `flows`, and the keys in a random order.
struct Filled {
  explicit Filled(std::uint32_t flows) : table(flows * 2) {
    for (std::uint32_t n = 0; n < flows; ++n) {
      keys.push_back(key_of(n));
      good = good && table.insert(keys.back(), flow_hash(keys.back())) != nullptr;
    }
    std::shuffle(keys.begin(), keys.end(), std::mt19937(1));
  }
  FlowTable table;
  std::vector<FlowKey> keys;
  bool good = true;
};

void find(benchmark::State& state) {
  Filled filled(static_cast<std::uint32_t>(state.range(0)));
  if (!filled.good) return state.SkipWithError("the table is full");
  std::size_t at = 0;
  for (auto _ : state) {
    const FlowKey& key = filled.keys[at];
    at = at + 1 == filled.keys.size() ? 0 : at + 1;
    benchmark::DoNotOptimize(filled.table.find(key, flow_hash(key))->last_seen += 1);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(find)->Arg(1'000)->Arg(1'000'000);

void find_in_bursts(benchmark::State& state) {
  Filled filled(static_cast<std::uint32_t>(state.range(0)));
  if (!filled.good) return state.SkipWithError("the table is full");
  std::array<std::uint64_t, kBurst> hashes{};
  std::size_t at = 0;
  for (auto _ : state) {
    if (at + kBurst > filled.keys.size()) at = 0;
    const FlowKey* keys = filled.keys.data() + at;
    at += kBurst;
    for (std::size_t i = 0; i < kBurst; ++i) filled.table.prefetch(hashes[i] = flow_hash(keys[i]));
    for (std::size_t i = 0; i < kBurst; ++i) filled.table.prefetch_flow(hashes[i]);
    for (std::size_t i = 0; i < kBurst; ++i)
      benchmark::DoNotOptimize(filled.table.find(keys[i], hashes[i])->last_seen += 1);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kBurst));
}
BENCHMARK(find_in_bursts)->Arg(1'000)->Arg(1'000'000);

void find_absent(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  Filled filled(flows);
  std::uint32_t n = flows;
  for (auto _ : state) {
    const FlowKey key = key_of(n++);
    benchmark::DoNotOptimize(filled.table.find(key, flow_hash(key)));
    if (n == 2 * flows) n = flows;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(find_absent)->Arg(1'000)->Arg(1'000'000);

// One flow ends and another begins, in a table that stays as full.
void erase_and_insert(benchmark::State& state) {
  Filled filled(static_cast<std::uint32_t>(state.range(0)));
  if (!filled.good) return state.SkipWithError("the table is full");
  std::size_t at = 0;
  std::uint32_t next = static_cast<std::uint32_t>(filled.keys.size());
  for (auto _ : state) {
    FlowKey& key = filled.keys[at];
    at = at + 1 == filled.keys.size() ? 0 : at + 1;
    filled.table.erase(*filled.table.find(key, flow_hash(key)), flow_hash(key));
    key = key_of(next);
    next = next + 1 == 1U << 24 ? 0 : next + 1;
    benchmark::DoNotOptimize(filled.table.insert(key, flow_hash(key)));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(erase_and_insert)->Arg(1'000)->Arg(1'000'000);

struct TimerIn {
  std::vector<Timer>* timers;
  Timer& operator()(std::uint32_t index) const { return (*timers)[index]; }
};

// Every armed timer is moved, one after another in a random order.
void timer_rearm(benchmark::State& state) {
  std::vector<Timer> timers(static_cast<std::size_t>(state.range(0)));
  TimerWheel<TimerIn> wheel(TimerIn{&timers});
  std::mt19937 random(1);
  wheel.advance(kSecondNs, 1, [](std::uint32_t) {});
  std::vector<std::uint32_t> order(timers.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), random);
  std::size_t at = 0;
  TimeNs deadline = 301 * kSecondNs;
  for (auto _ : state) {
    wheel.arm(order[at], deadline);
    deadline += kMicrosecondNs;
    at = at + 1 == order.size() ? 0 : at + 1;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(timer_rearm)->Arg(1'000)->Arg(1'000'000);

// Time goes on by 1 ms a turn; whatever fires is armed again for a time within the next 300 s. Per timer that
// fired.
void timer_fire(benchmark::State& state) {
  std::vector<Timer> timers(static_cast<std::size_t>(state.range(0)));
  TimerWheel<TimerIn> wheel(TimerIn{&timers});
  std::mt19937 random(1);
  TimeNs now = kSecondNs;
  wheel.advance(now, 1, [](std::uint32_t) {});
  const auto later = [&] { return now + (1 + random() % 300'000) * kMillisecondNs; };
  for (std::uint32_t i = 0; i < timers.size(); ++i) wheel.arm(i, later());
  std::int64_t fired = 0;
  for (auto _ : state) {
    now += kMillisecondNs;
    wheel.advance(now, ~std::size_t{0}, [&](std::uint32_t index) {
      ++fired;
      wheel.arm(index, later());
    });
  }
  state.SetItemsProcessed(fired);
}
BENCHMARK(timer_fire)->Arg(1'000)->Arg(1'000'000);

// A segment with payload and its acknowledgement in turn, on connections in random order, prefetched a burst
// ahead as the worker does. Per packet.
void health_of_a_packet(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  HealthArray all(flows);
  if (!all.ok() || !all.populate()) return state.SkipWithError("there is no memory");
  std::vector<std::uint32_t> order(flows);
  for (std::uint32_t i = 0; i < flows; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937(1));
  std::vector<std::uint32_t> sent(flows);
  Packet data, ack;
  data.tcp_flags = ack.tcp_flags = tcp_flag::ack;
  data.window = ack.window = 1'000;
  data.payload_wire_bytes = 1'448;
  ack.sender = 1;
  std::size_t at = 0;
  TimeNs now = kSecondNs;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBurst; ++i) all.prefetch(order[(at + i) % flows]);
    for (std::size_t i = 0; i < kBurst; ++i, at = (at + 1) % flows) {
      Health& health = all[order[at]];
      std::uint32_t& next = sent[order[at]];
      data.seq = next;
      ack.ack = next += 1'448;
      for (const Packet* packet : {&data, &ack}) {
        now += 10 * kMicrosecondNs;
        note_packet(health, *packet, now, kSecondNs, false);
        note_segment(health, *packet, now, kSecondNs);
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(2 * kBurst));
}
BENCHMARK(health_of_a_packet)->Arg(1'000)->Arg(1'000'000);

}  // namespace
}  // namespace spanlight

BENCHMARK_MAIN();
