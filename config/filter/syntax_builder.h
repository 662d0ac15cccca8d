#pragma once
// Puts the syntax tree together while the grammar reads: a stack of what was read last, and marks where
// brackets opened. One for each text; sees to depth and size.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "filter/syntax.h"

namespace spanlight::filter {

class SyntaxBuilder {
 public:
  SyntaxBuilder(std::string_view text, const FilterLimits& limits) : text_(text), limits_(limits) {}

  SyntaxIndex push(Syntax node) {
    std::uint32_t below = 0;
    for (const SyntaxIndex child : node.children) below = std::max(below, tree_.nodes[child].depth);
    const bool chain = node.kind == SyntaxKind::all_of || node.kind == SyntaxKind::any_of;
    node.depth = below + (chain ? 0 : 1);
    if (node.depth > limits_.depth_max) too_deep(node.position);
    if (tree_.nodes.size() >= limits_.nodes_max)
      throw Wrong{{node.position, 1, "The filter is too large.", "Split it, or use \"in\" with a list."}};
    tree_.nodes.push_back(std::move(node));
    stack_.push_back(static_cast<SyntaxIndex>(tree_.nodes.size() - 1));
    return stack_.back();
  }
  void push_again(SyntaxIndex index) { stack_.push_back(index); }
  SyntaxIndex pop() {
    const SyntaxIndex top = stack_.back();
    stack_.pop_back();
    return top;
  }
  bool is_twice_negated(SyntaxIndex index) const {
    const Syntax& outer = tree_.nodes[index];
    return outer.kind == SyntaxKind::negate && tree_.nodes[outer.children[0]].kind == SyntaxKind::negate;
  }
  Syntax& at(SyntaxIndex index) { return tree_.nodes[index]; }
  Syntax& top() { return tree_.nodes[stack_.back()]; }

  void begin() { frames_.push_back(stack_.size()); }
  // What was pushed since begin().
  std::vector<SyntaxIndex> end() {
    const auto from = stack_.begin() + static_cast<std::ptrdiff_t>(frames_.back());
    std::vector<SyntaxIndex> nodes(from, stack_.end());
    stack_.erase(from, stack_.end());
    frames_.pop_back();
    return nodes;
  }

  void operator_at(Operator op) { operators_.push_back(op); }
  Operator pop_operator() {
    const Operator op = operators_.back();
    operators_.pop_back();
    return op;
  }

  // The bytes from the beginning of `first` to the end of `last`.
  void span(Syntax& node, SyntaxIndex first, std::size_t end) {
    node.position = at(first).position;
    node.length = end - node.position;
  }
  std::size_t end_of(SyntaxIndex index) { return at(index).position + at(index).length; }

  void enter(std::size_t position) {
    if (++nesting_ > limits_.depth_max) too_deep(position);
  }
  void leave() { --nesting_; }

  std::string_view text() const { return text_; }
  SyntaxTree take() {
    tree_.root = stack_.back();
    return std::move(tree_);
  }

  std::vector<std::pair<char, std::size_t>> signs;  // `!` and `-` that wait for their operand
  std::vector<std::size_t> sign_frames;

 private:
  [[noreturn]] void too_deep(std::size_t position) const {
    throw Wrong{{position, 1, "This is nested deeper than " + std::to_string(limits_.depth_max) + " levels.",
                 "&& and || need no parentheses among themselves."}};
  }

  std::string_view text_;
  const FilterLimits& limits_;
  SyntaxTree tree_;
  std::vector<SyntaxIndex> stack_;
  std::vector<std::size_t> frames_;
  std::vector<Operator> operators_;
  std::size_t nesting_ = 0;
};

}  // namespace spanlight::filter
