#include "filter/columns.h"
#include "filter/sql_writer.h"

namespace spanlight::filter {
namespace {

std::string kind_is(const std::string& kind, wire::FieldKind wanted) {
  return kind + " = " + std::to_string(static_cast<int>(wanted));
}

std::string both_are(const std::string& a, const std::string& b) {
  if (a == "0" || b == "0") return {};
  if (a == "1") return b;
  if (b == "1") return a;
  return a + " AND " + b;
}

}  // namespace

std::string SqlWriter::field_in(bool request, const std::string& name, std::string_view part) {
  return "arrayElement(" + field_column(request, part) + ", indexOf(" + field_column(request, "names") +
         ", " + name + "))";
}

// The part of the field where it stands; the default of its type where it does not.
std::string SqlWriter::field_part(const FieldRef& ref, std::string_view part) const {
  const std::string name = sql_text(ref.name);
  if (ref.side != Side::either) return field_in(ref.side == Side::request, name, part);
  return "if(has(" + field_column(true, "names") + ", " + name + "), " + field_in(true, name, part) + ", " +
         field_in(false, name, part) + ")";
}

// The condition that it is a field of these protocols, and " AND "; empty where it may be of any.
std::string SqlWriter::guard(const FieldRef& ref) const {
  if (ref.protocols.empty()) return {};
  if (ref.protocols.size() == 1) return "protocol = " + sql_text(ref.protocols[0]) + " AND ";
  std::string protocols;
  for (const std::string& protocol : ref.protocols)
    protocols += (protocols.empty() ? "" : ", ") + sql_text(protocol);
  return "protocol IN (" + protocols + ") AND ";
}

std::string SqlWriter::field_has(const FieldRef& ref) const {
  const auto in = [name = sql_text(ref.name)](bool request) {
    return "has(" + field_column(request, "names") + ", " + name + ")";
  };
  if (ref.side != Side::either) return "(" + guard(ref) + in(ref.side == Side::request) + ")";
  return "(" + guard(ref) + "(" + in(true) + " OR " + in(false) + "))";
}

// An absent field has kind 0, which is text, and every part's default.
std::string SqlWriter::field(const FieldRef& ref, FilterType type) const {
  const std::string kind = field_part(ref, "kinds");
  const auto when = [&](wire::FieldKind wanted, const std::string& value, const std::string& zero) {
    return "if(" + guard(ref) + kind_is(kind, wanted) + ", " + value + ", " + zero + ")";
  };
  switch (type) {
    case FilterType::integer:
      return when(wire::FieldKind::integer, field_part(ref, "integers"), "toInt64(0)");
    case FilterType::boolean:
      return "(" + guard(ref) + kind_is(kind, wire::FieldKind::boolean) + " AND " +
             field_part(ref, "integers") + " != 0)";
    case FilterType::number:
      return "multiIf(" + guard(ref) + kind_is(kind, wire::FieldKind::integer) + ", toFloat64(" +
             field_part(ref, "integers") + "), " + guard(ref) + kind_is(kind, wire::FieldKind::number) +
             ", " + field_part(ref, "numbers") + ", toFloat64(0))";
    case FilterType::text_list:
      return when(wire::FieldKind::list, field_part(ref, "lists"), "[]");
    default:
      return when(wire::FieldKind::text, field_part(ref, "texts"), "''");
  }
}

SqlComparable SqlWriter::comparable(NodeIndex index) {
  const Node& node = at(index);
  SqlComparable out;
  switch (node.type) {
    case FilterType::text:
      out.is_text = "1";
      out.text = operand(index);
      return out;
    case FilterType::integer:
      out.is_integer = "1";
      out.integer = operand(index);
      return out;
    case FilterType::number:
      out.is_number = "1";
      out.number = operand(index);
      return out;
    case FilterType::boolean:
      out.is_boolean = "1";
      out.boolean = "toUInt8(" + expression(index) + ")";
      return out;
    default:
      break;
  }
  const FieldRef& ref = program_.fields[node.a];
  const std::string kind = field_part(ref, "kinds");
  const auto may_be = [&](wire::FieldKind wanted) {
    return "(NOT " + field_has(ref) + " OR " + kind_is(kind, wanted) + ")";
  };
  out.is_text = ref.protocols.empty() ? kind_is(kind, wire::FieldKind::text) : may_be(wire::FieldKind::text);
  out.is_integer = may_be(wire::FieldKind::integer);
  out.is_boolean = may_be(wire::FieldKind::boolean);
  out.is_number = "(" + guard(ref) + kind_is(kind, wire::FieldKind::number) + ")";
  out.text = field(ref, FilterType::text);
  out.integer = field(ref, FilterType::integer);
  out.number = field(ref, FilterType::number);
  out.boolean = "toUInt8(" + field(ref, FilterType::boolean) + ")";
  return out;
}

// One branch for each pair of kinds that can be compared; unlike kinds are unequal and without order.
std::string SqlWriter::compare_dynamic(const Node& node) {
  const SqlComparable a = comparable(node.a), b = comparable(node.b);
  const std::string sign(comparison_text(node.comparison));
  std::string out;
  const auto branch = [&](const std::string& is_a, const std::string& is_b, const std::string& x,
                          const std::string& y) {
    const std::string both = both_are(is_a, is_b);
    if (!both.empty()) out += both + ", " + x + sign + y + ", ";
  };
  branch(a.is_text, b.is_text, a.text, b.text);
  branch(a.is_integer, b.is_integer, a.integer, b.integer);
  branch(a.is_integer, b.is_number, a.integer, b.number);
  branch(a.is_number, b.is_integer, a.number, b.integer);
  branch(a.is_number, b.is_number, a.number, b.number);
  branch(a.is_boolean, b.is_boolean, a.boolean, b.boolean);
  return "multiIf(" + out + (node.comparison == Comparison::unequal ? "1" : "0") + ")";
}

}  // namespace spanlight::filter
