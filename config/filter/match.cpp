// The predicate: the typed tree over one record. Recursion is as deep as the tree, which the compiler
// limited.

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

#include "filter/access.h"
#include "filter/program.h"
#include "filter/values.h"

namespace spanlight::filter {
namespace {

class Evaluator {
 public:
  Evaluator(const Program& program, const Call& call) : program_(program), view_(call, scratch_) {}

  bool boolean(NodeIndex index);
  std::int64_t integer(NodeIndex index);
  double number(NodeIndex index);
  std::string_view text(NodeIndex index);

 private:
  const Node& at(NodeIndex index) const { return program_.nodes[index]; }
  const wire::Field* field(const Node& node) const { return view_.field(program_.fields[node.a]); }

  bool compare(const Node& node);
  bool compare_dynamic(const Node& node);
  bool compare_fields(const Node& node, const wire::Field* a, const wire::Field* b);
  bool texts(const Node& node);
  bool list_has(const Node& node);
  bool any_element(const Node& node, bool wanted);
  std::int64_t list_size(NodeIndex index);
  std::int64_t integer_at(NodeIndex list, std::int64_t index);
  std::string_view text_at(NodeIndex list, std::int64_t index);
  std::string_view to_text(NodeIndex index);
  std::string_view with_case(std::string_view text, bool lower);

  // Each element of a list of texts or of a map's keys, until `take` answers true.
  template <typename Take>
  bool any_text(NodeIndex list, Take take);

  struct Slot {
    std::string_view text;
    std::int64_t integer = 0;
  };

