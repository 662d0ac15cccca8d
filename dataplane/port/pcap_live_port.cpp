#include "port/pcap_live_port.h"

#include <algorithm>
#include <cstdio>

#include "port/bpf_filter.h"
#include "port/frame_copy.h"
#include "port/interfaces.h"
#include "port/link_type.h"

namespace spanlight {
namespace {

constexpr int kRingBytes = 67'108'864;
// The kernel hands over a block of the ring when it is full or about this old (it looks each timer tick, and
// closes a block at the second look): the quieter side of a TAP is late by so much, which the skew allowance
// must cover. Immediate mode would give every frame a slot of the largest size instead of packing them: 1,000
// frames in the ring instead of 40,000.
constexpr int kBlockTimeoutMs = 2;

using Capture = std::unique_ptr<pcap_t, decltype(&pcap_close)>;

std::string activate_fault(const std::string& interface, int result, pcap_t* capture) {
  switch (result) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return no_such_interface(interface);
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return no_permission(interface);
    case PCAP_ERROR_IFACE_NOT_UP:
      return "interface " + interface + " is down: ip link set " + interface + " up";
    default: {
      const std::string said = pcap_geterr(capture);
      return "interface " + interface + " cannot be opened: " + pcap_statustostr(result) +
             (said.empty() ? "" : " (" + said + ")");
    }
  }
}

std::string set_filter(pcap_t* capture, const std::string& expression, int dlt) {
  if (expression.empty()) return {};
  auto filter = BpfFilter::compile(expression, dlt);
  if (std::string* fault = std::get_if<std::string>(&filter)) return *fault;
  if (pcap_setfilter(capture, std::get_if<BpfFilter>(&filter)->program()) != 0) {
    return "the capture filter \"" + expression + "\" is not taken: " + pcap_geterr(capture);
  }
  return {};
}

}  // namespace

std::variant<std::unique_ptr<Port>, std::string> PcapLivePort::open(const PortSettings& port,
                                                                    const std::string& interface,
                                                                    const std::string& filter,
                                                                    rte_mempool* pool, std::uint8_t index) {
  if (interface != "any" && !interface_exists(interface)) return no_such_interface(interface);
  char said[PCAP_ERRBUF_SIZE] = "";
  Capture capture(pcap_create(interface.c_str(), said), &pcap_close);
  if (!capture) return "interface " + interface + " cannot be opened: " + said;
  pcap_t* const handle = capture.get();
  // These fail only on an active handle.
  pcap_set_snaplen(handle, static_cast<int>(kFrameBytesMax));
  pcap_set_promisc(handle, port.promiscuous && interface != "any" ? 1 : 0);
  pcap_set_timeout(handle, kBlockTimeoutMs);
  pcap_set_buffer_size(handle, kRingBytes);
  pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO);  // where it is not to be had: microseconds

  const int result = pcap_activate(handle);
  if (result < 0) return activate_fault(interface, result, handle);
  if (pcap_setnonblock(handle, 1, said) != 0) return "interface " + interface + " cannot be polled: " + said;
  const int dlt = pcap_datalink(handle);
  const auto link = link_type_of(dlt);
  if (!link) {
    return "interface " + interface + " has " + describe_link_type(dlt) +
           ", which is not known here; known are " + kKnownLinkTypes;
  }
  if (std::string fault = set_filter(handle, filter, dlt); !fault.empty()) return fault;
  const std::string& name = port.name.empty() ? port.source : port.name;
  return std::unique_ptr<Port>(new PcapLivePort(name, interface, std::move(capture), *link, pool, index));
}

PcapLivePort::PcapLivePort(std::string name, std::string interface, Capture capture, LinkType link,
                           rte_mempool* pool, std::uint8_t index)
    : name_(std::move(name)),
      interface_(std::move(interface)),
      capture_(std::move(capture)),
      link_(link),
      fraction_ns_(pcap_get_tstamp_precision(capture_.get()) == PCAP_TSTAMP_PRECISION_NANO ? 1
                                                                                           : kMicrosecondNs),
      pool_(pool),
      index_(index) {}

void PcapLivePort::take(u_char* self, const pcap_pkthdr* header, const u_char* bytes) {
  auto* port = reinterpret_cast<PcapLivePort*>(self);
  port->bytes_ += header->len;
  rte_mbuf* mbuf = copy_frame(port->pool_, {bytes, header->caplen});
  if (mbuf == nullptr) {
    ++port->lost_;  // the ring's slot is needed: this frame is gone
    return;
  }
  frame_info(mbuf) = {.time = static_cast<TimeNs>(header->ts.tv_sec) * kSecondNs +
                              static_cast<TimeNs>(header->ts.tv_usec) * port->fraction_ns_,
                      .wire_bytes = std::max(header->len, header->caplen),
                      .port = port->index_,
                      .link = port->link_};
  port->out_[port->taken_++] = mbuf;
}

std::uint16_t PcapLivePort::receive(rte_mbuf** out, std::uint16_t n, TimeNs) {
  if (n == 0 || state() != QueueState::live) return 0;
  out_ = out;
  taken_ = 0;
  // Never more than n calls of take(). An empty ring costs one poll(); a filled one costs no system call.
  const int result = pcap_dispatch(capture_.get(), n, take, reinterpret_cast<u_char*>(this));
  delivered_.store(delivered_.load(std::memory_order_relaxed) + taken_, std::memory_order_relaxed);
  received_bytes_.store(bytes_, std::memory_order_relaxed);
  no_mbuf_.store(lost_, std::memory_order_relaxed);
  if (result < 0 && result != PCAP_ERROR_BREAK) fail(pcap_geterr(capture_.get()));
  return taken_;
}

void PcapLivePort::fail(const char* said) {
  std::snprintf(fault_, sizeof(fault_), "%s", said);
  state_.store(QueueState::failed, std::memory_order_release);
}

std::string PcapLivePort::why() const {
  if (state() != QueueState::failed) return {};
  return "interface " + interface_ + " is lost: " + fault_;
}

std::string PcapLivePort::warning() const {
  if (state() != QueueState::live || interface_ == "any" || interface_is_up(interface_)) return {};
  return "interface " + interface_ + " is down or has no carrier: nothing can arrive";
}

// pcap_stats() asks the kernel and touches nothing that pcap_dispatch() does, so that the main thread may
// call it.
PortCounters PcapLivePort::counters() const {
  pcap_stat stats{};
  if (capture_ && pcap_stats(capture_.get(), &stats) == 0) {
    received_.take(stats.ps_recv);
    dropped_.take(stats.ps_drop);
    interface_dropped_.take(stats.ps_ifdrop);
  }
  PortCounters counters;
  counters.received = received_.total;
  counters.received_bytes = received_bytes_.load(std::memory_order_relaxed);
  counters.kernel_dropped = dropped_.total;
  counters.missed = interface_dropped_.total;
  counters.no_mbuf = no_mbuf_.load(std::memory_order_relaxed);
  counters.delivered = delivered_.load(std::memory_order_relaxed);
  return counters;
}

// After the workers have stopped.
void PcapLivePort::stop() {
  if (state() == QueueState::live) state_.store(QueueState::ended, std::memory_order_release);
  capture_.reset();
  release_pool(pool_);
  pool_ = nullptr;
}

}  // namespace spanlight
