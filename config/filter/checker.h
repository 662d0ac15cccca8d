#pragma once
// Syntax → typed tree: what names mean, whether types fit, what macros stand for. A fault is thrown (Wrong)
// and caught by the nearest && or ||, so that several are told at once. Lives while one filter is compiled.

#include <string>
#include <vector>

#include "filter/syntax.h"
#include "filter/tree.h"

namespace spanlight::filter {

// Puts back at the end of a scope, also when a fault is thrown through it.
template <typename T>
class Restored {
 public:
  explicit Restored(T& value) : value_(value), before_(value) {}
  ~Restored() { value_ = std::move(before_); }
  Restored(const Restored&) = delete;
  Restored& operator=(const Restored&) = delete;

 private:
  T& value_;
  T before_;
};

class Checker {
 public:
  Checker(std::string_view text, const SyntaxTree& syntax, const FilterCatalog& catalog,
          const FilterLimits& limits, Program& program);

  // The root as a condition. Throws Wrong where it is none; faults() holds what was caught on the way.
  NodeIndex condition_of_all() { return condition(syntax_.root); }
  std::vector<FilterFault>& faults() { return faults_; }

 private:
  // What a name of exists() or all() stands for: a slot, or an element of a list in the text.
  struct Bound {
    std::string name;
    FilterType type = FilterType::text;
    bool is_slot = false;
    std::uint32_t slot = 0;
    SyntaxIndex element = 0;
    std::size_t scope = 0;  // of the element: names that were bound outside of the macro
  };

  // check.cpp
  NodeIndex check(SyntaxIndex index);
  NodeIndex check_kind(const Syntax& syntax, SyntaxIndex index);
  NodeIndex condition(SyntaxIndex index);
  NodeIndex chain(const Syntax& syntax);
  NodeIndex minus(const Syntax& syntax);
  NodeIndex arithmetic(const Syntax& syntax);
  NodeIndex choose(const Syntax& syntax);
  NodeIndex unified(const Syntax& syntax, NodeIndex condition, NodeIndex a, NodeIndex b);
  NodeIndex free_text(const std::string& words);
  NodeIndex as_text(NodeIndex node);    // of address, dynamic; others as they are
  NodeIndex as_number(NodeIndex node);  // of integer

  // check_names.cpp
  NodeIndex name_or_member(SyntaxIndex index);
  NodeIndex bound_value(const Bound& bound);
  NodeIndex select(const Syntax& syntax, NodeIndex from, const std::string& member);
  NodeIndex index(const Syntax& syntax);
  NodeIndex index_of_list(const Syntax& syntax, const Syntax& list, SyntaxIndex which);
  NodeIndex index_of_map(const Syntax& syntax, const Syntax& map, SyntaxIndex which);
  bool fields_of(SyntaxIndex index, Side& side) const;  // request.fields, response.fields
  NodeIndex any_field(Side side, const std::string& name);
  NodeIndex as_map(NodeIndex node);  // query_string becomes its parameters
  [[noreturn]] void unknown(const Syntax& syntax, const std::string& path) const;
  const Bound* find_bound(const std::string& name) const;
  std::vector<std::string> path_of(SyntaxIndex index, std::vector<SyntaxIndex>& steps) const;

  // check_compare.cpp
  NodeIndex comparison(const Syntax& syntax);
  NodeIndex compare(const Syntax& syntax, Comparison comparison, NodeIndex a, NodeIndex b);
  NodeIndex compare_special(const Syntax& syntax, Comparison comparison, NodeIndex a, NodeIndex constant);
  NodeIndex compare_enumeration(const Syntax& syntax, Comparison comparison, Var var,
                                const std::string& name);
  NodeIndex compare_id(const Syntax& syntax, Comparison comparison, Var var, const std::string& digits);
  NodeIndex compare_address(const Syntax& syntax, Comparison comparison, NodeIndex a,
                            const std::string& text);
  NodeIndex membership(const Syntax& syntax);
  NodeIndex in_elements(const Syntax& syntax, NodeIndex what, const std::vector<SyntaxIndex>& elements);
  NodeIndex in_list(const Syntax& syntax, NodeIndex what, NodeIndex list);
  [[noreturn]] void unlike(const Syntax& syntax, NodeIndex a, NodeIndex b) const;
  std::string unlike_suggestion(const Syntax& syntax, NodeIndex a, NodeIndex b) const;

  // check_calls.cpp
  NodeIndex call(const Syntax& syntax);
  NodeIndex method(const Syntax& syntax);
  NodeIndex text_method(const Syntax& syntax, NodeIndex subject);
  NodeIndex matches(const Syntax& syntax, NodeIndex subject);
  NodeIndex in_cidr(const Syntax& syntax, NodeIndex subject);
  NodeIndex size(const Syntax& syntax, SyntaxIndex of);
  NodeIndex map_get(const Syntax& syntax);
  NodeIndex has(const Syntax& syntax);
  NodeIndex has_value(NodeIndex node);
  NodeIndex conversion(const Syntax& syntax);
  NodeIndex time_of(const Syntax& syntax);
  NodeIndex quantifier(const Syntax& syntax);
  NodeIndex unrolled(const Syntax& syntax, const std::vector<SyntaxIndex>& elements);
  void need_arguments(const Syntax& syntax, std::size_t count, std::string_view usage) const;

  const Syntax& at(SyntaxIndex index) const { return syntax_.nodes[index]; }
  std::string source(const Syntax& syntax) const;  // its text, shortened
  std::string typed(NodeIndex node) const;         // "a string", "an int"
  [[noreturn]] void wrong(const Syntax& syntax, std::string text, std::string suggestion = {}) const;

  std::string_view text_;
  const SyntaxTree& syntax_;
  const FilterCatalog& catalog_;
  const FilterLimits& limits_;
  Program& program_;
  Tree tree_;
  std::vector<FilterFault> faults_;
  std::vector<Bound> scope_;
  std::uint32_t slots_ = 0;
};

bool parse_address(const std::string& text, wire::Address& address);
// "10.0.0.0/8", "fd00::/8", or an address alone; bits behind the prefix do not matter.
bool parse_network(const std::string& text, Network& network);
std::string quoted(std::string_view text);  // as a literal of the language

}  // namespace spanlight::filter
