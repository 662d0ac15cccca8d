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

  struct Key {
    TextCache::Key name, text;
    std::int64_t integer = 0;
    Field::Kind kind = Field::Kind::text;
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    Key key{};  // of no name: of no field
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
    const bool says_text = field.kind == Field::Kind::text;
    return {.name = TextCache::Key(field.name),
            .text = says_text ? TextCache::Key(field.text) : TextCache::Key(),
            .integer = says_text ? 0 : field.integer,
            .kind = field.kind};
  }

  void clear() { entries_.fill({}); }
  Entry& entry(const Key& key) {
    constexpr std::uint64_t kMix = 0x9e3779b97f4a7c15u;
    const std::uint64_t value =
        (key.text.mix() ^ static_cast<std::uint64_t>(key.integer)) + static_cast<std::uint64_t>(key.kind);
    return entries_[(key.name.mix() * kMix ^ value) * kMix >> (64 - kEntryBits)];  // Fibonacci hashing
  }

 private:
  static constexpr unsigned kEntryBits = 7;
  std::array<Entry, 1u << kEntryBits> entries_{};
};

}  // namespace spanlight
