#pragma once
// The columns of a message, for both messages of a call.

#include <array>
#include <string_view>

#include "schema/record_generated.h"
#include "store/native_block.h"

namespace spanlight {

constexpr std::string_view kWordType = "LowCardinality(String)";

// A text column that mostly says what it said before.
struct Word {
  native::Dictionary places;
  std::uint32_t memo = 0;
  void append(std::string_view text) { places.append(text, memo); }
  void write(TextBuffer& out) const {
    native::Dictionary::write_prefix(out);
    places.write(out);
  }
  std::size_t bytes() const { return places.bytes(); }
  void clear() {
    places.clear();
    memo = 0;
  }
};

// Names of headers or fields: at one place of a message there is mostly the same name.
struct NameList {
  static constexpr std::size_t kRemembered = 64;
  native::Dictionary places;
  std::array<std::uint32_t, kRemembered> memos{};
  void append(std::string_view text, std::size_t index) { places.append(text, memos[index % kRemembered]); }
  void clear() {
    places.clear();
    memos.fill(0);
  }
};

struct MessageColumns {
  native::Numbers<std::uint8_t> present;
  native::Numbers<std::uint64_t> size, last_byte, body_size;
  native::Ends headers;
  NameList header_names;
  native::Texts header_values;
  native::Texts body;
  Word content_type, content_encoding;
  native::Ends fields;
  NameList field_names;
  native::Numbers<std::uint8_t> field_kinds;
  native::Texts field_texts;
  native::Numbers<std::int64_t> field_integers;
  native::Numbers<double> field_numbers;
  native::Ends field_list_ends;
  native::Texts field_list_items;

  // `message` may be nullptr. Gives the header spans that had to be skipped.
  std::uint32_t append(const wire::Message* message);
  template <typename Write>
  void write(const Write& write) const;
  void clear();

 private:
  std::uint32_t append_headers(const wire::Message& message);
  void append_fields(const wire::Message& message);
};

template <typename Write>
void MessageColumns::write(const Write& put) const {
  const auto list = [&put](std::string_view name, std::string_view type, const native::Ends& ends,
                           const auto& content) {
    put(name, type, [&](TextBuffer& out) {
      ends.write(out);
      content.write(out);
    });
  };
  const auto names = [&put](std::string_view name, const native::Ends& ends, const NameList& content) {
    put(name, "Array(LowCardinality(String))", [&](TextBuffer& out) {
      native::Dictionary::write_prefix(out);
      ends.write(out);
      content.places.write(out);
    });
  };
  const auto plain = [&put](std::string_view name, std::string_view type, const auto& content) {
    put(name, type, [&](TextBuffer& out) { content.write(out); });
  };
  plain("present", "Bool", present);
  plain("size", "UInt64", size);
  plain("last_byte", "UInt64", last_byte);
  names("header_names", headers, header_names);
  list("header_values", "Array(String)", headers, header_values);
  plain("body_size", "UInt64", body_size);
  plain("body", "String", body);
  plain("content_type", kWordType, content_type);
  plain("content_encoding", kWordType, content_encoding);
  names("field_names", fields, field_names);
  list("field_kinds", "Array(UInt8)", fields, field_kinds);
  list("field_texts", "Array(String)", fields, field_texts);
  list("field_integers", "Array(Int64)", fields, field_integers);
  list("field_numbers", "Array(Float64)", fields, field_numbers);
  put("field_lists", "Array(Array(String))", [this](TextBuffer& out) {
    fields.write(out);
    field_list_ends.write(out);
    field_list_items.write(out);
  });
}

}  // namespace spanlight
