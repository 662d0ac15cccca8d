// What is accepted, what the limits are, and what the tree becomes; meaning is in match_test, words of faults
// in fault_test.

#include <gtest/gtest.h>

#include "filter/filter.h"
#include "filter/syntax.h"

namespace spanlight {
namespace {

const FilterCatalog& names() {
  static const FilterCatalog catalog;
  return catalog;
}

std::string sql_or_faults(const std::string& text, const FilterLimits& limits = {}) {
  auto made = Filter::compile(text, names(), limits);
  if (const auto* faults = std::get_if<std::vector<FilterFault>>(&made))
    return describe_faults(text, *faults);
  return std::get<Filter>(made).to_sql();
}

bool is_good(const std::string& text, const FilterLimits& limits = {}) {
  return std::holds_alternative<Filter>(Filter::compile(text, names(), limits));
}

// Of Kubeshark's documentation, in our own words or as short as they come: filters that people have.
TEST(FilterCompile, TakesWhatKflTakes) {
  for (const char* text : {"http && method == \"GET\" && status_code >= 400",
                           "dst.pod.namespace == \"production\"",
                           "dns && \"example.org\" in dns_questions",
                           "http && response_body_size > 10000",
                           "grpc && grpc_status != 0",
                           "http && elapsed_time > 5000000",
                           "timestamp > now() - duration(\"5m\")",
                           "src.ip.startsWith(\"192.168.\")",
                           "dst.port >= 8000 && dst.port <= 9000",
                           "\"production\" in namespaces",
                           "map_get(local_labels, \"app\", \"\") == \"shop\"",
                           "\"tier\" in remote_labels",
                           "http && \"authorization\" in request.headers",
                           "http && request.headers[\"content-type\"] == \"application/json\"",
                           "url.matches(\".*/api/v[0-9]+/.*\")",
                           "dns && dns_response && status_code != 0",
                           "size(dns_answers) > 0",
                           "mysql && !mysql_success",
                           "postgresql && postgresql_error_code != \"\"",
                           "redis && redis_type == \"GET\"",
                           "kafka && kafka_api_key_name == \"PRODUCE\"",
                           "kafka_request_summary.contains(\"orders\")",
                           "amqp_method == \"basic.publish\"",
                           "radius_code_name == \"Access-Request\"",
                           "conn && conn_state == \"open\" && conn_local_bytes > 1000000",
                           "tcp_conn && \"HTTP\" in conn_l7_detected",
                           "!(src.pod.namespace == \"kube-system\")",
                           "src.service.namespace != dst.service.namespace",
                           "timestamp >= timestamp(\"2026-03-14T22:00:00Z\")",
                           "protocol == \"HTTP\"",
                           "query_string[\"id\"] == \"123\"",
                           "request.cookies[\"session\"] != \"\"",
                           "\"db.example.com\" in dns_resolutions",
                           "gql && status_code >= 400",
                           "ws && ws_opcode == \"text\"",
                           "ldap && ldap_total_size > 5",
                           "diameter_method == \"x\"",
                           "conn_id == 5"})
    EXPECT_TRUE(is_good(text)) << sql_or_faults(text);
}

TEST(FilterCompile, WhatBlanksAndCommentsDoNotChange) {
  const std::string plain = sql_or_faults("method=='GET'&&(status_code in[200,404])");
  EXPECT_EQ(sql_or_faults(" method == \"GET\"  // the method\n\t&& ( status_code in [ 200 , 404 , ] ) "),
            plain);
  EXPECT_EQ(sql_or_faults("\n"), "1");
  EXPECT_EQ(sql_or_faults(""), "1");
}

TEST(FilterCompile, PrecedenceIsThatOfCel) {
  EXPECT_EQ(sql_or_faults("http || dns && redis"), sql_or_faults("http || (dns && redis)"));
  EXPECT_EQ(sql_or_faults("!http && dns"), sql_or_faults("(!http) && dns"));
  EXPECT_EQ(sql_or_faults("status_code + 2 * 3 == 7 - 1 - 1"),
            sql_or_faults("(status_code + (2 * 3)) == ((7 - 1) - 1)"));
  EXPECT_EQ(sql_or_faults("http ? dns : redis ? tls : icmp"),
            sql_or_faults("http ? dns : (redis ? tls : icmp)"));
  EXPECT_EQ(sql_or_faults("-status_code < 5"), sql_or_faults("(-status_code) < 5"));
  EXPECT_EQ(sql_or_faults("status_code < 5 == true"), sql_or_faults("(status_code < 5) == true"));
}

TEST(FilterCompile, ConstantsAreComputed) {
  EXPECT_EQ(sql_or_faults("1 + 2 * 3 == 7"), "1");
  EXPECT_EQ(sql_or_faults("7 / 0 == 0 && 7 % 0 == 0 && -7 / 2 == -3 && -7 % 3 == -1"), "1");
  EXPECT_EQ(sql_or_faults("9223372036854775807 + 1 == -9223372036854775808"), "1");
  EXPECT_EQ(sql_or_faults("9007199254740993 == 9007199254740992.0"), "0");
  EXPECT_EQ(sql_or_faults("\"a\" + 'b' == r\"ab\" && size(\"\\u00e4b\") == 2 && \"\\x41\\102\" == \"AB\""),
            "1");
  EXPECT_EQ(
      sql_or_faults("duration(\"1h30m\") == duration(\"5400s\") && duration(\"1.5s\") > duration(\"-3h\")"),
      "1");
  EXPECT_EQ(
      sql_or_faults("timestamp(\"2026-03-14T23:30:00+01:30\") == timestamp(\"2026-03-14T22:00:00.000Z\")"),
      "1");
  EXPECT_EQ(sql_or_faults("true && method == \"GET\" || false"), sql_or_faults("method == \"GET\""));
  EXPECT_EQ(sql_or_faults("http && false"), "0");
  EXPECT_EQ(sql_or_faults("[1, 2][1] == 2 && size([1, 2, 3]) == 3 && 2 in [1, 2] && !(\"x\" in {\"a\": 1})"),
            "1");
  EXPECT_EQ(
      sql_or_faults("[1, 2].exists(i, i == 2) && [1, 2].all(i, i > 0) && {\"a\": 1, \"b\": 2}[\"b\"] == 2"),
      "1");
  FilterLimits limits;
  limits.now_ns = 1'773'525'600'000'000'000;
  EXPECT_EQ(sql_or_faults("now() == timestamp(\"2026-03-14T22:00:00Z\")", limits), "1");
}

TEST(FilterCompile, LiteralsKeepEveryByte) {
  EXPECT_EQ(filter::unquote(R"("a\n\\\"\x00\U0001f600")", 0), std::string("a\n\\\"\0\xf0\x9f\x98\x80", 9));
  EXPECT_EQ(filter::unquote(R"(r'\d')", 0), "\\d");
  std::int64_t ns = 0;
  EXPECT_TRUE(filter::parse_time("2024-02-29T00:00:00.123456789123Z", ns));
  EXPECT_EQ(ns, 1'709'164'800'123'456'789);
  for (const char* wrong : {"2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
                            "2026-01-01T00:00:00", "1969-12-31T23:59:59Z", "2262-05-01T00:00:00Z",
                            "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00.Z", "", "now"})
    EXPECT_FALSE(filter::parse_time(wrong, ns)) << wrong;
  EXPECT_TRUE(filter::parse_duration("1h2m3s4ms5us6ns", ns));
  EXPECT_EQ(ns, 3'723'004'005'006);
  for (const char* wrong : {"", "-", "5", "m", "5x", "1..5s", "99999999999h", "5 m", "--5s"})
    EXPECT_FALSE(filter::parse_duration(wrong, ns)) << wrong;
}

std::string repeated(const std::string& part, std::size_t count, const std::string& between = "") {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : between) + part;
  return out;
}

