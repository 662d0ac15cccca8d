#pragma once
// Short texts of few values (methods, versions, media types, names of fields) are written once a batch.
// Direct-mapped: what falls on an entry replaces it. A text is told by its length and its first and last
// eight bytes; only a longer one than these is compared where it stands in the batch.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "encode/batch_builder.h"

namespace spanlight {

class TextCache {
 public:
  static constexpr std::size_t kTextBytesMax = 48;
  static constexpr std::size_t kKeyBytesMax = 16;  // of at most so many, a key says all

  struct Key {
    std::uint64_t first = 0, last = 0;  // bytes; of less than eight the same number, unlike for other bytes
    std::uint64_t size = 0;             // 0: of no text
    bool operator==(const Key& other) const {
      return ((first ^ other.first) | (last ^ other.last) | (size ^ other.size)) == 0;
    }
    std::uint64_t mix() const { return first ^ last << 1 ^ size; }
    Key() = default;
    explicit Key(std::string_view text) : size(text.size()) {
      if (size >= sizeof(first)) {
        first = load<std::uint64_t>(text.data());
        last = load<std::uint64_t>(text.data() + size - sizeof(last));
      } else if (size >= sizeof(std::uint32_t)) {
        first = load<std::uint32_t>(text.data());
        last = load<std::uint32_t>(text.data() + size - sizeof(std::uint32_t));
      } else if (size > 0) {
        first = load<std::uint8_t>(text.data());
        last = std::uint64_t{load<std::uint8_t>(text.data() + size / 2)} << 8 |
               load<std::uint8_t>(text.data() + size - 1);
      }
    }

   private:
    template <typename Word>
    static Word load(const char* from) {
      Word word;
      std::memcpy(&word, from, sizeof(word));
      return word;
    }
  };

  struct Entry {
    Key key{};
    Text text;
  };

  void clear() { entries_.fill({}); }
  Entry& entry(const Key& key) {
    return entries_[key.mix() * 0x9e3779b97f4a7c15u >> (64 - kEntryBits)];  // Fibonacci hashing
  }
  static bool holds(const Entry& entry, const Key& key, std::string_view text, const BatchBuilder& builder) {
    return entry.key == key && (text.size() <= kKeyBytesMax || builder.text_at(entry.text) == text);
  }

 private:
  static constexpr unsigned kEntryBits = 7;
  std::array<Entry, 1u << kEntryBits> entries_{};
};

}  // namespace spanlight
