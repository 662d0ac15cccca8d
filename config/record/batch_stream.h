#pragma once
// Captures as a stream of bytes, without loss: what `spanlight dissect --format flatbuffers` writes to its
// standard output, and how a program that started it reads them. The writer waits for the reader.
//
//   stream  = "SLSTRM01" frame*          all numbers little endian
//   frame   = u32 topic bytes | u32 message bytes | topic | padding to 8 | message | padding to 8
//
//   topic               message
//   capture.            the name of the capture file that follows, as it was given
//   hello.              Hello (hello.fbs): the epoch under which the file's records run
//   record.<protocol>.  RecordBatch (record.fbs)
//   stats.              Stats (stats.fbs): what was counted over the file, and the next sequences
//   end.                one byte: 1 if every file was read to its end, otherwise 0
//
// A stream that ends without `end.` was cut. Topics that a reader does not know are passed over.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "record/reader.h"

namespace spanlight {

constexpr std::string_view kStreamMagic = "SLSTRM01";
constexpr std::string_view kCaptureTopic = "capture.";
constexpr std::string_view kEndTopic = "end.";
constexpr std::size_t kStreamTopicBytesMax = 64;
constexpr std::size_t kStreamNameBytesMax = 4'096;  // of a capture file

// ---- writing ----

// What stands before a message of `message_bytes`: two lengths, topic, padding.
class StreamHead {
 public:
  StreamHead(std::string_view topic, std::size_t message_bytes);  // a topic of at most kStreamTopicBytesMax
  std::string_view bytes() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 8 + kStreamTopicBytesMax> bytes_{};
  std::size_t size_ = 0;
};

// And what stands behind it.
inline std::string_view stream_padding(std::size_t message_bytes) {
  constexpr std::string_view kZeros{"\0\0\0\0\0\0\0", 7};
  return kZeros.substr(0, (8 - message_bytes % 8) % 8);
}

// ---- reading ----

struct StreamItem {
  enum class Kind : std::uint8_t { capture, hello, batch, stats, end };
  Kind kind = Kind::end;
  std::string_view capture;            // of `capture`: the file's name
  const wire::Hello* hello = nullptr;  // each verified
  const wire::RecordBatch* batch = nullptr;
  std::span<const std::uint8_t> message;  // the bytes that `batch` is of
  const wire::Stats* stats = nullptr;
  bool whole = false;  // of `end`
};

enum class StreamFault : std::uint8_t {
  none,
  not_a_stream,  // its first bytes are not those of a stream
  malformed,     // a frame whose lengths cannot be
  cut,           // ended before it said so
  goes_on,       // bytes behind its end
};
std::string_view fault_name(StreamFault fault);

// Holds the bytes that have come until they are whole messages. One thread. After a fault there is no more.
//   while (item or (n = read(fd, s.space())) …) { s.received(n) or s.closed(); while (auto i = s.next()) … }
class BatchStream {
 public:
  // Where to put what comes next: never empty. Items given out before are gone with it.
  std::span<std::uint8_t> space();
  void received(std::size_t bytes);  // so many were put there
  void closed();                     // no more will come

  // The next message, if it is there as a whole; its views are valid until space() is called.
  std::optional<StreamItem> next();

  StreamFault fault() const { return fault_; }
  bool ended() const { return ended_; }  // in order: `end.` was seen
  std::uint64_t malformed() const {
    return bad_;
  }  // messages that were not what their topic says: passed over
  std::uint64_t unknown() const { return unknown_; }  // messages of topics that this version does not know

 private:
  struct Frame {
    std::string_view topic;
    std::span<const std::uint8_t> message;
    std::size_t bytes;
  };
  std::size_t held() const { return end_ - begin_; }
  const std::uint8_t* at() const { return reinterpret_cast<const std::uint8_t*>(words_.data()) + begin_; }
  bool begin();
  std::optional<Frame> frame();
  std::optional<StreamItem> item_of(const Frame& frame);

  std::vector<std::uint64_t> words_;  // so that messages are aligned: frames are multiples of eight bytes
  std::size_t begin_ = 0, end_ = 0;   // bytes
  std::size_t needed_ = 0;            // of the frame under way
  bool begun_ = false, ended_ = false, closed_ = false;
  StreamFault fault_ = StreamFault::none;
  std::uint64_t bad_ = 0, unknown_ = 0;
};

}  // namespace spanlight
