// == < in and the like.

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "filter/access.h"
#include "filter/checker.h"
#include "filter/spine.h"
#include "text/text.h"

namespace spanlight::filter {
namespace {

Comparison comparison_of(Operator op) {
  switch (op) {
    case Operator::unequal:
      return Comparison::unequal;
    case Operator::less:
      return Comparison::less;
    case Operator::less_equal:
      return Comparison::less_equal;
    case Operator::greater:
      return Comparison::greater;
    case Operator::greater_equal:
      return Comparison::greater_equal;
    default:
      return Comparison::equal;
  }
}

bool is_equality(Comparison comparison) {
  return comparison == Comparison::equal || comparison == Comparison::unequal;
}

std::uint64_t half_of(const std::array<std::uint8_t, 16>& bytes, std::size_t from) {
  std::uint64_t half = 0;
  for (std::size_t i = 0; i < 8; ++i) half = half << 8 | bytes[from + i];
  return half;
}

bool parse_hex(std::string_view text, std::uint64_t& value) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return text.size() == 16 && read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), folded);
  return text;
}

}  // namespace

bool parse_address(const std::string& text, wire::Address& address) {
  std::array<std::uint8_t, 16> bytes{};
  if (text.find('\0') != std::string::npos) return false;
  if (inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1) {
    bytes[10] = bytes[11] = 0xff;
  } else if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) {
    return false;
  }
  address = wire::Address(half_of(bytes, 0), half_of(bytes, 8));
  return true;
}

bool parse_network(const std::string& text, Network& network) {
  const std::size_t slash = text.find('/');
  wire::Address address;
  if (!parse_address(text.substr(0, slash), address)) return false;
  const unsigned most = text.find(':') == std::string::npos ? 32 : 128;
  unsigned prefix = most;
  if (slash != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + slash + 1, end, prefix);
    if (read.ec != std::errc{} || read.ptr != end || prefix > most) return false;
  }
  const unsigned host_bits = most - prefix;
  const std::uint64_t all = ~std::uint64_t{0};
  const std::uint64_t low = host_bits >= 64 ? all : (std::uint64_t{1} << host_bits) - 1;
  const std::uint64_t high = host_bits <= 64    ? 0
                             : host_bits >= 128 ? all
                                                : (std::uint64_t{1} << (host_bits - 64)) - 1;
  network.first = wire::Address(address.high() & ~high, address.low() & ~low);
  network.last = wire::Address(address.high() | high, address.low() | low);
  return true;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kBytesMax = 48;
  std::string out = "\"";
  for (const char c : text.substr(0, kBytesMax)) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + (text.size() > kBytesMax ? "…\"" : "\"");
}

NodeIndex Checker::comparison(const Syntax& syntax) {
  const NodeIndex a = check(syntax.children[0]);
  const NodeIndex b = check(syntax.children[1]);
  return compare(syntax, comparison_of(syntax.op), a, b);
}

NodeIndex Checker::compare(const Syntax& syntax, Comparison comparison, NodeIndex a, NodeIndex b) {
  if (tree_.is_constant(a) && !tree_.is_constant(b)) {
    std::swap(a, b);
    comparison = flipped(comparison);
  }
  if (tree_.at(a).op == Op::variable && tree_.is_constant(b)) {
    const std::size_t before = tree_.size();
    const NodeIndex special = compare_special(syntax, comparison, a, b);
    if (tree_.size() != before) return special;
  }
  const FilterType x = tree_.type(a), y = tree_.type(b);
  if (x == FilterType::dynamic || y == FilterType::dynamic) {
    const bool left = x == FilterType::dynamic;
    const FilterType other = left ? y : x;
    if (other == FilterType::timestamp || other == FilterType::duration || other == FilterType::address ||
        (other >= FilterType::text_list && other != FilterType::dynamic))
      unlike(syntax, a, b);
    return left ? tree_.compare_dynamic(comparison, a, b) : tree_.compare_dynamic(flipped(comparison), b, a);
  }
  const bool like = x == y || (is_text(x) && is_text(y)) || (is_numeric(x) && is_numeric(y));
  if (!like || x >= FilterType::text_list) unlike(syntax, a, b);
  if (!is_equality(comparison) && (x == FilterType::address || y == FilterType::address))
    wrong(syntax, "Addresses have no order.", "Ask for a network: src.ip.inCidr(\"10.0.0.0/8\").");
  if (!is_equality(comparison) && x == FilterType::boolean)
    wrong(syntax, "Conditions have no order.", "Compare them with == or !=.");
  return tree_.compare(comparison, a, b);
}

