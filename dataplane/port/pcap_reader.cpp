#include "port/pcap_reader.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "port/mempool.h"

namespace spanlight {
namespace {

constexpr std::uint32_t kMicroseconds = 0xa1b2c3d4, kNanoseconds = 0xa1b23c4d;
constexpr std::size_t kRecordHeadBytes = 16;
constexpr std::size_t kReadBytes = 131'072;  // at once: read and then parsed while it is in the cache
static_assert(kRecordHeadBytes + kFrameBytesMax <= kCaptureBlockBytes);

std::uint32_t swapped_if(bool swapped, std::uint32_t value) {
  return swapped ? __builtin_bswap32(value) : value;
}

std::uint32_t u32_at(const std::uint8_t* bytes, bool swapped) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return swapped_if(swapped, value);
}

}  // namespace

std::optional<PcapFormat> pcap_format_of(Bytes head) {
  if (head.size() < kPcapHeadBytes) return std::nullopt;
  for (const bool swapped : {false, true}) {
    const std::uint32_t magic = u32_at(head.data(), swapped);
    if (magic != kMicroseconds && magic != kNanoseconds) continue;
    // Two numbers of 16 bits, which swapped together have changed places. Older ones swap lengths.
    const std::uint32_t version = u32_at(head.data() + 4, swapped);
    constexpr bool kLittle = std::endian::native == std::endian::little;
    const std::uint32_t wanted = kLittle == swapped ? 2u << 16 | 4u : 4u << 16 | 2u;
    if (version != wanted) return std::nullopt;
    return PcapFormat{.swapped = swapped, .nanoseconds = magic == kNanoseconds};
  }
  return std::nullopt;
}

void PcapReader::leave_block() {
  settle();
  if (block_ != nullptr && !spare_) CaptureBlocks::leave(*block_);
  block_ = nullptr;
}

// A block with room for `n` bytes from at_ on. What of them was read already moves along.
void PcapReader::make_room(std::size_t n) {
  if (block_ != nullptr && n <= kCaptureBlockBytes - at_) return;
  CaptureBlock* fresh = blocks_.take();
  const bool spare = fresh == nullptr;
  if (spare) fresh = &blocks_.spare();
  if (block_ != nullptr) std::memmove(fresh->bytes, block_->bytes + at_, end_ - at_);
  leave_block();
  block_ = fresh;
  spare_ = spare;
  end_ -= at_;
  at_ = 0;
}

// True if `n` bytes lie from at_ on, of which there may be more. False: the file has not so many.
bool PcapReader::fill(std::size_t n) {
  if (end_ - at_ >= n) return true;
  make_room(n);
  while (end_ - at_ < n) {
    const std::size_t room = std::min(kReadBytes, kCaptureBlockBytes - end_);
    const ssize_t got = pread(file_, block_->bytes + end_, room, static_cast<off_t>(offset_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fault_ = std::string("error reading dump file: ") + std::strerror(errno);
    if (got <= 0) return false;
    end_ += static_cast<std::size_t>(got);
    offset_ += static_cast<std::uint64_t>(got);
  }
  return true;
}

bool PcapReader::cut(const char* what, std::uint32_t wanted, std::size_t got) {
  if (fault_.empty()) {
    fault_ = "truncated dump file; tried to read " + std::to_string(wanted) + " " + what +
             " bytes, only got " + std::to_string(got);
  }
  return false;
}

bool PcapReader::next(CaptureFrame& frame) {
  if (!fill(kRecordHeadBytes)) return end_ == at_ ? false : cut("header", kRecordHeadBytes, end_ - at_);
  const std::uint8_t* head = block_->bytes + at_;
  const std::uint32_t seconds = u32_at(head, format_.swapped);
  const std::uint32_t fraction = u32_at(head + 4, format_.swapped);
  const std::uint32_t captured = u32_at(head + 8, format_.swapped);
  const std::uint32_t wire = u32_at(head + 12, format_.swapped);
  if (captured > kFrameBytesMax) {
    const bool promised = captured <= snapshot_bytes_;
    fault_ = "invalid packet capture length " + std::to_string(captured) + ", bigger than " +
             (promised ? "maximum" : "snaplen") + " of " +
             std::to_string(promised ? kFrameBytesMax : snapshot_bytes_);
    return false;
  }
  const std::uint32_t shown = std::min(captured, snapshot_bytes_);
  if (!fill(kRecordHeadBytes + captured)) {
    const std::size_t got = end_ - at_ - kRecordHeadBytes;
    return cut("captured", got < shown ? shown : captured, got);
  }
  frame.time = TimeNs{seconds} * kSecondNs + TimeNs{fraction} * (format_.nanoseconds ? 1 : 1'000);
  frame.wire_bytes = wire;
  // Some writers keep more than their file's header promises; libpcap does not show the rest either.
  frame.bytes = {block_->bytes + at_ + kRecordHeadBytes, shown};
  frame.block = spare_ ? nullptr : block_;
  at_ += kRecordHeadBytes + captured;
  return true;
}

}  // namespace spanlight
