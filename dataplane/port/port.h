#pragma once
// Where packets come from: two kinds of source behind one interface (reasons: house rules in
// dataplane/README.md). A port is opened on the main thread; afterwards each of its queues belongs to one
// worker.

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "core/time_ns.h"
#include "decode/packet.h"

namespace spanlight {

constexpr std::uint16_t kBurstMax = 64;

// What the data path needs to know of a received frame beside its bytes; lives in the mbuf's dynamic fields,
// so that it survives the hand-over to another worker. Written whole for each frame: an mbuf has been used
// before.
struct FrameInfo {
  TimeNs time = 0;               // capture time
  std::uint32_t wire_bytes = 0;  // length on the wire, >= pkt_len
  std::uint8_t port = 0;         // index of the port in the settings
  LinkType link = LinkType::ethernet;
  bool has_outside =
      false;  // handed over: what the outer headers said stands in the headroom (lcore/ip_packet.h)
};
static_assert(sizeof(FrameInfo) == 16 && std::is_trivially_destructible_v<FrameInfo>);

// Reserves the dynamic field. start_eal() has called it; a second call does nothing. Answers a sentence if
// DPDK has no room for it, empty if all is well.
std::string register_frame_info();

inline int frame_info_offset = -1;  // set once by register_frame_info(), before any worker starts

inline FrameInfo& frame_info(rte_mbuf* mbuf) {
  return *RTE_MBUF_DYNFIELD(mbuf, frame_info_offset, FrameInfo*);
}

enum class QueueState : std::uint8_t { live, ended, failed };

// One worker's queue of one port.
class RxQueue {
 public:
  virtual ~RxQueue() = default;

  // Up to `n` frames (<= kBurstMax), their FrameInfo filled. `now`: the worker's clock, for sources without
  // timestamps.
  virtual std::uint16_t receive(rte_mbuf** out, std::uint16_t n, TimeNs now) = 0;

  // `ended`: a capture is read to its end. `failed`: the device is gone; why() of the port says more.
  virtual QueueState state() const = 0;
};

// What the kernel or the NIC says it received and lost, and what the queues handed on. Read by the main
// thread once a second. `delivered` is the sum of what receive() answered: it is what Σ outcomes must equal.
struct PortCounters {
  std::uint64_t received = 0;        // by the device, or read from the file
  std::uint64_t received_bytes = 0;  // their bytes; the kernel does not count those of what it dropped
  std::uint64_t missed = 0;          // no descriptor or ring space: the sensor was too slow
  std::uint64_t no_mbuf = 0;         // the mempool was empty
  std::uint64_t errors = 0;          // frames the device called bad: longer than its MTU, or damaged
  std::uint64_t kernel_dropped = 0;
  std::uint64_t unknown_link = 0;  // of a link type that is not known here
  std::uint64_t filtered =
      0;  // rejected by the capture filter in this process (the kernel's own are not counted)
  std::uint64_t delivered = 0;  // frames that receive() handed out

  // What came to this machine and to no worker.
  std::uint64_t lost() const { return missed + no_mbuf + errors + kernel_dropped; }
};

class Port {
 public:
  virtual ~Port() = default;
  virtual const std::string& name() const = 0;
  virtual std::uint16_t queue_count() const = 0;
  virtual RxQueue& queue(std::uint16_t index) = 0;
  // True if the device shards flows itself so that both directions meet; otherwise the receiving worker does
  // it.
  virtual bool shards() const = 0;
  virtual bool is_capture_file() const = 0;
  virtual LinkType link() const = 0;  // of its frames; of several files, the first one's
  virtual PortCounters counters() const = 0;
  virtual std::string why()
      const = 0;  // a sentence, once a queue has failed or a file was cut; empty = all is well
  virtual std::string warning() const {
    return {};
  }  // a sentence that ends nothing: the link is down; empty = none
  virtual double progress() const { return -1; }  // 0..1 for capture files, -1 where there is no end
  // Any thread: whoever waits inside of receive() comes back, and nothing more comes.
  virtual void interrupt() {}
  virtual void stop() = 0;
};

}  // namespace spanlight