// Variables whose texts stand for something that is compared faster or better than letter by letter. Makes no
// node where there is nothing special.
NodeIndex Checker::compare_special(const Syntax& syntax, Comparison comparison, NodeIndex a,
                                   NodeIndex constant) {
  const Var var = tree_.at(a).var;
  const FilterType type = tree_.type(constant);
  if (!is_equality(comparison)) return 0;
  if (var == Var::conn_id && type == FilterType::integer)
    return tree_.compare(comparison, tree_.variable(Var::conn_number), constant);
  if (type != FilterType::text) return 0;
  const std::string text = tree_.at(constant).text;
  if (code_of(var) != Var::none) return compare_enumeration(syntax, comparison, var, text);
  if (var == Var::id || var == Var::conn_id) return compare_id(syntax, comparison, var, text);
  if (tree_.type(a) == FilterType::address) return compare_address(syntax, comparison, a, text);
  // KFL writes protocols in capitals.
  if (var == Var::protocol && text != lowered(text))
    return tree_.compare(comparison, a, tree_.text(lowered(text)));
  return 0;
}

NodeIndex Checker::compare_enumeration(const Syntax& syntax, Comparison comparison, Var var,
                                       const std::string& name) {
  const std::vector<std::string> names = names_of_values(var);
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    std::vector<std::string_view> known;
    std::copy_if(views.begin(), views.end(), std::back_inserter(known), [](auto v) { return !v.empty(); });
    const std::string_view near = text::closest(name, known);
    wrong(syntax, quoted(name) + " is none of its values: " + text::one_of(known) + '.',
          near.empty() ? "" : "Is it " + quoted(near) + '?');
  }
  const auto code = static_cast<std::int64_t>(at - names.begin());
  const NodeIndex number = tree_.variable(code_of(var));
  const bool is_last = at + 1 == names.end();  // stands for all that have no name yet
  const bool equal = comparison == Comparison::equal;
  if (!is_last) return tree_.compare(comparison, number, tree_.integer(code));
  return tree_.compare(equal ? Comparison::greater_equal : Comparison::less, number, tree_.integer(code));
}

NodeIndex Checker::compare_id(const Syntax& syntax, Comparison comparison, Var var,
                              const std::string& digits) {
  const std::string_view all = digits;
  std::uint64_t high = 0, low = 0;
  const bool is_record = var == Var::id;
  const bool good =
      is_record ? all.size() == 32 && parse_hex(all.substr(0, 16), high) && parse_hex(all.substr(16), low)
                : parse_hex(all, low);
  if (!good)
    wrong(syntax, quoted(digits) + " is no " + (is_record ? "id" : "conn_id") + ".",
          std::string("It has ") + (is_record ? "32" : "16") + " hexadecimal digits.");
  const auto is = [this](Var number, std::uint64_t value) {
    return tree_.code_is(number, static_cast<std::int64_t>(value));
  };
  const NodeIndex same = is_record ? tree_.all_of({is(Var::epoch_number, high), is(Var::id_number, low)})
                                   : is(Var::conn_number, low);
  return comparison == Comparison::equal ? same : tree_.negate(same);
}

NodeIndex Checker::compare_address(const Syntax& syntax, Comparison comparison, NodeIndex a,
                                   const std::string& text) {
  wire::Address address;
  if (!parse_address(text, address)) {
    Network network;
    wrong(syntax, quoted(text) + " is no address.",
          parse_network(text, network) ? "Ask for a network: src.ip.inCidr(" + quoted(text) + ")."
                                       : "The beginning of one: src.ip.startsWith(" + quoted(text) + ").");
  }
  const NodeIndex same = tree_.in_network(a, {address, address});
  return comparison == Comparison::equal ? same : tree_.negate(same);
}

NodeIndex Checker::membership(const Syntax& syntax) {
  const Syntax& list = at(syntax.children[1]);
  if (list.kind == SyntaxKind::list) return in_elements(syntax, check(syntax.children[0]), list.children);
  if (list.kind == SyntaxKind::map) {
    std::vector<SyntaxIndex> keys;
    for (std::size_t i = 0; i < list.children.size(); i += 2) keys.push_back(list.children[i]);
    return in_elements(syntax, check(syntax.children[0]), keys);
  }
  const NodeIndex what = check(syntax.children[0]);
  return in_list(syntax, what, as_map(check(syntax.children[1])));
}

// One lookup where all are constants of one type; otherwise a comparison for each.
NodeIndex Checker::in_elements(const Syntax& syntax, NodeIndex what,
                               const std::vector<SyntaxIndex>& elements) {
  const FilterType type = tree_.type(what);
  const Node& subject = tree_.at(what);
  const bool special =
      subject.op == Op::variable && (code_of(subject.var) != Var::none || subject.var == Var::id ||
                                     subject.var == Var::conn_id || subject.var == Var::protocol);
  std::vector<NodeIndex> nodes;
  bool all_texts = type == FilterType::text && !special, all_integers = type == FilterType::integer;
  for (const SyntaxIndex element : elements) {
    const NodeIndex node = check(element);
    nodes.push_back(node);
    all_texts = all_texts && tree_.is_constant(node) && tree_.type(node) == FilterType::text;
    all_integers = all_integers && tree_.is_constant(node) && tree_.type(node) == FilterType::integer;
  }
  if (all_texts) {
    std::vector<std::string> texts;
    texts.reserve(nodes.size());
    for (const NodeIndex node : nodes) texts.push_back(tree_.at(node).text);
    return tree_.in_texts(what, std::move(texts));
  }
  if (all_integers) {
    std::vector<std::int64_t> integers;
    integers.reserve(nodes.size());
    for (const NodeIndex node : nodes) integers.push_back(tree_.at(node).integer);
    return tree_.in_integers(what, std::move(integers));
  }
  std::vector<NodeIndex> same;
  same.reserve(nodes.size());
  for (const NodeIndex node : nodes) same.push_back(compare(syntax, Comparison::equal, what, node));
  return tree_.any_of(same);
}

