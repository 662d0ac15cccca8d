// What is told when a filter is wrong: where, what, and what to write.

#include <gtest/gtest.h>

#include "filter/filter.h"

namespace spanlight {
namespace {

std::vector<FilterFault> faults_of(const std::string& text) {
  static const FilterCatalog catalog;
  auto made = Filter::compile(text, catalog);
  const auto* faults = std::get_if<std::vector<FilterFault>>(&made);
  return faults == nullptr ? std::vector<FilterFault>{} : *faults;
}

struct Case {
  const char* text;
  std::size_t position, length;
  const char* says;
  const char* suggests;
};

class Fault : public testing::TestWithParam<Case> {};

TEST_P(Fault, IsToldWithItsPlaceAndAMend) {
  const Case& c = GetParam();
  const std::vector<FilterFault> faults = faults_of(c.text);
  ASSERT_FALSE(faults.empty()) << c.text;
  EXPECT_EQ(faults[0].position, c.position) << c.text << " " << faults[0].text;
  EXPECT_EQ(faults[0].length, c.length) << c.text << " " << faults[0].text;
  EXPECT_NE(faults[0].text.find(c.says), std::string::npos) << c.text << " " << faults[0].text;
  EXPECT_NE(faults[0].suggestion.find(c.suggests), std::string::npos)
      << c.text << " " << faults[0].suggestion;
}

INSTANTIATE_TEST_SUITE_P(
    Slips, Fault,
    testing::Values(Case{"method = \"GET\"", 7, 1, "\"=\" is no operator", "Write =="},
                    Case{"http and dns", 5, 3, "\"and\" is no operator", "Write &&"},
                    Case{"http OR dns", 5, 2, "\"or\" is no operator", "Write ||"},
                    Case{"not http", 0, 3, "\"not\" is no operator", "Write !"},
                    Case{"http & dns", 5, 1, "\"&\" is no operator", "Write &&"},
                    Case{"status_code <> 200", 12, 2, "\"<>\" is no operator", "Write !="},
                    Case{"path =~ \"x\"", 5, 2, "\"=~\" is no operator", "matches"},
                    Case{"method === \"x\"", 7, 3, "\"===\" is no operator", "Write =="},
                    Case{"path like \"x\"", 5, 4, "\"like\" is no operator", "contains"},
                    Case{"path contains \"x\"", 5, 8, "called as a method", "path.contains"},
                    Case{"method == \"GET", 10, 4, "not closed", "Write \""},
                    Case{"method == 'GET\"", 10, 5, "not closed", "Write '"},
                    Case{"(http", 5, 0, "\"(\" is not closed", "Write )"},
                    Case{"status_code in [200", 19, 0, "\"[\" is not closed", "Write ]"},
                    Case{"http)", 4, 1, "closes what was not opened", ""},
                    Case{"(http]", 5, 1, "closes what was opened with \"(\"", "Write )"},
                    Case{"http &&", 7, 0, "ends where something should follow", ""},
                    Case{"http && && dns", 8, 1, "\"&\" is no operator", ""},
                    Case{"elapsed_time > 5m", 16, 1, "cannot follow a number", "duration(\"5m\")"},
                    Case{"method == \xe2\x80\x9cGET\xe2\x80\x9d", 10, 3, "typographic", "Write \""},
                    Case{"http # x", 5, 1, "comment", "//"},
                    Case{"checkout service", 9, 7, "where an operator should", "quotation marks"},
                    Case{"method == \"a\\qb\"", 12, 2, "is no escape", "\\\\"}));

INSTANTIATE_TEST_SUITE_P(
    Names, Fault,
    testing::Values(Case{"statuscode > 5", 0, 10, "There is no \"statuscode\"", "status_code"},
                    Case{"src.pod.nmae == \"x\"", 0, 12, "nmae", "src.pod.name"},
                    Case{"checkout", 0, 8, "There is no \"checkout\"", "\"checkout\""},
                    Case{"redis_comand == \"x\"", 0, 12, "redis_comand", "redis_command"},
                    Case{"local_annotations[\"x\"] == \"\"", 0, 17, "Spanlight has no", "labels"},
                    Case{"path.contain(\"x\")", 0, 17, "no method contain()", "contains()"},
                    Case{"sise(path) > 5", 0, 10, "no function sise()", "size()"},
                    Case{"contains(path, \"x\")", 0, 19, "called as a method", "path.contains"},
                    Case{"state == \"compleet\"", 0, 19, "none of its values", "\"complete\""},
                    Case{"\"gapp\" in flags", 0, 15, "is no flag", "\"gap\""}));

INSTANTIATE_TEST_SUITE_P(
    Types, Fault,
    testing::Values(
        Case{"status_code == \"200\"", 0, 20, "an int is compared with a string", "status_code == 200"},
        Case{"method == 200", 0, 13, "a string is compared with an int", "method == \"200\""},
        Case{"dns_questions == \"a.org\"", 0, 24, "a list is compared", "\"a.org\" in dns_questions"},
        Case{"dns_questions.contains(\"a\")", 0, 27, "asked of strings", "\"a\" in dns_questions"},
        Case{"\"a\" in path", 0, 11, "not a list", "path.contains(\"a\")"},
        Case{"timestamp > \"2026-01-01T00:00:00Z\"", 0, 34, "a timestamp is compared", "timestamp(\"2026"},
        Case{"elapsed_time > duration(\"5ms\")", 0, 30, "compared with a duration", "5000"},
        Case{"status_code", 0, 11, "not a condition", "status_code != 0"},
        Case{"http && path", 8, 4, "not a condition", "path != \"\""},
        Case{"src.ip == \"10.0.0.0/8\"", 0, 22, "no address", "inCidr"},
        Case{"src.ip == \"10.0.\"", 0, 17, "no address", "startsWith"},
        Case{"src.ip < \"10.0.0.1\"", 0, 19, "no order", "inCidr"},
        Case{"src.ip.inCidr(\"10.0.0.0/33\")", 14, 13, "no network", "10.0.0.0/8"},
        Case{"path.matches(\"[a\")", 13, 4, "no pattern", ""},
        Case{"path.matches(\"*x\")", 13, 4, "no pattern", ".*"},
        Case{"path.matches(method)", 13, 6, "must be a text", ""},
        Case{"error_code + 1 == 2", 0, 14, "varying type", "mysql_error_code"},
        Case{"id == \"xyz\"", 0, 11, "no id", "32"}, Case{"http ? 1 : \"a\"", 0, 14, "two sides of ? :", ""},
        Case{"map_get(path, \"a\", \"b\") == \"\"", 8, 4, "asked of maps", ""},
        Case{"size(1) == 1", 0, 7, "size() is asked", ""},
        Case{"9223372036854775808 > 1", 0, 19, "64 bits", ""},
        Case{"99999999999999999999 > 1", 0, 20, "64 bits", ""}));

TEST(Faults, SeveralAreToldAtOnceInOrder) {
  const std::vector<FilterFault> faults = faults_of("foo == 1 && (bar || status_code == \"x\") && http");
  ASSERT_EQ(faults.size(), 3u);
  EXPECT_EQ(faults[0].position, 0u);
  EXPECT_EQ(faults[1].position, 13u);
  EXPECT_EQ(faults[2].position, 20u);
}

TEST(Faults, AreShownUnderTheTextAlsoWhereItIsNotAscii) {
  const std::string text = "path == \"\xc3\xa4\" &&\nmethd == \"GET\"";
  EXPECT_EQ(describe_faults(text, faults_of(text)),
            "  methd == \"GET\"\n  ^^^^^\nThere is no \"methd\". Is it method?\n");
  const std::string wide = "path == \"\xc3\xa4\xc3\xb6\" and x";
  EXPECT_EQ(describe_faults(wide, faults_of(wide)),
            "  path == \"\xc3\xa4\xc3\xb6\" and x\n               ^^^\n\"and\" is no operator. Write &&.\n");
}

}  // namespace
}  // namespace spanlight
