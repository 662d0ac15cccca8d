#pragma once
// Writes a typed tree as a ClickHouse expression: for each operation what match.cpp does with one record.
// sql.cpp: operations; sql_fields.cpp: the fields that a protocol adds, and comparison where the type is
// known only then.

#include <string>
#include <string_view>

#include "filter/program.h"

namespace spanlight::filter {

std::string_view comparison_text(Comparison comparison);

// What a value can be compared as, and the expression for each; an absent field is all of them.
struct SqlComparable {
  std::string is_text = "0", is_integer = "0", is_number = "0", is_boolean = "0";
  std::string text, integer, number, boolean;
};

class SqlWriter {
 public:
  SqlWriter(const Program& program, std::size_t bytes_max) : program_(program), bytes_max_(bytes_max) {}
  std::string expression(NodeIndex index);

 private:
  const Node& at(NodeIndex index) const { return program_.nodes[index]; }
  std::string constant(const Node& node) const;
  std::string integer(NodeIndex index);  // as Int64, for arithmetic
  std::string written(const Node& node);
  std::string variable(const Node& node) const;
  std::string condition(const Node& node);  // booleans
  std::string value(const Node& node);      // everything else
  std::string choose(const Node& node);
  std::string chain(const Node& node);
  std::string compare(const Node& node);
  std::string compare_time(const Node& node);
  std::string operand(NodeIndex index);
  std::string compare_dynamic(const Node& node);
  SqlComparable comparable(NodeIndex index);
  std::string in_set(const Node& node);
  std::string in_network(const Node& node);
  std::string matches(const Node& node);
  std::string arithmetic(const Node& node);
  std::string list(NodeIndex index);
  std::string list_has(const Node& node);
  std::string list_at(const Node& node);
  std::string elements(const Node& node);
  std::string call(const char* function, NodeIndex a) {
    return std::string(function) + "(" + expression(a) + ")";
  }
  std::string call(const char* function, NodeIndex a, NodeIndex b) {
    return std::string(function) + "(" + expression(a) + ", " + expression(b) + ")";
  }
  std::string fresh() { return std::to_string(++names_); }

  std::string field(const FieldRef& ref, FilterType type) const;
  std::string guard(const FieldRef& ref) const;
  std::string field_has(const FieldRef& ref) const;
  std::string field_part(const FieldRef& ref, std::string_view part) const;
  static std::string field_in(bool request, const std::string& name, std::string_view part);

  const Program& program_;
  std::size_t bytes_max_;
  unsigned names_ = 0;
};

}  // namespace spanlight::filter
