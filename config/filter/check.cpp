#include <algorithm>

#include "filter/access.h"
#include "filter/checker.h"

namespace spanlight::filter {

Checker::Checker(std::string_view text, const SyntaxTree& syntax, const FilterCatalog& catalog,
                 const FilterLimits& limits, Program& program)
    : text_(text),
      syntax_(syntax),
      catalog_(catalog),
      limits_(limits),
      program_(program),
      tree_(program, limits) {}

void Checker::wrong(const Syntax& syntax, std::string text, std::string suggestion) const {
  throw Wrong{{syntax.position, syntax.length, std::move(text), std::move(suggestion)}};
}

std::string Checker::source(const Syntax& syntax) const {
  constexpr std::size_t kBytesMax = 48;
  const std::string_view all = text_.substr(syntax.position, syntax.length);
  if (all.size() <= kBytesMax) return std::string(all);
  return std::string(all.substr(0, kBytesMax)) + "…";
}

std::string Checker::typed(NodeIndex node) const {
  switch (tree_.type(node)) {
    case FilterType::boolean:
      return "a bool";
    case FilterType::integer:
      return "an int";
    case FilterType::number:
      return "a double";
    case FilterType::text:
      return "a string";
    case FilterType::address:
      return "an address";
    case FilterType::timestamp:
      return "a timestamp";
    case FilterType::duration:
      return "a duration";
    case FilterType::text_list:
    case FilterType::integer_list:
      return "a list";
    case FilterType::text_map:
      return "a map";
    case FilterType::dynamic:
      return "a field of varying type";
  }
  return "of a type that is not known";
}

NodeIndex Checker::check(SyntaxIndex index) {
  const Syntax& syntax = at(index);
  if (tree_.full()) wrong(syntax, "The filter is too large.", "Split it, or use \"in\" with a list.");
  return check_kind(syntax, index);
}

NodeIndex Checker::check_kind(const Syntax& syntax, SyntaxIndex index) {
  switch (syntax.kind) {
    case SyntaxKind::name:
    case SyntaxKind::member:
      return name_or_member(index);
    case SyntaxKind::text:
      return tree_.text(syntax.word);
    case SyntaxKind::integer:
      if (syntax.beyond) wrong(syntax, "This number does not fit into 64 bits.");
      return tree_.integer(syntax.integer);
    case SyntaxKind::number:
      return tree_.number(syntax.number);
    case SyntaxKind::boolean:
      return tree_.boolean(syntax.integer != 0);
    case SyntaxKind::list:
      wrong(syntax, "A list stands only behind \"in\", before [ ] or before .exists().",
            "Write, say, method in [\"GET\", \"PUT\"].");
    case SyntaxKind::map:
      wrong(syntax, "A map stands only behind \"in\" or before [ ].");
    case SyntaxKind::index:
      return this->index(syntax);
    case SyntaxKind::call:
      return call(syntax);
    case SyntaxKind::method:
      return method(syntax);
    case SyntaxKind::negate:
      return tree_.negate(condition(syntax.children[0]));
    case SyntaxKind::minus:
      return minus(syntax);
    case SyntaxKind::all_of:
    case SyntaxKind::any_of:
      return chain(syntax);
    case SyntaxKind::binary:
      if (syntax.op == Operator::in) return membership(syntax);
      return syntax.op < Operator::in ? comparison(syntax) : arithmetic(syntax);
    case SyntaxKind::choose:
      return choose(syntax);
  }
  wrong(syntax, "This cannot be understood.");
}

// A text alone, where a condition should stand, is searched for.
NodeIndex Checker::condition(SyntaxIndex index) {
  const Syntax& syntax = at(index);
  if (syntax.kind == SyntaxKind::text) return free_text(syntax.word);
  const NodeIndex node = check(index);
  switch (tree_.type(node)) {
    case FilterType::boolean:
      return node;
    case FilterType::dynamic:
      return tree_.unary(Op::dynamic_boolean, FilterType::boolean, node);
    default:
      break;
  }
  const std::string what = source(syntax);
  const FilterType type = tree_.type(node);
  const bool is_text = type == FilterType::text;
  const bool countable =
      type == FilterType::text_list || type == FilterType::integer_list || type == FilterType::text_map;
  wrong(syntax, what + " is " + typed(node) + ", not a condition.",
        is_text                       ? "Compare it: " + what + " != \"\"."
        : type == FilterType::integer ? "Compare it: " + what + " != 0."
        : countable                   ? "Ask how many: size(" + what + ") > 0."
                                      : "Compare it with something.");
}

NodeIndex Checker::chain(const Syntax& syntax) {
  std::vector<NodeIndex> operands;
  constexpr std::size_t kFaultsMax = 8;
  for (const SyntaxIndex child : syntax.children) {
    try {
      operands.push_back(condition(child));
    } catch (const Wrong& fault) {
      faults_.push_back(fault.fault);
      if (faults_.size() >= kFaultsMax || tree_.full()) break;
    }
  }
  return syntax.kind == SyntaxKind::all_of ? tree_.all_of(operands) : tree_.any_of(operands);
}

NodeIndex Checker::as_text(NodeIndex node) {
  return tree_.type(node) == FilterType::dynamic ? tree_.unary(Op::dynamic_text, FilterType::text, node)
                                                 : node;
}

NodeIndex Checker::as_number(NodeIndex node) {
  return tree_.type(node) == FilterType::integer ? tree_.unary(Op::to_number, FilterType::number, node)
                                                 : node;
}

NodeIndex Checker::minus(const Syntax& syntax) {
  const NodeIndex a = check(syntax.children[0]);
  const FilterType type = tree_.type(a);
  if (type != FilterType::integer && type != FilterType::number && type != FilterType::duration)
    wrong(syntax, source(at(syntax.children[0])) + " is " + typed(a) + "; it has no negative.",
          "What is no condition is negated with !, not with -.");
  return tree_.unary(Op::minus, type, a);
}

NodeIndex Checker::arithmetic(const Syntax& syntax) {
  static constexpr Op kOps[] = {Op::add, Op::subtract, Op::multiply, Op::divide, Op::modulo};
  const Op op = kOps[static_cast<std::size_t>(syntax.op) - static_cast<std::size_t>(Operator::add)];
  const NodeIndex a = check(syntax.children[0]);
  const NodeIndex b = check(syntax.children[1]);
  const FilterType x = tree_.type(a), y = tree_.type(b);
  if (op == Op::add && is_text(x) && is_text(y)) return tree_.binary(Op::concat, FilterType::text, a, b);
  if (x == FilterType::integer && y == FilterType::integer) return tree_.binary(op, x, a, b);
  if (is_numeric(x) && is_numeric(y) && op != Op::modulo)
    return tree_.binary(op, FilterType::number, as_number(a), as_number(b));
  const bool moves = y == FilterType::duration && (op == Op::add || op == Op::subtract);
  if (moves && (x == FilterType::timestamp || x == FilterType::duration)) return tree_.binary(op, x, a, b);
  if (op == Op::add && x == FilterType::duration && y == FilterType::timestamp)
    return tree_.binary(op, y, a, b);
  if (op == Op::subtract && x == FilterType::timestamp && y == FilterType::timestamp)
    return tree_.binary(op, FilterType::duration, a, b);
  const bool varies = x == FilterType::dynamic || y == FilterType::dynamic;
  wrong(syntax,
        "There is no " + typed(a) + ' ' + std::string(operator_text(syntax.op)) + ' ' + typed(b) + '.',
        varies ? "Name the field with its protocol, as in mysql_error_code: then it has a type." : "");
}

NodeIndex Checker::choose(const Syntax& syntax) {
  const NodeIndex when = condition(syntax.children[0]);
  const NodeIndex a = check(syntax.children[1]);
  const NodeIndex b = check(syntax.children[2]);
  return unified(syntax, when, a, b);
}

NodeIndex Checker::unified(const Syntax& syntax, NodeIndex when, NodeIndex a, NodeIndex b) {
  const auto plain = [this](NodeIndex node, NodeIndex other) {
    if (tree_.type(node) != FilterType::dynamic) return node;
    if (tree_.type(other) == FilterType::boolean)
      return tree_.unary(Op::dynamic_boolean, FilterType::boolean, node);
    return as_text(node);
  };
  const NodeIndex x = plain(a, b), y = plain(b, a);
  const auto is_text = [this](NodeIndex node) {
    return tree_.type(node) == FilterType::text || tree_.type(node) == FilterType::address;
  };
  const auto is_numeric = [this](NodeIndex node) {
    return tree_.type(node) == FilterType::integer || tree_.type(node) == FilterType::number;
  };
  const bool whole = tree_.type(x) >= FilterType::text_list;  // lists, maps
  if (is_numeric(x) && is_numeric(y) && tree_.type(x) != tree_.type(y))
    return tree_.choose(when, as_number(x), as_number(y));
  if (!whole && (tree_.type(x) == tree_.type(y) || (is_text(x) && is_text(y))))
    return tree_.choose(when, x, y);
  wrong(syntax, "The two sides of ? : are " + typed(x) + " and " + typed(y) + '.',
        whole ? "Ask each of them on its own." : "Both must be of one type.");
}

// Where people look first, whatever the case: the call in words, what went wrong, who was in it.
NodeIndex Checker::free_text(const std::string& words) {
  static constexpr Var kWhere[] = {
      Var::summary,       Var::url,         Var::error,        Var::src_name,     Var::dst_name,
      Var::src_service,   Var::dst_service, Var::src_workload, Var::dst_workload, Var::src_namespace,
      Var::dst_namespace, Var::src_dns,     Var::dst_dns};
  std::string lower = words;
  std::transform(lower.begin(), lower.end(), lower.begin(), folded);
  if (lower.empty()) return tree_.boolean(true);
  std::vector<NodeIndex> found;
  for (const Var var : kWhere) found.push_back(tree_.contains_folded(tree_.variable(var), lower));
  wire::Address address;
  if (parse_address(words, address))
    for (const Var var : {Var::src_ip, Var::dst_ip})
      found.push_back(tree_.in_network(tree_.variable(var), {address, address}));
  return tree_.any_of(found);
}

}  // namespace spanlight::filter
