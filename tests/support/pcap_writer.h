#pragma once
// Writes capture files for tests: pcap with nanoseconds.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "core/bytes.h"
#include "core/time_ns.h"

namespace spanlight::test {

class PcapWriter {
 public:
  // `link_type`: LINKTYPE_ number (1 Ethernet, 101 raw IP, 113 and 276 Linux cooked, 0 null, 239 NFLOG, 9
  // PPP).
  explicit PcapWriter(const std::string& path, std::uint32_t link_type = 1,
                      std::uint32_t snap_bytes = 262'144)
      : file_(std::fopen(path.c_str(), "wb")), snap_bytes_(snap_bytes) {
    put32(0xa1b23c4d);
    put32(2 | 4U << 16);  // version 2.4
    put32(0);
    put32(0);
    put32(snap_bytes);
    put32(link_type);
  }

  // False if the file could not be opened or written.
  bool ok() const { return file_ != nullptr && std::ferror(file_.get()) == 0; }

  // `wire_bytes` 0: as long as the frame. Longer frames than the snap length are cut.
  void write(Bytes frame, TimeNs time, std::uint32_t wire_bytes = 0) {
    const auto kept = frame.size() < snap_bytes_ ? static_cast<std::uint32_t>(frame.size()) : snap_bytes_;
    put32(static_cast<std::uint32_t>(time / kSecondNs));
    put32(static_cast<std::uint32_t>(time % kSecondNs));
    put32(kept);
    put32(wire_bytes != 0 ? wire_bytes : static_cast<std::uint32_t>(frame.size()));
    if (file_) std::fwrite(frame.data(), 1, kept, file_.get());
  }

  void flush() {
    if (file_) std::fflush(file_.get());
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void put32(std::uint32_t value) {  // in this machine's order, which the magic number tells
    if (file_) std::fwrite(&value, sizeof(value), 1, file_.get());
  }
  std::unique_ptr<std::FILE, Close> file_;
  std::uint32_t snap_bytes_;
};

}  // namespace spanlight::test
