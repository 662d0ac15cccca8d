#include "port/ethdev_port.h"

#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cstring>

#include <linux/if_packet.h>
#include <rte_dev.h>
#include <rte_errno.h>

#include "port/eal_log.h"
#include "port/interfaces.h"
#include "port/source.h"
#include "settings/source.h"

namespace spanlight {
namespace {

constexpr std::uint64_t kRssTypes = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;
constexpr std::uint16_t kRetaEntriesMax = 4'096;
constexpr unsigned kRssKeyBytesMax = 128;
constexpr std::uint16_t kTxDescriptors = 256;

// 6d5a repeated: every 16-bit word of the input meets the same key, so that swapped addresses and ports hash
// alike (Woo and Park, "Scalable TCP Session Monitoring with Symmetric Receive-side Scaling", 2012).
std::array<std::uint8_t, kRssKeyBytesMax> symmetric_key() {
  std::array<std::uint8_t, kRssKeyBytesMax> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  return key;
}

std::string with_reason(const std::string& text, int error) {
  const std::string said = take_dpdk_error();
  return text + ": " + (said.empty() ? std::strerror(error < 0 ? -error : error) : said);
}

std::string driver_of_pci(const std::string& address) {
  const std::string device = "/sys/bus/pci/devices/" + address;
  if (access(device.c_str(), F_OK) != 0) return {};
  char target[256];
  const ssize_t n = readlink((device + "/driver").c_str(), target, sizeof(target));
  if (n <= 0) return "none";
  const std::string path(target, static_cast<std::size_t>(n));
  return path.substr(path.rfind('/') + 1);
}

std::string pci_fault(const std::string& address) {
  const std::string driver = driver_of_pci(address);
  if (driver.empty()) return "there is no PCI device " + address + ": lspci -D shows the addresses";
  const std::string said = take_dpdk_error();
  return "DPDK does not find PCI device " + address + ", whose kernel driver is " + driver +
         ": bind it (dpdk-devbind.py -b vfio-pci " + address + ") or name its kernel interface" +
         (said.empty() ? "" : " (" + said + ")");
}

// A kernel interface is promiscuous as long as this socket lives, even if the process is killed; the drivers'
// own way sets the interface's flag and leaves it set. Protocol 0: the socket receives nothing.
int open_promiscuous(const std::string& interface) {
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  packet_mreq request{};
  request.mr_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  request.mr_type = PACKET_MR_PROMISC;
  if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request)) == 0) return fd;
  close(fd);
  return -1;
}

// Fills the whole table as the software's is filled, and reads it back.
bool program_reta(std::uint16_t device, std::uint16_t entries, std::uint16_t queues) {
  if (entries > kRetaEntriesMax) return false;
  std::array<rte_eth_rss_reta_entry64, kRetaEntriesMax / RTE_ETH_RETA_GROUP_SIZE> table{};
  for (auto& group : table) group.mask = ~std::uint64_t{0};
  const auto wanted = [queues](unsigned i) { return static_cast<std::uint16_t>(i % 128 % queues); };
  for (unsigned i = 0; i < entries; ++i) {
    table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] = wanted(i);
  }
  if (rte_eth_dev_rss_reta_update(device, table.data(), entries) != 0) return false;
  for (auto& group : table) std::fill(std::begin(group.reta), std::end(group.reta), std::uint16_t{0xffff});
  if (rte_eth_dev_rss_reta_query(device, table.data(), entries) != 0) return false;
  for (unsigned i = 0; i < entries; ++i) {
    if (table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] != wanted(i)) return false;
  }
  return true;
}

bool can_rss(const rte_eth_dev_info& info) {
  constexpr std::uint64_t kNeeded = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;
  return info.reta_size != 0 && (info.flow_type_rss_offloads & kNeeded) == kNeeded;
}

}  // namespace

std::uint16_t EthdevQueue::receive(rte_mbuf** out, std::uint16_t n, TimeNs now) {
  if (state() != QueueState::live) return 0;
  std::uint16_t got = 0;
  for (std::uint16_t queue = first_; queue < queues_ && got < n;
       queue = static_cast<std::uint16_t>(queue + step_)) {
    got = static_cast<std::uint16_t>(
        got + rte_eth_rx_burst(device_, queue, out + got, static_cast<std::uint16_t>(n - got)));
  }
  if (got == 0) return 0;
  if (!filter_.empty()) got = keep_matching(out, got);
  for (std::uint16_t i = 0; i < got; ++i)
    frame_info(out[i]) = {
        .time = now, .wire_bytes = out[i]->pkt_len, .port = port_, .link = LinkType::ethernet};
  delivered_.store(delivered_.load(std::memory_order_relaxed) + got, std::memory_order_relaxed);
  return got;
}