  const Program& program_;
  Scratch scratch_;
  RecordView view_;
  std::array<Slot, kSlotsMax> slots_{};
};

bool Evaluator::boolean(NodeIndex index) {
  const Node& node = at(index);
  switch (node.op) {
    case Op::constant:
      return node.integer != 0;
    case Op::variable:
      return view_.boolean(node.var);
    case Op::field: {
      const wire::Field* found = field(node);
      return found != nullptr && found->kind() == wire::FieldKind::boolean && found->integer() != 0;
    }
    case Op::all_of:
      for (NodeIndex i = 0; i < node.b; ++i)
        if (!boolean(program_.operands[node.a + i])) return false;
      return true;
    case Op::any_of:
      for (NodeIndex i = 0; i < node.b; ++i)
        if (boolean(program_.operands[node.a + i])) return true;
      return false;
    case Op::negate:
      return !boolean(node.a);
    case Op::choose:
      return boolean(boolean(node.a) ? node.b : node.c);
    case Op::compare:
      return compare(node);
    case Op::compare_dynamic:
      return compare_dynamic(node);
    case Op::bits:
      return (integer(node.a) & node.integer) != 0;
    case Op::in_integers: {
      const auto& set = program_.integer_sets[node.b];
      return std::binary_search(set.begin(), set.end(), integer(node.a));
    }
    case Op::in_network:
      return inside(view_.address(at(node.a).var), program_.networks[node.b]);
    case Op::list_has:
      return list_has(node);
    case Op::map_has:
      return view_.map_get(at(node.a).var, text(node.b)).has_value();
    case Op::any_element:
      return any_element(node, true);
    case Op::all_elements:
      return !any_element(node, false);
    case Op::field_present:
      return field(node) != nullptr;
    case Op::dynamic_boolean: {
      const wire::Field* found = field(at(node.a));
      return found != nullptr && found->kind() == wire::FieldKind::boolean && found->integer() != 0;
    }
    default:
      return texts(node);
  }
}

bool Evaluator::texts(const Node& node) {
  const std::string_view subject = text(node.a);
  switch (node.op) {
    case Op::in_texts: {
      const auto& set = program_.text_sets[node.b];
      constexpr std::size_t kFew = 8;
      if (set.size() <= kFew) return std::find(set.begin(), set.end(), subject) != set.end();
      return std::binary_search(set.begin(), set.end(), subject, std::less<>());
    }
    case Op::contains:
      return has_substring(subject, text(node.b));
    case Op::starts_with:
      return subject.starts_with(text(node.b));
    case Op::ends_with:
      return subject.ends_with(text(node.b));
    case Op::contains_folded:
      return has_folded(subject, node.text);
    case Op::matches:
      return re2::RE2::PartialMatch(re2::StringPiece(subject.data(), subject.size()),
                                    *program_.regexes[node.b]);
    default:
      return false;
  }
}

bool Evaluator::compare(const Node& node) {
  if (node.mixed) return holds(node.comparison, compare_mixed(integer(node.a), number(node.b)));
  switch (node.operand) {
    case FilterType::text:
    case FilterType::address: {
      const std::string_view a = text(node.a);
      const Node& right = at(node.b);
      const std::string_view b = right.op == Op::constant ? std::string_view(right.text) : text(node.b);
      if (node.comparison == Comparison::equal) return a == b;
      if (node.comparison == Comparison::unequal) return a != b;
      return holds(node.comparison, a <=> b);
    }
    case FilterType::number:
      return holds(node.comparison, number(node.a) <=> number(node.b));
    case FilterType::boolean:
      return (boolean(node.a) == boolean(node.b)) == (node.comparison == Comparison::equal);
    default:
      return holds(node.comparison, integer(node.a) <=> integer(node.b));
  }
}

bool Evaluator::compare_dynamic(const Node& node) {
  const Node& right = at(node.b);
  if (right.type == FilterType::dynamic) return compare_fields(node, field(at(node.a)), field(right));
  Comparable b;
  b.is_text = right.type == FilterType::text;
  b.is_boolean = right.type == FilterType::boolean;
  b.is_number = right.type == FilterType::number;
  b.is_numeric = b.is_number || right.type == FilterType::integer;
  if (b.is_text) b.text = text(node.b);
  if (b.is_boolean) b.integer = boolean(node.b) ? 1 : 0;
  if (b.is_number) b.number = number(node.b);
  if (right.type == FilterType::integer) b.integer = integer(node.b);
  return holds(node.comparison, compare_values(comparable(field(at(node.a))), b));
}

bool Evaluator::compare_fields(const Node& node, const wire::Field* a, const wire::Field* b) {
  return holds(node.comparison, compare_values(comparable(a), comparable(b)));
}

std::int64_t Evaluator::integer(NodeIndex index) {
  const Node& node = at(index);
  switch (node.op) {
    case Op::constant:
      return node.integer;
    case Op::variable:
      return view_.integer(node.var);
    case Op::field: {
      const wire::Field* found = field(node);
      return found != nullptr && found->kind() == wire::FieldKind::integer ? found->integer() : 0;
    }
    case Op::bound:
      return slots_[node.c].integer;
    case Op::choose:
      return integer(boolean(node.a) ? node.b : node.c);
    case Op::minus:
      return wrapping(Op::subtract, 0, integer(node.a));
    case Op::text_size:
      return characters(text(node.a));
    case Op::list_size:
      return list_size(node.a);
    case Op::map_size:
      return view_.map_size(at(node.a).var);
    case Op::dynamic_size: {
      const wire::Field* found = field(at(node.a));
      if (found == nullptr) return 0;
      if (found->kind() == wire::FieldKind::text) return characters(text_of(found->text()));
      return found->kind() == wire::FieldKind::list ? size_of(found->list()) : 0;
    }
    case Op::list_at:
      return integer_at(node.a, integer(node.b));
    default:
      return wrapping(node.op, integer(node.a), integer(node.b));
  }
}

double Evaluator::number(NodeIndex index) {
  const Node& node = at(index);
  switch (node.op) {
    case Op::constant:
      return node.number;
    case Op::field: {
      const wire::Field* found = field(node);
      if (found == nullptr) return 0;
      if (found->kind() == wire::FieldKind::integer) return static_cast<double>(found->integer());
      return found->kind() == wire::FieldKind::number ? found->number() : 0;
    }
    case Op::choose:
      return number(boolean(node.a) ? node.b : node.c);
    case Op::minus:
      return -number(node.a);
    case Op::to_number:
      return static_cast<double>(integer(node.a));
    default:
      return of_numbers(node.op, number(node.a), number(node.b));
  }
}

std::string_view Evaluator::text(NodeIndex index) {
  const Node& node = at(index);
  switch (node.op) {
    case Op::constant:
      return node.text;
    case Op::variable:
      return view_.text(node.var);
    case Op::field: {
      const wire::Field* found = field(node);
      return found != nullptr && found->kind() == wire::FieldKind::text ? text_of(found->text())
                                                                        : std::string_view{};
    }
    case Op::bound:
      return slots_[node.c].text;
    case Op::choose:
      return text(boolean(node.a) ? node.b : node.c);
    case Op::to_text:
      return to_text(node.a);
    case Op::lower:
      return with_case(text(node.a), true);
    case Op::upper:
      return with_case(text(node.a), false);
    case Op::concat: {
      const std::string_view first = text(node.a);
      return scratch_.join(first, {}, text(node.b));
    }
    case Op::map_get:
      return view_.map_get(at(node.a).var, text(node.b)).value_or(std::string_view{});
    case Op::list_at:
      return text_at(node.a, integer(node.b));
    case Op::dynamic_text: {
      const wire::Field* found = field(at(node.a));
      return found != nullptr && found->kind() == wire::FieldKind::text ? text_of(found->text())
                                                                        : std::string_view{};
    }
    default:
      return {};
  }
}

std::string_view Evaluator::to_text(NodeIndex index) {
  if (at(index).type == FilterType::boolean) return boolean(index) ? "true" : "false";
  constexpr std::size_t kDigitsMax = 20;
  char* const start = scratch_.room(kDigitsMax);
  return {start,
          static_cast<std::size_t>(std::to_chars(start, start + kDigitsMax, integer(index)).ptr - start)};
}

std::string_view Evaluator::with_case(std::string_view text, bool lower) {
  char* const out = scratch_.room(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    out[i] = lower ? folded(c) : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return {out, text.size()};
}

template <typename Take>
bool Evaluator::any_text(NodeIndex list, Take take) {
  const Node& node = at(list);
  if (node.type == FilterType::text_map) return view_.any_key(node.var, take);
  if (node.op == Op::variable) return view_.any_text(node.var, take);
  const wire::Field* found = field(node);
  if (found == nullptr || found->kind() != wire::FieldKind::list) return false;
  for (const flatbuffers::String* element : elements_of(found->list()))
    if (take(text_of(element))) return true;
  return false;
}

bool Evaluator::list_has(const Node& node) {
  if (at(node.a).type == FilterType::integer_list) {
    const std::int64_t wanted = integer(node.b);
    for (const std::uint16_t vlan : elements_of(view_.vlans()))
      if (vlan == wanted) return true;
    return false;
  }
  const std::string_view wanted = text(node.b);
  return any_text(node.a, [wanted](std::string_view element) { return element == wanted; });
}

// Whether `wanted` is what the predicate says of some element.
bool Evaluator::any_element(const Node& node, bool wanted) {
  Slot& slot = slots_[node.c];
  if (at(node.a).type == FilterType::integer_list) {
    for (const std::uint16_t vlan : elements_of(view_.vlans())) {
      slot.integer = vlan;
      if (boolean(node.b) == wanted) return true;
    }
    return false;
  }
  return any_text(node.a, [&](std::string_view element) {
    const Scratch::Mark mark = scratch_.mark();
    slot.text = element;
    const bool found = boolean(node.b) == wanted;
    scratch_.back_to(mark);
    return found;
  });
}

std::int64_t Evaluator::list_size(NodeIndex index) {
  if (at(index).type == FilterType::integer_list) return size_of(view_.vlans());
  if (at(index).op == Op::field) {
    const wire::Field* found = field(at(index));
    return found != nullptr && found->kind() == wire::FieldKind::list ? size_of(found->list()) : 0;
  }
  std::int64_t count = 0;
  any_text(index, [&count](std::string_view) {
    ++count;
    return false;
  });
  return count;
}

std::int64_t Evaluator::integer_at(NodeIndex, std::int64_t index) {
  const auto* vlans = view_.vlans();
  return index >= 0 && index < size_of(vlans) ? vlans->Get(static_cast<std::uint32_t>(index)) : 0;
}

std::string_view Evaluator::text_at(NodeIndex list, std::int64_t index) {
  std::string_view found;
  if (index < 0) return found;
  any_text(list, [&](std::string_view element) {
    if (index-- != 0) return false;
    found = element;
    return true;
  });
  return found;
}

}  // namespace

Program::Program() = default;
Program::~Program() = default;

bool evaluate(const Program& program, const Call& call) {
  return Evaluator(program, call).boolean(program.root);
}

void fold(Program& program, NodeIndex index) {
  static const Call kNothing;
  Evaluator evaluator(program, kNothing);  // constants look at no record
  Node constant;
  constant.type = program.nodes[index].type;
  switch (constant.type) {
    case FilterType::boolean:
      constant.integer = evaluator.boolean(index) ? 1 : 0;
      break;
    case FilterType::number:
      constant.number = evaluator.number(index);
      break;
    case FilterType::text:
      constant.text = evaluator.text(index);
      break;
    default:
      constant.integer = evaluator.integer(index);
  }
  program.nodes[index] = std::move(constant);
}

}  // namespace spanlight::filter
