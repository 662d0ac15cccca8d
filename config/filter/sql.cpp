#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "filter/columns.h"
#include "filter/sql_writer.h"
#include "record/names.h"

namespace spanlight::filter {
namespace {

std::string sql_integer(std::int64_t value) {
  if (value == std::numeric_limits<std::int64_t>::min()) return "toInt64('-9223372036854775808')";
  return value < 0 ? "(" + std::to_string(value) + ")" : std::to_string(value);
}

std::string sql_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "(-inf)";
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  return "toFloat64('" + std::string(text, end) + "')";
}

std::string sql_address(const wire::Address& address) {
  char text[kAddressTextMax];
  return "toIPv6('" + std::string(text, write_address(text, address)) + "')";
}

}  // namespace

std::string_view comparison_text(Comparison comparison) {
  switch (comparison) {
    case Comparison::equal:
      return " = ";
    case Comparison::unequal:
      return " != ";
    case Comparison::less:
      return " < ";
    case Comparison::less_equal:
      return " <= ";
    case Comparison::greater:
      return " > ";
    case Comparison::greater_equal:
      return " >= ";
  }
  return " = ";
}

std::string SqlWriter::constant(const Node& node) const {
  switch (node.type) {
    case FilterType::number:
      return sql_number(node.number);
    case FilterType::text:
      return sql_text(node.text);
    case FilterType::boolean:
      return node.integer != 0 ? "1" : "0";
    default:
      return sql_integer(node.integer);
  }
}

std::string SqlWriter::variable(const Node& node) const {
  if (node.type == FilterType::text_list || node.type == FilterType::integer_list) return list_of(node.var);
  return node.type == FilterType::text_map ? keys_of(node.var) : column_of(node.var);
}

std::string SqlWriter::expression(NodeIndex index) {
  std::string out = written(at(index));
  if (out.size() > bytes_max_) throw SqlTooLarge{};
  return out;
}

std::string SqlWriter::written(const Node& node) {
  switch (node.op) {
    case Op::constant:
      return constant(node);
    case Op::variable:
      return variable(node);
    case Op::field:
      return field(program_.fields[node.a], node.type);
    case Op::bound:
      return "e" + std::to_string(node.c);
    case Op::choose:
      return choose(node);
    default:
      return node.type == FilterType::boolean ? condition(node) : value(node);
  }
}

std::string SqlWriter::condition(const Node& node) {
  switch (node.op) {
    case Op::all_of:
    case Op::any_of:
      return chain(node);
    case Op::negate:
      return call("not", node.a);
    case Op::compare:
      return compare(node);
    case Op::compare_dynamic:
      return compare_dynamic(node);
    case Op::bits:
      return "bitAnd(" + expression(node.a) + ", " + std::to_string(node.integer) + ") != 0";
    case Op::in_texts:
    case Op::in_integers:
      return in_set(node);
    case Op::in_network:
      return in_network(node);
    case Op::contains:
      return call("position", node.a, node.b) + " > 0";
    case Op::starts_with:
      return call("startsWith", node.a, node.b);
    case Op::ends_with:
      return call("endsWith", node.a, node.b);
    case Op::contains_folded:
      return "position(lower(" + expression(node.a) + "), " + sql_text(node.text) + ") > 0";
    case Op::matches:
      return matches(node);
    case Op::list_has:
      return list_has(node);
    case Op::map_has:
      return map_has(at(node.a).var, expression(node.b), fresh());
    case Op::any_element:
    case Op::all_elements:
      return elements(node);
    case Op::field_present:
      return field_has(program_.fields[node.a]);
    default:
      return field(program_.fields[at(node.a).a], FilterType::boolean);  // dynamic_boolean
  }
}

std::string SqlWriter::value(const Node& node) {
  switch (node.op) {
    case Op::text_size:
      return "toInt64(lengthUTF8(" + expression(node.a) + "))";
    case Op::list_size:
      return "toInt64(length(" + list(node.a) + "))";
    case Op::map_size:
      return "toInt64(" + map_size(at(node.a).var) + ")";
    case Op::dynamic_size: {
      const FieldRef& ref = program_.fields[at(node.a).a];
      return "toInt64(lengthUTF8(" + field(ref, FilterType::text) + ") + length(" +
             field(ref, FilterType::text_list) + "))";
    }
    case Op::to_number:
      return call("toFloat64", node.a);
    case Op::to_text:
      return at(node.a).type == FilterType::boolean ? "if(" + expression(node.a) + ", 'true', 'false')"
                                                    : call("toString", node.a);
    case Op::lower:
      return call("lower", node.a);
    case Op::upper:
      return call("upper", node.a);
    case Op::concat:
      return call("concat", node.a, node.b);
    case Op::map_get:
      return map_element(at(node.a).var, expression(node.b), fresh());
    case Op::list_at:
      return list_at(node);
    case Op::dynamic_text:
      return field(program_.fields[at(node.a).a], FilterType::text);
    default:
      return arithmetic(node);
  }
}

std::string SqlWriter::choose(const Node& node) {
  const auto branch = [&](NodeIndex index) {
    if (node.type == FilterType::text) return call("toString", index);
    if (node.type == FilterType::number || node.type == FilterType::boolean) return expression(index);
    return integer(index);
  };
  return "if(" + expression(node.a) + ", " + branch(node.b) + ", " + branch(node.c) + ")";
}

std::string SqlWriter::integer(NodeIndex index) {
  return "toInt64(" + expression(index) + ")";
}

std::string SqlWriter::chain(const Node& node) {
  std::string out = "(";
  for (NodeIndex i = 0; i < node.b; ++i) {
    if (i > 0) out += node.op == Op::all_of ? " AND " : " OR ";
    out += expression(program_.operands[node.a + i]);
  }
  return out + ")";
}

