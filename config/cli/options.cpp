#include "cli/options.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "text/text.h"

namespace spanlight::cli {

namespace {

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

std::string with_article(const std::string& noun) {
  const bool vowel = std::string_view("AEIO").find(noun.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + noun;
}

bool looks_like_option(std::string_view word) {
  return word.size() > 1 && word[0] == '-';
}

}  // namespace

struct Options::Cursor {
  int argc;
  const char* const* argv;
  int at = 1;
  bool only_positionals = false;

  bool more() const { return at < argc; }
  std::string_view word() const { return argv[at]; }
};

std::string_view version() {
  return SPANLIGHT_VERSION;
}

Options::Options(Manual manual) : manual_(std::move(manual)) {}

Options& Options::add(Option option) {
  options_.push_back(std::move(option));
  return *this;
}

Options& Options::flag(char short_name, std::string long_name, bool* target, std::string meaning) {
  return add({.short_name = short_name,
              .long_name = std::move(long_name),
              .meaning = std::move(meaning),
              .accept = [target](const std::string&) {
                *target = true;
                return std::string();
              }});
}

Options& Options::text(char short_name, std::string long_name, const std::string& placeholder,
                       std::string* target, std::string meaning) {
  return add({.short_name = short_name,
              .long_name = std::move(long_name),
              .placeholder = placeholder,
              .meaning = std::move(meaning),
              .takes = with_article(placeholder),
              .default_text = *target,
              .accept = [target](const std::string& value) {
                *target = value;
                return std::string();
              }});
}

Options& Options::choice(char short_name, std::string long_name, const std::vector<std::string>& choices,
                         std::string* target, std::string meaning) {
  std::string placeholder;
  for (const std::string& c : choices) placeholder += (placeholder.empty() ? "" : "|") + c;
  const std::string takes = text::one_of(views(choices));
  return add({.short_name = short_name,
              .long_name = std::move(long_name),
              .placeholder = std::move(placeholder),
              .meaning = std::move(meaning),
              .takes = takes,
              .default_text = *target,
              .accept = [target, choices, takes](const std::string& value) -> std::string {
                if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
                  const std::string_view guess = text::closest(value, views(choices));
                  const std::string wrong = "\"" + value + "\" is not a choice; ";
                  return wrong +
                         (guess.empty() ? "give " + takes : "did you mean " + std::string(guess) + "?");
                }
                *target = value;
                return {};
              }});
}

Options& Options::list(char short_name, std::string long_name, const std::string& placeholder,
                       std::vector<std::string>* target, std::string meaning, bool commas) {
  std::string default_text;
  for (const std::string& item : *target) default_text += (default_text.empty() ? "" : ",") + item;
  return add({.short_name = short_name,
              .long_name = std::move(long_name),
              .placeholder = placeholder + (commas ? "[,...]" : ""),
              .meaning = std::move(meaning),
              .takes = with_article(placeholder),
              .default_text = std::move(default_text),
              .accept = [target, commas](const std::string& value) -> std::string {
                for (std::size_t at = 0; at <= value.size();) {
                  const std::size_t end = commas ? std::min(value.find(',', at), value.size()) : value.size();
                  if (end == at) return "an item is empty; write the items with one comma between them";
                  target->push_back(value.substr(at, end - at));
                  at = end + 1;
                }
                return {};
              },
              .clear = [target] { target->clear(); }});
}

Options& Options::number(char short_name, std::string long_name, std::string placeholder,
                         std::uint64_t* target, std::uint64_t least, std::uint64_t most,
                         std::string meaning) {
  const std::string takes =
      "a number from " + std::to_string(least) + (most == kAnyNumber ? " on" : " to " + std::to_string(most));
  const bool has_default = *target >= least && *target <= most;
  return add({.short_name = short_name,
              .long_name = std::move(long_name),
              .placeholder = std::move(placeholder),
              .meaning = std::move(meaning),
              .takes = takes,
              .default_text = has_default ? std::to_string(*target) : "",
              .accept = [=](const std::string& value) -> std::string {
                std::uint64_t n = 0;
                const bool digits =
                    !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
                if (!digits) return "\"" + value + "\" is not a whole number; give " + takes;
                if (!text::parse_number(value, n) || n > most) return value + " is too large; give " + takes;
                if (n < least) return value + " is too small; give " + takes;
                *target = n;
                return {};
              }});
}

Options& Options::positionals(std::string placeholder, std::vector<std::string>* target, std::size_t least,
                              std::size_t most, std::string meaning) {
  positionals_ = {std::move(placeholder), target, least, most, std::move(meaning)};
  return *this;
}

Options& Options::stop_at_first_positional() {
  stop_at_first_positional_ = true;
  return *this;
}

Options& Options::conflict(std::string one, std::string other) {
  conflicts_.emplace_back(std::move(one), std::move(other));
  return *this;
}

std::optional<int> Options::parse(int argc, const char* const* argv) {
  return parse(argc, argv, std::cout, std::cerr);
}

std::optional<int> Options::parse(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  Cursor cursor{argc, argv};
  while (cursor.more()) {
    const std::string wrong = read_word(cursor);
    if (!wrong.empty()) return refuse(wrong, err);
    if (help_ || version_) break;  // what follows does not matter any more
  }
  if (help_) {
    out << help(text::terminal_columns(STDOUT_FILENO)) << std::flush;
    return all_shown(out, err);
  }
  if (version_) {
    out << manual_.name << ' ' << version() << std::endl;
    return all_shown(out, err);
  }
  const std::string wrong = check_whole();
  if (!wrong.empty()) return refuse(wrong, err);
  return std::nullopt;
}

int Options::all_shown(const std::ostream& out, std::ostream& err) const {
  if (out) return 0;
  err << manual_.name << ": standard output: it could not be written\n";
  return 1;
}

std::string Options::read_word(Cursor& cursor) {
  const std::string_view word = cursor.word();
  ++cursor.at;
  if (cursor.only_positionals || !looks_like_option(word)) return read_positional(cursor, word);
  if (word == "--") {
    cursor.only_positionals = true;
    return {};
  }
  return word[1] == '-' ? read_long(cursor, word.substr(2)) : read_short(cursor, word.substr(1));
}

std::string Options::read_positional(Cursor& cursor, std::string_view word) {
  if (stop_at_first_positional_) cursor.only_positionals = true;
  if (positionals_.target == nullptr)
    return "unexpected argument \"" + std::string(word) + "\"; see " + manual_.name + " --help";
  if (positionals_.target->size() >= positionals_.most)
    return "unexpected argument \"" + std::string(word) + "\"; at most " + std::to_string(positionals_.most) +
           " " + positionals_.placeholder + " can be given";
  positionals_.target->emplace_back(word);
  return {};
}

std::string Options::read_long(Cursor& cursor, std::string_view word) {
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  if (name == "help" || name == "version") {
    (name == "help" ? help_ : version_) = true;
    return {};
  }
  Option* option = nullptr;
  std::string wrong = resolve(name, &option);
  if (option == nullptr) return wrong;
  const std::string spelling = "--" + option->long_name;
  const bool has_value = equals != std::string_view::npos;
  if (option->placeholder.empty()) {
    if (has_value) return spelling + " takes no value; leave out " + std::string(word.substr(equals));
    return take(*option, spelling, "");
  }
  if (has_value) return take(*option, spelling, std::string(word.substr(equals + 1)));
  return take_value(cursor, *option, spelling);
}

// The option with this name, or the only one whose name begins so.
std::string Options::resolve(std::string_view name, Option** found) {
  std::vector<std::string> beginnings;
  for (Option& option : options_) {
    if (option.long_name == name) {
      *found = &option;
      return {};
    }
    if (name.empty() || !option.long_name.starts_with(name)) continue;
    beginnings.push_back("--" + option.long_name);
    *found = &option;
  }
  if (beginnings.size() == 1) return {};
  *found = nullptr;
  if (beginnings.empty()) return unknown("--" + std::string(name), name);
  return "--" + std::string(name) + " can mean " + text::one_of(views(beginnings)) + "; write it out";
}

std::string Options::unknown(std::string_view spelling, std::string_view name) const {
  std::vector<std::string_view> names = {"help", "version"};
  for (const Option& option : options_) names.push_back(option.long_name);
  const std::string_view guess = text::closest(name, names);
  const std::string wrong = "there is no option " + std::string(spelling) + "; ";
  return guess.empty() ? wrong + "see " + manual_.name + " --help"
                       : wrong + "did you mean --" + std::string(guess) + "?";
}

// "-jn5": letters of flags, then at most one that takes the rest, or the next word, as its value.
std::string Options::read_short(Cursor& cursor, std::string_view letters) {
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const std::string spelling = {'-', letters[i]};
    const auto option = std::find_if(options_.begin(), options_.end(), [&](const Option& o) {
      return o.short_name == letters[i] && letters[i] != 0;
    });
    if (option == options_.end()) {
      if (letters[i] == 'h') {
        help_ = true;
        return {};
      }
      // A whole word behind one dash is a long option with a dash too few.
      return letters.size() > 1 ? unknown("-" + std::string(letters), letters) : unknown(spelling, spelling);
    }
    if (!option->placeholder.empty()) {
      const std::string_view rest = letters.substr(i + 1);
      return rest.empty() ? take_value(cursor, *option, spelling)
                          : take(*option, spelling, std::string(rest));
    }
    if (std::string wrong = take(*option, spelling, ""); !wrong.empty()) return wrong;
  }
  return {};
}

