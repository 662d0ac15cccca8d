#pragma once
// Makes nodes of the typed tree. Knows operations, not names: what is constant is computed at once, `true &&`
// and the like go away. Callers see to it that the types fit.

#include <string>
#include <vector>

#include "filter/catalog.h"
#include "filter/filter.h"
#include "filter/program.h"

namespace spanlight::filter {

class Tree {
 public:
  Tree(Program& program, const FilterLimits& limits) : program_(program), limits_(limits) {}

  NodeIndex boolean(bool value);
  NodeIndex integer(std::int64_t value);
  NodeIndex time(FilterType type, std::int64_t value_ns);
  NodeIndex number(double value);
  NodeIndex text(std::string value);
  NodeIndex zero(FilterType type);

  NodeIndex variable(Var var);
  NodeIndex field(const FieldRef& ref, FilterType type);
  NodeIndex bound(std::uint32_t slot, FilterType type);
  NodeIndex binding(const Binding& binding);

  NodeIndex all_of(const std::vector<NodeIndex>& operands) { return chain(Op::all_of, operands); }
  NodeIndex any_of(const std::vector<NodeIndex>& operands) { return chain(Op::any_of, operands); }
  NodeIndex negate(NodeIndex a);
  NodeIndex choose(NodeIndex condition, NodeIndex a, NodeIndex b);
  NodeIndex compare(Comparison comparison, NodeIndex a,
                    NodeIndex b);  // both of one type, or integer and number
  NodeIndex compare_dynamic(Comparison comparison, NodeIndex field, NodeIndex b);
  NodeIndex unary(Op op, FilterType type, NodeIndex a);
  NodeIndex binary(Op op, FilterType type, NodeIndex a, NodeIndex b);
  NodeIndex bits(std::int64_t mask);
  NodeIndex code_is(Var code, std::int64_t value);
  NodeIndex in_texts(NodeIndex a, std::vector<std::string> texts);
  NodeIndex in_integers(NodeIndex a, std::vector<std::int64_t> integers);
  NodeIndex in_network(NodeIndex address, const Network& network);
  NodeIndex contains_folded(NodeIndex a, std::string lower);
  NodeIndex matches(NodeIndex a, const std::string& pattern);  // throws std::string: why it is none
  NodeIndex elements(Op op, NodeIndex list, NodeIndex predicate, std::uint32_t slot);
  NodeIndex field_present(NodeIndex field);

  const Node& at(NodeIndex index) const { return program_.nodes[index]; }
  FilterType type(NodeIndex index) const { return at(index).type; }
  bool is_constant(NodeIndex index) const { return at(index).op == Op::constant; }
  const FieldRef& field_of(NodeIndex index) const { return program_.fields[at(index).a]; }
  std::size_t size() const { return program_.nodes.size(); }
  bool full() const { return size() > limits_.nodes_max; }

 private:
  NodeIndex push(Node node);
  NodeIndex folded(NodeIndex index, bool constant);
  NodeIndex chain(Op op, const std::vector<NodeIndex>& operands);

  Program& program_;
  const FilterLimits& limits_;
};

}  // namespace spanlight::filter
