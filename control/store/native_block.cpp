#include "store/native_block.h"

#include <functional>

namespace spanlight::native {
namespace {

// SerializationLowCardinality: the dictionary comes with the column, and is all of it.
constexpr std::uint64_t kHasOwnKeys = 1 << 9 | 1 << 10;
constexpr std::size_t kTableLeast = 256;

template <typename T>
void write_places(TextBuffer& out, const std::vector<std::uint32_t>& places) {
  char* at = out.room(places.size() * sizeof(T));
  for (const std::uint32_t place : places) {
    const T narrow = static_cast<T>(place);
    std::memcpy(at, &narrow, sizeof narrow);
    at += sizeof narrow;
  }
  out.commit(at);
}

}  // namespace

void begin_block(TextBuffer& out, std::size_t columns, std::size_t rows) {
  append_varint(out, columns);
  append_varint(out, rows);
}

void begin_column(TextBuffer& out, std::string_view name, std::string_view type) {
  append_text(out, name);
  append_text(out, type);
}

Dictionary::Dictionary() {
  clear();
}

void Dictionary::clear() {
  keys_.clear();
  spans_.clear();
  places_.clear();
  table_.assign(kTableLeast, 0);
  place_of({});  // ClickHouse wants the default at the first place
}

std::uint32_t Dictionary::place_of(std::string_view text) {
  const std::size_t hash = std::hash<std::string_view>{}(text);
  std::size_t slot = hash & (table_.size() - 1);
  for (; table_[slot] != 0; slot = (slot + 1) & (table_.size() - 1)) {
    const std::uint32_t place = table_[slot] - 1;
    if (spans_[place].hash == hash && text_at(place) == text) return place;
  }
  const auto place = static_cast<std::uint32_t>(spans_.size());
  append_text(keys_, text);
  spans_.push_back({static_cast<std::uint32_t>(keys_.size() - text.size()),
                    static_cast<std::uint32_t>(text.size()), hash});
  table_[slot] = place + 1;
  if (spans_.size() * 2 > table_.size()) grow();
  return place;
}

void Dictionary::grow() {
  table_.assign(table_.size() * 2, 0);
  for (std::uint32_t place = 0; place < spans_.size(); ++place) {
    std::size_t slot = spans_[place].hash & (table_.size() - 1);
    while (table_[slot] != 0) slot = (slot + 1) & (table_.size() - 1);
    table_[slot] = place + 1;
  }
}

void Dictionary::write(TextBuffer& out) const {
  if (places_.empty()) return;  // lists that are all empty: nothing stands here
  const std::uint64_t width = spans_.size() <= 0x100 ? 0 : spans_.size() <= 0x10000 ? 1 : 2;
  append_raw<std::uint64_t>(out, kHasOwnKeys | width);
  append_raw<std::uint64_t>(out, spans_.size());
  out.append(keys_.view());
  append_raw<std::uint64_t>(out, places_.size());
  if (width == 0)
    write_places<std::uint8_t>(out, places_);
  else if (width == 1)
    write_places<std::uint16_t>(out, places_);
  else
    write_places<std::uint32_t>(out, places_);
}

}  // namespace spanlight::native
