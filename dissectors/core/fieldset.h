#pragma once
// Fields of a record as they are found: a text that is empty is none.

#include <cstdint>
#include <string_view>

#include "core/listed.h"
#include "core/transaction.h"

namespace spanlight {

template <std::size_t kMax>
void add_text(Listed<Field, kMax>& to, std::string_view name, std::string_view value) {
  if (!value.empty()) to.add({.name = name, .text = value});
}

template <std::size_t kMax>
void add_number(Listed<Field, kMax>& to, std::string_view name, std::uint64_t value) {
  to.add({.name = name, .kind = Field::Kind::integer, .integer = static_cast<std::int64_t>(value)});
}

template <std::size_t kMax>
void add_true(Listed<Field, kMax>& to, std::string_view name) {
  to.add({.name = name, .kind = Field::Kind::boolean, .integer = 1});
}

}  // namespace spanlight
