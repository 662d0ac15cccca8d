#include "kafka/walk.h"

#include <algorithm>

namespace spanlight::kafka {

std::uint32_t take_varint(Reader& r) {
  constexpr unsigned kBytesMax = 5;
  std::uint64_t value = 0;
  for (unsigned i = 0; i < kBytesMax; ++i) {
    const std::uint8_t byte = r.u8();
    value |= std::uint64_t{byte & 0x7fu} << 7 * i;
    if ((byte & 0x80) == 0) {
      r.require(value <= 0xffffffff, Fault::bad_value);
      return static_cast<std::uint32_t>(value);
    }
  }
  r.fail(Fault::bad_value);
  return 0;
}

void skip_tags(Reader& r) {
  constexpr std::uint32_t kTagsMax = 64;
  const std::uint32_t count = take_varint(r);
  r.require(count <= kTagsMax, Fault::too_many);
  for (std::uint32_t i = 0; i < count && r.ok(); ++i) {
    take_varint(r);
    r.skip(take_varint(r));
  }
}

// Of texts (short lengths), bytes, records and arrays (long ones): null is -1, or 0 where they are compact.
std::uint64_t Walk::take_size(bool wide, bool& null) {
  if (flexible_) {
    const std::uint32_t size = take_varint(reader_);
    null = size == 0;
    return null ? 0 : size - 1;
  }
  const std::int64_t size = wide ? static_cast<std::int32_t>(reader_.be<std::uint32_t>())
                                 : static_cast<std::int16_t>(reader_.be<std::uint16_t>());
  reader_.require(size >= -1, Fault::bad_length);
  null = size < 0;
  return null || !reader_.ok() ? 0 : static_cast<std::uint64_t>(size);
}

void Walk::take(const Slot& field, Value& value) {
  constexpr std::size_t kUuidBytes = 16;
  switch (field.form) {
    case Form::i8:
      value.number = reader_.u8();
      if (value.number > 0x7f) value.number -= 0x100;
      return;
    case Form::i16:
      value.number = static_cast<std::int16_t>(reader_.be<std::uint16_t>());
      return;
    case Form::i32:
      value.number = static_cast<std::int32_t>(reader_.be<std::uint32_t>());
      return;
    case Form::i64:
      value.number = static_cast<std::int64_t>(reader_.be<std::uint64_t>());
      return;
    case Form::uuid:
      value.bytes = reader_.take(kUuidBytes);
      return;
    case Form::text:
    case Form::bytes:
      value.size = take_size(field.form == Form::bytes, value.null);
      value.bytes = reader_.take(value.size);
      return;
    case Form::records: {
      value.size = take_size(true, value.null);
      if (!reader_.ok()) return;
      Reader ahead = reader_;
      value.bytes = ahead.take(std::min<std::uint64_t>(value.size, ahead.left()));
      reader_.skip(value.size);
      return;
    }
    default:
      return;
  }
}

// False: it has no elements, and its layout is to be passed.
bool Walk::open(const Slot& field) {
  bool null = false;
  const std::uint64_t count = take_size(true, null);
  if (!reader_.ok() || count == 0) return false;
  if (depth_ == kDepthMax) {
    reader_.fail(Fault::too_deep);
    return false;
  }
  levels_[depth_++] = {.first = at_,
                       .left = static_cast<std::uint32_t>(count - 1),
                       .tagged = flexible_ && field.form == Form::array};
  return true;
}

// Behind the `end` that belongs to the array just opened.
void Walk::pass_layout() {
  for (unsigned depth = 1; depth > 0 && at_ < layout_.size(); ++at_) {
    const Form form = layout_[at_].form;
    if (form == Form::array || form == Form::list) ++depth;
    if (form == Form::end) --depth;
  }
}

void Walk::close() {
  Level& level = levels_[depth_ - 1];
  if (level.tagged) skip_tags(reader_);
  if (level.left > 0) {
    --level.left;
    at_ = level.first;
  } else {
    --depth_;
  }
}

bool Walk::next(Value& value) {
  while (reader_.ok() && at_ < layout_.size()) {
    if (++steps_ > kStepsMax) {
      reader_.fail(Fault::too_many);
      return false;
    }
    const Slot& field = layout_[at_++];
    if (field.form == Form::end) {
      close();
      continue;
    }
    const bool there = version_ >= field.from && version_ <= field.to;
    if (field.form == Form::array || field.form == Form::list) {
      if (!there || !open(field)) pass_layout();
      continue;
    }
    if (!there) continue;
    value = {.role = field.role};
    take(field, value);
    // What there is of records is looked at, also where they are cut.
    const bool cut_records = field.form == Form::records && !value.bytes.empty();
    if (!reader_.ok() && !cut_records) return false;
    if (field.role != Role::none) return true;
  }
  return false;
}

}  // namespace spanlight::kafka
