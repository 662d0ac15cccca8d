#pragma once
// Capture files for tests, written byte by byte, so that broken ones can be made too.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

namespace spanlight::test {

struct Frame {
  std::uint32_t seconds = 0;
  std::uint32_t fraction = 0;  // in the file's unit
  std::vector<std::uint8_t> bytes;
  std::uint32_t wire_bytes = 0;  // 0 = as many as there are
};

// Bytes in the order of this machine, as capture files have them.
class ByteWriter {
 public:
  ByteWriter& u16(std::uint16_t v) { return raw(&v, sizeof(v)); }
  ByteWriter& u32(std::uint32_t v) { return raw(&v, sizeof(v)); }
  ByteWriter& raw(const void* data, std::size_t n) {
    bytes_.append(static_cast<const char*>(data), n);
    return *this;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

inline std::string pcap_bytes(const std::vector<Frame>& frames, std::uint32_t link = 1,
                              bool nanoseconds = true) {
  ByteWriter file;
  file.u32(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4).u16(2).u16(4).u32(0).u32(0).u32(262'144).u32(link);
  for (const Frame& frame : frames) {
    const auto captured = static_cast<std::uint32_t>(frame.bytes.size());
    file.u32(frame.seconds).u32(frame.fraction).u32(captured);
    file.u32(frame.wire_bytes == 0 ? captured : frame.wire_bytes).raw(frame.bytes.data(), frame.bytes.size());
  }
  return file.take();
}

// pcapng: section header, one interface with if_tsresol, enhanced packets. `fraction` is in 10^-resolution
// seconds.
inline std::string pcapng_bytes(const std::vector<Frame>& frames, std::uint16_t link = 1,
                                std::uint8_t resolution = 9) {
  ByteWriter file;
  file.u32(0x0a0d0d0a).u32(28).u32(0x1a2b3c4d).u16(1).u16(0).u32(0xffffffff).u32(0xffffffff).u32(28);
  const std::uint8_t option[4] = {resolution, 0, 0, 0};
  file.u32(1).u32(32).u16(link).u16(0).u32(262'144).u16(9).u16(1).raw(option, 4).u16(0).u16(0).u32(32);
  std::uint64_t unit = 1;
  for (int i = 0; i < resolution; ++i) unit *= 10;
  for (const Frame& frame : frames) {
    const auto captured = static_cast<std::uint32_t>(frame.bytes.size());
    const std::uint32_t padding = (4 - captured % 4) % 4;
    const std::uint32_t block = 32 + captured + padding;
    const std::uint64_t time = frame.seconds * unit + frame.fraction;
    file.u32(6)
        .u32(block)
        .u32(0)
        .u32(static_cast<std::uint32_t>(time >> 32))
        .u32(static_cast<std::uint32_t>(time));
    file.u32(captured).u32(frame.wire_bytes == 0 ? captured : frame.wire_bytes);
    file.raw(frame.bytes.data(), frame.bytes.size()).raw("\0\0\0", padding).u32(block);
  }
  return file.take();
}

// A file that is gone when the test is.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    const char* directory = std::getenv("TMPDIR");
    path_ = std::string(directory == nullptr ? "/tmp" : directory) + "/spanlight_test_XXXXXX";
    const int fd = mkstemp(path_.data());
    std::FILE* file = fd < 0 ? nullptr : fdopen(fd, "wb");
    if (file == nullptr) return;
    std::fwrite(content.data(), 1, content.size(), file);
    std::fclose(file);
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace spanlight::test
