// What each rule of the grammar adds to the tree.

#include <algorithm>
#include <charconv>

#include "filter/grammar.h"

namespace spanlight::filter {
namespace {

using namespace grammar;
using Builder = SyntaxBuilder;

template <typename Rule>
struct Action : pegtl::nothing<Rule> {};

template <typename Input>
Syntax from(const Input& in, SyntaxKind kind) {
  Syntax node;
  node.kind = kind;
  node.position = in.position().byte;
  node.length = in.size();
  return node;
}

template <>
struct Action<Name> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    Syntax node = from(in, SyntaxKind::name);
    node.word = in.string();
    if (node.word == "true" || node.word == "false") {
      node.kind = SyntaxKind::boolean;
      node.integer = node.word == "true" ? 1 : 0;
    }
    builder.push(std::move(node));
  }
};

template <>
struct Action<Quoted> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    Syntax node = from(in, SyntaxKind::text);
    node.word = unquote(in.string_view(), node.position);
    builder.push(std::move(node));
  }
};

template <>
struct Action<Real> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    Syntax node = from(in, SyntaxKind::number);
    const std::string text = in.string();
    const auto read = std::from_chars(text.data(), text.data() + text.size(), node.number);
    if (read.ec != std::errc{})
      throw Wrong{{node.position, node.length, "This number does not fit into 64 bits.", {}}};
    builder.push(std::move(node));
  }
};

template <>
struct Action<Whole> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    Syntax node = from(in, SyntaxKind::integer);
    std::string_view text = in.string_view();
    const bool hexadecimal = text.size() > 2 && (text[1] == 'x' || text[1] == 'X');
    if (hexadecimal) text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    constexpr std::uint64_t kBeyond = std::uint64_t{1} << 63;
    if (read.ec != std::errc{} || value > kBeyond)
      throw Wrong{{node.position, node.length, "This number does not fit into 64 bits.", {}}};
    node.beyond = value == kBeyond;
    node.integer = static_cast<std::int64_t>(value);
    builder.push(std::move(node));
  }
};

struct Begin {
  template <typename Input>
  static void apply(const Input&, Builder& builder) {
    builder.begin();
  }
};
template <>
struct Action<ListOpen> : Begin {};
template <>
struct Action<MapOpen> : Begin {};
template <>
struct Action<ArgumentsOpen> : Begin {};

std::size_t trimmed_end(std::string_view text, std::size_t end) {
  while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\n' || text[end - 1] == '\t')) --end;
  return end;
}

template <SyntaxKind kKind>
struct Collect {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    Syntax node = from(in, kKind);
    node.length = trimmed_end(builder.text(), node.position + node.length) - node.position;
    node.children = builder.end();
    builder.push(std::move(node));
  }
};
template <>
struct Action<List> : Collect<SyntaxKind::list> {};
template <>
struct Action<Map> : Collect<SyntaxKind::map> {};

// The name or member before becomes a call with these arguments.
template <>
struct Action<Arguments> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    std::vector<SyntaxIndex> arguments = builder.end();
    const SyntaxIndex callee = builder.pop();
    Syntax node = builder.at(callee);
    if (node.kind == SyntaxKind::member) {
      node.kind = SyntaxKind::method;
      node.children.insert(node.children.end(), arguments.begin(), arguments.end());
    } else {
      node.kind = SyntaxKind::call;
      node.children = std::move(arguments);
    }
    const std::size_t end = trimmed_end(builder.text(), in.position().byte + in.size());
    node.length = end - node.position;
    builder.push(std::move(node));
  }
};

template <>
struct Action<MemberName> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    const SyntaxIndex of = builder.pop();
    Syntax node;
    node.kind = SyntaxKind::member;
    node.word = in.string();
    node.children = {of};
    builder.span(node, of, in.position().byte + in.size());
    builder.push(std::move(node));
  }
};

template <>
struct Action<Index> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    const SyntaxIndex which = builder.pop();
    const SyntaxIndex of = builder.pop();
    Syntax node;
    node.kind = SyntaxKind::index;
    node.children = {of, which};
    builder.span(node, of, trimmed_end(builder.text(), in.position().byte + in.size()));
    builder.push(std::move(node));
  }
};

template <>
struct Action<SignsBegin> {
  template <typename Input>
  static void apply(const Input&, Builder& builder) {
    builder.sign_frames.push_back(builder.signs.size());
  }
};
template <>
struct Action<Sign> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.signs.emplace_back(*in.begin(), in.position().byte);
  }
};

