#pragma once
// Received bytes → a verified message. Nothing of a message may be touched before open_batch() (open_hello(),
// open_stats()) has accepted it; after that every accessor of the generated code is safe, for as long as the
// bytes live. What FlatBuffers cannot know is checked here too: the place of the header spans, and that a
// small message does not stand for a huge one (offsets may point to the same string a million times).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "schema/hello_generated.h"
#include "schema/record_generated.h"
#include "schema/stats_generated.h"

namespace spanlight {

enum class ReadFault : std::uint8_t {
  none,
  misaligned,        // not at an address that is a multiple of 8: the caller's fault, not the sender's
  too_large,         // more than kWireBytesMax
  wrong_identifier,  // another message, or none of ours
  malformed,         // an offset, length or required field that cannot be
  amplified,         // its parts, taken together, are far larger than the message
};
std::string_view fault_name(ReadFault fault);

constexpr std::size_t kWireBytesMax = std::size_t{16} << 20;  // settings allow batches of a sixteenth of it
constexpr std::size_t kWireAlignment = 8;
constexpr std::uint32_t kWireDepthMax = 8;    // batch, record, message, field, and some for what is appended
constexpr std::size_t kAmplificationMax = 8;  // the parts' bytes together, as a multiple of the message's

// `root` is nullptr exactly when `fault` is not none. It points into the bytes given.
template <typename Root>
struct Opened {
  const Root* root = nullptr;
  ReadFault fault = ReadFault::none;
  explicit operator bool() const { return root != nullptr; }
  const Root* operator->() const { return root; }
  const Root& operator*() const { return *root; }
};

Opened<wire::RecordBatch> open_batch(std::span<const std::uint8_t> bytes);
Opened<wire::Hello> open_hello(std::span<const std::uint8_t> bytes);
Opened<wire::Stats> open_stats(std::span<const std::uint8_t> bytes);

// Absent is empty: on this wire nobody tells them apart.
inline std::string_view text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}
inline std::span<const std::uint8_t> bytes_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
  if (bytes == nullptr) return {};
  return {bytes->data(), bytes->size()};
}
template <typename T>
std::uint32_t size_of(const flatbuffers::Vector<T>* list) {
  return list == nullptr ? 0 : list->size();
}

// The elements of a list that may be absent: for (const auto* field : elements_of(message.fields())) …
template <typename T>
class Elements {
 public:
  using Iterator = typename flatbuffers::Vector<T>::const_iterator;
  explicit Elements(const flatbuffers::Vector<T>* list) : list_(list) {}
  Iterator begin() const { return list_ == nullptr ? Iterator(nullptr, 0) : list_->begin(); }
  Iterator end() const { return list_ == nullptr ? Iterator(nullptr, 0) : list_->end(); }

 private:
  const flatbuffers::Vector<T>* list_;
};
template <typename T>
Elements<T> elements_of(const flatbuffers::Vector<T>* list) {
  return Elements<T>(list);
}

struct Header {
  std::string_view name;
  std::string_view value;
};

// The headers of one message in wire order. A span that leaves the header bytes is skipped and counted; so is
// every further one as soon as the spans together are longer than the bytes are (true headers do not
// overlap).
class HeaderReader {
 public:
  explicit HeaderReader(const wire::Message& message);
  std::optional<Header> next();
  std::uint32_t skipped() const { return skipped_; }

 private:
  std::string_view bytes_;
  const flatbuffers::Vector<const wire::HeaderSpan*>* spans_;
  std::uint32_t at_ = 0;
  std::uint32_t skipped_ = 0;
  std::size_t left_;  // bytes that spans may still name
};

}  // namespace spanlight
