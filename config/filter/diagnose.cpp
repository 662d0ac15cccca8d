// Where reading stopped: what the writer most likely meant.

#include <algorithm>

#include "filter/syntax.h"

namespace spanlight::filter {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

struct Slip {
  std::string_view wrong;
  std::string_view text;
  std::string_view suggestion;
};
// Longer ones first.
constexpr Slip kSigns[] = {
    {"===", "\"===\" is no operator.", "Write ==."},
    {"!==", "\"!==\" is no operator.", "Write !=."},
    {"<>", "\"<>\" is no operator.", "Write !=."},
    {"=~", "\"=~\" is no operator.", "Write path.matches(\"…\")."},
    {"!~", "\"!~\" is no operator.", "Write !path.matches(\"…\")."},
    {"=>", "\"=>\" is no operator.", "Write >=."},
    {"=<", "\"=<\" is no operator.", "Write <=."},
    {"=", "\"=\" is no operator.", "Write == to compare."},
    {"&", "\"&\" is no operator.", "Write &&."},
    {"|", "\"|\" is no operator.", "Write ||."},
    {"~", "\"~\" is no operator.", "Write path.matches(\"…\")."},
    {"\xe2\x80\x9c", "These are typographic quotation marks.", "Write \" or '."},
    {"\xe2\x80\x9d", "These are typographic quotation marks.", "Write \" or '."},
    {"\xe2\x80\x98", "These are typographic quotation marks.", "Write \" or '."},
    {"\xe2\x80\x99", "These are typographic quotation marks.", "Write \" or '."},
    {"`", "A text stands between \" or '.", "Write \" in the place of `."},
    {"#", "A comment begins with //.", "Write // in the place of #."},
    {";", "A filter is one expression.", "Join conditions with && or ||."},
};
constexpr Slip kWords[] = {
    {"and", "\"and\" is no operator.", "Write &&."},
    {"or", "\"or\" is no operator.", "Write ||."},
    {"not", "\"not\" is no operator.", "Write ! before what shall not be."},
    {"is", "\"is\" is no operator.", "Write ==."},
    {"eq", "\"eq\" is no operator.", "Write ==."},
    {"ne", "\"ne\" is no operator.", "Write !=."},
    {"lt", "\"lt\" is no operator.", "Write <."},
    {"gt", "\"gt\" is no operator.", "Write >."},
    {"le", "\"le\" is no operator.", "Write <=."},
    {"ge", "\"ge\" is no operator.", "Write >=."},
    {"like", "\"like\" is no operator.", "Write path.contains(\"…\")."},
    {"contains", "\"contains\" is called as a method.", "Write path.contains(\"…\")."},
    {"matches", "\"matches\" is called as a method.", "Write path.matches(\"…\")."},
    {"startswith", "\"startsWith\" is called as a method.", "Write path.startsWith(\"…\")."},
    {"endswith", "\"endsWith\" is called as a method.", "Write path.endsWith(\"…\")."},
};

// The bracket that is open at `position`, or a NUL; texts are passed over.
char open_bracket(std::string_view text, std::size_t position) {
  std::string open;
  char quote = '\0';
  for (std::size_t i = 0; i < position; ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == '\\') ++i;
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
      open.push_back(c);
    } else if ((c == ')' || c == ']' || c == '}') && !open.empty()) {
      open.pop_back();
    }
  }
  return open.empty() ? '\0' : open.back();
}

std::string closing(char open) {
  return open == '(' ? ")" : open == '[' ? "]" : "}";
}

FilterFault at_the_end(std::string_view text, std::size_t position) {
  const char open = open_bracket(text, position);
  std::size_t last = position;
  while (last > 0 && (text[last - 1] == ' ' || text[last - 1] == '\t' || text[last - 1] == '\n')) --last;
  const bool operand_missing =
      last > 0 && std::string_view("=<>!&|+-*/%?:,.").find(text[last - 1]) != std::string_view::npos;
  if (open != '\0' && !operand_missing)
    return {position, 0, std::string("\"") + open + "\" is not closed.", "Write " + closing(open) + " here."};
  return {position, 0, "The filter ends where something should follow.", {}};
}

// The word or the character at `position`, whole also where it is not ASCII.
std::string_view token_at(std::string_view text, std::size_t position) {
  std::size_t end = position;
  while (end < text.size() && is_word(text[end])) ++end;
  if (end == position) {
    ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
  }
  return text.substr(position, end - position);
}

// The word behind which `position` stands without anything between but blanks.
std::string_view word_before(std::string_view text, std::size_t position) {
  std::size_t end = position;
  while (end > 0 && text[end - 1] == ' ') --end;
  std::size_t start = end;
  while (start > 0 && is_word(text[start - 1])) --start;
  return text.substr(start, end - start);
}

}  // namespace

FilterFault diagnose(std::string_view text, std::size_t position) {
  const std::string_view rest = text.substr(std::min(position, text.size()));
  if (rest.empty()) return at_the_end(text, text.size());
  for (const Slip& slip : kSigns)
    if (rest.starts_with(slip.wrong))
      return {position, slip.wrong.size(), std::string(slip.text), std::string(slip.suggestion)};
  const std::string_view token = token_at(text, position);
  const std::string_view before = word_before(text, position);
  for (const Slip& slip : kWords) {
    if (lower(token) == slip.wrong)
      return {position, token.size(), std::string(slip.text), std::string(slip.suggestion)};
    if (lower(before) == slip.wrong && slip.wrong == "not")
      return {static_cast<std::size_t>(before.data() - text.data()), before.size(), std::string(slip.text),
              std::string(slip.suggestion)};
  }
  const std::string quoted = '"' + std::string(token) + '"';
  std::int64_t duration_ns = 0;
  if (parse_duration(std::string(before) + std::string(token), duration_ns))
    return {position, token.size(), quoted + " cannot follow a number.",
            "A duration is written duration(\"" + std::string(before) + std::string(token) + "\")."};
  if (token == ")" || token == "]" || token == "}") {
    const char open = open_bracket(text, position);
    if (open == '\0') return {position, 1, quoted + " closes what was not opened.", {}};
    if (closing(open) != token)
      return {position, 1, quoted + " closes what was opened with \"" + open + "\".",
              "Write " + closing(open) + '.'};
    return {position, 1, "Something is missing before " + quoted + '.', {}};
  }
  if (is_word(token[0]) || token == "\"" || token == "'")
    return {position, token.size(), quoted + " stands where an operator should.",
            "Join conditions with && or ||; to search for words, put them in quotation marks."};
  return {position, token.size(), quoted + " is not expected here.", {}};
}

}  // namespace spanlight::filter
