#include "targets/selector.h"

#include <gtest/gtest.h>

#include <random>

namespace spanlight {
namespace {

TEST(Selector, FitsAsKubectlHasIt) {
  const std::vector<Label> labels = {
      {"app", "web"}, {"app.kubernetes.io/name", "shop"}, {"empty", ""}, {"tier", "front"}};
  struct Case {
    const char* text;
    bool fits;
  };
  for (const Case& c : {Case{"app=web", true},
                        Case{"app==web", true},
                        Case{"app = web , tier!=back", true},
                        Case{"app=db", false},
                        Case{"app!=db", true},
                        Case{"none!=db", true},
                        Case{"app in (db, web)", true},
                        Case{"app notin (db,web)", false},
                        Case{"none notin (db)", true},
                        Case{"none in (db)", false},
                        Case{"app", true},
                        Case{"none", false},
                        Case{"!app", false},
                        Case{"!none", true},
                        Case{"app.kubernetes.io/name=shop,!none,tier in (front)", true},
                        Case{"empty=", true},
                        Case{"empty in (,x)", true},
                        Case{"app=", false},
                        Case{"in in (a)", false},
                        Case{" app = web ", true},
                        Case{"app=web,tier=back", false}}) {
    std::string fault;
    const auto selector = Selector::parse(c.text, fault);
    ASSERT_TRUE(selector) << c.text << " " << fault;
    EXPECT_EQ(selector->matches(labels), c.fits) << c.text;
  }
}

TEST(Selector, RefusesWithThePlace) {
  struct Case {
    const char *text, *place;
  };
  for (const Case& c :
       {Case{"", "character 1"}, Case{"=x", "character 1"}, Case{"app=web,", "character 9"},
        Case{"app in web", "character 8"}, Case{"app in (a", "character 10"}, Case{"app ! web", "character"},
        Case{"app web", "in notin"}, Case{"app=a=b", "character 6"}, Case{"-app=x", "name"},
        Case{"app=-x", "value"}, Case{"a/b/c=x", "name"}, Case{"/b=x", "name"}, Case{"app=a/b", "value"},
        Case{"app=web tier=front", "comma"}, Case{"app=\"web\"", "character"}}) {
    std::string fault;
    EXPECT_FALSE(Selector::parse(c.text, fault)) << c.text;
    EXPECT_NE(fault.find(c.place), std::string::npos) << c.text << ": " << fault;
  }
  std::string fault;
  EXPECT_FALSE(Selector::parse(std::string(5'000, 'a'), fault));
  EXPECT_FALSE(Selector::parse(std::string(64, 'a'), fault));
  EXPECT_TRUE(Selector::parse(std::string(63, 'a'), fault));
  std::string many = "a";
  for (int i = 0; i < 70; ++i) many += ",a";
  EXPECT_FALSE(Selector::parse(many, fault));
}

TEST(Selector, SurvivesAnything) {
  std::minstd_rand random(1);
  constexpr std::string_view kAlphabet = "ab=!,() inot/.-_\t\x80";
  for (int i = 0; i < 50'000; ++i) {
    std::string text, fault;
    for (auto n = random() % 20; n > 0; --n) text += kAlphabet[random() % kAlphabet.size()];
    const auto selector = Selector::parse(text, fault);
    EXPECT_EQ(selector.has_value(), fault.empty());
    if (selector) selector->matches({{"a", "b"}});
  }
}

}  // namespace
}  // namespace spanlight
