#include "record/table.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "record/reader.h"
#include "record/sample.h"
#include "record/utf8.h"

namespace spanlight {
namespace {

std::string shown(std::string_view text, unsigned width = 0) {
  TextBuffer out;
  const unsigned columns = append_shown(out, text, width);
  EXPECT_TRUE(width == 0 || columns <= width);
  return std::string(out.view());
}

std::string table_of(const std::vector<sample::Record>& records, const TableOptions& options) {
  sample::Batch batch;
  batch.records = records;
  const sample::Bytes bytes = sample::build(batch);
  const auto opened = open_batch({bytes.data(), bytes.size()});
  EXPECT_TRUE(opened);
  TableWriter writer(options);
  writer.append(*opened);
  return std::string(writer.text());
}

std::vector<std::string> lines_of(const std::string& table) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < table.size();) {
    const std::size_t end = table.find('\n', at);
    lines.push_back(table.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// Code points: the texts measured with it are of one column each.
unsigned columns_of(std::string_view line) {
  unsigned columns = 0;
  for (std::size_t at = 0; at < line.size(); at += utf8_step(line, at).length) ++columns;
  return columns;
}

unsigned random_columns(std::mt19937& random) {
  return std::uniform_int_distribution<unsigned>(0, 250)(random);
}

TEST(Table, ShowsNoByteThatATerminalWouldObey) {
  struct Case {
    const char* name;
    std::string_view text;
    std::string_view shown;
  };
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"plain", "GET /a", "GET /a"},
      {"escape sequence", "\x1b[31mred", "\\x1b[31mred"},
      {"NUL, bell, newline, DEL", "\0\a\n\x7f"sv, "\\x00\\x07\\x0a\\x7f"},
      {"C1 as a character", "\xc2\x9b", "\\xc2\\x9b"},
      {"C1 as a byte", "\x9b", "\\x9b"},
      {"ill-formed", "a\xff\xc3", "a\\xff\\xc3"},
      {"right-to-left override", "\xe2\x80\xae", "\\xe2\\x80\\xae"},
      {"zero width joiner", "\xe2\x80\x8d", "\\xe2\\x80\\x8d"},
      {"byte order mark", "\xef\xbb\xbf", "\\xef\\xbb\\xbf"},
      {"text of the world", "é€中😀", "é€中😀"},
      {"two marks stay, the third does not", "e\xcc\x81\xcc\x81\xcc\x81", "e\xcc\x81\xcc\x81\\xcc\\x81"},
      {"a mark without its character", "\xcc\x81", "\\xcc\\x81"},
  };
  for (const Case& c : cases) EXPECT_EQ(shown(c.text), c.shown) << c.name;
}

TEST(Table, CutsByColumnsAndNeverThroughACharacter) {
  struct Case {
    const char* text;
    unsigned width;
    const char* shown;
  };
  const Case cases[] = {
      {"abcdef", 6, "abcdef"},    {"abcdef", 5, "abcd…"}, {"abcdef", 1, "…"},       {"中中中", 6, "中中中"},
      {"中中中", 5, "中中…"},     {"中中中", 4, "中…"},   {"中中中", 1, "…"},       {"ab\x01z", 6, "ab…"},
      {"ab\x01z", 7, "ab\\x01z"}, {"éééé", 3, "éé…"},     {"ab\x01", 6, "ab\\x01"}, {"", 3, ""},
  };
  for (const Case& c : cases) EXPECT_EQ(shown(c.text, c.width), c.shown) << c.text << " in " << c.width;
}

TEST(Table, DurationsAndBytesForPeople) {
  const auto duration = [](std::uint64_t ns) {
    TextBuffer out;
    append_duration(out, ns);
    EXPECT_LE(columns_of(out.view()), 8u) << out.view();
    return std::string(out.view());
  };
  const auto bytes = [](std::uint64_t count) {
    TextBuffer out;
    append_bytes(out, count);
    EXPECT_LE(out.size(), 7u) << out.view();
    return std::string(out.view());
  };
  EXPECT_EQ(duration(0), "0 ns");
  EXPECT_EQ(duration(999), "999 ns");
  EXPECT_EQ(duration(1'234), "1.23 µs");
  EXPECT_EQ(duration(12'345), "12.3 µs");
  EXPECT_EQ(duration(999'999), "999 µs");
  EXPECT_EQ(duration(4'006'000), "4.00 ms");
  EXPECT_EQ(duration(59'999'999'999), "59.9 s");
  EXPECT_EQ(duration(125'000'000'000), "2m05s");
  EXPECT_EQ(duration(11'220'000'000'000), "3h07m");
  EXPECT_EQ(duration(90'000'000'000'000), "1d01h");
  EXPECT_EQ(duration(~std::uint64_t{0}), "213503 d");
  EXPECT_EQ(bytes(0), "0 B");
  EXPECT_EQ(bytes(999), "999 B");
  EXPECT_EQ(bytes(1'000), "1.00 kB");
  EXPECT_EQ(bytes(12'345), "12.3 kB");
  EXPECT_EQ(bytes(4'000'000), "4.00 MB");
  EXPECT_EQ(bytes(~std::uint64_t{0}), "18.4 EB");
}

TEST(Table, OneLineWithoutATerminal) {
  sample::Record call = sample::usual_call();
  call.flags = static_cast<std::uint32_t>(wire::Flag::gap) | static_cast<std::uint32_t>(wire::Flag::packets);
  const auto lines = lines_of(table_of({call}, {}));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].substr(0, 40), "TIME UTC      PROTOCOL  CALL            ");
  EXPECT_EQ(lines[1],
            "04:20:00.123  http      GET /api/items/7?full=1                   200!      1.23 ms  "
            "10.244.1.7:50514 → 10.244.2.9:8080                 412 B/470 B  gap");
}

TEST(Table, FitsEveryTerminal) {
  sample::Record long_call = sample::usual_call();
  long_call.path = "/" + std::string(500, 'a') + "\x1b[2J";
  long_call.error = std::string(100, 'e');
  long_call.flags = 0xff;
  long_call.reason = wire::Reason::lost_in_mirror;
  long_call.src = wire::Address(0x2001'0db8'1111'2222, 0x3333'4444'5555'6666);
  long_call.request.size = long_call.response.size = ~std::uint64_t{0};
  for (unsigned columns = 40; columns <= 260; ++columns) {
    for (const std::string& line :
         lines_of(table_of({long_call, sample::usual_call()}, {.columns = columns}))) {
      ASSERT_LE(columns_of(line), columns) << line;
    }
  }
}

TEST(Table, LongEndsKeepTheirPort) {
  sample::Record call = sample::usual_call();
  call.dst = wire::Address(0x2001'0db8'1111'2222, 0x3333'4444'5555'6666);
  const std::string table = table_of({call}, {.columns = 120});
  EXPECT_NE(table.find("[2001:db8:…6666]:8080"), std::string::npos) << table;
}

TEST(Table, TellsWhatHappened) {
  struct Case {
    const char* name;
    void (*change)(sample::Record&);
    const char* shown;
  };
  const Case cases[] = {
      {"no response",
       [](sample::Record& r) {
         r.state = wire::State::no_response;
         r.has_status = false;
       },
       "no resp"},
      {"no request",
       [](sample::Record& r) {
         r.state = wire::State::no_request;
         r.has_status = false;
       },
       "no req"},
      {"one way",
       [](sample::Record& r) {
         r.state = wire::State::one_way;
         r.has_status = false;
       },
       "one-way"},
      {"without a status", [](sample::Record& r) { r.has_status = false; }, "  ok  "},
      {"error without a status",
       [](sample::Record& r) {
         r.has_status = false;
         r.is_error = true;
       },
       "  error  "},
      {"reason", [](sample::Record& r) { r.reason = wire::Reason::lost_in_sensor; }, "lost_in_sensor"},
      {"summary where there is no path",
       [](sample::Record& r) {
         r.path.clear();
         r.summary = "SET k";
       },
       "  SET k  "},
      {"response first", [](sample::Record& r) { r.response_timestamp = r.timestamp - 1'500; }, "-1.50 µs"},
      {"no time at all", [](sample::Record& r) { r.timestamp = r.response_timestamp = 0; },
       "-             http"},
  };
  for (const Case& c : cases) {
    sample::Record call = sample::usual_call();
    c.change(call);
    const std::string table = table_of({call}, {.columns = 200});
    EXPECT_NE(table.find(c.shown), std::string::npos) << c.name << "\n" << table;
  }
}

TEST(Table, ACallIsItsPathOrWhatSaysMore) {
  const auto call_of = [](const std::string& method, const std::string& path, const std::string& summary) {
    sample::Record record;
    record.method = method;
    record.path = path;
    record.summary = summary;
    return table_of({record}, {});
  };
  EXPECT_NE(call_of("GET", "/api/items/7", "GET /api/items/7").find("GET /api/items/7"), std::string::npos);
  EXPECT_NE(call_of("GET", "/a/long/one", "GET /a/lo").find("GET /a/long/one"), std::string::npos) << "cut";
  EXPECT_NE(call_of("POST", "/shop.Cart/Add", "shop.Cart/Add").find("POST /shop.Cart/Add"),
            std::string::npos);
  EXPECT_NE(call_of("GET", "/p", "GET http://h/p").find("GET /p"), std::string::npos) << "of a proxy";
  const std::string operation = call_of("POST", "/graphql", "mutation Buy");
  EXPECT_NE(operation.find("mutation Buy"), std::string::npos);
  EXPECT_EQ(operation.find("/graphql"), std::string::npos);
}

TEST(Table, ColoursErrorsRedAndSlowCallsYellowAndOnlyWhenAsked) {
  sample::Record call = sample::usual_call();
  call.response_timestamp = call.timestamp + 600'000'000;
  call.is_error = true;
  EXPECT_EQ(table_of({call}, {.columns = 120}).find('\x1b'), std::string::npos);
  const std::string table = table_of({call}, {.columns = 120, .colour = true});
  EXPECT_NE(table.find("\x1b[33m600 ms\x1b[0m"), std::string::npos) << table;
  EXPECT_NE(table.find("\x1b[31m200\x1b[0m"), std::string::npos) << table;
}

TEST(Table, RepeatsItsHeadBeforeItScrollsAway) {
  const std::vector<sample::Record> calls(25, sample::usual_call());
  const auto heads = [&](unsigned rows) {
    unsigned count = 0;
    for (const std::string& line : lines_of(table_of(calls, {.columns = 100, .rows = rows}))) {
      count += line.starts_with("TIME") ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(heads(0), 1u);
  EXPECT_EQ(heads(3), 1u);   // too low for more
  EXPECT_EQ(heads(10), 3u);  // after 9 and 18 lines
  EXPECT_EQ(heads(100), 1u);
}

TEST(Table, LetsNoControlByteThroughWhateverTheRecord) {
  std::mt19937 random(5);
  for (int turn = 0; turn < 2'000; ++turn) {
    sample::Record call = sample::usual_call();
    for (std::string* text : {&call.protocol, &call.method, &call.path, &call.query_string, &call.error}) {
      text->clear();
      for (auto n = random() % 40; n > 0; --n) text->push_back(static_cast<char>(random()));
    }
    const std::string table = table_of({call}, {.columns = random_columns(random)});
    for (std::size_t at = 0; at < table.size();) {
      const Utf8Step step = utf8_step(table, at);
      ASSERT_TRUE(step.valid);
      ASSERT_TRUE(step.code_point == '\n' || step.code_point >= 0x20) << step.code_point;
      ASSERT_FALSE(step.code_point >= 0x7f && step.code_point < 0xa0);
      at += step.length;
    }
    ASSERT_EQ(lines_of(table).size(), 2u);
  }
}

}  // namespace
}  // namespace spanlight