std::string SqlWriter::compare(const Node& node) {
  const Node& left = at(node.a);
  const Node& right = at(node.b);
  const std::string sign(comparison_text(node.comparison));
  if (left.op == Op::variable && right.op == Op::constant) {
    if (left.var == Var::timestamp && right.integer >= 0) return compare_time(node);
    const std::string_view wide = wide_column(left.var);
    const bool equality = node.comparison == Comparison::equal || node.comparison == Comparison::unequal;
    if (!wide.empty() && equality)
      return std::string(wide) + sign + std::to_string(static_cast<std::uint64_t>(right.integer));
  }
  return operand(node.a) + sign + operand(node.b);
}

// What is written with an operator between its parts stands in parentheses as a part of another.
std::string SqlWriter::operand(NodeIndex index) {
  switch (at(index).op) {
    case Op::compare:
    case Op::bits:
    case Op::in_texts:
    case Op::in_integers:
    case Op::in_network:
    case Op::contains:
    case Op::contains_folded:
      return "(" + expression(index) + ")";
    default:
      return expression(index);
  }
}

// Against the column itself, by which the table is ordered.
std::string SqlWriter::compare_time(const Node& node) {
  return "time" + std::string(comparison_text(node.comparison)) + "fromUnixTimestamp64Nano(toInt64(" +
         std::to_string(at(node.b).integer) + "), 'UTC')";
}

std::string SqlWriter::in_set(const Node& node) {
  std::string out = operand(node.a) + " IN (";
  bool first = true;
  const auto put = [&](const std::string& value) {
    out += (first ? "" : ", ") + value;
    first = false;
  };
  if (node.op == Op::in_texts && program_.text_sets[node.b].size() == 1)
    return operand(node.a) + " = " + sql_text(program_.text_sets[node.b][0]);
  if (node.op == Op::in_texts) {
    for (const std::string& text : program_.text_sets[node.b]) put(sql_text(text));
  } else {
    for (const std::int64_t value : program_.integer_sets[node.b])
      put("toInt64('" + std::to_string(value) + "')");
  }
  return out + ")";
}

std::string SqlWriter::in_network(const Node& node) {
  const Network& network = program_.networks[node.b];
  const std::string column = at(node.a).var == Var::src_ip ? "src_ip" : "dst_ip";
  const bool one = network.first.high() == network.last.high() && network.first.low() == network.last.low();
  if (one) return column + " = " + sql_address(network.first);
  return "(" + column + " >= " + sql_address(network.first) + " AND " + column +
         " <= " + sql_address(network.last) + ")";
}

// ClickHouse lets "." match a line's end unless told. And it looks for words in a pattern that every match
// must have, but misreads classes and escapes like \x41 (as the word 41), and takes what repeats a character
// of several bytes as repeating the last of them alone: an empty group with the flag i keeps it from doing
// so, at a tenth of the speed.
std::string SqlWriter::matches(const Node& node) {
  const std::string& pattern = program_.regexes[node.b]->pattern();
  const bool dot = pattern.find('.') != std::string::npos;
  const bool ascii = std::all_of(pattern.begin(), pattern.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  const bool misread =
      !ascii || pattern.find_first_of("[\\{") != std::string::npos || pattern.find("(?") != std::string::npos;
  const std::string told = std::string(misread ? "(?i:)" : "") + (dot ? "(?-s)" : "");
  return "match(" + expression(node.a) + ", " + sql_text(told + pattern) + ")";
}

std::string SqlWriter::arithmetic(const Node& node) {
  if (node.op == Op::minus)
    return node.type == FilterType::number ? "negate(" + expression(node.a) + ")"
                                           : "negate(" + integer(node.a) + ")";
  const bool numbers = node.type == FilterType::number;
  const char* function = node.op == Op::add        ? "plus"
                         : node.op == Op::subtract ? "minus"
                         : node.op == Op::multiply ? "multiply"
                         : node.op == Op::divide   ? (numbers ? "divide" : "intDivOrZero")
                                                   : "moduloOrZero";
  if (numbers) return call(function, node.a, node.b);
  return std::string(function) + "(" + integer(node.a) + ", " + integer(node.b) + ")";
}

std::string SqlWriter::list(NodeIndex index) {
  return expression(index);
}

std::string SqlWriter::list_has(const Node& node) {
  if (at(node.a).type != FilterType::dynamic) return "has(" + list(node.a) + ", " + expression(node.b) + ")";
  return "has(" + field(program_.fields[at(node.a).a], FilterType::text_list) + ", " + expression(node.b) +
         ")";
}

// From 0; ClickHouse counts from 1, and from the end below 0. At 0 there is nothing, but a constant 0 it
// refuses.
std::string SqlWriter::list_at(const Node& node) {
  const Node& place = at(node.b);
  constexpr std::int64_t kPlaceMax = 1'000'000'000;
  if (place.op == Op::constant && (place.integer < 0 || place.integer > kPlaceMax))
    return node.type == FilterType::text ? "''" : "0";
  if (place.op == Op::constant)
    return "arrayElement(" + list(node.a) + ", " + std::to_string(place.integer + 1) + ")";
  return "arrayElement(" + list(node.a) + ", least(greatest(" + integer(node.b) + ", -1), " +
         std::to_string(kPlaceMax) + ") + 1)";
}

std::string SqlWriter::elements(const Node& node) {
  const char* function = node.op == Op::any_element ? "arrayExists" : "arrayAll";
  return std::string(function) + "(e" + std::to_string(node.c) + " -> " + expression(node.b) + ", " +
         list(node.a) + ")";
}

std::string write_sql(const Program& program, std::size_t bytes_max) {
  return SqlWriter(program, bytes_max).expression(program.root);
}

}  // namespace spanlight::filter
