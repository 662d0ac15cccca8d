#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace spanlight::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// A program like those of the sensor.
struct Program {
  bool json = false;
  bool quiet = false;
  std::string format = "table";
  std::string config;
  std::vector<std::string> protocols = {"all"};
  std::vector<std::string> headers;
  std::string address;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> files;
  Options options{{.name = "spanlight show", .summary = "show things", .see_also = {"spanlight check"}}};
  std::string out, err;

  Program() {
    options.flag('j', "json", &json, "One JSON object per line.")
        .flag('q', "quiet", &quiet, "Say less.")
        .choice('f', "format", {"table", "json", "none"}, &format, "How records are shown.")
        .text('c', "config", "FILE", &config, "The settings file.")
        .list('p', "protocol", "NAME", &protocols, "Only these.")
        .list(0, "header", "NAME: VALUE", &headers, "Added to each.", false)
        .number('n', "count", "N", &count, 1, 1'000, "Stop after N records.")
        .number('b', "bytes", "N", &bytes, 1, kAnyNumber, "Stop after N bytes.")
        .text('a', "address", "ADDRESS", &address, "Where to.")
        .positionals("FILE", &files, 1, 3, "Capture files.")
        .conflict("json", "format");
  }

  std::optional<int> run(std::vector<const char*> words) {
    words.insert(words.begin(), "show");
    std::ostringstream o, e;
    const auto status = options.parse(static_cast<int>(words.size()), words.data(), o, e);
    out = o.str();
    err = e.str();
    return status;
  }
};

TEST(Options, reads_every_spelling) {
  struct Case {
    std::vector<const char*> words;
    std::uint64_t count;
    bool json;
    std::vector<std::string> files;
  };
  const Case cases[] = {
      {{"a"}, 0, false, {"a"}},
      {{"-n", "5", "a"}, 5, false, {"a"}},
      {{"-n5", "a"}, 5, false, {"a"}},
      {{"-jn5", "a"}, 5, true, {"a"}},
      {{"-jqn", "5", "a"}, 5, true, {"a"}},
      {{"--count=5", "a"}, 5, false, {"a"}},
      {{"--count", "5", "a"}, 5, false, {"a"}},
      {{"--cou", "5", "a"}, 5, false, {"a"}},
      {{"a", "-j", "b", "--count=1000"}, 1'000, true, {"a", "b"}},
      {{"-n1", "-n2", "a"}, 2, false, {"a"}},
      {{"-j", "--", "-j", "--json"}, 0, true, {"-j", "--json"}},
      {{"-", "--", "--"}, 0, false, {"-", "--"}},
  };
  for (const Case& c : cases) {
    Program p;
    EXPECT_EQ(p.run(c.words), std::nullopt) << c.words.front() << ": " << p.err;
    EXPECT_EQ(p.count, c.count) << c.words.front();
    EXPECT_EQ(p.json, c.json) << c.words.front();
    EXPECT_EQ(p.files, c.files) << c.words.front();
  }
}

TEST(Options, refuses_with_one_sentence_and_the_mend) {
  struct Case {
    std::vector<const char*> words;
    const char* sentence;
  };
  const Case cases[] = {
      {{"--fromat", "json"}, "there is no option --fromat; did you mean --format?"},
      {{"--fromat=json"}, "there is no option --fromat; did you mean --format?"},
      {{"--frobnicate"}, "there is no option --frobnicate; see spanlight show --help"},
      {{"--hepl"}, "there is no option --hepl; did you mean --help?"},
      {{"--co"}, "--co can mean --config or --count; write it out"},
      {{"--=1"}, "there is no option --; see spanlight show --help"},
      {{"-x"}, "there is no option -x; see spanlight show --help"},
      {{"-json"}, "there is no option -json; did you mean --json?"},
      {{"-format"}, "-f: \"ormat\" is not a choice; give table, json or none"},
      {{"--json=yes"}, "--json takes no value; leave out =yes"},
      {{"a", "--format"}, "--format needs a value; give table, json or none"},
      {{"a", "-n"}, "-n needs a value; give a number from 1 to 1000"},
      {{"--format", "--quiet"}, "--format needs a value, but --quiet follows; give table, json or none"},
      {{"--format", "jsn"}, "--format: \"jsn\" is not a choice; did you mean json?"},
      {{"--format=xml"}, "--format: \"xml\" is not a choice; give table, json or none"},
      {{"--format="}, "--format: \"\" is not a choice; give table, json or none"},
      {{"--count", "ten"}, "--count: \"ten\" is not a whole number; give a number from 1 to 1000"},
      {{"--count=-1"}, "--count: \"-1\" is not a whole number; give a number from 1 to 1000"},
      {{"--count="}, "--count: \"\" is not a whole number; give a number from 1 to 1000"},
      {{"-n0"}, "-n: 0 is too small; give a number from 1 to 1000"},
      {{"-n1001"}, "-n: 1001 is too large; give a number from 1 to 1000"},
      {{"-n99999999999999999999"}, "-n: 99999999999999999999 is too large; give a number from 1 to 1000"},
      {{"-b0"}, "-b: 0 is too small; give a number from 1 on"},
      {{"-b99999999999999999999"}, "-b: 99999999999999999999 is too large; give a number from 1 on"},
      {{"a", "--config"}, "--config needs a value; give a FILE"},
      {{"a", "--address"}, "--address needs a value; give an ADDRESS"},
      {{"-p", "http,,dns"}, "-p: an item is empty; write the items with one comma between them"},
      {{"a", "--json", "--format=json"}, "--json and --format contradict each other; keep one of the two"},
      {{}, "no FILE is given; see spanlight show --help"},
      {{"a", "b", "c", "d"}, "unexpected argument \"d\"; at most 3 FILE can be given"},
  };
  for (const Case& c : cases) {
    Program p;
    EXPECT_EQ(p.run(c.words), kExitUsage);
    EXPECT_EQ(p.err, "spanlight show: " + std::string(c.sentence) + "\n");
    EXPECT_THAT(p.out, IsEmpty());
  }
}

TEST(Options, a_program_without_positionals_takes_none) {
  Options options({.name = "spanlight check"});
  std::ostringstream out, err;
  const char* const argv[] = {"check", "file"};
  EXPECT_EQ(options.parse(2, argv, out, err), kExitUsage);
  EXPECT_EQ(err.str(), "spanlight check: unexpected argument \"file\"; see spanlight check --help\n");
}

TEST(Options, lists_replace_their_default_and_add_up) {
  Program none;
  EXPECT_EQ(none.run({"a"}), std::nullopt);
  EXPECT_THAT(none.protocols, ElementsAre("all"));
  Program some;
  EXPECT_EQ(some.run({"-p", "http,dns", "--protocol=redis", "--header", "a: 1, 2", "a"}), std::nullopt);
  EXPECT_THAT(some.protocols, ElementsAre("http", "dns", "redis"));
  EXPECT_THAT(some.headers, ElementsAre("a: 1, 2"));
}

TEST(Options, remembers_what_was_given) {
  Program p;
  EXPECT_EQ(p.run({"-j", "a"}), std::nullopt);
  EXPECT_TRUE(p.options.given("json"));
  EXPECT_FALSE(p.options.given("count"));
}

TEST(Options, stops_at_the_first_positional_when_asked) {
  std::vector<std::string> words;
  bool json = false;
  Options options({.name = "front"});
  options.flag('j', "json", &json, "J.").positionals("COMMAND", &words, 0, kAnyNumber, "What to do.");
  options.stop_at_first_positional();
  std::ostringstream out, err;
  const char* const argv[] = {"front", "dissect", "--json", "--", "-x", "--help"};
  EXPECT_EQ(options.parse(6, argv, out, err), std::nullopt);
  EXPECT_FALSE(json);
  EXPECT_THAT(words, ElementsAre("dissect", "--json", "--", "-x", "--help"));
}

TEST(Options, prints_its_version) {
  Program p;
  EXPECT_EQ(p.run({"--version"}), 0);
  EXPECT_EQ(p.out, "spanlight show " + std::string(version()) + "\n");
}

TEST(Help, is_a_page_like_a_manuals) {
  for (const char* const word : {"--help", "-h", "-qh"}) {
    Program p;
    EXPECT_EQ(p.run({word}), 0) << word;
    EXPECT_THAT(p.err, IsEmpty());
    std::size_t at = 0;
    for (const char* const title :
         {"NAME\n", "\nSYNOPSIS\n", "\nOPTIONS\n", "\nEXIT STATUS\n", "\nSEE ALSO\n"}) {
      const std::size_t found = p.out.find(title, at);
      ASSERT_NE(found, std::string::npos) << title;
      at = found;
    }
    EXPECT_THAT(p.out, StartsWith("NAME\n    spanlight show - show things\n"));
    EXPECT_THAT(
        p.out,
        HasSubstr("    -f, --format table|json|none\n        How records are shown. Default: table.\n"));
    EXPECT_THAT(p.out, HasSubstr("    --header NAME: VALUE\n        Added to each.\n"));
    EXPECT_THAT(p.out, HasSubstr("    -n, --count N\n        Stop after N records.\n"));
  }
}

TEST(Help, keeps_the_width) {
  Options options(
      {.name = "spanlight show",
       .summary = "show things that are worth to be seen by everyone who cares to look at all of them",
       .description = {std::string(50, 'x') + " " + std::string(40, 'y') + " z z z z z z z z z z z z z z z"},
       .examples = {
           {"spanlight show a", "A sentence that is long enough to need a second line on most terminals."}}});
  for (const unsigned columns : {60u, 80u, 100u}) {
    std::istringstream lines(options.help(columns));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), columns) << line;
  }
}

}  // namespace
}  // namespace spanlight::cli
