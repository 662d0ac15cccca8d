// The expressions for the store: that literals cannot get out of their quotes, and that what the store has
// indexes for is asked of the plain columns. What they mean is equality_test's.

#include <gtest/gtest.h>

#include <algorithm>

#include "filter/columns.h"
#include "filter/filter.h"

namespace spanlight {
namespace {

std::string sql_of(const std::string& text) {
  static const FilterCatalog catalog;
  FilterLimits limits;
  limits.now_ns = 1'000'000'000;
  auto made = Filter::compile(text, catalog, limits);
  if (const auto* faults = std::get_if<std::vector<FilterFault>>(&made))
    return describe_faults(text, *faults);
  return std::get<Filter>(made).to_sql();
}

TEST(FilterSql, AsksPlainColumnsWhereTheStoreHasIndexes) {
  EXPECT_EQ(sql_of("status_code >= 500"), "status_code >= 500");
  EXPECT_EQ(sql_of("status_code == 200 && dst.service.name == \"items\""),
            "(status_code = 200 AND dst_service = 'items')");
  EXPECT_EQ(sql_of("timestamp > now() - duration(\"1s\")"),
            "time > fromUnixTimestamp64Nano(toInt64(0), 'UTC')");
  EXPECT_EQ(sql_of("conn_id == \"ffffffffffffffff\""), "conn_id = 18446744073709551615");
  EXPECT_EQ(sql_of("id == \"00000000000000010000000000000002\""), "(epoch = 1 AND record_id = 2)");
  EXPECT_EQ(sql_of("state == \"no_response\""), "state = 1");
  EXPECT_EQ(sql_of("\"gap\" in flags"), "bitAnd(flags, 1) != 0");
  EXPECT_EQ(sql_of("redis"), "protocol = 'redis'");
  EXPECT_EQ(sql_of("dns"), "protocol IN ('dns', 'llmnr', 'mdns')");
  EXPECT_EQ(sql_of("src.namespace in [\"b\", \"a\", \"b\"]"), "src_namespace IN ('a', 'b')");
  EXPECT_EQ(sql_of("src.ip.inCidr(\"10.1.2.3/8\")"),
            "(src_ip >= toIPv6('10.0.0.0') AND src_ip <= toIPv6('10.255.255.255'))");
}

TEST(FilterSql, PartsStandInParenthesesWhereTheyMust) {
  EXPECT_EQ(sql_of("(method == \"a\") == (path == \"b\")"), "(method = 'a') = (path = 'b')");
  EXPECT_EQ(sql_of("!(method == \"a\" || path.contains(\"b\"))"),
            "not((method = 'a' OR position(path, 'b') > 0))");
  EXPECT_EQ(sql_of("src.port - 1 - 2 == -3"),
            "minus(toInt64(minus(toInt64(src_port), toInt64(1))), toInt64(2)) = (-3)");
}

TEST(FilterSql, PatternsThatClickHouseWouldMisreadAreKeptFromIt) {
  EXPECT_EQ(sql_of("path.matches(\"cafes?\")"), "match(path, 'cafes?')");
  EXPECT_EQ(sql_of("path.matches(\"caf\\xc3\\xa9s?\")"), "match(path, '\x28?i:)caf\\xc3\\xa9s?')");
  EXPECT_EQ(sql_of("path.matches(r\"\\d\")"), "match(path, '(?i:)\\x5cd')");
}

TEST(FilterSql, LiteralsCannotGetOut) {
  EXPECT_EQ(filter::sql_text("'; DROP TABLE calls; --\\"), "'\\x27; DROP TABLE calls; --\\x5c'");
  EXPECT_EQ(filter::sql_text(std::string("\0\n\xff\x7f", 4)), "'\\x00\\x0a\\xff\\x7f'");
  for (int byte = 0; byte < 256; ++byte) {
    const std::string literal = filter::sql_text(std::string(1, static_cast<char>(byte)));
    EXPECT_EQ(std::count(literal.begin(), literal.end(), '\''), 2) << byte;
    EXPECT_TRUE(std::all_of(literal.begin(), literal.end(), [](char c) { return c >= 0x20 && c < 0x7f; }))
        << byte;
    EXPECT_TRUE(literal.find('\\') == std::string::npos || literal.size() == 6) << byte;
  }
  // Wherever a text of the filter gets into the expression.
  const std::string evil = "x' or 1=1 --\\\\z";
  const std::string q = "\"" + evil + "\"";
  for (const std::string& text :
       {"path == " + q, "path in [" + q + ", \"y\"]", q, "request.headers[" + q + "] == " + q,
        "request.fields[" + q + "] == 5", "path.contains(" + q + ")",
        "map_get(src.labels, " + q + ", " + q + ") == " + q, "path.lowerAscii().contains(" + q + ")",
        q + " in src.labels", "request.cookies[" + q + "] == " + q, q + " in dns_questions",
        "path.matches(" + q + ")", "error_code == " + q}) {
    const std::string sql = sql_of(text);
    EXPECT_EQ(sql.find("x' or"), std::string::npos) << sql;
    EXPECT_NE(sql.find("\\x27"), std::string::npos) << sql;
  }
}

}  // namespace
}  // namespace spanlight
