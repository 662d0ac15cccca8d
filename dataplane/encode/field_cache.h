#pragma once
// Fields that say what was said in this batch before (flags, a type, a status) are written once. Those alone
// that their key tells whole: names and texts of at most sixteen bytes, whole numbers, yes and no.
// Direct-mapped: what falls on an entry replaces it.

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/transaction.h"
#include "encode/batch_builder.h"
#include "encode/text_cache.h"

namespace spanlight {

class FieldCache {
 public:
  // Readers let a message stand for one table for each of its eight bytes. A record of two messages and
  // nothing else takes 190, and four for each of these.
  static constexpr std::size_t kSharedPerMessageMax = 16;

  // `value`: the text's bytes, or the number. `shape`: kind and both sizes; 0: of no field.
  struct Key {
    std::uint64_t name_first = 0, name_last = 0, value_first = 0, value_last = 0, shape = 0;
    bool operator==(const Key& other) const {
      return ((name_first ^ other.name_first) | (name_last ^ other.name_last) |
              (value_first ^ other.value_first) | (value_last ^ other.value_last) | (shape ^ other.shape)) ==
             0;
    }
  };
  struct Entry {
    Key key{};
    flatbuffers::Offset<wire::Field> field;
  };

  static bool takes(const Field& field) {
    if (field.name.empty() || field.name.size() > TextCache::kKeyBytesMax) return false;
    switch (field.kind) {
      case Field::Kind::text:
        return field.text.size() <= TextCache::kKeyBytesMax;
      case Field::Kind::integer:
      case Field::Kind::boolean:
        return true;
      default:
        return false;
    }
  }
  static Key key_of(const Field& field) {
    constexpr unsigned kSizeBits = 8;
    static_assert(TextCache::kKeyBytesMax < 1u << kSizeBits);
    const TextCache::Key name(field.name);
    const std::uint64_t shape = (static_cast<std::uint64_t>(field.kind) << kSizeBits | name.size)
                                << kSizeBits;
    if (field.kind != Field::Kind::text)
      return {name.first, name.last, static_cast<std::uint64_t>(field.integer), 0, shape};
    const TextCache::Key text(field.text);
    return {name.first, name.last, text.first, text.last, shape | text.size};
  }

  void clear() { entries_.fill({}); }
  Entry& entry(const Key& key) {
    constexpr std::uint64_t kMix = 0x9e3779b97f4a7c15u;
    const std::uint64_t name = key.name_first ^ key.name_last << 1;
    const std::uint64_t value = key.value_first ^ key.value_last << 1 ^ key.shape << 40;
    return entries_[(name * kMix ^ value) * kMix >> (64 - kEntryBits)];  // Fibonacci hashing
  }

 private:
  static constexpr unsigned kEntryBits = 8;
  std::array<Entry, 1u << kEntryBits> entries_{};
};

}  // namespace spanlight