std::string Options::take_value(Cursor& cursor, Option& option, const std::string& spelling) {
  if (!cursor.more()) return spelling + " needs a value; give " + option.takes;
  const std::string value(cursor.word());
  // Whoever forgets a value means the next option as such; --name=-value is there for the rest.
  if (looks_like_option(value))
    return spelling + " needs a value, but " + value + " follows; give " + option.takes;
  ++cursor.at;
  return take(option, spelling, value);
}

std::string Options::take(Option& option, const std::string& spelling, const std::string& value) {
  if (option.count == 0 && option.clear) option.clear();
  ++option.count;
  const std::string wrong = option.accept(value);
  return wrong.empty() ? wrong : spelling + ": " + wrong;
}

std::string Options::check_whole() const {
  for (const auto& [one, other] : conflicts_)
    if (given(one) && given(other))
      return "--" + one + " and --" + other + " contradict each other; keep one of the two";
  const std::size_t n = positionals_.target == nullptr ? 0 : positionals_.target->size();
  if (n >= positionals_.least) return {};
  if (positionals_.least == 1)
    return "no " + positionals_.placeholder + " is given; see " + manual_.name + " --help";
  return std::to_string(n) + " " + positionals_.placeholder + " given, " +
         std::to_string(positionals_.least) + " are needed; see " + manual_.name + " --help";
}

bool Options::given(std::string_view long_name) const {
  return std::any_of(options_.begin(), options_.end(),
                     [&](const Option& o) { return o.long_name == long_name && o.count > 0; });
}

int Options::refuse(const std::string& sentence, std::ostream& err) const {
  err << manual_.name << ": " << sentence << std::endl;
  return kExitUsage;
}

int Options::refuse(const std::string& sentence) const {
  return refuse(sentence, std::cerr);
}

}  // namespace spanlight::cli