template <>
struct Action<Unary> {
  template <typename Input>
  static void apply(const Input&, Builder& builder) {
    const std::size_t first = builder.sign_frames.back();
    builder.sign_frames.pop_back();
    while (builder.signs.size() > first) {
      const auto [sign, position] = builder.signs.back();
      builder.signs.pop_back();
      Syntax& operand = builder.top();
      if (sign == '-' && operand.kind == SyntaxKind::integer && (operand.beyond || operand.integer >= 0)) {
        operand.length += operand.position - position;
        operand.position = position;
        operand.integer = operand.beyond ? operand.integer : -operand.integer;  // 2^63 is its own negative
        operand.beyond = false;
        continue;
      }
      const SyntaxIndex of = builder.pop();
      if (sign == '!' && builder.is_twice_negated(of)) {
        builder.push_again(builder.at(of).children[0]);
        continue;
      }
      Syntax node;
      node.kind = sign == '!' ? SyntaxKind::negate : SyntaxKind::minus;
      node.position = position;
      node.length = builder.end_of(of) - position;
      node.children = {of};
      builder.push(std::move(node));
    }
  }
};

Operator operator_of(std::string_view text) {
  constexpr Operator kAll[] = {Operator::equal,      Operator::unequal, Operator::less,
                               Operator::less_equal, Operator::greater, Operator::greater_equal,
                               Operator::in,         Operator::add,     Operator::subtract,
                               Operator::multiply,   Operator::divide,  Operator::modulo};
  for (const Operator op : kAll)
    if (operator_text(op) == text) return op;
  return Operator::equal;
}

struct TakeOperator {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.operator_at(operator_of(in.string_view()));
  }
};
template <>
struct Action<ProductOperator> : TakeOperator {};
template <>
struct Action<SumOperator> : TakeOperator {};
template <>
struct Action<RelationOperator> : TakeOperator {};

struct ReduceBinary {
  template <typename Input>
  static void apply(const Input&, Builder& builder) {
    const SyntaxIndex right = builder.pop();
    const SyntaxIndex left = builder.pop();
    Syntax node;
    node.kind = SyntaxKind::binary;
    node.op = builder.pop_operator();
    node.children = {left, right};
    builder.span(node, left, builder.end_of(right));
    builder.push(std::move(node));
  }
};
template <>
struct Action<ProductTail> : ReduceBinary {};
template <>
struct Action<SumTail> : ReduceBinary {};
template <>
struct Action<RelationTail> : ReduceBinary {};

// Goes on with the chain that stands on the left, so that a thousand operands are one node.
template <SyntaxKind kKind>
struct ReduceChain {
  template <typename Input>
  static void apply(const Input&, Builder& builder) {
    const SyntaxIndex right = builder.pop();
    const SyntaxIndex left = builder.pop();
    if (builder.at(left).kind == kKind) {
      Syntax& chain = builder.at(left);
      chain.children.push_back(right);
      chain.length = builder.end_of(right) - chain.position;
      chain.depth = std::max(chain.depth, builder.at(right).depth);
      builder.push_again(left);
      return;
    }
    Syntax node;
    node.kind = kKind;
    node.children = {left, right};
    builder.span(node, left, builder.end_of(right));
    builder.push(std::move(node));
  }
};
template <>
struct Action<AndTail> : ReduceChain<SyntaxKind::all_of> {};
template <>
struct Action<OrTail> : ReduceChain<SyntaxKind::any_of> {};

template <>
struct Action<ChooseTail> {
  template <typename Input>
  static void apply(const Input&, Builder& builder) {
    const SyntaxIndex other = builder.pop();
    const SyntaxIndex then = builder.pop();
    const SyntaxIndex condition = builder.pop();
    Syntax node;
    node.kind = SyntaxKind::choose;
    node.children = {condition, then, other};
    builder.span(node, condition, builder.end_of(other));
    builder.push(std::move(node));
  }
};

}  // namespace

std::string_view operator_text(Operator op) {
  switch (op) {
    case Operator::equal:
      return "==";
    case Operator::unequal:
      return "!=";
    case Operator::less:
      return "<";
    case Operator::less_equal:
      return "<=";
    case Operator::greater:
      return ">";
    case Operator::greater_equal:
      return ">=";
    case Operator::in:
      return "in";
    case Operator::add:
      return "+";
    case Operator::subtract:
      return "-";
    case Operator::multiply:
      return "*";
    case Operator::divide:
      return "/";
    case Operator::modulo:
      return "%";
  }
  return "?";
}

SyntaxTree parse(std::string_view text, const FilterLimits& limits) {
  Builder builder(text, limits);
  pegtl::memory_input<> in(text.data(), text.size(), "filter");
  try {
    pegtl::parse<Everything, Action>(in, builder);
  } catch (const pegtl::parse_error& error) {
    throw Wrong{diagnose(text, error.positions().front().byte)};
  }
  return builder.take();
}

}  // namespace spanlight::filter
