#pragma once
// A DPDK device as a port: a physical NIC by PCI address, or any virtual device by its string. All queues,
// symmetric RSS where the hardware has it. Opened and stopped on the main thread; queue i is polled by worker
// i alone.

#include <atomic>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <rte_ethdev.h>

#include "port/bpf_filter.h"
#include "port/mempool.h"
#include "port/port.h"
#include "settings/source.h"

namespace spanlight {

// True if an indirection table of `reta_size` entries, filled (i % 128) % queues, names the same queue for
// every hash as the software's table of 128 entries does.
constexpr bool reta_equals_software(unsigned reta_size, unsigned queues) {
  constexpr unsigned kSoftwareEntries = 128;
  if (reta_size == 0 || queues == 0) return false;
  return reta_size % kSoftwareEntries == 0 || (kSoftwareEntries % reta_size == 0 && reta_size % queues == 0);
}

// One worker's share of a device: device queues first, first + step, … (a virtual device may have more than
// workers).
class EthdevQueue final : public RxQueue {
 public:
  EthdevQueue(std::uint16_t device, std::uint16_t first, std::uint16_t step, std::uint16_t queues,
              std::uint8_t port, const BpfFilter& filter, const std::atomic<QueueState>& state)
      : device_(device),
        first_(first),
        step_(step),
        queues_(queues),
        port_(port),
        filter_(filter),
        state_(state) {}

  std::uint16_t receive(rte_mbuf** out, std::uint16_t n, TimeNs now) override;
  QueueState state() const override { return state_.load(std::memory_order_acquire); }
  std::uint64_t delivered() const { return delivered_.load(std::memory_order_relaxed); }
  std::uint64_t filtered() const { return filtered_.load(std::memory_order_relaxed); }

 private:
  std::uint16_t keep_matching(rte_mbuf** frames, std::uint16_t n);

  const std::uint16_t device_, first_, step_, queues_;
  const std::uint8_t port_;
  const BpfFilter& filter_;
  const std::atomic<QueueState>& state_;
  alignas(RTE_CACHE_LINE_SIZE) std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::uint64_t> filtered_{0};
};

class EthdevPort final : public Port {
 public:
  static std::variant<std::unique_ptr<Port>, std::string> open(const PortSettings& port, const Source& source,
                                                               const Settings& settings, std::uint8_t index,
                                                               unsigned workers);
  ~EthdevPort() override { stop(); }

  const std::string& name() const override { return name_; }
  std::uint16_t queue_count() const override { return static_cast<std::uint16_t>(queues_.size()); }
  RxQueue& queue(std::uint16_t index) override { return *queues_[index]; }
  bool shards() const override { return shards_; }
  bool is_capture_file() const override { return false; }
  LinkType link() const override { return LinkType::ethernet; }
  PortCounters counters() const override;  // also looks whether the device is still there
  std::string why() const override;
  std::string warning() const override;
  void stop() override;

 private:
  EthdevPort(const PortSettings& port, std::uint8_t index);

  // Each answers a sentence, empty if all is well; together they are open().
  std::string attach(const Source& source);
  std::string plan_queues(unsigned workers);
  std::string configure(const PortSettings& port, const Settings& settings, unsigned workers);
  std::string set_up(const PortSettings& port, const Settings& settings, std::uint16_t tx_queues);
  std::string set_up_queues(const Settings& settings, std::uint16_t tx_queues);
  std::string accept_everything(const PortSettings& port);
  bool program_rss();
  void make_queues(unsigned workers);
  static int removed(std::uint16_t device, rte_eth_event_type event, void* self, void*);

  const std::string name_;
  const std::uint8_t index_;
  std::uint16_t device_ = RTE_MAX_ETHPORTS;
  rte_eth_dev_info info_{};
  std::string vdev_;       // its device name, to be removed with the port; empty for a NIC
  std::string interface_;  // the kernel interface under a virtual device, if any
  int promiscuous_socket_ = -1;
  bool started_ = false;
  bool shards_ = false;
  std::uint16_t device_queues_ = 0;
  rte_mempool* pool_ = nullptr;
  BpfFilter filter_;
  std::vector<std::unique_ptr<EthdevQueue>> queues_;
  mutable std::atomic<QueueState> state_{QueueState::live};
  mutable PortCounters last_;  // what the device counted while it was there
};

}  // namespace spanlight
