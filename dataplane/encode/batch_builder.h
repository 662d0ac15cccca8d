#pragma once
// FlatBuffers' builder over a buffer that is there already. It never grows: who writes asks left_bytes()
// first. A new BatchBuilder for each batch; neither making nor using one allocates.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/bytes.h"
#include "schema/record_generated.h"

namespace spanlight {

constexpr std::size_t kBatchAlignmentBytes = 16;

// Hands out one buffer, once.
class BatchMemory : public flatbuffers::Allocator {
 public:
  // The part of `storage` whose both ends are aligned as FlatBuffers' largest scalar wants.
  BatchMemory(std::uint8_t* storage, std::size_t bytes) {
    const std::size_t skew = reinterpret_cast<std::uintptr_t>(storage) % kBatchAlignmentBytes;
    const std::size_t skip = skew == 0 ? 0 : kBatchAlignmentBytes - skew;
    if (bytes < skip) return;
    data_ = storage + skip;
    bytes_ = (bytes - skip) / kBatchAlignmentBytes * kBatchAlignmentBytes;
  }
  std::size_t bytes() const { return bytes_; }

  // A second call means that a record outgrew its upper bound. That is our own error, and writing on would
  // overwrite another batch.
  std::uint8_t* allocate(std::size_t size) override {
    if (taken_ || size > bytes_) std::abort();
    taken_ = true;
    return data_;
  }
  void deallocate(std::uint8_t*, std::size_t) override {}

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t bytes_ = 0;
  bool taken_ = false;
};

class BatchBuilder final : private BatchMemory, public flatbuffers::FlatBufferBuilder {
 public:
  BatchBuilder(std::uint8_t* storage, std::size_t bytes)
      : BatchMemory(storage, bytes),
        FlatBufferBuilder(BatchMemory::bytes(), this, false, kBatchAlignmentBytes) {}

  // Free for objects and for the builder's own notes (positions of fields, known vtables), which share the
  // buffer.
  std::size_t left_bytes() const { return BatchMemory::bytes() - buf_.size() - buf_.scratch_size(); }

  // A string to be filled by the caller, at once.
  flatbuffers::Offset<flatbuffers::String> start_string(std::size_t size, std::uint8_t** contents) {
    NotNested();
    PreAlign<flatbuffers::uoffset_t>(size + 1);
    buf_.fill(1);
    buf_.make_space(size);
    const flatbuffers::uoffset_t at = GetSize();
    PushElement(static_cast<flatbuffers::uoffset_t>(size));
    *contents = buf_.data_at(at);
    return {GetSize()};
  }

  // Takes back everything written since the builder's size was `size`. No table may be among it.
  void take_back(flatbuffers::uoffset_t size) { buf_.pop(GetSize() - size); }

  std::string_view string_at(flatbuffers::Offset<flatbuffers::String> offset) const {
    const auto* text = reinterpret_cast<const flatbuffers::String*>(buf_.data_at(offset.o));
    return {text->c_str(), text->size()};
  }
};

}  // namespace spanlight
