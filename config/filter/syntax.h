#pragma once
// The text of a filter as a tree, before anything has a type. Nodes stand in one vector and name each other
// by index; `&&` and `||` have any number of children, so that long chains are flat.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "filter/filter.h"

namespace spanlight::filter {

enum class SyntaxKind : std::uint8_t {
  name,
  text,
  integer,
  number,
  boolean,
  list,    // children: elements
  map,     // children: key, value, key, value, …
  member,  // word; child: of what
  index,   // children: of what, which
  call,    // word; children: arguments
  method,  // word; children: of what, arguments
  negate,  // !
  minus,
  all_of,
  any_of,
  binary,  // op; two children
  choose,  // ? :
};

enum class Operator : std::uint8_t {
  equal,
  unequal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  add,
  subtract,
  multiply,
  divide,
  modulo
};
std::string_view operator_text(Operator op);

using SyntaxIndex = std::uint32_t;

struct Syntax {
  SyntaxKind kind = SyntaxKind::name;
  Operator op = Operator::equal;
  std::uint32_t depth = 1;
  std::size_t position = 0;  // of the whole thing in the text
  std::size_t length = 0;
  std::string word;
  std::int64_t integer = 0;  // boolean: 0 or 1
  bool beyond = false;       // an integer that is 2^63: right only behind a minus
  double number = 0;
  std::vector<SyntaxIndex> children;
};

struct SyntaxTree {
  std::vector<Syntax> nodes;
  SyntaxIndex root = 0;
};

// Thrown while reading and checking, caught in Filter::compile().
struct Wrong {
  FilterFault fault;
};

// Throws Wrong. `text` is neither empty nor blank and within the limit of size.
SyntaxTree parse(std::string_view text, const FilterLimits& limits);

// What is wrong at `position`, where `text` could not be read on: a sentence that knows common slips.
FilterFault diagnose(std::string_view text, std::size_t position);

// Literals. `literal` with its quotes and prefix; positions in faults are those of the text it was cut from
// at `position`.
std::string unquote(std::string_view literal, std::size_t position);
// RFC 3339, nanoseconds since the epoch; false if it is none, or not in 1970…2262.
bool parse_time(std::string_view text, std::int64_t& time_ns);
// "1h30m", "1.5s", "250ms", "-5us", "10ns"; false if it is none or too long for 64 bits of nanoseconds.
bool parse_duration(std::string_view text, std::int64_t& duration_ns);

}  // namespace spanlight::filter
