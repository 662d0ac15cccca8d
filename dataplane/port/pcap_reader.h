#pragma once
// A classic pcap file, read in blocks that its frames stay in: microseconds or nanoseconds, of either byte
// order. Faults are said in libpcap's words, and what is read is what libpcap would have read
// (pcap_file_port_test compares them); libpcap opens the file, and reads whatever else there is.
//
//   File:   24 bytes of header, then records (draft-ietf-opsawg-pcap, "General File Structure")
//   Record: u32 seconds | u32 fraction | u32 captured bytes | u32 wire bytes | captured bytes

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/time_ns.h"
#include "port/capture_blocks.h"

namespace spanlight {

struct PcapFormat {
  bool swapped = false;  // the other byte order
  bool nanoseconds = false;
};

// By the file's first 24 bytes; nothing: not a classic pcap file of version 2.4, whatever else it is.
std::optional<PcapFormat> pcap_format_of(Bytes head);
constexpr std::size_t kPcapHeadBytes = 24;

struct CaptureFrame {
  TimeNs time = 0;
  std::uint32_t wire_bytes = 0;  // as the file says; may be less than there are
  Bytes bytes;
  CaptureBlock* block = nullptr;  // they lie in; nullptr: they are there only until the next read
};

class PcapReader {
 public:
  // `file`: a descriptor of a regular file, which outlives the reader; its position is neither used nor
  // moved. `snapshot_bytes`: as libpcap understands it.
  PcapReader(int file, PcapFormat format, std::uint32_t snapshot_bytes, CaptureBlocks& blocks)
      : file_(file), format_(format), snapshot_bytes_(snapshot_bytes), blocks_(blocks) {}
  ~PcapReader() { leave_block(); }
  PcapReader(const PcapReader&) = delete;
  PcapReader& operator=(const PcapReader&) = delete;

  // False: that was the last; fault() says if the file does not end as it should.
  bool next(CaptureFrame& frame);

  // An mbuf points into the block of the frame read last. Counted here and told to the block by settle(), or
  // when the reader leaves it: one atomic addition for many frames. To be settled before anyone else can have
  // the mbuf.
  void add_reference() { ++references_; }
  void settle() {
    if (references_ != 0) rte_mbuf_ext_refcnt_update(&block_->shared, references_);
    references_ = 0;
  }

  const std::string& fault() const { return fault_; }
  std::uint64_t position() const { return offset_ - (end_ - at_); }  // of the next record in the file

 private:
  bool fill(std::size_t n);
  void make_room(std::size_t n);
  void leave_block();
  bool cut(const char* what, std::uint32_t wanted, std::size_t got);

  const int file_;
  const PcapFormat format_;
  const std::uint32_t snapshot_bytes_;
  CaptureBlocks& blocks_;
  CaptureBlock* block_ = nullptr;
  std::int16_t references_ = 0;            // to block_, not yet settled: at most a burst's
  bool spare_ = false;                     // block_ is the one whose frames are copied
  std::size_t at_ = 0, end_ = 0;           // of block_: the next byte, and where what was read ends
  std::uint64_t offset_ = kPcapHeadBytes;  // of the file: what block_[end_] will be
  std::string fault_;
};

}  // namespace spanlight
