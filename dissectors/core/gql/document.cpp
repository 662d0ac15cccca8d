#include "core/gql/document.h"

#include <algorithm>

namespace spanlight::gql {
namespace {

constexpr std::uint32_t kDepthMax = 128;

bool is_name_start(char c) {
  const char small = static_cast<char>(c | 0x20);
  return (small >= 'a' && small <= 'z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Tokens of the language (section 2.1). `kind`: the punctuator itself, or one of these.
constexpr char kName = 'n', kNumber = '0', kText = 's', kSpread = '.', kEnd = '\0', kBad = '?';
struct Token {
  char kind = kEnd;
  std::string_view text;
};

class Lexer {
 public:
  explicit Lexer(std::string_view in) : in_(in) {}

  const Token& here() const { return token_; }
  bool unfinished() const { return unfinished_; }  // kBad, and more bytes may cure it

  char next() {
    pass_ignored();
    token_ = {};
    if (at_ == in_.size()) return kEnd;
    const std::size_t begin = at_;
    token_.kind = read();
    token_.text = in_.substr(begin, at_ - begin);
    return token_.kind;
  }

 private:
  // White space, commas, comments, a byte order mark.
  void pass_ignored() {
    constexpr std::string_view kMark = "\xef\xbb\xbf";
    if (at_ == 0 && in_.starts_with(kMark)) at_ = kMark.size();
    for (; at_ < in_.size(); ++at_) {
      const char c = in_[at_];
      if (c == '#')
        at_ = std::min(in_.find_first_of("\r\n", at_), in_.size() - 1);
      else if (c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != ',')
        return;
    }
  }

  char read() {
    const char c = in_[at_];
    if (is_name_start(c)) {
      while (at_ < in_.size() && (is_name_start(in_[at_]) || is_digit(in_[at_]))) ++at_;
      return kName;
    }
    if (is_digit(c) || c == '-') {
      const auto in_number = [](char d) {
        return is_digit(d) || is_name_start(d) || d == '+' || d == '-' || d == '.';
      };
      while (at_ < in_.size() && in_number(in_[at_])) ++at_;
      return kNumber;
    }
    if (c == '"') return read_text();
    if (c == '.') return read_spread();
    ++at_;
    constexpr std::string_view kPunctuators = "!$&()[]{}:=@|";
    return kPunctuators.find(c) != std::string_view::npos ? c : kBad;
  }

  char read_spread() {
    constexpr std::string_view kDots = "...";
    const std::string_view rest = in_.substr(at_, kDots.size());
    at_ += rest.size();
    if (rest == kDots) return kSpread;
    unfinished_ = kDots.starts_with(rest);
    return kBad;
  }

  char read_text() {
    constexpr std::string_view kBlock = "\"\"\"";
    if (in_.substr(at_).starts_with(kBlock)) {
      std::size_t end = in_.find(kBlock, at_ + kBlock.size());
      while (end != std::string_view::npos && in_[end - 1] == '\\') end = in_.find(kBlock, end + 1);
      return end_text(end, kBlock.size());
    }
    std::size_t end = at_ + 1;
    while (end < in_.size() && in_[end] != '"') {
      if (in_[end] == '\n') return kBad;
      end += in_[end] == '\\' ? 2 : 1;
    }
    return end_text(end < in_.size() ? end : std::string_view::npos, 1);
  }

  char end_text(std::size_t end, std::size_t quote) {
    unfinished_ = end == std::string_view::npos;
    at_ = unfinished_ ? in_.size() : end + quote;
    return unfinished_ ? kBad : kText;
  }

  std::string_view in_;
  std::size_t at_ = 0;
  Token token_;
  bool unfinished_ = false;
};

OperationType type_of(std::string_view keyword) {
  if (keyword == "query") return OperationType::query;
  if (keyword == "mutation") return OperationType::mutation;
  return keyword == "subscription" ? OperationType::subscription : OperationType::none;
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view wanted) : lexer_(text), wanted_(wanted) { lexer_.next(); }

  Document read() {
    while (out_.fault == Fault::none && at() != kEnd) definition();
    return out_;
  }
  bool chosen() const { return chosen_; }

 private:
  char at() const { return lexer_.here().kind; }
  bool ok() const { return out_.fault == Fault::none; }
  void fail() {
    const bool more = at() == kEnd || (at() == kBad && lexer_.unfinished());
    if (ok()) out_.fault = more ? Fault::short_input : Fault::bad_value;
  }
  std::string_view take(char kind) {
    const Token token = lexer_.here();
    if (token.kind != kind)
      fail();
    else
      lexer_.next();
    return ok() ? token.text : std::string_view{};
  }

  void definition() {
    if (at() == '{') {
      found(OperationType::query, {});
      return selection();
    }
    const std::string_view keyword = take(kName);
    if (!ok()) return;
    const OperationType type = type_of(keyword);
    if (type == OperationType::none && keyword != "fragment") {
      // The end may cut a keyword.
      constexpr std::string_view kKeywords[] = {"query", "mutation", "subscription", "fragment"};
      const bool cut =
          at() == kEnd && std::any_of(std::begin(kKeywords), std::end(kKeywords),
                                      [=](std::string_view k) { return k.starts_with(keyword); });
      out_.fault = cut ? Fault::short_input : Fault::bad_value;
      return;
    }
    std::string_view name;
    if (type == OperationType::none) {
      take(kName);
      const std::string_view on = take(kName);
      if (on != "on" && ok()) out_.fault = on == "o" && at() == kEnd ? Fault::short_input : Fault::bad_value;
      take(kName);
    } else if (at() == kName) {
      name = take(kName);
    }
    if (at() == '(' && ok()) parentheses();
    directives();
    if (!ok()) return;
    if (at() != '{') return fail();
    if (type != OperationType::none) found(type, name);
    selection();
  }

  void found(OperationType type, std::string_view name) {
    ++out_.operations;
    if (wanted_.empty() ? out_.operations > 1 : name != wanted_ || chosen_) return;
    chosen_ = !wanted_.empty();
    out_.type = type;
    out_.name = name;
  }

  void directives() {
    while (ok() && at() == '@') {
      lexer_.next();
      take(kName);
      if (at() == '(' && ok()) parentheses();
    }
  }

  // Arguments or variables: no parentheses stand inside them.
  void parentheses() {
    do {
      lexer_.next();
      if (at() == kEnd || at() == kBad || at() == '(' || at() == kSpread) return fail();
    } while (at() != ')');
    lexer_.next();
  }

  // { a b: c(d: 1) @e { f } ... on G { h } ...i }
  void selection() {
    std::uint32_t depth = 0;
    char before = kEnd;
    do {
      const char here = at();
      if (here == '{' && ++depth > kDepthMax) {
        out_.fault = Fault::too_deep;
        return;
      }
      if (here == '}') --depth;
      const bool empty = here == '}' && before == '{';
      const bool misplaced = (here == '(' && before != kName) || (here == ':' && before != kName) ||
                             (here == '{' && before == ':');
      if (empty || misplaced) {
        out_.fault = Fault::bad_value;
        return;
      }
      constexpr std::string_view kMayStand = "{}:@(n.";
      if (here == kEnd || kMayStand.find(here) == std::string_view::npos) return fail();
      before = here;
      if (here == '(')
        parentheses();
      else
        lexer_.next();
    } while (ok() && depth > 0);
  }

  Lexer lexer_;
  std::string_view wanted_;
  Document out_;
  bool chosen_ = false;
};

}  // namespace

std::string_view operation_name(OperationType type) {
  switch (type) {
    case OperationType::none:
      return {};
    case OperationType::query:
      return "query";
    case OperationType::mutation:
      return "mutation";
    case OperationType::subscription:
      return "subscription";
  }
  return {};
}

Document parse_document(std::string_view text, std::string_view wanted, bool cut) {
  Parser parser(text, wanted);
  Document out = parser.read();
  if (out.fault == Fault::none && cut) out.fault = Fault::short_input;
  // What is cut may hold another operation: only one that was asked for by name is sure then. Of several one
  // must be asked for.
  const bool sure = wanted.empty() ? out.operations == 1 && out.fault == Fault::none : parser.chosen();
  if (!sure) {
    out.type = OperationType::none;
    out.name = {};
  }
  if (out.fault == Fault::none && out.operations == 0) out.fault = Fault::bad_value;
  return out;
}

}  // namespace spanlight::gql
