// Tables that an older Spanlight made: what becomes of them and of what is in them.

#include <fstream>
#include <sstream>

#include "red/operation.h"
#include "store/schema.h"
#include "store/store_fixture.h"

namespace spanlight {
namespace {

class UpgradeTest : public StoreTest {
 protected:
  // The child alone, with the tables of version 1 as that version made them.
  void make_version_1(const std::function<void(const ClickHouse&)>& fill) const {
    StoreProcess process({.program = program(), .directory = folder_.path(), .memory_mb = 1'024},
                         log_to_stderr());
    ASSERT_TRUE(process.wait_healthy(kPatience)) << process.trouble();
    ClickHouse::Options options;
    options.socket = process.socket();
    const ClickHouse client(options);
    std::ifstream file(SPANLIGHT_STORE_FOLDER "/schema_1_for_tests.sql");
    std::size_t statements = 0;
    for (std::string statement; std::getline(file, statement, ';');) {
      if (statement.find_first_not_of(" \n") == std::string::npos) continue;
      client.ask({.sql = statement, .in_database = false});
      ++statements;
    }
    ASSERT_EQ(statements, 3u);
    fill(client);
  }
};

std::vector<sample::Record> records_of_many_operations() {
  std::vector<sample::Record> all;
  const auto add = [&](const std::string& method, const std::string& path, const std::string& summary) {
    all.emplace_back();
    all.back().id = all.size();
    all.back().method = method;
    all.back().path = path;
    all.back().summary = summary;
  };
  for (const char* path : {"",
                           "/",
                           "//",
                           "/a//b",
                           "/api/v1/items",
                           "/api/items/7",
                           "/api/items/7/",
                           "items/7",
                           "shop:443",
                           "/users/7c9e6679-7425-40de-944b-e07fc1f90ae7/mail",
                           "/oauth2/token",
                           "/orders/user-10394",
                           "/s3/12",
                           "/-/1-2/x1y2/x1y2z3",
                           "/1/2/3/4/5/6/7/8/9/10/11/12",
                           "/1/2/3/4/5/6/7/8/9/10/11/12/13",
                           "1/2/3/4/5/6/7/8/9/10/11/12/13",
                           "/a/b/c/d/e/f/g/h/i/j/k/l/",
                           "/a/b/c/d/e/f/g/h/i/j/k/l/m/n",
                           "/0123456789012345678901234567890123456789",
                           "/abcdefghijabcdefghijabcdefghijabcdefghij",
                           "/abcdefghijabcdefghijabcdefghijabcdefghijk",
                           "/größe/ä1",
                           "/it's/\\'x",
                           "/new\nline/7"})
    for (const char* method : {"GET", ""}) add(method, path, *path == '\0' ? "PUBLISH orders.new 12" : "");
  // Summaries that say no more than the path, and some that do.
  add("GET", "/items/8", "GET /items/8");
  add("GET", "/items/8", "GET http://shop/items/8");
  add("POST", "/shop.Cart/Add", "shop.Cart/Add");
  add("GET", "/items/8/and/so/on", "/items/8/and");
  add("", "/items/8", " odd");
  add("POST", "/graphql", "query Basket");
  add("POST", "/graphql", "mutation " + std::string(147, 'm') + "ä…𝄞ä…𝄞");
  add("", "", "");
  add("", "", "PING");
  for (std::size_t length = 12; length < 18; ++length) {  // cut at every byte of a character
    std::string path;
    for (int segment = 0; segment < 11; ++segment) path += "/" + std::string(length, 'w') + "ä…𝄞";
    add("GET", path, "");
  }
  return all;
}

std::string hex_sql(const std::string& text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "unhex('";
  for (const char c : text) out += {kHex[static_cast<unsigned char>(c) >> 4], kHex[c & 15]};
  return out + "')";
}

TEST_F(UpgradeTest, OldCallsGetTheirOperationsAsNewOnesDo) {
  sample::Batch old;
  old.records = records_of_many_operations();
  make_version_1([&](const ClickHouse& client) {
    std::string rows;
    for (const sample::Record& record : old.records)
      rows += std::string(rows.empty() ? "" : ", ") + "(now(), 1, " + std::to_string(record.id) +
              ", 'live', " + hex_sql(record.method) + ", " + hex_sql(record.path) + ", " +
              hex_sql(record.summary) + ")";
    client.ask({.sql = "INSERT INTO calls (stored, epoch, record_id, source, method, path, summary) SELECT "
                       "* FROM values('a DateTime, b UInt64, c UInt64, d String, e String, f String, g "
                       "String', " +
                       rows + ")"});
  });
  auto settings = settings_in(folder_);
  settings.store_keep_hours = 5;
  settings.store_keep_gb = 7;
  for (int starts = 0; starts < 2; ++starts) {  // the second time there is nothing to do
    const auto store = open(settings);
    const std::string table = ask(*store, "SHOW CREATE TABLE calls");
    EXPECT_NE(table.find("toIntervalHour(5)"), std::string::npos);
    EXPECT_NE(table.find("spanlight schema " + std::to_string(kSchemaVersion)), std::string::npos);
    EXPECT_EQ(table.find("ZSTD"), std::string::npos);
    EXPECT_NE(table.find("auto_statistics_types = \\'\\'"), std::string::npos);
    old.sensor_epoch = 2 + static_cast<std::uint64_t>(starts);  // the same calls, stored by this version
    ASSERT_TRUE(store->writer().offer(batch_of(old)));
    ASSERT_TRUE(store->writer().flush(kPatience));
    if (starts == 1) store->client().ask({.sql = "OPTIMIZE TABLE calls FINAL"});  // old and new in one part
    EXPECT_EQ(
        ask(*store,
            "SELECT record_id, arraySort(groupUniqArray(operation)) AS all FROM calls GROUP BY record_id "
            "HAVING length(all) != 1"),
        "");
    EXPECT_EQ(
        ask(*store, "SELECT operation FROM calls WHERE epoch = 1 AND path = '/api/items/7/' ORDER BY 1"),
        "/api/items/{}/\nGET /api/items/{}/\n");
    EXPECT_EQ(std::stoull(ask(*store, "SELECT count() FROM calls")), old.records.size() * (2 + starts));
  }
}

TEST_F(UpgradeTest, NamesOfBeforeAreStillKnown) {
  make_version_1([](const ClickHouse& client) {
    client.ask({.sql = "INSERT INTO names (address, port, from_ns, until_ns, name, labels) SELECT "
                       "toIPv6('::ffff:10.0.0.1'), 80, 1795407600000000000, 1795407700000000000, 'pod', "
                       "map('app', 'x')"});
  });
  for (int starts = 0; starts < 2; ++starts) {
    const auto store = open(settings_in(folder_));
    auto names = read_names(store->client(), 0);
    ASSERT_EQ(names.size(), 1u);
    EXPECT_EQ(names[0].party.name, "pod");
    EXPECT_EQ(names[0].party.labels.at(0).value, "x");
    EXPECT_EQ(names[0].until_ns, 1'795'407'700'000'000'000u - (starts == 0 ? 0 : 1));
    names[0].until_ns = 1'795'407'699'999'999'999;
    write_names(store->client(), names);
    EXPECT_EQ(read_names(store->client(), 0).at(0).until_ns, names[0].until_ns);
    EXPECT_EQ(ask(*store, "EXISTS TABLE names"), "0\n");
  }
}

TEST_F(UpgradeTest, TablesOfANewerVersionAreRefused) {
  {
    const auto store = open(settings_in(folder_));
    store->client().ask({.sql = "ALTER TABLE calls MODIFY COMMENT 'spanlight schema 99'"});
  }
  Store newer(settings_in(folder_), log_to_stderr(), program());
  EXPECT_TRUE(
      comes_true([&] { return newer.status().trouble.find("newer Spanlight") != std::string::npos; }));
  EXPECT_FALSE(newer.status().ready);
}

}  // namespace
}  // namespace spanlight
