#pragma once
// Tables of names: what every record has (spine.cpp), and what KFL calls things (kfl_names.cpp). Constant
// data.

#include <span>
#include <string_view>
#include <vector>

#include "filter/catalog.h"

namespace spanlight::filter {

FilterType type_of(Var var);

// The variables of the spine under all their names.
std::vector<FilterVariable> spine_variables();
Var spine_var(std::string_view name);  // none: no such name

// Names of an enumeration's values by their number; empty where `var` is none of them. `none` of a reason or
// of a tunnel is the empty text. The last one stands for every number that this version does not know.
std::vector<std::string> names_of_values(Var var);
Var code_of(Var enumeration);  // the variable that is its number
std::vector<std::string> names_of_flags();

// A protocol that KFL has a flag for, known before any sensor was heard.
struct KflProtocol {
  std::string_view name;
  std::string_view title;
};
std::span<const KflProtocol> kfl_protocols();

struct KflField {
  std::string_view protocol;
  std::string_view name;
  wire::FieldType type;
};
std::span<const KflField> kfl_fields();

// `from` is also true where `to` is: what rides on another protocol, and several protocols under one name.
struct KflFlag {
  std::string_view flag;
  std::string_view protocol;
};
std::span<const KflFlag> kfl_flags();

// Fields of `protocol` are also named with `prefix`.
struct KflPrefix {
  std::string_view prefix;
  std::string_view protocol;
};
std::span<const KflPrefix> kfl_prefixes();

// What KFL calls a field of `protocol` that has another name here, where its own would say something else.
struct KflRenamed {
  std::string_view name;
  std::string_view protocol;
  std::string_view field;
};
std::span<const KflRenamed> kfl_renamed();

// A name that KFL has and Spanlight does not; why, and what to use instead.
struct KflMissing {
  std::string_view name;
  std::string_view instead;
};
std::span<const KflMissing> kfl_missing();

}  // namespace spanlight::filter
