#include "port/ethdev_port.h"

#include <gtest/gtest.h>
#include <rte_ring.h>

#include "port/capture_writer.h"
#include "port/eal_for_tests.h"
#include "port/interfaces.h"
#include "port/open_port.h"

namespace spanlight {
namespace {

using test::has;
using test::receive_all;
using test::Received;

std::variant<std::unique_ptr<Port>, std::string> open_source(const std::string& source, unsigned workers,
                                                             const std::string& bpf = "") {
  Settings settings = test::eal_settings();
  settings.bpf = bpf;
  PortSettings port;
  port.source = source;
  return open_port(port, settings, 5, workers);
}

std::unique_ptr<Port> source_ok(const std::string& source, unsigned workers, const std::string& bpf = "") {
  auto opened = open_source(source, workers, bpf);
  if (const std::string* fault = std::get_if<std::string>(&opened)) {
    ADD_FAILURE() << *fault;
    return nullptr;
  }
  return std::move(std::get<std::unique_ptr<Port>>(opened));
}

std::string fault_of(const std::string& source) {
  auto opened = open_source(source, 1);
  const std::string* fault = std::get_if<std::string>(&opened);
  return fault == nullptr ? "opened" : *fault;
}

TEST(Reta, equals_the_software_table) {
  for (unsigned queues = 1; queues <= 64; ++queues) {
    for (unsigned size = 1; size <= 512; size *= 2) {
      bool equal = true;
      for (unsigned hash = 0; hash < 4'096; ++hash)
        equal &= hash % size % 128 % queues == hash % 128 % queues;
      if (reta_equals_software(size, queues)) {
        EXPECT_TRUE(equal) << size << " entries, " << queues << " queues";
      }
    }
  }
  EXPECT_TRUE(reta_equals_software(512, 7));
  EXPECT_TRUE(reta_equals_software(64, 4));
  EXPECT_FALSE(reta_equals_software(64, 3));
  EXPECT_FALSE(reta_equals_software(0, 1));
}

TEST(Ethdev, one_queue_gives_frames_with_the_workers_clock) {
  const auto port = source_ok("net_null0,size=100", 1);
  ASSERT_NE(port, nullptr);
  EXPECT_EQ(port->queue_count(), 1);
  rte_mbuf* burst[kBurstMax];
  const std::uint16_t n = port->queue(0).receive(burst, 32, 777);
  ASSERT_EQ(n, 32);
  for (std::uint16_t i = 0; i < n; ++i) {
    EXPECT_EQ(frame_info(burst[i]).time, 777u);
    EXPECT_EQ(frame_info(burst[i]).wire_bytes, 100u);
    EXPECT_EQ(frame_info(burst[i]).port, 5u);
    rte_pktmbuf_free(burst[i]);
  }
  EXPECT_EQ(port->counters().received, 32u);
  EXPECT_EQ(port->counters().delivered, 32u);
  EXPECT_EQ(port->why(), "");
}

// net_null accepts a key and a table (and answers both), as a NIC does.
TEST(Ethdev, rss_is_programmed_over_all_queues) {
  const auto port = source_ok("net_null1", 4);
  ASSERT_NE(port, nullptr);
  EXPECT_EQ(port->queue_count(), 4);
  EXPECT_TRUE(port->shards());
  std::uint16_t device = 0;
  ASSERT_EQ(rte_eth_dev_get_port_by_name("net_null1", &device), 0);
  rte_eth_rss_reta_entry64 table[2] = {};
  table[0].mask = table[1].mask = ~std::uint64_t{0};
  ASSERT_EQ(rte_eth_dev_rss_reta_query(device, table, 128), 0);
  for (unsigned i = 0; i < 128; ++i) EXPECT_EQ(table[i / 64].reta[i % 64], i % 4) << i;
}

TEST(Ethdev, filter_counts_what_it_rejects) {
  const auto port = source_ok("net_null2", 1, "arp");  // frames of zeros are no ARP
  ASSERT_NE(port, nullptr);
  rte_mbuf* burst[kBurstMax];
  EXPECT_EQ(port->queue(0).receive(burst, 32, 1), 0);
  EXPECT_EQ(port->counters().filtered, 32u);
  EXPECT_EQ(port->counters().delivered, 0u);
}

TEST(Ethdev, capture_through_net_pcap) {
  std::vector<std::uint8_t> bytes(1'000, 0xab);
  const test::TemporaryFile file(test::pcap_bytes({{1, 0, bytes}, {2, 0, bytes}}));
  const auto port = source_ok("net_pcap0,rx_pcap=" + file.path(), 2);
  ASSERT_NE(port, nullptr);
  EXPECT_EQ(port->queue_count(), 1);  // fewer queues than workers: the worker that receives shards
  EXPECT_FALSE(port->shards());
  const std::vector<Received> frames = receive_all(port->queue(0));
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[1].bytes, bytes);
}

// The ring driver makes 16 queues, each a ring that this test fills.
TEST(Ethdev, more_queues_than_workers_are_all_read) {
  const auto port = source_ok("net_ring0", 3);
  ASSERT_NE(port, nullptr);
  EXPECT_EQ(port->queue_count(), 3);
  EXPECT_FALSE(port->shards());
  rte_mempool* pool = create_pool({4'095, kDataRoomBytes}, 9, SOCKET_ID_ANY);
  ASSERT_NE(pool, nullptr);
  for (unsigned i = 0; i < 16; ++i) {
    rte_ring* ring = rte_ring_lookup(("ETH_RXTX" + std::to_string(i) + "_net_ring0").c_str());
    ASSERT_NE(ring, nullptr) << i;
    rte_mbuf* mbuf = rte_pktmbuf_alloc(pool);
    ASSERT_NE(rte_pktmbuf_append(mbuf, 60), nullptr);
    ASSERT_EQ(rte_ring_enqueue(ring, mbuf), 0);
  }
  EXPECT_EQ(receive_all(port->queue(0), 1, 3).size(), 6u);  // 0, 3, 6, 9, 12, 15
  EXPECT_EQ(receive_all(port->queue(1), 1, 3).size(), 5u);
  EXPECT_EQ(receive_all(port->queue(2), 1, 3).size(), 5u);
  release_pool(pool);
}

TEST(Ethdev, faults) {
  EXPECT_TRUE(has(fault_of("0000:7f:1f.7"), "there is no PCI device 0000:7f:1f.7"));
  EXPECT_TRUE(has(fault_of("net_nosuch0"), "the DPDK device net_nosuch0 cannot be made"));
  EXPECT_TRUE(has(fault_of("net_af_packet0"), "net_af_packet0 needs an interface"));
  EXPECT_TRUE(has(fault_of("net_af_packet0,iface=nosuch9"), "there is no interface nosuch9; there are: "));
  EXPECT_TRUE(has(fault_of("nosuch9"), "there is no interface nosuch9; there are: "));
  EXPECT_TRUE(has(fault_of("net_pcap1,rx_pcap=/nonexistent"), "the DPDK device net_pcap1"));
  const auto port = source_ok("net_null7", 1);
  EXPECT_TRUE(has(fault_of("net_null7"), "net_null7 is named twice"));
}

TEST(Ethdev, a_port_can_be_opened_again) {
  for (int i = 0; i < 3; ++i) EXPECT_NE(source_ok("net_null3", 2), nullptr) << i;
}

}  // namespace
}  // namespace spanlight
