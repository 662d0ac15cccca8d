#include "store/native_block.h"

#include <gtest/gtest.h>

#include "store/call_block.h"
#include "store/row_stream.h"
#include "store/store_for_tests.h"

namespace spanlight {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 3)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
  return bytes;
}

// What ClickHouse 26.5 itself writes: SELECT … FORMAT Native.
TEST(NativeBlock, IsWhatClickHouseWrites) {
  TextBuffer block;
  native::begin_block(block, 1, 2);
  native::begin_column(block, "x", "Array(LowCardinality(String))");
  native::Dictionary names;
  native::Ends ends;
  for (int row = 0; row < 2; ++row) {
    for (const char* name : {"a", "b", "a"}) names.append(name);
    ends.append(3);
  }
  native::Dictionary::write_prefix(block);
  ends.write(block);
  names.write(block);
  EXPECT_EQ(
      block.view(),
      from_hex(
          "01 02 01 78 1d 41 72 72 61 79 28 4c 6f 77 43 61 72 64 69 6e 61 6c 69 74 79 28 53 74 72 69 6e 67 "
          "29 29 "
          "01 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00 06 00 00 00 00 00 00 00 00 06 00 00 00 00 00 00 "
          "03 00 00 00 00 00 00 00 00 01 61 01 62 06 00 00 00 00 00 00 00 01 02 01 01 02 01"));
}

TEST(NativeBlock, EmptyListsHaveNoDictionary) {
  TextBuffer block;
  native::begin_block(block, 1, 2);
  native::begin_column(block, "x", "Array(LowCardinality(String))");
  native::Dictionary names;
  native::Ends ends;
  ends.append(0);
  ends.append(0);
  native::Dictionary::write_prefix(block);
  ends.write(block);
  names.write(block);
  EXPECT_EQ(
      block.view(),
      from_hex("01 02 01 78 1d 41 72 72 61 79 28 4c 6f 77 43 61 72 64 69 6e 61 6c 69 74 79 28 53 74 72 69 6e "
               "67 29 29 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"));
}

TEST(Dictionary, PlacesStayAndWidthsFollow) {
  native::Dictionary words;
  std::uint32_t memo = 0;
  for (std::uint32_t count = 0; count < 70'000; ++count) {
    EXPECT_EQ(words.place_of(std::to_string(count)), count + 1);
    if (count == 254 || count == 255 || count == 69'999) {
      TextBuffer out;
      words.append(std::to_string(count), memo);
      words.write(out);
      const unsigned width = count <= 254 ? 0 : count <= 65'534 ? 1 : 2;
      EXPECT_EQ(static_cast<unsigned>(out.view()[0]), width) << count;
    }
  }
  EXPECT_EQ(words.place_of("7"), 8u);
  EXPECT_EQ(words.place_of(""), 0u);
  words.clear();
  EXPECT_EQ(words.place_of("7"), 1u);
  words.append("9", memo = 5);  // a memo of before clear()
  EXPECT_EQ(words.place_of("9"), 2u);
}

TEST(CallBlock, OrderTimeIsTheFirstThatIsKnown) {
  sample::Batch batch;
  batch.records.resize(3);
  batch.records[0].timestamp = 5;
  batch.records[0].response_timestamp = 9;
  batch.records[1].response_timestamp = 9;
  batch.records[2].timestamp = ~std::uint64_t{0};
  const auto stored = testing_store::batch_of(batch);
  EXPECT_EQ(order_time(*stored->calls[0].record), 5u);
  EXPECT_EQ(order_time(*stored->calls[1].record), 9u);
  EXPECT_EQ(order_time(*stored->calls[2].record), kOrderTimeMax);
}

TEST(CallBlock, SkipsHeadersThatAreNone) {
  sample::Batch batch;
  batch.records.push_back(sample::usual_call());
  batch.records[0].request.wrong_spans.emplace_back(1'000'000u, 5u, 0u, 0u);
  const auto stored = testing_store::batch_of(batch);
  CallBlock block;
  block.begin(1, "live");
  block.add(stored->calls[0]);
  EXPECT_EQ(block.header_spans_skipped(), 1u);
  EXPECT_EQ(block.rows(), 1u);
  EXPECT_GT(block.finish().size(), 1'000u);
}

TEST(RowCursor, EveryPrefixIsShort) {
  const std::string row = std::string("\x05hello\x02\x01") + "a\x01" + "b\x07" + std::string(3, '\0');
  const auto read = [](RowCursor& cursor) {
    const std::string_view text = cursor.text();
    for (std::uint64_t left = cursor.list(); left > 0; --left) cursor.text();
    const auto number = cursor.number<std::uint32_t>();
    return std::pair(text, number);
  };
  for (std::size_t length = 0; length < row.size(); ++length) {
    RowCursor cursor(std::string_view(row).substr(0, length));
    read(cursor);
    EXPECT_FALSE(cursor.good()) << length;
    EXPECT_FALSE(cursor.malformed()) << length;
  }
  RowCursor cursor(row);
  EXPECT_EQ(read(cursor), (std::pair<std::string_view, std::uint32_t>("hello", 7)));
  EXPECT_TRUE(cursor.good() && cursor.at_end());
}

TEST(RowCursor, LengthsBeyondAllBoundsAreMalformed) {
  for (const std::string& bytes : {std::string(11, '\xff'), std::string("\xff\xff\xff\xff\xff\xff\x01")}) {
    RowCursor text(bytes), list(bytes);
    text.text();
    list.list();
    EXPECT_TRUE(text.malformed() && list.malformed());
  }
}

TEST(RowStream, RowsMayBeCutAnywhere) {
  std::string bytes;
  for (int row = 0; row < 5; ++row) bytes += "\x03row";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    RowStream rows;
    int seen = 0;
    const auto read = [&seen](RowCursor& cursor) {
      seen += cursor.text() == "row" && cursor.good();
      return true;
    };
    rows.feed(std::string_view(bytes).substr(0, cut), read);
    rows.feed(std::string_view(bytes).substr(cut), read);
    EXPECT_EQ(seen, 5) << cut;
    EXPECT_TRUE(rows.whole());
  }
}

TEST(SqlText, NothingEscapesFromIt) {
  EXPECT_EQ(sql_text("a'b\\c\n\xff"), "'a\\'b\\\\c\\x0a\\xff'");
  EXPECT_EQ(sql_name("a`b\\"), "`a\\`b\\\\`");
}

TEST(ClickHouseUrl, IsCheckedAtOnce) {
  for (const char* url :
       {"", "clickhouse:8123", "http://", "http://:1", "http://a:port", "http://a/path", "ftp://a"}) {
    ClickHouse::Options options;
    options.url = url;
    EXPECT_THROW(ClickHouse{options}, std::runtime_error) << url;
  }
  for (const char* url : {"http://a", "https://a:1/", "http://[::1]:8123"}) {
    ClickHouse::Options options;
    options.url = url;
    EXPECT_NO_THROW(ClickHouse{options}) << url;
  }
}

}  // namespace
}  // namespace spanlight
