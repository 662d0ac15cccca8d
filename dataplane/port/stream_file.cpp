#include "port/stream_file.h"

#include <poll.h>
#include <stdio_ext.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "port/pcap_reader.h"
#include "port/pcapng_block.h"

namespace spanlight {
namespace {

constexpr std::size_t kBufferBytes = 524'288;  // more than the longest packet that libpcap takes
constexpr int kStepMs = 100;

constexpr std::size_t kPcapRecordBytes = 16;  // before a packet: seconds, fraction, bytes captured, bytes
constexpr std::size_t kBlockBytesMin = 12;    // of pcapng: type, length, length again
constexpr auto kSection = static_cast<std::uint32_t>(pcapng::BlockType::section);

}  // namespace

StreamFile::StreamFile(int descriptor, const std::atomic<bool>& end)
    : descriptor_(descriptor), end_asked_(end), buffer_(kBufferBytes) {}

StreamFile::~StreamFile() {
  close(descriptor_);
}

// The buffer is ours, since stdio does not say what it holds.
std::FILE* StreamFile::file() {
  std::FILE* file =
      fopencookie(this, "rb", {.read = read, .write = nullptr, .seek = nullptr, .close = nullptr});
  if (file == nullptr) return nullptr;
  std::setvbuf(file, nullptr, _IONBF, 0);
  __fsetlocking(file, FSETLOCKING_BYCALLER);
  return file;
}

std::uint32_t StreamFile::u32_at(std::size_t at) const {
  return pcapng::u32_of(buffer_.data() + at, swapped_);
}

// By the file's first bytes, if so many came at once.
void StreamFile::find_format() {
  if (const auto pcap = pcap_format_of({buffer_.data(), end_})) {
    format_ = Format::pcap;
    swapped_ = pcap->swapped;
  } else if (end_ >= kBlockBytesMin && u32_at(0) == kSection) {
    format_ = Format::pcapng;
    swapped_ = u32_at(8) != pcapng::kMagic;
  }
}

// Whether a whole packet is in the buffer, or something that is none for the reader to complain of.
bool StreamFile::has_packet() {
  if (format_ == Format::pcap)
    return end_ - at_ >= kPcapRecordBytes && end_ - at_ - kPcapRecordBytes >= u32_at(at_ + 8);
  for (std::size_t at = at_; end_ - at >= kBlockBytesMin;) {
    const std::uint32_t type = u32_at(at);
    if (type == kSection) {
      swapped_ = false;
      swapped_ = u32_at(at + 8) != pcapng::kMagic;
    }
    const std::uint32_t bytes = u32_at(at + 4);
    if (bytes < kBlockBytesMin) return true;
    if (bytes > end_ - at) return false;
    if (pcapng::is_packet(static_cast<pcapng::BlockType>(type))) return true;
    at += bytes;
  }
  return false;
}

bool StreamFile::ready() {
  pollfd in{.fd = descriptor_, .events = POLLIN, .revents = 0};
  if (format_ == Format::unknown) return at_ < end_ || ended() || poll(&in, 1, 0) > 0;
  while (!has_packet()) {
    if (ended() || end_ - at_ == buffer_.size()) return true;
    if (poll(&in, 1, 0) <= 0) return false;
    const ssize_t got = fill();
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got <= 0) return true;
  }
  return true;
}

ssize_t StreamFile::fill() {
  std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
  end_ -= at_;
  at_ = 0;
  const ssize_t got = ::read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
  if (got > 0) end_ += static_cast<std::size_t>(got);
  return got;
}

ssize_t StreamFile::wait_and_fill() {
  pollfd in{.fd = descriptor_, .events = POLLIN, .revents = 0};
  while (!ended()) {
    const int ready = poll(&in, 1, kStepMs);
    const ssize_t got = ready > 0 ? fill() : ready;
    if (ready > 0 && got >= 0) return got;
    if (got < 0 && errno != EAGAIN && (errno != EINTR || !opened_)) return -1;
  }
  return 0;
}

ssize_t StreamFile::read(void* self, char* out, std::size_t n) {
  auto& stream = *static_cast<StreamFile*>(self);
  if (stream.at_ == stream.end_) {
    const ssize_t got = stream.wait_and_fill();
    if (got <= 0) return got;
    if (!std::exchange(stream.begun_, true)) stream.find_format();
  }
  const std::size_t given = std::min(n, stream.end_ - stream.at_);
  std::memcpy(out, stream.buffer_.data() + stream.at_, given);
  stream.at_ += given;
  return static_cast<ssize_t>(given);
}

}  // namespace spanlight
