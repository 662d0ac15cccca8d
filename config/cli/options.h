#pragma once
// What a program can be told on its command line, declared once: from the declarations come the parser, the
// faults and
// --help. Used on the main thread at start; the targets must outlive parse().
//
//   bool json = false;
//   std::uint64_t count = 0;
//   std::vector<std::string> files;
//   cli::Options options({.name = "spanlight dissect", .summary = "print the calls in capture files", …});
//   options.flag('j', "json", &json, "One JSON object per line.");
//   options.number('n', "count", "N", &count, 1, 1'000'000, "Stop after N records.");
//   options.positionals("FILE", &files, 1, cli::kAnyNumber, "Capture files, pcap or pcapng.");
//   if (const auto status = options.parse(argc, argv)) return *status;
//
// Understood: -j, -n5, -n 5, -jn5, --json, --count=5, --count 5, unambiguous beginnings of long names
// (--cou), `--` (the rest are positionals), `-` (a positional). --help, -h and --version are always there.
// The last of a repeated single-valued option wins. A fault is one sentence with its mend, on `err`, and exit
// status 2.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spanlight::cli {

constexpr int kExitUsage = 2;  // the command line was not understood
constexpr std::size_t kAnyNumber = ~std::size_t{0};

std::string_view version();  // of Spanlight, "0.1.0"

// The words of --help that are not an option's own.
struct Manual {
  std::string name;                      // "spanlight dissect"
  std::string summary;                   // what it does, half a sentence, lower case
  std::vector<std::string> synopsis;     // without the name: "[OPTIONS] FILE..."
  std::vector<std::string> description;  // paragraphs; one that starts with two spaces is kept as it is
  std::vector<std::pair<std::string, std::string>> examples;     // command, what it does
  std::vector<std::pair<std::string, std::string>> exit_status;  // code, meaning; 0, 1 and 2 have defaults
  std::vector<std::string> see_also;                             // "spanlight check"
};

class Options {
 public:
  explicit Options(Manual manual);

  // `short_name` 0: none. `meaning`: full sentences; the default is added to it where there is one to show.
  Options& flag(char short_name, std::string long_name, bool* target, std::string meaning);
  Options& text(char short_name, std::string long_name, const std::string& placeholder, std::string* target,
                std::string meaning);
  // One of `choices`.
  Options& choice(char short_name, std::string long_name, const std::vector<std::string>& choices,
                  std::string* target, std::string meaning);
  // May be repeated; each value may hold several, divided by commas, if `commas`. Given at all, it replaces
  // what the target held.
  Options& list(char short_name, std::string long_name, const std::string& placeholder,
                std::vector<std::string>* target, std::string meaning, bool commas = true);
  // A whole number from `least` to `most`, which may be kAnyNumber.
  Options& number(char short_name, std::string long_name, std::string placeholder, std::uint64_t* target,
                  std::uint64_t least, std::uint64_t most, std::string meaning);

  // What stands on the command line without a dash. Once; without it positionals are refused.
  Options& positionals(std::string placeholder, std::vector<std::string>* target, std::size_t least,
                       std::size_t most, std::string meaning);
  // Everything from the first positional on belongs to another program: options behind it are not looked at.
  Options& stop_at_first_positional();

  // Two options that contradict each other, by long name.
  Options& conflict(std::string one, std::string other);

  // Reads argv[1..]. An exit status if the program is to end now: after --help or --version (0) or a fault
  // (2). The first form writes to std::cout and std::cerr.
  std::optional<int> parse(int argc, const char* const* argv);
  std::optional<int> parse(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

  bool given(std::string_view long_name) const;  // after parse(): was the option on the command line?

  // A fault that the program itself found, told as the parser's own are. Gives kExitUsage.
  int refuse(const std::string& sentence, std::ostream& err) const;
  int refuse(const std::string& sentence) const;

  std::string help(unsigned columns) const;

 private:
  struct Option {
    char short_name = 0;
    std::string long_name;
    std::string placeholder;  // empty: a flag
    std::string meaning;
    std::string takes;         // what a value must be, for sentences
    std::string default_text;  // shown in --help; empty: none
    std::function<std::string(const std::string&)>
        accept;                             // stores a value; gives what is wrong with it, or nothing
    std::function<void()> clear = nullptr;  // lists: forget the default when the first value comes
    std::size_t count = 0;                  // times given
  };
  struct Positionals {
    std::string placeholder;
    std::vector<std::string>* target = nullptr;
    std::size_t least = 0;
    std::size_t most = 0;
    std::string meaning;
  };
  struct Cursor;  // the command line and the place in it

  Options& add(Option option);
  int all_shown(const std::ostream& out, std::ostream& err) const;  // the exit status
  // Each reads one word (or the letters of one) and gives what is wrong with it, or nothing.
  std::string read_word(Cursor& cursor);
  std::string read_long(Cursor& cursor, std::string_view word);
  std::string read_short(Cursor& cursor, std::string_view letters);
  std::string read_positional(Cursor& cursor, std::string_view word);
  std::string take_value(Cursor& cursor, Option& option, const std::string& spelling);
  std::string take(Option& option, const std::string& spelling, const std::string& value);
  std::string check_whole() const;  // conflicts, missing positionals
  std::string resolve(std::string_view name, Option** found);
  std::string unknown(std::string_view spelling, std::string_view name) const;

  Manual manual_;
  std::vector<Option> options_;
  Positionals positionals_;
  std::vector<std::pair<std::string, std::string>> conflicts_;
  bool stop_at_first_positional_ = false;
  bool help_ = false;
  bool version_ = false;
};

}  // namespace spanlight::cli
