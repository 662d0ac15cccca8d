#pragma once
// A kernel interface as a port, through libpcap's memory-mapped ring: any frame size, the kernel's own
// timestamps and its count of drops. One queue; its worker copies frames out of the ring.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <variant>

#include <pcap/pcap.h>

#include "port/mempool.h"
#include "port/port.h"

namespace spanlight {

class PcapLivePort final : public Port, public RxQueue {
 public:
  // The string is why the interface cannot be opened.
  static std::variant<std::unique_ptr<Port>, std::string> open(const PortSettings& port,
                                                               const std::string& interface,
                                                               const std::string& filter, rte_mempool* pool,
                                                               std::uint8_t index);
  ~PcapLivePort() override { stop(); }

  const std::string& name() const override { return name_; }
  std::uint16_t queue_count() const override { return 1; }
  RxQueue& queue(std::uint16_t) override { return *this; }
  bool shards() const override { return false; }
  bool is_capture_file() const override { return false; }
  LinkType link() const override { return link_; }
  PortCounters counters() const override;
  std::string why() const override;
  std::string warning() const override;
  void stop() override;

  std::uint16_t receive(rte_mbuf** out, std::uint16_t n, TimeNs now) override;
  QueueState state() const override { return state_.load(std::memory_order_acquire); }

 private:
  using Capture = std::unique_ptr<pcap_t, decltype(&pcap_close)>;

  PcapLivePort(std::string name, std::string interface, Capture capture, LinkType link, rte_mempool* pool,
               std::uint8_t index);
  static void take(u_char* self, const pcap_pkthdr* header, const u_char* bytes);
  void fail(const char* said);

  const std::string name_;
  const std::string interface_;
  Capture capture_;
  const LinkType link_;
  const std::uint64_t fraction_ns_;  // what one unit of a timestamp's fraction is
  rte_mempool* pool_;
  const std::uint8_t index_;

  // The burst being filled; worker only.
  rte_mbuf** out_ = nullptr;
  std::uint16_t taken_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t bytes_ = 0;  // of all frames in the ring, lost or not

  std::atomic<QueueState> state_{QueueState::live};
  std::atomic<std::uint64_t> delivered_{0}, received_bytes_{0}, no_mbuf_{0};
  char fault_[PCAP_ERRBUF_SIZE] = "";  // written once, before state_ says failed

  // The kernel's counters are 32 bits wide and wrap; main thread only.
  struct Wide {
    std::uint32_t last = 0;
    std::uint64_t total = 0;
    void take(std::uint32_t now) {
      total += static_cast<std::uint32_t>(now - last);
      last = now;
    }
  };
  mutable Wide received_, dropped_, interface_dropped_;
};

}  // namespace spanlight
