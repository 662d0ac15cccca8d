// Kernel interfaces, on a veth pair in a network namespace of the test's own. Only as root; skipped
// otherwise.

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>

#include <linux/if_packet.h>

#include "port/capture_writer.h"
#include "port/eal_for_tests.h"
#include "port/open_port.h"

namespace spanlight {
namespace {

using test::Received;

bool run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

TimeNs clock_now() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return static_cast<TimeNs>(t.tv_sec) * kSecondNs + static_cast<TimeNs>(t.tv_nsec);
}

class LivePort : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root for a network namespace";
    outside_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "no network namespace is to be had here";
    // No IPv6, no ARP: nothing but what the test sends.
    const bool made = run("ip link add seen0 mtu 1500 type veth peer name sends0 mtu 1500") &&
                      run("ip link set seen0 arp off addrgenmode none up") &&
                      run("ip link set sends0 arp off addrgenmode none up");
    if (!made) GTEST_SKIP() << "no veth pair is to be had here";
    sender_ = socket(AF_PACKET, SOCK_RAW, 0);
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex("sends0"));
    ASSERT_EQ(bind(sender_, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
  }

  void TearDown() override {
    if (sender_ >= 0) close(sender_);
    if (outside_ >= 0) {
      setns(outside_, CLONE_NEWNET);
      close(outside_);
    }
  }

  static std::vector<std::uint8_t> frame(std::size_t n, std::uint8_t seed) {
    std::vector<std::uint8_t> bytes(n);
    std::iota(bytes.begin(), bytes.end(), seed);
    bytes[0] = 0x02;                     // unicast, not for this host: only promiscuous ports see it
    bytes[12] = 0x88, bytes[13] = 0xb5;  // experimental EtherType
    return bytes;
  }

  void send_frame(const std::vector<std::uint8_t>& bytes) const {
    ASSERT_EQ(::send(sender_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }

  static std::unique_ptr<Port> open_ok(const std::string& source,
                                       const std::string& bpf = "ether proto 0x88b5") {
    Settings settings = test::eal_settings();
    settings.bpf = bpf;
    PortSettings port;
    port.source = source;
    OpenPort opened = open_port(port, settings, 1, 1);
    if (const std::string* fault = std::get_if<std::string>(&opened)) {
      ADD_FAILURE() << source << ": " << *fault;
      return nullptr;
    }
    return std::move(std::get<std::unique_ptr<Port>>(opened));
  }

  static std::vector<Received> receive(Port& port, std::size_t count, int patience_ms = 2'000) {
    std::vector<Received> all;
    for (int turn = 0; turn < patience_ms && all.size() < count; ++turn) {
      for (Received& one : test::receive_all(port.queue(0), clock_now(), 1)) all.push_back(std::move(one));
      if (all.size() < count) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return all;
  }

  void round_trip(Port& port, const std::vector<std::size_t>& sizes) {
    const TimeNs before = clock_now();
    std::vector<std::vector<std::uint8_t>> sent;
    sent.reserve(sizes.size());
    for (const std::size_t size : sizes) sent.push_back(frame(size, static_cast<std::uint8_t>(sent.size())));
    for (const auto& bytes : sent) send_frame(bytes);
    const std::vector<Received> frames = receive(port, sent.size());
    ASSERT_EQ(frames.size(), sent.size()) << port.name();
    for (std::size_t i = 0; i < sent.size(); ++i) {
      EXPECT_EQ(frames[i].bytes, sent[i]) << port.name();
      EXPECT_EQ(frames[i].info.wire_bytes, sent[i].size());
      EXPECT_EQ(frames[i].info.port, 1);
      EXPECT_GE(frames[i].info.time, before - kSecondNs);
      EXPECT_LE(frames[i].info.time, clock_now());
    }
    EXPECT_EQ(port.counters().delivered, sent.size());
    EXPECT_EQ(port.counters().kernel_dropped, 0u);
    EXPECT_EQ(port.why(), "");
    EXPECT_EQ(port.warning(), "");
  }

  // Down is said and survived; gone is the end.
  void lose(Port& port) {
    ASSERT_TRUE(run("ip link set sends0 down"));
    receive(port, 1, 20);
    EXPECT_NE(port.warning(), "");
    EXPECT_EQ(port.queue(0).state(), QueueState::live) << port.why();
    ASSERT_TRUE(run("ip link set sends0 up"));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    send_frame(frame(80, 9));
    EXPECT_EQ(receive(port, 1).size(), 1u) << port.why();
    EXPECT_EQ(port.warning(), "");
    ASSERT_TRUE(run("ip link set seen0 down"));
    receive(port, 1, 20);
    EXPECT_EQ(port.queue(0).state(), QueueState::live) << port.why();
    ASSERT_TRUE(run("ip link del seen0"));
    receive(port, 1, 100);
    port.counters();
    EXPECT_EQ(port.queue(0).state(), QueueState::failed);
    EXPECT_NE(port.why().find("seen0"), std::string::npos) << port.why();
    rte_mbuf* burst[kBurstMax];
    EXPECT_EQ(port.queue(0).receive(burst, kBurstMax, 1), 0);
  }

  int outside_ = -1;
  int sender_ = -1;
};

TEST_F(LivePort, kernel_interface_takes_any_frame_size) {
  ASSERT_TRUE(run("ip link set seen0 mtu 65535") && run("ip link set sends0 mtu 65535"));
  const auto port = open_ok("seen0");
  ASSERT_NE(port, nullptr);
  round_trip(*port, {60, 1'514, 9'018, 65'000});
  EXPECT_EQ(port->counters().received_bytes, 60u + 1'514u + 9'018u + 65'000u);
}

TEST_F(LivePort, kernel_interface_down_and_gone) {
  const auto port = open_ok("pcap:seen0");
  ASSERT_NE(port, nullptr);
  lose(*port);
}

TEST_F(LivePort, kernel_interface_counts_what_the_mempool_lost) {
  ASSERT_TRUE(run("ip link set seen0 mtu 65535") && run("ip link set sends0 mtu 65535"));
  const auto port = open_ok("seen0");
  ASSERT_NE(port, nullptr);
  std::vector<rte_mbuf*> held;
  std::uint64_t sent = 0;
  rte_mbuf* burst[kBurstMax];
  while (port->counters().no_mbuf == 0 && sent < 20'000) {
    for (int i = 0; i < 32; ++i, ++sent) send_frame(frame(60'000, 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    for (std::uint16_t n = 0; (n = port->queue(0).receive(burst, kBurstMax, 1)) != 0;) {
      held.insert(held.end(), burst, burst + n);
    }
  }
  const auto settled = [&] {
    const PortCounters c = port->counters();
    return c.delivered + c.no_mbuf + c.kernel_dropped == sent;
  };
  for (int turn = 0; turn < 500 && !settled(); ++turn) {
    const std::uint16_t n = port->queue(0).receive(burst, kBurstMax, 1);
    held.insert(held.end(), burst, burst + n);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const PortCounters counters = port->counters();
  EXPECT_GT(counters.no_mbuf, 0u);
  EXPECT_EQ(counters.delivered, held.size());
  EXPECT_EQ(counters.received, sent);
  EXPECT_EQ(counters.delivered + counters.no_mbuf + counters.kernel_dropped, sent);
  for (rte_mbuf* mbuf : held) rte_pktmbuf_free(mbuf);
}

TEST_F(LivePort, kernel_interface_that_is_down) {
  ASSERT_TRUE(run("ip link set seen0 down"));
  PortSettings port;
  port.source = "seen0";
  const OpenPort opened = open_port(port, test::eal_settings(), 1, 1);
  const std::string* fault = std::get_if<std::string>(&opened);
  ASSERT_NE(fault, nullptr);
  EXPECT_EQ(*fault, "interface seen0 is down: ip link set seen0 up");
}

TEST_F(LivePort, af_packet_takes_jumbo_frames) {
  ASSERT_TRUE(run("ip link set seen0 mtu 9200") && run("ip link set sends0 mtu 9200"));
  const auto port = open_ok("net_af_packet8,iface=seen0");
  ASSERT_NE(port, nullptr);
  round_trip(*port, {60, 1'514, 1'983, 9'018});
}

TEST_F(LivePort, af_packet_down_and_gone) {
  const auto port = open_ok("net_af_packet9,iface=seen0");
  ASSERT_NE(port, nullptr);
  lose(*port);
}

TEST_F(LivePort, af_xdp) {
  ASSERT_TRUE(run("ip link set seen0 mtu 3300") && run("ip link set sends0 mtu 3300"));
  const auto port = open_ok("net_af_xdp0,iface=seen0,force_copy=1");
  ASSERT_NE(port, nullptr);
  round_trip(*port, {60, 1'514, 3'314});
}

}  // namespace
}  // namespace spanlight