std::uint16_t EthdevQueue::keep_matching(rte_mbuf** frames, std::uint16_t n) {
  std::uint16_t kept = 0;
  for (std::uint16_t i = 0; i < n; ++i) {
    rte_mbuf* mbuf = frames[i];
    const Bytes first{rte_pktmbuf_mtod(mbuf, const std::uint8_t*), rte_pktmbuf_data_len(mbuf)};
    if (filter_.matches(first, mbuf->pkt_len)) {
      frames[kept++] = mbuf;
    } else {
      rte_pktmbuf_free(mbuf);
    }
  }
  filtered_.store(filtered_.load(std::memory_order_relaxed) + (n - kept), std::memory_order_relaxed);
  return kept;
}

EthdevPort::EthdevPort(const PortSettings& port, std::uint8_t index)
    : name_(port.name.empty() ? port.source : port.name), index_(index) {}

std::variant<std::unique_ptr<Port>, std::string> EthdevPort::open(const PortSettings& settings_of_port,
                                                                  const Source& source,
                                                                  const Settings& settings,
                                                                  std::uint8_t index, unsigned workers) {
  std::unique_ptr<EthdevPort> port(new EthdevPort(settings_of_port, index));
  auto filter = BpfFilter::compile(settings.bpf);
  if (std::string* fault = std::get_if<std::string>(&filter)) return *fault;
  port->filter_ = std::move(*std::get_if<BpfFilter>(&filter));
  (void)take_dpdk_error();
  std::string fault = port->attach(source);
  if (fault.empty()) fault = port->configure(settings_of_port, settings, workers);
  if (!fault.empty()) return fault;
  port->make_queues(workers);
  return std::unique_ptr<Port>(std::move(port));
}

std::string EthdevPort::attach(const Source& source) {
  std::string device_name = source.target;
  if (source.kind == SourceKind::vdev) {
    const VdevString vdev = complete_vdev(parse_vdev(source.target));
    device_name = vdev.name;
    interface_ = vdev.value("iface").value_or("");
    const bool over_kernel = vdev.driver.ends_with("af_packet") || vdev.driver == "net_af_xdp";
    if (over_kernel && interface_.empty())
      return vdev.name + " needs an interface: " + vdev.name + ",iface=NAME";
    if (!interface_.empty() && over_kernel && !interface_exists(interface_))
      return no_such_interface(interface_);
    if (!over_kernel) interface_.clear();
    if (rte_eth_dev_get_port_by_name(vdev.name.c_str(), &device_) == 0) {
      device_ = RTE_MAX_ETHPORTS;  // another port's
      return "the device " + vdev.name + " is named twice: give each its own number";
    }
    const int result = rte_eal_hotplug_add("vdev", vdev.name.c_str(), vdev.arguments.c_str());
    if (result != 0) {
      if (over_kernel && geteuid() != 0) return no_permission(interface_);
      return with_reason("the DPDK device " + source.target + " cannot be made", result);
    }
    vdev_ = vdev.name;
  }
  if (rte_eth_dev_get_port_by_name(device_name.c_str(), &device_) != 0) {
    device_ = RTE_MAX_ETHPORTS;
    return vdev_.empty() ? pci_fault(device_name)
                         : "the DPDK device " + device_name + " is no network device";
  }
  if (const int result = rte_eth_dev_info_get(device_, &info_); result != 0) {
    return with_reason("DPDK cannot describe " + name_, result);
  }
  return {};
}

// RSS spreads over as many queues as there are workers. A device that cannot: one queue, except virtual
// devices whose queues were counted by their user (the kernel spreads over all of them, so all must be read).
std::string EthdevPort::plan_queues(unsigned workers) {
  if (info_.max_rx_queues == 0) return name_ + " has no receive queue";
  if (can_rss(info_)) {
    device_queues_ = static_cast<std::uint16_t>(std::min<unsigned>(workers, info_.max_rx_queues));
    return {};
  }
  const std::string_view driver = info_.driver_name == nullptr ? "" : info_.driver_name;
  bool counted_by_user = false;
  for (std::string_view one : {"net_af_packet", "net_af_xdp", "net_ring", "net_pcap"})
    counted_by_user |= driver == one;
  device_queues_ = counted_by_user ? info_.max_rx_queues : std::uint16_t{1};
  return {};
}

