// What a frame costs until it lies in an mbuf: read from a capture file, and from a kernel interface through
// net_af_packet and through libpcap (as root, over a veth pair in a namespace of its own; otherwise left
// out).

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <benchmark/benchmark.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_packet.h>

#include "port/capture_writer.h"
#include "port/eal.h"
#include "port/open_port.h"

namespace spanlight {
namespace {

constexpr unsigned kFileFrames = 200'000;
constexpr unsigned kLiveFrames = 1'500;  // fit the ring
constexpr int kLiveIterations = 100;     // each waits 20 ms for the kernel: left to itself this takes minutes

Settings settings() {
  Settings s;
  s.hugepages = Hugepages::never;
  s.memory_mb = 512;
  return s;
}

double cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

unsigned drain(RxQueue& queue, unsigned empty_max) {
  rte_mbuf* burst[kBurstMax];
  unsigned all = 0;
  for (unsigned empty = 0; empty < empty_max && queue.state() == QueueState::live;) {
    const std::uint16_t n = queue.receive(burst, kBurstMax, 1);
    empty = n == 0 ? empty + 1 : 0;
    all += n;
    rte_pktmbuf_free_bulk(burst, n);
  }
  return all;
}

void capture_file(benchmark::State& state) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(state.range(0)), 0x55);
  const test::TemporaryFile file(test::pcap_bytes(std::vector<test::Frame>(kFileFrames, {1, 1, bytes})));
  std::int64_t frames = 0;
  for (auto _ : state) {
    state.PauseTiming();
    OpenPort opened = open_capture_files({file.path()}, settings(), 0, 1);
    auto& port = std::get<std::unique_ptr<Port>>(opened);
    state.ResumeTiming();
    frames += drain(port->queue(0), 1);
    state.PauseTiming();
    port.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(frames);
}
BENCHMARK(capture_file)->Arg(64)->Arg(500)->Arg(1'500)->Unit(benchmark::kMillisecond);

void live(benchmark::State& state, const char* source) {
  PortSettings port_settings;
  port_settings.source = source;
  OpenPort opened = open_port(port_settings, settings(), 0, 1);
  if (const std::string* fault = std::get_if<std::string>(&opened))
    return state.SkipWithError(fault->c_str());
  auto& port = std::get<std::unique_ptr<Port>>(opened);
  const int sender = socket(AF_PACKET, SOCK_RAW, 0);
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(if_nametoindex("sends0"));
  if (bind(sender, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0)
    return state.SkipWithError("no sender");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(state.range(0)), 0x02);
  std::int64_t frames = 0;
  for (auto _ : state) {
    for (unsigned i = 0; i < kLiveFrames; ++i)
      benchmark::DoNotOptimize(send(sender, bytes.data(), bytes.size(), 0));
    usleep(20'000);
    const double start = cpu_ns();
    frames += drain(port->queue(0), 2);
    state.SetIterationTime((cpu_ns() - start) / 1e9);
  }
  state.SetItemsProcessed(frames);
  close(sender);
}

}  // namespace
}  // namespace spanlight

int main(int argc, char** argv) {
  const spanlight::Settings settings = spanlight::settings();
  const auto started = spanlight::start_eal(settings, spanlight::worker_cpus(settings));
  if (const std::string* fault = std::get_if<std::string>(&started)) {
    std::fprintf(stderr, "%s\n", fault->c_str());
    return 1;
  }
  const bool veth = geteuid() == 0 && unshare(CLONE_NEWNET) == 0 &&
                    std::system(
                        "ip link add seen0 type veth peer name sends0 && ip link set seen0 arp off up && "
                        "ip link set sends0 arp off up") == 0;
  if (veth) {
    benchmark::RegisterBenchmark("net_af_packet", spanlight::live, "net_af_packet0,iface=seen0")
        ->Arg(64)
        ->Arg(1'500)
        ->Iterations(spanlight::kLiveIterations)
        ->UseManualTime();
    benchmark::RegisterBenchmark("libpcap interface", spanlight::live, "seen0")
        ->Arg(64)
        ->Arg(1'500)
        ->Iterations(spanlight::kLiveIterations)
        ->UseManualTime();
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  spanlight::stop_eal();
  return 0;
}