NodeIndex Checker::in_list(const Syntax& syntax, NodeIndex what, NodeIndex list) {
  const Node subject = tree_.at(what);
  const Node container = tree_.at(list);
  const std::string usage = "Write \"part\" in a list, or text.contains(\"part\").";
  switch (container.type) {
    case FilterType::dynamic:
    case FilterType::text_list:
    case FilterType::text_map:
      break;
    case FilterType::integer_list:
      if (subject.type == FilterType::integer)
        return tree_.binary(Op::list_has, FilterType::boolean, list, what);
      wrong(syntax, "The list has ints, this is " + typed(what) + '.');
    default:
      wrong(syntax, source(at(syntax.children[1])) + " is " + typed(list) + ", not a list.",
            is_text(container.type) ? "Write " + source(at(syntax.children[1])) + ".contains(" +
                                          source(at(syntax.children[0])) + ")."
                                    : usage);
  }
  const NodeIndex text = as_text(what);
  if (!is_text(tree_.type(text))) wrong(syntax, "The list has strings, this is " + typed(what) + '.');
  if (container.type == FilterType::text_map)
    return tree_.binary(Op::map_has, FilterType::boolean, list, text);
  if (container.var == Var::flags && tree_.is_constant(text)) {
    const std::vector<std::string> names = names_of_flags();
    const auto found = std::find(names.begin(), names.end(), subject.text);
    if (found == names.end()) {
      const std::vector<std::string_view> views(names.begin(), names.end());
      const std::string_view near = text::closest(subject.text, views);
      wrong(syntax, quoted(subject.text) + " is no flag; there are " + text::one_of(views, "and") + '.',
            near.empty() ? "" : "Is it " + quoted(near) + '?');
    }
    return tree_.bits(std::int64_t{1} << (found - names.begin()));
  }
  return tree_.binary(Op::list_has, FilterType::boolean, list, text);
}

void Checker::unlike(const Syntax& syntax, NodeIndex a, NodeIndex b) const {
  wrong(syntax, "Here " + typed(a) + " is compared with " + typed(b) + '.', unlike_suggestion(syntax, a, b));
}

std::string Checker::unlike_suggestion(const Syntax& syntax, NodeIndex a, NodeIndex b) const {
  if (syntax.children.size() != 2 || syntax.kind != SyntaxKind::binary) return {};
  const Syntax& left = at(syntax.children[0]);
  const Syntax& right = at(syntax.children[1]);
  const bool swapped = left.kind == SyntaxKind::text || left.kind == SyntaxKind::integer;
  const Syntax& what = swapped ? right : left;
  const Syntax& literal = swapped ? left : right;
  const FilterType type = tree_.is_constant(a) ? tree_.type(b) : tree_.type(a);
  const std::string op = ' ' + std::string(operator_text(syntax.op)) + ' ';
  if (type == FilterType::text_list && literal.kind == SyntaxKind::text)
    return "Write " + source(literal) + " in " + source(what) + '.';
  if (type == FilterType::timestamp && literal.kind == SyntaxKind::text)
    return "Write timestamp(" + source(literal) + ").";
  if (is_numeric(type) && literal.kind == SyntaxKind::text) {
    const bool digits = !literal.word.empty() && std::all_of(literal.word.begin(), literal.word.end(),
                                                             [](char c) { return c >= '0' && c <= '9'; });
    return digits ? "Write " + source(what) + op + literal.word + '.' : "";
  }
  if (type == FilterType::text && literal.kind == SyntaxKind::integer)
    return "Write " + source(what) + op + '"' + source(literal) + "\".";
  const FilterType other = tree_.is_constant(a) ? tree_.type(a) : tree_.type(b);
  if (type == FilterType::integer && other == FilterType::duration) {
    const Node& constant = tree_.at(tree_.is_constant(a) ? a : b);
    return "elapsed_time is a number of microseconds: " + std::to_string(constant.integer / 1'000) + '.';
  }
  if (type >= FilterType::text_list && type != FilterType::dynamic)
    return "Lists and maps are asked with \"in\".";
  return {};
}

}  // namespace spanlight::filter
