#include "filter/tree.h"

#include <re2/re2.h>

#include <algorithm>

#include "filter/spine.h"
#include "filter/syntax.h"

namespace spanlight::filter {
namespace {

template <typename T>
void sort_out(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

NodeIndex Tree::push(Node node) {
  program_.nodes.push_back(std::move(node));
  return static_cast<NodeIndex>(program_.nodes.size() - 1);
}

NodeIndex Tree::folded(NodeIndex index, bool constant) {
  if (constant) fold(program_, index);
  return index;
}

NodeIndex Tree::boolean(bool value) {
  Node node;
  node.integer = value ? 1 : 0;
  return push(std::move(node));
}
NodeIndex Tree::integer(std::int64_t value) {
  return time(FilterType::integer, value);
}
NodeIndex Tree::time(FilterType type, std::int64_t value_ns) {
  Node node;
  node.type = type;
  node.integer = value_ns;
  return push(std::move(node));
}
NodeIndex Tree::number(double value) {
  Node node;
  node.type = FilterType::number;
  node.number = value;
  return push(std::move(node));
}
NodeIndex Tree::text(std::string value) {
  Node node;
  node.type = FilterType::text;
  node.text = std::move(value);
  return push(std::move(node));
}
NodeIndex Tree::zero(FilterType type) {
  Node node;
  node.type = type == FilterType::address ? FilterType::text : type;
  return push(std::move(node));
}

NodeIndex Tree::variable(Var var) {
  Node node;
  node.op = Op::variable;
  node.type = type_of(var);
  node.var = var;
  return push(std::move(node));
}

NodeIndex Tree::field(const FieldRef& ref, FilterType type) {
  Node node;
  node.op = Op::field;
  node.type = type;
  node.a = static_cast<NodeIndex>(program_.fields.size());
  program_.fields.push_back(ref);
  return push(std::move(node));
}

NodeIndex Tree::bound(std::uint32_t slot, FilterType type) {
  Node node;
  node.op = Op::bound;
  node.type = type;
  node.c = slot;
  return push(std::move(node));
}

NodeIndex Tree::binding(const Binding& binding) {
  if (binding.is_field) return field(binding.field, binding.variable.type);
  std::vector<NodeIndex> guards;
  if (!binding.protocols.empty()) guards.push_back(in_texts(variable(Var::protocol), binding.protocols));
  if (binding.transport >= 0) guards.push_back(code_is(Var::transport_code, binding.transport));
  if (binding.var == Var::none) return all_of(guards);
  const NodeIndex value = variable(binding.var);
  if (guards.empty()) return value;
  const NodeIndex guard = all_of(guards);
  return choose(guard, value, zero(type(value)));
}

NodeIndex Tree::chain(Op op, const std::vector<NodeIndex>& operands) {
  const bool neutral = op == Op::all_of;
  std::vector<NodeIndex> kept;
  for (const NodeIndex operand : operands) {
    if (!is_constant(operand)) {
      kept.push_back(operand);
    } else if ((at(operand).integer != 0) != neutral) {
      return boolean(!neutral);
    }
  }
  if (kept.empty()) return boolean(neutral);
  if (kept.size() == 1) return kept[0];
  Node node;
  node.op = op;
  node.a = static_cast<NodeIndex>(program_.operands.size());
  node.b = static_cast<NodeIndex>(kept.size());
  program_.operands.insert(program_.operands.end(), kept.begin(), kept.end());
  return push(std::move(node));
}

NodeIndex Tree::negate(NodeIndex a) {
  if (at(a).op == Op::negate) return at(a).a;
  return unary(Op::negate, FilterType::boolean, a);
}

NodeIndex Tree::choose(NodeIndex condition, NodeIndex a, NodeIndex b) {
  if (is_constant(condition)) return at(condition).integer != 0 ? a : b;
  Node node;
  node.op = Op::choose;
  node.type = type(a) == FilterType::address ? FilterType::text : type(a);
  node.a = condition;
  node.b = a;
  node.c = b;
  return push(std::move(node));
}

NodeIndex Tree::compare(Comparison comparison, NodeIndex a, NodeIndex b) {
  if (is_constant(a) && !is_constant(b)) {
    std::swap(a, b);
    comparison = flipped(comparison);
  }
  const bool mixed = type(a) != type(b) && (type(a) == FilterType::number || type(b) == FilterType::number);
  if (mixed && type(a) == FilterType::number) {
    std::swap(a, b);
    comparison = flipped(comparison);
  }
  Node node;
  node.op = Op::compare;
  node.operand = type(a);
  node.comparison = comparison;
  node.mixed = mixed;
  node.a = a;
  node.b = b;
  const bool constant = is_constant(a) && is_constant(b);
  return folded(push(std::move(node)), constant);
}

NodeIndex Tree::compare_dynamic(Comparison comparison, NodeIndex field, NodeIndex b) {
  Node node;
  node.op = Op::compare_dynamic;
  node.comparison = comparison;
  node.a = field;
  node.b = b;
  return push(std::move(node));
}

NodeIndex Tree::unary(Op op, FilterType type, NodeIndex a) {
  Node node;
  node.op = op;
  node.type = type;
  node.a = a;
  return folded(push(std::move(node)), is_constant(a));
}

NodeIndex Tree::binary(Op op, FilterType type, NodeIndex a, NodeIndex b) {
  Node node;
  node.op = op;
  node.type = type;
  node.a = a;
  node.b = b;
  return folded(push(std::move(node)), is_constant(a) && is_constant(b));
}

NodeIndex Tree::bits(std::int64_t mask) {
  Node node;
  node.op = Op::bits;
  node.a = variable(Var::flag_bits);
  node.integer = mask;
  return push(std::move(node));
}

NodeIndex Tree::code_is(Var code, std::int64_t value) {
  return compare(Comparison::equal, variable(code), integer(value));
}

NodeIndex Tree::in_texts(NodeIndex a, std::vector<std::string> texts) {
  sort_out(texts);
  if (texts.empty()) return boolean(false);
  const auto set = static_cast<NodeIndex>(program_.text_sets.size());
  program_.text_sets.push_back(std::move(texts));
  Node node;
  node.op = Op::in_texts;
  node.a = a;
  node.b = set;
  return folded(push(std::move(node)), is_constant(a));
}

NodeIndex Tree::in_integers(NodeIndex a, std::vector<std::int64_t> integers) {
  sort_out(integers);
  if (integers.empty()) return boolean(false);
  const auto set = static_cast<NodeIndex>(program_.integer_sets.size());
  program_.integer_sets.push_back(std::move(integers));
  Node node;
  node.op = Op::in_integers;
  node.a = a;
  node.b = set;
  return folded(push(std::move(node)), is_constant(a));
}

NodeIndex Tree::in_network(NodeIndex address, const Network& network) {
  Node node;
  node.op = Op::in_network;
  node.a = address;
  node.b = static_cast<NodeIndex>(program_.networks.size());
  program_.networks.push_back(network);
  return push(std::move(node));
}

NodeIndex Tree::contains_folded(NodeIndex a, std::string lower) {
  Node node;
  node.op = Op::contains_folded;
  node.a = a;
  node.text = std::move(lower);
  return folded(push(std::move(node)), is_constant(a));
}

NodeIndex Tree::matches(NodeIndex a, const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(static_cast<std::int64_t>(limits_.regex_memory_bytes_max));
  auto regex = std::make_unique<re2::RE2>(pattern, options);
  if (!regex->ok()) throw regex->error();
  const auto number = static_cast<NodeIndex>(program_.regexes.size());
  program_.regexes.push_back(std::move(regex));
  Node node;
  node.op = Op::matches;
  node.a = a;
  node.b = number;
  return folded(push(std::move(node)), is_constant(a));
}

NodeIndex Tree::elements(Op op, NodeIndex list, NodeIndex predicate, std::uint32_t slot) {
  Node node;
  node.op = op;
  node.a = list;
  node.b = predicate;
  node.c = slot;
  return push(std::move(node));
}

NodeIndex Tree::field_present(NodeIndex field) {
  Node node;
  node.op = Op::field_present;
  node.a = at(field).a;
  return push(std::move(node));
}

}  // namespace spanlight::filter
