#pragma once
// Capture files as a port: pcap and pcapng, with nanoseconds, link type and original length, one file after
// the other, and an end. PcapngReader reads pcapng; libpcap opens all others, and the packets of a classic
// pcap file on a disk are read by PcapReader, into memory that mbufs point to. One queue; the worker that
// polls it reads the file, which is why this queue alone may make system calls and allocate (README).

#include <atomic>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <pcap/pcap.h>

#include "port/bpf_filter.h"
#include "port/capture_blocks.h"
#include "port/mempool.h"
#include "port/pcap_reader.h"
#include "port/pcapng_reader.h"
#include "port/port.h"
#include "port/stream_file.h"

namespace spanlight {

class PcapFileQueue final : public RxQueue {
 public:
  PcapFileQueue(std::vector<std::string> paths, std::string filter, rte_mempool* pool, std::uint8_t port);
  ~PcapFileQueue() override;

  std::uint16_t receive(rte_mbuf** out, std::uint16_t n, TimeNs now) override;
  QueueState state() const override { return state_.load(std::memory_order_acquire); }

  // Opens files until one is open. False: none is left; faults() says why.
  bool open_next();

  // Of the open file's first interface, if it is known; main thread: before the worker reads.
  LinkType link() const { return reading_ == nullptr ? LinkType::ethernet : reading_->link; }

  std::string faults() const;
  double progress() const;
  // Any thread: a file that is waited for has ended.
  void interrupt() { interrupted_.store(true, std::memory_order_relaxed); }
  PortCounters counters() const;

 private:
  using Capture = std::unique_ptr<pcap_t, decltype(&pcap_close)>;

  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  // How frames of one link type are read.
  struct Reading {
    int dlt = 0;
    LinkType link = LinkType::ethernet;
    BpfFilter filter;
    std::string fault;  // the filter cannot be one of this link type: nothing passes
  };

  std::string open(const std::string& path);  // empty: it is open
  std::FILE* open_file(const std::string& path);
  std::string open_pcap(const std::string& path, std::FILE* file, std::optional<PcapFormat> format);
  std::string open_pcapng(const std::string& path, File file);
  bool is_open() const { return capture_ || sections_; }
  Reading* reading_of(int dlt);  // nullptr: the link type is not known
  void choose_reading(int dlt);
  bool must_wait() const { return stream_ && !stream_->ready(); }
  bool read_next();                // into frame_; false: nothing is there, or no file has more
  bool read_frame();               // false: the open file has no more
  std::string read_fault() const;  // in libpcap's words; empty: the file was whole
  void file_ended();
  rte_mbuf* mbuf_of_frame();  // nullptr: the pool has too few
  void add_fault(const std::string& sentence);
  void count(std::atomic<std::uint64_t>& counter, std::uint64_t n) {  // one writer: no read-modify-write
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }

  const std::vector<std::string> paths_;
  const std::string filter_text_;
  rte_mempool* const pool_;
  const std::uint8_t port_;

  CaptureBlocks blocks_;
  std::vector<char> buffer_;            // of the FILE under capture_, so it must outlive it
  std::unique_ptr<StreamFile> stream_;  // under capture_ or file_, where that is no regular file
  Capture capture_{nullptr, &pcap_close};
  std::unique_ptr<PcapReader> reader_;      // of capture_'s file; none: libpcap reads it
  int pcap_result_ = 0;                     // of libpcap's last read
  File file_{nullptr, &std::fclose};        // a pcapng file, which sections_ reads
  std::unique_ptr<PcapngReader> sections_;  // none: capture_ is open
  std::deque<Reading> readings_;            // of the known link types that were met, few
  Reading* reading_ = nullptr;              // of the frame read last; nullptr: its link type is not known
  int unknown_dlt_ = 0;                     // of the open file: the first that is not known
  std::uint64_t unknown_frames_ = 0;        // and how many frames were left out
  std::size_t next_path_ = 0;
  // The frame read last; its bytes stay until the next read. `pending_`: not yet handed out, because the pool
  // was empty.
  CaptureFrame frame_;
  bool pending_ = false;

  std::atomic<QueueState> state_{QueueState::live};
  std::atomic<bool> interrupted_{false};
  std::atomic<std::uint64_t> received_{0}, received_bytes_{0}, filtered_{0}, unknown_link_{0}, delivered_{0};
  std::uint64_t bytes_total_ = 0;  // of all files; 0 = a stream, without a known end
  std::uint64_t bytes_closed_ = 0;
  std::uint64_t bytes_open_ = 0;
  std::atomic<std::uint64_t> bytes_read_{0};
  mutable std::mutex faults_mutex_;  // taken by the worker at a fault only
  std::string faults_;
};

class PcapFilePort final : public Port {
 public:
  PcapFilePort(std::string name, std::vector<std::string> paths, std::string filter, rte_mempool* pool,
               std::uint8_t index)
      : name_(std::move(name)), pool_(pool), queue_(std::move(paths), std::move(filter), pool, index) {}
  ~PcapFilePort() override { stop(); }

  bool open_first() {
    const bool open = queue_.open_next();
    link_ = queue_.link();
    return open;
  }

  const std::string& name() const override { return name_; }
  std::uint16_t queue_count() const override { return 1; }
  RxQueue& queue(std::uint16_t) override { return queue_; }
  bool shards() const override { return false; }
  bool is_capture_file() const override { return true; }
  LinkType link() const override { return link_; }
  PortCounters counters() const override { return queue_.counters(); }
  std::string why() const override { return queue_.faults(); }
  void interrupt() override { queue_.interrupt(); }
  double progress() const override { return queue_.progress(); }
  void stop() override {
    release_pool(pool_);
    pool_ = nullptr;
  }

 private:
  const std::string name_;
  rte_mempool* pool_;
  LinkType link_ = LinkType::ethernet;  // of the first file
  PcapFileQueue queue_;
};

}  // namespace spanlight
