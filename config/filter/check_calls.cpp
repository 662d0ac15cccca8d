// Functions, methods, and the macros that go through lists.

#include <array>

#include "filter/access.h"
#include "filter/checker.h"
#include "filter/spine.h"
#include "text/text.h"

namespace spanlight::filter {
namespace {

constexpr std::array<std::string_view, 9> kFunctions = {"size", "map_get", "timestamp", "duration", "now",
                                                        "has",  "exists",  "string",    "double"};
constexpr std::array<std::string_view, 10> kMethods = {"contains", "startsWith", "endsWith",   "matches",
                                                       "size",     "lowerAscii", "upperAscii", "inCidr",
                                                       "exists",   "all"};

std::string pattern_suggestion(const std::string& pattern) {
  if (!pattern.empty() && pattern[0] == '*') return "A pattern is RE2: .* in the place of *.";
  if (pattern.find("(?=") != std::string::npos || pattern.find("(?!") != std::string::npos ||
      pattern.find("(?<") != std::string::npos)
    return "RE2 knows no look-around.";
  return {};
}

}  // namespace

void Checker::need_arguments(const Syntax& syntax, std::size_t count, std::string_view usage) const {
  const std::size_t given = syntax.children.size() - (syntax.kind == SyntaxKind::method ? 1 : 0);
  if (given != count)
    wrong(syntax,
          syntax.word + "() takes " + std::to_string(count) + (count == 1 ? " argument." : " arguments."),
          "Write " + std::string(usage) + '.');
}

NodeIndex Checker::call(const Syntax& syntax) {
  const std::string& name = syntax.word;
  if (name == "size") {
    need_arguments(syntax, 1, "size(request.headers)");
    return size(syntax, syntax.children[0]);
  }
  if (name == "map_get") return map_get(syntax);
  if (name == "has" || name == "exists") return has(syntax);
  if (name == "string" || name == "double") return conversion(syntax);
  if (name == "timestamp" || name == "duration" || name == "now") return time_of(syntax);
  for (const std::string_view method : kMethods)
    if (method == name) wrong(syntax, name + " is called as a method.", "Write path." + name + "(…).");
  const std::string_view near = text::closest(name, kFunctions);
  wrong(syntax, "There is no function " + name + "().",
        near.empty() ? "" : "Is it " + std::string(near) + "()?");
}

NodeIndex Checker::method(const Syntax& syntax) {
  const std::string& name = syntax.word;
  if (name == "exists" || name == "all") return quantifier(syntax);
  if (name == "size") {
    need_arguments(syntax, 0, "text.size()");
    return size(syntax, syntax.children[0]);
  }
  const NodeIndex subject = check(syntax.children[0]);
  if (name == "inCidr") return in_cidr(syntax, subject);
  const NodeIndex text = as_text(subject);
  bool known = false;
  for (const std::string_view method : kMethods) known = known || method == name;
  if (!known) {
    const std::string_view near = text::closest(name, kMethods);
    wrong(syntax, "There is no method " + name + "().",
          near.empty() ? "" : "Is it " + std::string(near) + "()?");
  }
  if (!is_text(tree_.type(text))) {
    const bool list =
        tree_.type(text) == FilterType::text_list && name == "contains" && syntax.children.size() == 2;
    wrong(syntax, name + "() is asked of strings, this is " + typed(subject) + '.',
          list ? "Write " + source(at(syntax.children[1])) + " in " + source(at(syntax.children[0])) + '.'
               : "");
  }
  if (name == "lowerAscii" || name == "upperAscii") {
    need_arguments(syntax, 0, "path." + name + "()");
    return tree_.unary(name == "lowerAscii" ? Op::lower : Op::upper, FilterType::text, text);
  }
  if (name == "matches") return matches(syntax, text);
  return text_method(syntax, text);
}

NodeIndex Checker::text_method(const Syntax& syntax, NodeIndex subject) {
  need_arguments(syntax, 1, "path." + syntax.word + "(\"…\")");
  const NodeIndex part = as_text(check(syntax.children[1]));
  if (!is_text(tree_.type(part)))
    wrong(at(syntax.children[1]), "A string is wanted here, this is " + typed(part) + '.',
          tree_.is_constant(part) ? "Write it in quotation marks." : "");
  const Op op = syntax.word == "contains"     ? Op::contains
                : syntax.word == "startsWith" ? Op::starts_with
                                              : Op::ends_with;
  // Without a copy of a whole body in small letters.
  if (op == Op::contains && tree_.at(subject).op == Op::lower && tree_.is_constant(part)) {
    const std::string& letters = tree_.at(part).text;
    bool lower = true;
    for (const char c : letters) lower = lower && folded(c) == c;
    return lower ? tree_.contains_folded(tree_.at(subject).a, letters) : tree_.boolean(false);
  }
  return tree_.binary(op, FilterType::boolean, subject, part);
}

NodeIndex Checker::matches(const Syntax& syntax, NodeIndex subject) {
  need_arguments(syntax, 1, "path.matches(r\"^/api/v\\d+\")");
  const NodeIndex pattern = check(syntax.children[1]);
  if (!tree_.is_constant(pattern) || tree_.type(pattern) != FilterType::text)
    wrong(at(syntax.children[1]), "The pattern must be a text that stands in the filter.");
  if (program_.regexes.size() >= limits_.regexes_max)
    wrong(syntax, "More than " + std::to_string(limits_.regexes_max) + " patterns.", "Join some with |.");
  const std::string text = tree_.at(pattern).text;
  if (text.find('\0') != std::string::npos)  // ClickHouse reads a pattern up to there
    wrong(at(syntax.children[1]), "A pattern has no byte 0.", "Write r\"\\x00\".");
  try {
    return tree_.matches(subject, text);
  } catch (const std::string& fault) {
    wrong(at(syntax.children[1]), "This is no pattern of RE2: " + fault + '.', pattern_suggestion(text));
  }
}

NodeIndex Checker::in_cidr(const Syntax& syntax, NodeIndex subject) {
  need_arguments(syntax, 1, "src.ip.inCidr(\"10.0.0.0/8\")");
  if (tree_.type(subject) != FilterType::address || tree_.at(subject).op != Op::variable)
    wrong(syntax, "inCidr() is asked of src.ip and dst.ip.");
  const NodeIndex argument = check(syntax.children[1]);
  Network network;
  if (!tree_.is_constant(argument) || tree_.type(argument) != FilterType::text ||
      !parse_network(tree_.at(argument).text, network))
    wrong(at(syntax.children[1]), source(at(syntax.children[1])) + " is no network.",
          "Write, say, \"10.0.0.0/8\" or \"fd00::/8\".");
  return tree_.in_network(subject, network);
}

NodeIndex Checker::size(const Syntax& syntax, SyntaxIndex of) {
  const Syntax& what = at(of);
  if (what.kind == SyntaxKind::list) return tree_.integer(static_cast<std::int64_t>(what.children.size()));
  if (what.kind == SyntaxKind::map) return tree_.integer(static_cast<std::int64_t>(what.children.size() / 2));
  const NodeIndex node = check(of);
  switch (tree_.type(node)) {
    case FilterType::text:
    case FilterType::address:
      return tree_.unary(Op::text_size, FilterType::integer, node);
    case FilterType::text_list:
    case FilterType::integer_list:
      return tree_.unary(Op::list_size, FilterType::integer, node);
    case FilterType::text_map:
      return tree_.unary(Op::map_size, FilterType::integer, node);
    case FilterType::dynamic:
      return tree_.unary(Op::dynamic_size, FilterType::integer, node);
    default:
      wrong(syntax, "size() is asked of strings, lists and maps, this is " + typed(node) + '.');
  }
}

NodeIndex Checker::map_get(const Syntax& syntax) {
  need_arguments(syntax, 3, "map_get(src.labels, \"app\", \"\")");
  const NodeIndex map = as_map(check(syntax.children[0]));
  if (tree_.type(map) != FilterType::text_map)
    wrong(at(syntax.children[0]), "map_get() is asked of maps, this is " + typed(map) + '.');
  const NodeIndex key = as_text(check(syntax.children[1]));
  const NodeIndex other = as_text(check(syntax.children[2]));
  if (!is_text(tree_.type(key)))
    wrong(at(syntax.children[1]), "The key is a string, this is " + typed(key) + '.');
  if (!is_text(tree_.type(other)))
    wrong(at(syntax.children[2]), "What map_get() gives is a string, this is " + typed(other) + '.',
          tree_.is_constant(other) ? "Write it in quotation marks." : "");
  const NodeIndex value = tree_.binary(Op::map_get, FilterType::text, map, key);
  if (tree_.is_constant(other) && tree_.at(other).text.empty()) return value;
  return tree_.choose(tree_.binary(Op::map_has, FilterType::boolean, map, key), value, other);
}

NodeIndex Checker::has(const Syntax& syntax) {
  need_arguments(syntax, 1, syntax.word + "(status_code)");
  return has_value(as_map(check(syntax.children[0])));
}

// Whether the record has it; where it cannot tell, whether it is anything but its type's zero.
NodeIndex Checker::has_value(NodeIndex node) {
  const Node value = tree_.at(node);
  if (value.op == Op::map_get) return tree_.binary(Op::map_has, FilterType::boolean, value.a, value.b);
  if (value.op == Op::field) return tree_.field_present(node);
  if (value.op == Op::variable && value.var == Var::status_code) return tree_.variable(Var::has_status);
  if (value.op == Op::variable && value.var == Var::elapsed_time) return tree_.variable(Var::has_elapsed);
  switch (value.type) {
    case FilterType::boolean:
      return node;
    case FilterType::address:
      return tree_.boolean(true);
    case FilterType::text_list:
    case FilterType::integer_list:
      return tree_.compare(Comparison::greater, tree_.unary(Op::list_size, FilterType::integer, node),
                           tree_.integer(0));
    case FilterType::text_map:
      return tree_.compare(Comparison::greater, tree_.unary(Op::map_size, FilterType::integer, node),
                           tree_.integer(0));
    default:
      return tree_.compare(Comparison::unequal, node, tree_.zero(value.type));
  }
}

NodeIndex Checker::conversion(const Syntax& syntax) {
  need_arguments(syntax, 1, syntax.word + "(status_code)");
  const NodeIndex node = as_text(check(syntax.children[0]));
  const FilterType type = tree_.type(node);
  if (syntax.word == "string") {
    if (is_text(type)) return node;
    if (type == FilterType::integer || type == FilterType::boolean)
      return tree_.unary(Op::to_text, FilterType::text, node);
  } else {
    if (type == FilterType::number) return node;
    if (type == FilterType::integer) return as_number(node);
  }
  wrong(syntax, syntax.word + "() does not take " + typed(node) + '.');
}

NodeIndex Checker::time_of(const Syntax& syntax) {
  if (syntax.word == "now") {
    need_arguments(syntax, 0, "now()");
    return tree_.time(FilterType::timestamp, static_cast<std::int64_t>(limits_.now_ns));
  }
  const bool is_duration = syntax.word == "duration";
  const std::string_view usage = is_duration ? "duration(\"5m\")" : "timestamp(\"2026-03-14T22:00:00Z\")";
  need_arguments(syntax, 1, usage);
  const NodeIndex node = check(syntax.children[0]);
  const FilterType type = is_duration ? FilterType::duration : FilterType::timestamp;
  if (tree_.type(node) == type) return node;
  std::int64_t value_ns = 0;
  const bool good = tree_.is_constant(node) && tree_.type(node) == FilterType::text &&
                    (is_duration ? parse_duration(tree_.at(node).text, value_ns)
                                 : parse_time(tree_.at(node).text, value_ns));
  if (!good)
    wrong(syntax, source(at(syntax.children[0])) + " is no " + syntax.word + '.',
          "Write, say, " + std::string(usage) + '.');
  return tree_.time(type, value_ns);
}

NodeIndex Checker::quantifier(const Syntax& syntax) {
  need_arguments(syntax, 2, "dns_questions." + syntax.word + "(q, q.endsWith(\".org\"))");
  const Syntax& variable = at(syntax.children[1]);
  if (variable.kind != SyntaxKind::name)
    wrong(variable, "A name for the element is wanted here.",
          "Write, say, flags." + syntax.word + "(f, f == \"gap\").");
  const Syntax& list = at(syntax.children[0]);
  if (list.kind == SyntaxKind::list) return unrolled(syntax, list.children);
  const NodeIndex range = as_map(check(syntax.children[0]));
  const FilterType type = tree_.type(range);
  const bool is_list = type == FilterType::text_list || type == FilterType::integer_list;
  if (!is_list && type != FilterType::text_map)
    wrong(list, syntax.word + "() goes through lists and maps, this is " + typed(range) + '.');
  if (slots_ >= kSlotsMax)
    wrong(syntax,
          "exists() and all() stand within each other " + std::to_string(kSlotsMax) + " deep at most.");
  const Restored<std::vector<Bound>> scope(scope_);
  const Restored<std::uint32_t> slots(slots_);
  const std::uint32_t slot = slots_++;
  const FilterType element = type == FilterType::integer_list ? FilterType::integer : FilterType::text;
  scope_.push_back({variable.word, element, true, slot, 0, 0});
  const NodeIndex predicate = condition(syntax.children[2]);
  return tree_.elements(syntax.word == "exists" ? Op::any_element : Op::all_elements, range, predicate, slot);
}

// Over a list that stands in the text: once for each element.
NodeIndex Checker::unrolled(const Syntax& syntax, const std::vector<SyntaxIndex>& elements) {
  std::vector<NodeIndex> each;
  for (const SyntaxIndex element : elements) {
    const Restored<std::vector<Bound>> scope(scope_);
    const std::size_t outer = scope_.size();
    scope_.push_back({at(syntax.children[1]).word, FilterType::text, false, 0, element, outer});
    each.push_back(condition(syntax.children[2]));
  }
  return syntax.word == "exists" ? tree_.any_of(each) : tree_.all_of(each);
}

}  // namespace spanlight::filter
