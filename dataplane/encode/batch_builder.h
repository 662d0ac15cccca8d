#pragma once
// A FlatBuffer written into a buffer that is there already, from its end to its start as all FlatBuffers are:
// children first, parents below them. It never grows: who writes asks left_bytes() first. A new BatchBuilder
// for each batch; neither making nor using one allocates. What FlatBuffers' own builder finds out for each
// table as it goes (which members, where, which vtable) is fixed here beforehand: tables.h.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

#include "core/bytes.h"
#include "encode/utf8.h"
#include "schema/record_generated.h"

namespace spanlight {

static_assert(std::endian::native == std::endian::little,
              "FlatBuffers are, and members are copied as they are");

using Text = flatbuffers::Offset<flatbuffers::String>;

struct TableForm;

// The fixed part is to be filled in where it stands: a copy of one just built on the stack would wait for
// each of its members to arrive there.
template <typename Head>
struct NewTable {
  flatbuffers::Offset<typename Head::Table> offset;
  Head& head;
};

class BatchBuilder {
 public:
  static constexpr std::size_t kAlignment = 8;  // of the batch, and of its largest members

  // Uses the part of `storage` whose end is aligned.
  BatchBuilder(std::uint8_t* storage, std::size_t bytes) : begin_(storage) {
    const std::size_t skew = reinterpret_cast<std::uintptr_t>(storage + bytes) % kAlignment;
    end_ = head_ = storage + (bytes < skew ? 0 : bytes - skew);
  }

  // Written so far. An object's offset is the size just after it was written: its distance from the end.
  flatbuffers::uoffset_t size() const { return static_cast<flatbuffers::uoffset_t>(end_ - head_); }
  const std::uint8_t* data() const { return head_; }
  std::size_t left_bytes() const {
    const auto left = static_cast<std::size_t>(head_ - begin_);
    return left < kMarginBytes ? 0 : left - kMarginBytes;
  }

  // Room for an object that starts `phase` bytes behind a multiple of `alignment`; what lies between it and
  // the object above is zeroed. Too little room means that a record outgrew its upper bound. That is our own
  // error, and writing on would overwrite another batch.
  std::uint8_t* room(std::size_t bytes, std::size_t alignment = sizeof(flatbuffers::uoffset_t),
                     std::size_t phase = 0) {
    if (bytes + kMarginBytes > static_cast<std::size_t>(head_ - begin_)) std::abort();
    std::memset(head_ - kMarginBytes / 2, 0, kMarginBytes / 2);
    const std::size_t size_after = ((size() + bytes - phase + alignment - 1) & ~(alignment - 1)) + phase;
    return head_ = end_ - size_after;
  }

  // A text, made valid UTF-8. `copy`, if asked for, is its bytes, to be masked at once.
  Text text(std::string_view source, MutableBytes* copy = nullptr) {
    const flatbuffers::uoffset_t before = size();
    MutableBytes bytes = text_room(source.size());
    if (!copy_ascii(source, bytes.data())) [[unlikely]]
      bytes = rewrite_as_utf8(source, before, bytes);
    if (copy != nullptr) *copy = bytes;
    return {size()};
  }
  std::string_view text_at(Text offset) const {
    const auto* text = reinterpret_cast<const flatbuffers::String*>(end_ - offset.o);
    return {text->c_str(), text->size()};
  }

  // A vector of `count` elements of at most four bytes' alignment, to be filled by the caller.
  template <typename T>
  flatbuffers::Offset<flatbuffers::Vector<T>> vector(std::size_t count, std::size_t element_bytes,
                                                     std::uint8_t** elements) {
    std::uint8_t* at = room(sizeof(flatbuffers::uoffset_t) + count * element_bytes);
    store(at, static_cast<flatbuffers::uoffset_t>(count));
    *elements = at + sizeof(flatbuffers::uoffset_t);
    return {size()};
  }

  // A vector of what was written before.
  template <typename T>
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<T>>> vector_of(
      const flatbuffers::Offset<T>* offsets, std::size_t count) {
    std::uint8_t* to = nullptr;
    const auto made = vector<flatbuffers::Offset<T>>(count, sizeof(flatbuffers::uoffset_t), &to);
    for (std::size_t i = 0; i < count; ++i, to += sizeof(flatbuffers::uoffset_t)) point(to, offsets[i].o);
    return made;
  }

  // Takes back everything written since the size was `size`. No table may be among it.
  void take_back(flatbuffers::uoffset_t size) { head_ = end_ - size; }

  // A table with its children. Its fixed part is zero. tables.h: heads, and which children go with them.
  template <typename Head, typename Children>
  NewTable<Head> table(const Children& children);

  // Makes it a whole buffer. Nothing may be written after it.
  void finish(flatbuffers::uoffset_t root, const char* identifier);

 private:
  // Twice what room() zeroes below the head before it knows where the object begins: the object itself may be
  // aligned down by as much.
  static constexpr std::size_t kMarginBytes = 2 * kAlignment;

  template <typename T>
  static void store(std::uint8_t* at, T value) {
    std::memcpy(at, &value, sizeof(value));
  }
  void point(std::uint8_t* from, flatbuffers::uoffset_t to) const {
    store(from, static_cast<flatbuffers::uoffset_t>(end_ - from) - to);
  }
  MutableBytes text_room(std::size_t bytes) {
    std::uint8_t* at = room(sizeof(flatbuffers::uoffset_t) + bytes + 1);
    store(at, static_cast<flatbuffers::uoffset_t>(bytes));
    return {at + sizeof(flatbuffers::uoffset_t), bytes};
  }
  MutableBytes rewrite_as_utf8(std::string_view source, flatbuffers::uoffset_t before, MutableBytes room);

  flatbuffers::uoffset_t vtable_of(const TableForm& form, std::uint32_t present);
  flatbuffers::uoffset_t write_vtable(const TableForm& form, std::uint32_t present);

  // The vtables of this batch. Direct-mapped: few combinations of children occur, and what falls on another's
  // entry is written once more.
  struct Vtable {
    std::uint32_t key = 0;  // form and children present
    flatbuffers::uoffset_t offset = 0;
  };
  static constexpr unsigned kVtableBits = 6;

  std::uint8_t* begin_;
  std::uint8_t* end_;
  std::uint8_t* head_;
  std::array<Vtable, 1u << kVtableBits> vtables_{};
};

}  // namespace spanlight