TEST(FilterCompile, LongChainsAreFlatAndDeepNestingIsRefused) {
  FilterLimits limits;
  EXPECT_TRUE(is_good(repeated("http", 900, "&&")));
  EXPECT_TRUE(is_good(repeated("(http)", 900, "||")));
  EXPECT_TRUE(is_good(repeated("!", 2'000) + "http"));
  EXPECT_TRUE(is_good(repeated("(", 40) + "http" + repeated(")", 40)));
  for (const std::string& deep :
       {repeated("(", 49) + "http" + repeated(")", 49), repeated("(", 4'000), repeated("[", 4'000),
        repeated("http?", 1'000), repeated("!(", 2'000), repeated("1+", 2'000) + "1 == 1",
        repeated("{", 4'000), repeated("-(", 2'000), "url" + repeated(".lowerAscii()", 400) + " == url",
        repeated("size(", 1'000)}) {
    auto made = Filter::compile(deep, names(), limits);
    const auto* faults = std::get_if<std::vector<FilterFault>>(&made);
    ASSERT_NE(faults, nullptr) << deep.substr(0, 20);
    EXPECT_NE((*faults)[0].text.find("deeper than 48"), std::string::npos)
        << deep.substr(0, 20) << (*faults)[0].text;
  }
}

TEST(FilterCompile, SizeNodesAndPatternsAreLimited) {
  EXPECT_FALSE(is_good(std::string(8'193, ' ')));
  EXPECT_TRUE(is_good(std::string(8'192, ' ')));
  // Macros over lists multiply: refused before they take memory.
  std::string list = "[" + repeated("1", 500, ",") + "]";
  EXPECT_NE(
      sql_or_faults(list + ".exists(a, " + list + ".exists(b, a == b + status_code))").find("too large"),
      std::string::npos);
  std::string patterns = repeated("url.matches(\"a.*b\")", 17, "||");
  EXPECT_NE(sql_or_faults(patterns).find("More than 16 patterns"), std::string::npos);
  EXPECT_NE(sql_or_faults("url.matches(\"(x{500}){500}\")").find("no pattern"), std::string::npos);
  EXPECT_NE(sql_or_faults("url.matches(\"(\\\\pL{50}){19}\")").find("too large"), std::string::npos);
}

TEST(FilterCompile, KnowsWhetherItAsksForPayloads) {
  const auto reads = [](const char* text) {
    return std::get<Filter>(Filter::compile(text, names())).reads_payloads();
  };
  for (const char* text : {"", "http && status_code >= 500", "src.pod.name == \"a\" && path.contains(\"x\")",
                           "request_body_size > 100", "elapsed_time > 5"})
    EXPECT_FALSE(reads(text)) << text;
  for (const char* text : {"request.headers[\"x\"] == \"1\"", "http && response.body.contains(\"x\")",
                           "\"session\" in request.cookies", "redis_command == \"GET\"",
                           "(status_code > 1 ? response.body : path) == \"\""})
    EXPECT_TRUE(reads(text)) << text;
}

TEST(FilterCompile, WhatDoublesWhereItNestsIsRefusedInTime) {
  std::string nested = "1", maps = "\"a\"", dynamic = "1";
  for (int i = 0; i < 40; ++i) nested = "vlan[" + nested + "]";
  for (int i = 0; i < 40; ++i) maps = "request.cookies[" + maps + "]";
  for (int i = 0; i < 10; ++i) dynamic = "(error_code == " + dynamic + " ? 1 : 0)";
  EXPECT_TRUE(is_good(nested + " == 1"));
  EXPECT_TRUE(is_good(maps + " == \"\""));
  EXPECT_NE(sql_or_faults(dynamic + " == 1").find("too complex"), std::string::npos);
}

TEST(FilterCompile, EverythingIsKnownAsSuch) {
  const auto everything = [](const char* text) {
    return std::get<Filter>(Filter::compile(text, names())).matches_everything();
  };
  EXPECT_TRUE(everything(""));
  EXPECT_TRUE(everything("true || http"));
  EXPECT_FALSE(everything("http"));
  EXPECT_FALSE(everything("false"));
}

}  // namespace
}  // namespace spanlight
