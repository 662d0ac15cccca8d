#pragma once
// What a record takes in a batch at most, alignment included: known before its first byte is written, since a
// batch does not grow.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include "core/transaction.h"

namespace spanlight {

constexpr std::size_t kFieldsPerMessageMax = 64;  // beyond: left out, EncodeCounters::fields_left_out
constexpr std::size_t kListTextsMax = 256;        // of one field; beyond: left out, the same counter

constexpr std::string_view kJsonListForm = "json";  // Field.text in config/schema/record.fbs

inline std::span<const Field> fields_kept(const Message& message) {
  return message.fields.first(std::min(message.fields.size(), kFieldsPerMessageMax));
}
inline std::span<const std::string_view> list_kept(const Field& field) {
  return field.list.first(std::min(field.list.size(), kListTextsMax));
}

struct RecordBound {
  std::size_t spine = 0;  // all but the rest
  std::size_t headers = 0;
  std::size_t bodies = 0;
  std::size_t whole() const { return spine + headers + bodies; }
};

// From lengths alone: texts as if each byte became three, headers as if nothing overlapped. Where it does not
// fit the batch, bound_of() looks at the bytes too and tells what might.
RecordBound quick_bound_of(const Transaction& call);
RecordBound bound_of(const Transaction& call);

std::size_t text_bound(std::string_view text);

}  // namespace spanlight
