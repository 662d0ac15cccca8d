#pragma once
// What a GraphQL document executes (GraphQL, October 2021, section 2): the type and name of its operations.
// Read to its end without recursion, so that what merely begins like one is none. Pure.

#include <cstdint>
#include <string_view>

#include "core/reader.h"

namespace spanlight::gql {

enum class OperationType : std::uint8_t { none, query, mutation, subscription };
std::string_view operation_name(OperationType type);  // "query"

struct Document {
  Fault fault = Fault::none;  // short_input: it ends within a definition; bad_value: it is no document
  std::uint32_t operations = 0;
  // The one that is executed: the wanted one, or the only one. none: it cannot be told.
  OperationType type = OperationType::none;
  std::string_view name;
};

// `wanted`: the name asked for, empty for none. `cut`: `text` is not all of the document.
Document parse_document(std::string_view text, std::string_view wanted, bool cut);

}  // namespace spanlight::gql
