#pragma once
// A capture that comes through a pipe, a FIFO or a terminal, as the FILE that readers want. Whether a whole
// packet is there can be asked, so that nobody waits for one; where that cannot be told, a wait ends when the
// end is asked for. One thread's.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <sys/types.h>

namespace spanlight {

class StreamFile {
 public:
  // The descriptor is closed with it. `end`: once raised, the file has ended.
  StreamFile(int descriptor, const std::atomic<bool>& end);
  ~StreamFile();
  StreamFile(const StreamFile&) = delete;
  StreamFile& operator=(const StreamFile&) = delete;

  // To be closed by whoever asks, before this one goes; nullptr: there is no memory.
  std::FILE* file();

  // Until then the main thread reads the file's head, and a signal ends that.
  void opened() { opened_ = true; }

  // The next packet is there as a whole, or nothing more comes, or what comes is too long to be told.
  bool ready();

 private:
  enum class Format : std::uint8_t { unknown, pcap, pcapng };

  static ssize_t read(void* self, char* out, std::size_t n);  // stdio's
  // As read(2), behind what is there.
  ssize_t fill();
  ssize_t wait_and_fill();
  void find_format();
  std::uint32_t u32_at(std::size_t at) const;
  bool has_packet();

  bool ended() const { return end_asked_.load(std::memory_order_relaxed); }

  const int descriptor_;
  const std::atomic<bool>& end_asked_;
  bool opened_ = false;
  bool begun_ = false;
  Format format_ = Format::unknown;
  bool swapped_ = false;
  std::vector<std::uint8_t> buffer_;
  std::size_t at_ = 0, end_ = 0;  // of what was read and not yet given out
};

}  // namespace spanlight
