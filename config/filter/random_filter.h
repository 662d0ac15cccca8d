#pragma once
// Expressions that compile, at random, for tests: every operator, function and variable of the language.

#include <string>
#include <vector>

#include "filter/catalog.h"
#include "filter/random_calls.h"

namespace spanlight::filter {

class RandomFilter {
 public:
  RandomFilter(const FilterCatalog& catalog, std::uint64_t seed);
  std::string condition(int depth);
  std::string pattern();  // a literal; RE2 may refuse it

 private:
  std::string boolean(int depth);
  std::string integer(int depth);
  std::string number(int depth);
  std::string text(int depth);
  std::string timestamp(int depth);
  std::string duration(int depth);
  std::string list();
  std::string map();
  std::string dynamic();
  std::string comparison(int depth);
  std::string special();
  std::string text_question(int depth);
  std::string membership(int depth);
  std::string quantifier(int depth);
  std::string variable(FilterType type);
  std::string literal();
  std::string integer_literal();
  std::string number_literal();
  std::string sign();

  Dice dice_;
  std::vector<std::vector<std::string>> names_;  // by type
  std::vector<std::vector<std::string>> kinds_;  // the same without types that no variable has
  std::string bound_;                            // a name that exists() binds, while its predicate is written
};

}  // namespace spanlight::filter
