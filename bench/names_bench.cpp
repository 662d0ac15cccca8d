// Looking addresses up in the map of names: two look-ups for each record, so tens of nanoseconds matter.
//   named      5,000 pods, in random order           reused   each address was 12 pods; the call is of any of
//   them node_port  a node's address, a pod's port on it  unknown  an address that nobody has, with a static
//   map of 50 networks

#include <benchmark/benchmark.h>

#include <random>

#include "kubernetes/cluster.h"
#include "names/timeline.h"

namespace spanlight {
namespace {

constexpr std::uint64_t kS = 1'000'000'000;
constexpr unsigned kPods = 5'000, kNodes = 100;

Address pod_address(unsigned i) {
  return {0, 0xffff0a000000U + i};
}
Address node_address(unsigned i) {
  return {0, 0xffffc0a80000U + i};
}

struct World {
  Cluster cluster;
  NamesBoard board;
  Timeline timeline{cluster, board};
  std::uint64_t begin = wall_clock_ns() / kS * kS - 3'600 * kS;

  explicit World(unsigned lives) {
    std::vector<std::string> faults;
    std::string yaml;
    for (unsigned i = 0; i < 50; ++i)
      yaml +=
          "- {address: 172." + std::to_string(16 + i % 8) + "." + std::to_string(i) + ".0/24, name: net}\n";
    board.set_static_map(StaticMap::parse(yaml, "map", faults));
    cluster.observe(timeline);
    for (unsigned n = 0; n < kNodes; ++n) {
      Node node;
      node.meta.uid = {1, n + 1};
      node.meta.name = "node-" + std::to_string(n);
      node.meta.created_ns = begin;
      node.addresses = {node_address(n)};
      cluster.upsert(std::move(node), {begin, begin});
    }
    for (unsigned life = 0; life < lives; ++life)
      for (unsigned i = 0; i < kPods; ++i) add(life, i, life + 1 < lives);
    cluster.batch_end();
  }

  void add(unsigned life, unsigned i, bool over) {
    Pod pod;
    pod.meta.uid = {2 + life, i + 1};
    pod.meta.name = "pod-" + std::to_string(i);
    pod.meta.name_space = "ns";
    pod.addresses = {pod_address(i)};
    pod.host_addresses = {node_address(i % kNodes)};
    pod.first_container_ns = begin + life * 60 * kS;
    pod.ports = {{8080, static_cast<std::uint16_t>(20'000 + i / kNodes)}};
    const std::uint64_t seen = pod.first_container_ns, end = seen + 50 * kS;
    const Uid uid = pod.meta.uid;
    cluster.upsert(std::move(pod), {seen, seen});
    if (over) cluster.remove(Kind::pod, uid, Object{}, {end, end});
  }
};

void look_up(benchmark::State& state, World& world, const std::vector<Address>& addresses, std::uint16_t port,
             std::uint64_t spread_s) {
  std::shared_ptr<const Names> names;
  std::uint64_t generation = 0, i = 0, found = 0;
  for (auto _ : state) {
    if (i % 64 == 0) world.board.refresh(names, generation);  // as for each batch of records
    const std::uint64_t time = world.begin + 5 * kS + (spread_s == 0 ? 0 : (i * 7 % spread_s) * kS);
    found += names->find(addresses[i++ % addresses.size()], port, time) != nullptr;
  }
  state.counters["found"] = static_cast<double>(found) / static_cast<double>(i);
}

std::vector<Address> shuffled(Address (*make)(unsigned), unsigned count) {
  std::vector<Address> addresses;
  std::minstd_rand random(1);
  for (unsigned i = 0; i < 65'536; ++i) addresses.push_back(make(static_cast<unsigned>(random() % count)));
  return addresses;
}

void named(benchmark::State& state) {
  World world(1);
  look_up(state, world, shuffled(pod_address, kPods), 8'080, 0);
}
void reused(benchmark::State& state) {
  World world(12);
  look_up(state, world, shuffled(pod_address, kPods), 8'080, 660);
}
void node_port(benchmark::State& state) {
  World world(1);
  look_up(state, world, shuffled(node_address, kNodes), 20'007, 0);
}
void unknown(benchmark::State& state) {
  World world(1);
  look_up(state, world,
          shuffled(
              [](unsigned i) {
                return Address{0x20010db800000000U, i};
              },
              100'000),
          443, 0);
}

BENCHMARK(named);
BENCHMARK(reused);
BENCHMARK(node_port);
BENCHMARK(unknown);

}  // namespace
}  // namespace spanlight

BENCHMARK_MAIN();
