#pragma once
// A compiled filter: a typed tree in flat vectors, made by the checker, read by both back ends. Immutable
// once compiled; shared by all copies of a Filter and by all threads.
//
// Every operation is total: nothing that a record holds can make one fail. What a back end must do with
// division by zero, overflow, absent fields and unlike types stands in README.md, "Semantics"; both do it.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "filter/types.h"
#include "record/call.h"

namespace re2 {
class RE2;
}

namespace spanlight::filter {

using NodeIndex = std::uint32_t;

enum class Op : std::uint8_t {
  constant,  // integer (booleans, integers, times), number or text, by type
  variable,  // var
  field,     // fields[a], as `type`; dynamic: only below the operations that take one
  bound,     // the element that slot `c` stands on
  // booleans
  all_of,  // operands[a, a+b)
  any_of,
  negate,           // !a
  compare,          // a `comparison` b, both `operand`; number with integer on the left: see `mixed`
  compare_dynamic,  // field node a `comparison` b
  bits,             // a & integer != 0
  in_texts,         // text a in text_sets[b]
  in_integers,      // integer a in integer_sets[b]
  in_network,       // address a in networks[b]
  contains,         // text a, text b
  starts_with,
  ends_with,
  contains_folded,  // a contains `text`, which is lower case, whatever the case of A-Z
  matches,          // text a, regexes[b]
  list_has,         // list a has element b
  map_has,          // map a has key b
  any_element,      // of list (or map's keys) a, b holds; slot c
  all_elements,
  field_present,    // fields[a]
  dynamic_boolean,  // field node a, false unless a boolean
  // any type
  choose,  // a ? b : c
  // integers, numbers, times
  add,
  subtract,
  multiply,
  divide,
  modulo,
  minus,
  text_size,  // characters
  list_size,
  map_size,
  dynamic_size,
  to_number,  // of integer a
  // texts
  to_text,  // of integer or boolean a
  lower,
  upper,
  concat,
  map_get,       // map a, key b; empty without
  list_at,       // list a, integer b; empty or 0 without
  dynamic_text,  // field node a, empty unless a text
};

enum class Comparison : std::uint8_t { equal, unequal, less, less_equal, greater, greater_equal };
Comparison flipped(Comparison comparison);  // with its sides exchanged

struct Node {
  Op op = Op::constant;
  FilterType type = FilterType::boolean;
  FilterType operand = FilterType::boolean;  // compare: of both sides
  Comparison comparison = Comparison::equal;
  Var var = Var::none;
  bool mixed = false;  // compare: a is an integer, b a number; compared exactly
  NodeIndex a = 0, b = 0, c = 0;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;
};

struct Network {
  wire::Address first, last;  // inclusive
};

class Program {
 public:
  Program();
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::vector<Node> nodes;
  std::vector<NodeIndex> operands;
  std::vector<FieldRef> fields;
  std::vector<std::vector<std::string>> text_sets;      // sorted, without doubles
  std::vector<std::vector<std::int64_t>> integer_sets;  // the same
  std::vector<Network> networks;
  std::vector<std::unique_ptr<re2::RE2>> regexes;
  NodeIndex root = 0;

  bool is_constant(NodeIndex index) const { return nodes[index].op == Op::constant; }
};

constexpr std::size_t kSlotsMax = 2;  // exists() within exists(), no deeper: its cost multiplies

bool evaluate(const Program& program, const Call& call);

// Makes a constant of a node whose operands are constants; the back end's own arithmetic.
void fold(Program& program, NodeIndex index);

// Throws SqlTooLarge as soon as it is clear: what some operations say twice doubles where they nest.
struct SqlTooLarge {};
std::string write_sql(const Program& program, std::size_t bytes_max);

}  // namespace spanlight::filter
