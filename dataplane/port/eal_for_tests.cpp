#include "port/eal_for_tests.h"

#include <cstdio>

#include <gtest/gtest.h>

#include "port/eal.h"

namespace spanlight::test {

const Settings& eal_settings() {
  static const Settings settings = [] {
    Settings s;
    s.hugepages = Hugepages::never;
    s.memory_mb = 512;
    s.run_as.clear();
    return s;
  }();
  return settings;
}

std::vector<std::uint8_t> bytes_of(const rte_mbuf* mbuf) {
  std::vector<std::uint8_t> bytes;
  for (const rte_mbuf* segment = mbuf; segment != nullptr; segment = segment->next) {
    const auto* data = rte_pktmbuf_mtod(segment, const std::uint8_t*);
    bytes.insert(bytes.end(), data, data + segment->data_len);
  }
  return bytes;
}

std::vector<Received> receive_all(RxQueue& queue, TimeNs now, unsigned idle_turns) {
  std::vector<Received> all;
  rte_mbuf* burst[kBurstMax];
  for (unsigned idle = 0; idle < idle_turns && queue.state() == QueueState::live;) {
    const std::uint16_t n = queue.receive(burst, kBurstMax, now);
    idle = n == 0 ? idle + 1 : 0;
    for (std::uint16_t i = 0; i < n; ++i) {
      all.push_back({bytes_of(burst[i]), frame_info(burst[i]), burst[i]->nb_segs});
      EXPECT_EQ(all.back().bytes.size(), burst[i]->pkt_len);
      rte_pktmbuf_free(burst[i]);
    }
  }
  return all;
}

}  // namespace spanlight::test

// net_af_xdp forgets libxdp's description of its memory when it closes.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:xsk_umem__create\n";
}

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const spanlight::Settings& settings = spanlight::test::eal_settings();
  const auto started = spanlight::start_eal(settings, spanlight::worker_cpus(settings));
  if (const std::string* fault = std::get_if<std::string>(&started)) {
    std::fprintf(stderr, "%s\n", fault->c_str());
    return 1;
  }
  const int result = RUN_ALL_TESTS();
  spanlight::stop_eal();
  return result;
}
