#include "targets/selector.h"

#include <algorithm>

namespace spanlight {
namespace {

constexpr std::size_t kPrefixBytesMax = 253, kNameBytesMax = 63;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_word(char c) {
  return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.' || c == '/';
}

// The name of a label without its prefix, or a value: begins and ends in a letter or digit.
bool is_part(std::string_view text) {
  return text.size() <= kNameBytesMax && text.find('/') == std::string_view::npos &&
         (text.empty() || (is_letter_or_digit(text.front()) && is_letter_or_digit(text.back())));
}

bool is_label_name(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return !text.empty() && is_part(text);
  return slash > 0 && slash <= kPrefixBytesMax && slash + 1 < text.size() && is_part(text.substr(slash + 1));
}

}  // namespace

class SelectorReader {
 public:
  explicit SelectorReader(std::string_view text) : text_(text) {}

  std::optional<Selector> read(std::string& fault) {
    Selector selector;
    do {
      if (selector.requirements_.size() == Selector::kRequirementsMax)
        return refuse(fault, "has too many requirements");
      Selector::Requirement requirement;
      if (const char* wrong = read_requirement(requirement)) return refuse(fault, wrong);
      selector.requirements_.push_back(std::move(requirement));
    } while (take(','));
    if (at_ != text_.size()) return refuse(fault, "a comma, or the end, should stand here");
    return selector;
  }

 private:
  using Operator = Selector::Operator;

  std::optional<Selector> refuse(std::string& fault, const char* what) {
    fault = "The label selector \"" + std::string(text_.substr(0, 256)) + "\" is not one: " + what +
            " (at character " + std::to_string(at_ + 1) + ").";
    return std::nullopt;
  }

  // nullptr: it is well.
  const char* read_requirement(Selector::Requirement& out) {
    const bool absent = take('!');
    out.name = word();
    if (!is_label_name(out.name)) return "a label's name should stand here";
    if (absent) {
      out.operation = Operator::absent;
      return nullptr;
    }
    if (take('!')) {
      if (!take_next('=')) return "!= is the operator";
      return read_single(out, Operator::not_in);
    }
    if (take('=')) {
      take_next('=');
      return read_single(out, Operator::in);
    }
    const std::size_t before = at_;
    const std::string operation = word();
    if (operation == "in" || operation == "notin")
      return read_set(out, operation == "in" ? Operator::in : Operator::not_in);
    at_ = before;
    out.operation = Operator::exists;
    return operation.empty() ? nullptr : "the operators are = == != in notin";
  }

  const char* read_single(Selector::Requirement& out, Operator operation) {
    out.operation = operation;
    out.values.push_back(word());
    return is_part(out.values.back()) ? nullptr : "a label's value should stand here";
  }

  const char* read_set(Selector::Requirement& out, Operator operation) {
    out.operation = operation;
    if (!take('(')) return "a list of values in parentheses should stand here";
    do {
      out.values.push_back(word());
      if (!is_part(out.values.back())) return "a label's value should stand here";
    } while (take(','));
    return take(')') ? nullptr : "a closing parenthesis should stand here";
  }

  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take_next(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(char c) {
    skip_spaces();
    const bool taken = take_next(c);
    skip_spaces();
    return taken;
  }
  std::string word() {
    skip_spaces();
    const std::size_t from = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    std::string out(text_.substr(from, at_ - from));
    skip_spaces();
    return out;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<Selector> Selector::parse(std::string_view text, std::string& fault) {
  if (text.size() > kTextBytesMax) {
    fault = "A label selector has more than " + std::to_string(kTextBytesMax) + " characters.";
    return std::nullopt;
  }
  return SelectorReader(text).read(fault);
}

bool Selector::matches(const std::vector<Label>& labels) const {
  return std::all_of(requirements_.begin(), requirements_.end(), [&](const Requirement& requirement) {
    const auto label =
        std::lower_bound(labels.begin(), labels.end(), requirement.name,
                         [](const Label& l, const std::string& name) { return l.name < name; });
    const bool there = label != labels.end() && label->name == requirement.name;
    const auto among = [&] {
      return std::find(requirement.values.begin(), requirement.values.end(), label->value) !=
             requirement.values.end();
    };
    switch (requirement.operation) {
      case Operator::exists:
        return there;
      case Operator::absent:
        return !there;
      case Operator::in:
        return there && among();
      case Operator::not_in:
        return !there || !among();  // as the API server has it: what lacks the label is not in the set
    }
    return false;
  });
}

}  // namespace spanlight
