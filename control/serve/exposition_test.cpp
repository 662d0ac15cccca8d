#include "serve/exposition.h"

#include <gtest/gtest.h>

#include <limits>

namespace spanlight::serve {
namespace {

TEST(Exposition, FamiliesStandTogetherInWhateverOrderTheyCame) {
  Exposition out;
  out.counter("b_total", "Second.", 1, {{"sensor", "one"}});
  out.gauge("a", "First.", 0.5);
  out.counter("b_total", "ignored", 12'345'678'901, {{"sensor", "two"}, {"cause", "x"}});
  EXPECT_EQ(out.text(),
            "# HELP a First.\n# TYPE a gauge\na 0.5\n"
            "# HELP b_total Second.\n# TYPE b_total counter\n"
            "b_total{sensor=\"one\"} 1\nb_total{sensor=\"two\",cause=\"x\"} 12345678901\n");
}

TEST(Exposition, HistogramsAreCumulative) {
  Exposition out;
  const double bounds[] = {0.1, 1};
  const std::uint64_t counts[] = {2, 3, 4};
  out.histogram("d_seconds", "Durations.", {bounds, counts, 7.25}, {{"service", "shop"}});
  EXPECT_EQ(out.text(),
            "# HELP d_seconds Durations.\n# TYPE d_seconds histogram\n"
            "d_seconds_bucket{service=\"shop\",le=\"0.1\"} 2\n"
            "d_seconds_bucket{service=\"shop\",le=\"1\"} 5\n"
            "d_seconds_bucket{service=\"shop\",le=\"+Inf\"} 9\n"
            "d_seconds_sum{service=\"shop\"} 7.25\n"
            "d_seconds_count{service=\"shop\"} 9\n");
}

TEST(Exposition, HostileLabelsStayWithinTheirLine) {
  Exposition out;
  out.gauge("g", "Two\nlines \\ here", 1, {{"na me", "a\"b\\c\nd\xff"}});
  EXPECT_EQ(out.text(),
            "# HELP g Two\\nlines \\\\ here\n# TYPE g gauge\ng{na_me=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\"} 1\n");
}

TEST(Exposition, NamesAndNumbersAreOfTheFormat) {
  EXPECT_EQ(metric_name("9 lives-total"), "_9_lives_total");
  EXPECT_EQ(metric_name(""), "_");
  Exposition out;
  out.gauge("x", "", std::numeric_limits<double>::infinity());
  out.gauge("y", "", std::numeric_limits<double>::quiet_NaN());
  EXPECT_NE(out.text().find("x +Inf\n"), std::string::npos);
  EXPECT_NE(out.text().find("y NaN\n"), std::string::npos);
}

TEST(Exposition, TwoTypesOfOneNameAreCounted) {
  Exposition out;
  out.counter("x", "", 1);
  out.gauge("x", "", 2);
  const double bounds[] = {1};
  const std::uint64_t counts[] = {1};
  out.histogram("h", "", {bounds, counts, 0});
  EXPECT_EQ(out.refused(), 2u);
  EXPECT_EQ(out.text().find("x 2"), std::string::npos);
}

}  // namespace
}  // namespace spanlight::serve
