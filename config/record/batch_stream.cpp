#include "record/batch_stream.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace spanlight {
namespace {

static_assert(std::endian::native == std::endian::little, "lengths are written and read as they stand");

constexpr std::size_t kLengthsBytes = 8;
constexpr std::size_t kSpaceBytes = 262'144;  // read at once, where a frame does not need more

constexpr std::size_t padded(std::size_t bytes) {
  return (bytes + 7) / 8 * 8;
}

std::uint32_t read_u32(const std::uint8_t* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

}  // namespace

std::string_view fault_name(StreamFault fault) {
  switch (fault) {
    case StreamFault::none:
      return "none";
    case StreamFault::not_a_stream:
      return "not_a_stream";
    case StreamFault::malformed:
      return "malformed";
    case StreamFault::cut:
      return "cut";
    case StreamFault::goes_on:
      return "goes_on";
  }
  return "unknown";
}

StreamHead::StreamHead(std::string_view topic, std::size_t message_bytes) {
  assert(topic.size() <= kStreamTopicBytesMax && message_bytes <= kWireBytesMax);
  const auto topic_bytes = static_cast<std::uint32_t>(topic.size());
  const auto bytes = static_cast<std::uint32_t>(message_bytes);
  std::memcpy(bytes_.data(), &topic_bytes, sizeof(topic_bytes));
  std::memcpy(bytes_.data() + sizeof(topic_bytes), &bytes, sizeof(bytes));
  std::memcpy(bytes_.data() + kLengthsBytes, topic.data(), topic.size());
  size_ = kLengthsBytes + padded(topic.size());
}

std::span<std::uint8_t> BatchStream::space() {
  auto* const base = reinterpret_cast<std::uint8_t*>(words_.data());
  if (begin_ > 0) {
    std::memmove(base, base + begin_, held());
    end_ -= begin_;
    begin_ = 0;
  }
  const std::size_t wanted = std::max(needed_, end_ + kSpaceBytes / 2);
  if (words_.size() * sizeof(std::uint64_t) < wanted)
    words_.resize(padded(std::max(wanted, kSpaceBytes)) / sizeof(std::uint64_t));
  return {reinterpret_cast<std::uint8_t*>(words_.data()) + end_,
          words_.size() * sizeof(std::uint64_t) - end_};
}

void BatchStream::received(std::size_t bytes) {
  assert(bytes <= words_.size() * sizeof(std::uint64_t) - end_);
  end_ += bytes;
}

void BatchStream::closed() {
  closed_ = true;
}

std::optional<StreamItem> BatchStream::next() {
  while (fault_ == StreamFault::none) {
    if (ended_) {
      if (held() > 0) fault_ = StreamFault::goes_on;
      return std::nullopt;
    }
    const std::optional<Frame> whole = begin() ? frame() : std::nullopt;
    if (!whole) {
      if (closed_ && fault_ == StreamFault::none) fault_ = StreamFault::cut;
      return std::nullopt;
    }
    begin_ += whole->bytes;
    needed_ = 0;
    if (std::optional<StreamItem> item = item_of(*whole)) return item;
  }
  return std::nullopt;
}

// True: the stream's first bytes were seen, and were right.
bool BatchStream::begin() {
  if (begun_) return true;
  const std::size_t n = std::min(held(), kStreamMagic.size());
  if (n > 0 && std::memcmp(at(), kStreamMagic.data(), n) != 0) {
    fault_ = StreamFault::not_a_stream;
    return false;
  }
  if (n < kStreamMagic.size()) return false;
  begin_ += n;
  begun_ = true;
  return true;
}

std::optional<BatchStream::Frame> BatchStream::frame() {
  if (held() < kLengthsBytes) return std::nullopt;
  const std::size_t topic_bytes = read_u32(at()), message_bytes = read_u32(at() + sizeof(std::uint32_t));
  if (topic_bytes == 0 || topic_bytes > kStreamTopicBytesMax || message_bytes > kWireBytesMax) {
    fault_ = StreamFault::malformed;
    return std::nullopt;
  }
  const std::size_t message_at = kLengthsBytes + padded(topic_bytes);
  needed_ = message_at + padded(message_bytes);
  if (held() < needed_) return std::nullopt;
  return Frame{.topic = {reinterpret_cast<const char*>(at()) + kLengthsBytes, topic_bytes},
               .message = {at() + message_at, message_bytes},
               .bytes = needed_};
}

// Nothing: a message that is passed over, and counted.
std::optional<StreamItem> BatchStream::item_of(const Frame& frame) {
  const auto [topic, message, bytes] = frame;
  StreamItem item;
  bool good = true;
  if (topic.starts_with("record.")) {
    item.kind = StreamItem::Kind::batch;
    const auto opened = open_batch(message);
    good = opened && text_of(opened->topic()) == topic;
    item.batch = opened.root;
    item.message = message;
  } else if (topic == "hello.") {
    item.kind = StreamItem::Kind::hello;
    item.hello = open_hello(message).root;
    good = item.hello != nullptr;
  } else if (topic == "stats.") {
    item.kind = StreamItem::Kind::stats;
    item.stats = open_stats(message).root;
    good = item.stats != nullptr;
  } else if (topic == kCaptureTopic) {
    item.kind = StreamItem::Kind::capture;
    item.capture = {reinterpret_cast<const char*>(message.data()), message.size()};
    good = message.size() <= kStreamNameBytesMax;
  } else if (topic == kEndTopic) {
    good = message.size() == 1 && message[0] <= 1;
    ended_ = good;
    item.whole = good && message[0] == 1;
  } else {
    ++unknown_;
    return std::nullopt;
  }
  if (good) return item;
  ++bad_;
  return std::nullopt;
}

}  // namespace spanlight