std::string EthdevPort::configure(const PortSettings& port, const Settings& settings, unsigned workers) {
  if (std::string fault = plan_queues(workers); !fault.empty()) return fault;
  const PoolPlan plan = plan_pool(port, settings, workers);
  pool_ = create_pool(plan, index_, rte_eth_dev_socket_id(device_));
  if (pool_ == nullptr) {
    return "no memory for " + std::to_string(plan.mbufs) + " packet buffers (" +
           std::to_string(plan.bytes() / 1'048'576) + " MiB) of " + name_ +
           ": raise dpdk.memoryMb or lower dpdk.mbufs";
  }
  // Nothing is ever sent. Some drivers insist on a queue for it.
  std::string fault = set_up(port, settings, 0);
  if (!fault.empty()) {
    rte_eth_dev_stop(device_);
    fault = set_up(port, settings, 1);
  }
  if (!fault.empty()) return fault;
  const bool spread = can_rss(info_) && device_queues_ > 1 && program_rss();
  shards_ = workers == 1 || (spread && device_queues_ == workers);
  rte_eth_dev_callback_register(device_, RTE_ETH_EVENT_INTR_RMV, removed, this);
  return {};
}

std::string EthdevPort::set_up(const PortSettings& port, const Settings& settings, std::uint16_t tx_queues) {
  rte_eth_conf conf{};
  auto key = symmetric_key();
  if (can_rss(info_) && device_queues_ > 1) {
    const unsigned key_bytes = info_.hash_key_size == 0 ? 40 : info_.hash_key_size;
    if (key_bytes <= key.size()) {
      conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
      conf.rx_adv_conf.rss_conf.rss_key = key.data();
      conf.rx_adv_conf.rss_conf.rss_key_len = static_cast<std::uint8_t>(key_bytes);
      conf.rx_adv_conf.rss_conf.rss_hf = kRssTypes & info_.flow_type_rss_offloads;
    }
  }
  const bool scatter = (info_.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0;
  if (scatter) conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
  // A NIC takes frames as large as it can, in chains where it can. A virtual device would set its interface's
  // MTU.
  if (vdev_.empty()) {
    const std::uint16_t one_mbuf =
        kDataRoomBytes - RTE_PKTMBUF_HEADROOM - 26;  // Ethernet header, two tags, FCS
    conf.rxmode.mtu = scatter ? info_.max_mtu : std::min(info_.max_mtu, one_mbuf);
    conf.intr_conf.rmv = *info_.dev_flags & RTE_ETH_DEV_INTR_RMV ? 1 : 0;
  }
  if (const int result = rte_eth_dev_configure(device_, device_queues_, tx_queues, &conf); result != 0) {
    return with_reason(name_ + " cannot be configured with " + std::to_string(device_queues_) + " queues",
                       result);
  }
  if (std::string fault = set_up_queues(settings, tx_queues); !fault.empty()) return fault;
  if (const int result = rte_eth_dev_start(device_); result != 0)
    return with_reason(name_ + " does not start", result);
  started_ = true;
  return accept_everything(port);
}

std::string EthdevPort::set_up_queues(const Settings& settings, std::uint16_t tx_queues) {
  std::uint16_t rx_descriptors = settings.rx_descriptors;
  std::uint16_t tx_descriptors = kTxDescriptors;
  // The device's own limits win over the wish.
  if (const int result = rte_eth_dev_adjust_nb_rx_tx_desc(device_, &rx_descriptors, &tx_descriptors);
      result != 0) {
    return with_reason(name_ + " does not say how many descriptors it takes", result);
  }
  const auto socket = static_cast<unsigned>(rte_eth_dev_socket_id(device_));
  for (std::uint16_t queue = 0; queue < device_queues_; ++queue) {
    const int result = rte_eth_rx_queue_setup(device_, queue, rx_descriptors, socket, nullptr, pool_);
    if (result != 0) {
      return with_reason("receive queue " + std::to_string(queue) + " of " + name_ +
                             " cannot be set up with " + std::to_string(rx_descriptors) + " descriptors",
                         result);
    }
  }
  for (std::uint16_t queue = 0; queue < tx_queues; ++queue) {
    const int result = rte_eth_tx_queue_setup(device_, queue, tx_descriptors, socket, nullptr);
    if (result != 0) return with_reason("the send queue of " + name_ + " cannot be set up", result);
  }
  return {};
}

std::string EthdevPort::accept_everything(const PortSettings& port) {
  if (!port.promiscuous) return {};
  if (!interface_.empty()) {
    if (promiscuous_socket_ < 0) promiscuous_socket_ = open_promiscuous(interface_);
    return promiscuous_socket_ >= 0 ? std::string() : no_permission(interface_);
  }
  const int result = rte_eth_promiscuous_enable(device_);
  if (result != 0 && result != -ENOTSUP) return with_reason(name_ + " cannot be made promiscuous", result);
  rte_eth_allmulticast_enable(
      device_);  // promiscuous mode says the same; some virtual functions have only this one
  return {};
}

// True if the device hashes with our key over TCP, and its table is ours. Only then do both directions, both
// ports of a TAP and the software all name the same worker.
bool EthdevPort::program_rss() {
  if (!reta_equals_software(info_.reta_size, device_queues_)) return false;
  const auto wanted = symmetric_key();
  std::array<std::uint8_t, kRssKeyBytesMax> key{};
  const unsigned key_bytes = info_.hash_key_size == 0 ? 40 : info_.hash_key_size;
  if (key_bytes > key.size()) return false;
  rte_eth_rss_conf conf{};
  conf.rss_key_len = static_cast<std::uint8_t>(key_bytes);
  // Some drivers take the key only now. Whether it worked is what is read back.
  key = wanted;
  conf.rss_key = key.data();
  conf.rss_hf = kRssTypes & info_.flow_type_rss_offloads;
  rte_eth_dev_rss_hash_update(device_, &conf);
  key.fill(0);
  if (rte_eth_dev_rss_hash_conf_get(device_, &conf) != 0) return false;
  if (!std::equal(key.begin(), key.begin() + key_bytes, wanted.begin())) return false;
  constexpr std::uint64_t kNeeded = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;
  if ((conf.rss_hf & kNeeded) != kNeeded) return false;
  return program_reta(device_, info_.reta_size, device_queues_);
}

void EthdevPort::make_queues(unsigned workers) {
  const auto count = static_cast<std::uint16_t>(std::min<unsigned>(workers, device_queues_));
  for (std::uint16_t i = 0; i < count; ++i) {
    queues_.push_back(
        std::make_unique<EthdevQueue>(device_, i, count, device_queues_, index_, filter_, state_));
  }
}

// Called by DPDK's interrupt thread when a NIC is pulled.
int EthdevPort::removed(std::uint16_t, rte_eth_event_type, void* self, void*) {
  static_cast<EthdevPort*>(self)->state_.store(QueueState::failed, std::memory_order_release);
  return 0;
}

PortCounters EthdevPort::counters() const {
  if (!interface_.empty() && state_.load(std::memory_order_acquire) == QueueState::live &&
      !interface_exists(interface_)) {
    state_.store(QueueState::failed, std::memory_order_release);
  }
  rte_eth_stats stats{};
  if (started_ && rte_eth_stats_get(device_, &stats) == 0) {
    last_.received = stats.ipackets;
    last_.received_bytes = stats.ibytes;
    last_.missed = stats.imissed;
    last_.no_mbuf = stats.rx_nombuf;
    last_.errors = stats.ierrors;
  }
  last_.delivered = last_.filtered = 0;
  for (const auto& queue : queues_) {
    last_.delivered += queue->delivered();
    last_.filtered += queue->filtered();
  }
  return last_;
}

std::string EthdevPort::why() const {
  if (state_.load(std::memory_order_acquire) != QueueState::failed) return {};
  return interface_.empty() ? "the device " + name_ + " was removed"
                            : "the interface " + interface_ + " of " + name_ + " is gone";
}

std::string EthdevPort::warning() const {
  if (!started_ || state_.load(std::memory_order_acquire) != QueueState::live) return {};
  bool up = true;
  if (!interface_.empty()) {
    up = interface_is_up(interface_);
  } else {
    rte_eth_link link{};
    up = rte_eth_link_get_nowait(device_, &link) != 0 || link.link_status == RTE_ETH_LINK_UP;
  }
  return up ? std::string() : "the link of " + name_ + " is down: nothing can arrive";
}

// After the workers have stopped.
void EthdevPort::stop() {
  if (device_ < RTE_MAX_ETHPORTS) {
    rte_eth_dev_callback_unregister(device_, RTE_ETH_EVENT_INTR_RMV, removed, this);
    if (started_) rte_eth_dev_stop(device_);
    rte_eth_dev_close(device_);
    device_ = RTE_MAX_ETHPORTS;
    started_ = false;
  }
  if (!vdev_.empty()) rte_eal_hotplug_remove("vdev", vdev_.c_str());
  vdev_.clear();
  if (promiscuous_socket_ >= 0) close(promiscuous_socket_);
  promiscuous_socket_ = -1;
  if (state_.load(std::memory_order_relaxed) == QueueState::live)
    state_.store(QueueState::ended, std::memory_order_release);
  release_pool(pool_);
  pool_ = nullptr;
}

}  // namespace spanlight
