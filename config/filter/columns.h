#pragma once
// Where the table `calls` of the store keeps what the language names: the only place that knows its columns.

#include <string>
#include <string_view>

#include "filter/types.h"

namespace spanlight::filter {

// The column, or the expression over columns, whose value is exactly the variable's; integers of any width.
std::string column_of(Var var);
// The column of an identifier, which is compared without conversion so that its index is of use; empty: not
// one.
std::string_view wide_column(Var var);

// Lists and maps as expressions.
std::string list_of(Var list);
std::string keys_of(Var map);
std::string map_element(Var map, const std::string& key, const std::string& fresh);  // '' without
std::string map_has(Var map, const std::string& key, const std::string& fresh);
std::string map_size(Var map);

// "request" or "response": the arrays of a message's fields.
std::string field_column(bool request,
                         std::string_view part);  // names, kinds, texts, integers, numbers, lists

std::string sql_text(std::string_view text);  // as a literal: printable ASCII, everything else as \xNN

}  // namespace spanlight::filter
