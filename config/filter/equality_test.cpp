// The two back ends say the same: random records, random expressions, the predicate against ClickHouse
// itself.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "filter/calls_table_for_tests.h"
#include "filter/chdb_for_tests.h"
#include "filter/filter.h"
#include "filter/random_filter.h"
#include "record/reader.h"
#include "record/sample.h"

namespace spanlight::filter {
namespace {

constexpr std::uint64_t kNow = 1'773'525'603'000'000'000;

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

FilterCatalog catalog() {
  FilterCatalog catalog;
  using wire::FieldType;
  catalog.add_protocol(
      "mysql", "MySQL",
      {{"ratio", FieldType::number, true, false, ""}, {"error_code", FieldType::integer, false, true, ""}});
  catalog.add_protocol(
      "redis", "Redis",
      {{"ratio", FieldType::integer, true, true, ""}, {"load", FieldType::number, true, true, ""}});
  catalog.add_protocol(
      "zz", "", {{"zz", FieldType::text, true, true, ""}, {"command", FieldType::list, true, true, ""}});
  return catalog;
}

// Nothing where an expression that is computed at once turns out to be a text that can be no flag.
std::optional<Filter> compiled(const std::string& text, const FilterCatalog& names) {
  FilterLimits limits;
  limits.now_ns = kNow;
  auto made = Filter::compile(text, names, limits);
  const auto* faults = std::get_if<std::vector<FilterFault>>(&made);
  if (faults != nullptr && (*faults)[0].text.find("is no flag") != std::string::npos) return std::nullopt;
  if (faults != nullptr) throw std::runtime_error(describe_faults(text, *faults));
  return std::get<Filter>(made);
}

class Equality : public testing::Test {
 protected:
  static void SetUpTestSuite() { chdb_ = Chdb::start(why_).release(); }
  static void TearDownTestSuite() {
    delete chdb_;
    chdb_ = nullptr;
  }
  void SetUp() override {
    if (chdb_ == nullptr) GTEST_SKIP() << why_;
  }

  static void fill(const std::vector<Call>& calls) {
    chdb_->query("DROP TABLE IF EXISTS calls");
    chdb_->query(create_calls_table());
    chdb_->query(insert_calls(calls));
  }

  // Identifiers, as text.
  static std::string by_predicate(const Filter& filter, const std::vector<Call>& calls) {
    std::string out;
    for (const Call& call : calls)
      if (filter.matches(call)) out += (out.empty() ? "" : ",") + std::to_string(call.record->id());
    return out;
  }
  static std::string by_store(const Filter& filter) {
    std::string out =
        chdb_->query("SELECT arrayStringConcat(arraySort(groupArray(record_id)), ',') FROM calls WHERE " +
                     filter.to_sql());
    if (!out.empty()) out.pop_back();
    return out;
  }

  static Chdb* chdb_;
  static std::string why_;
};
Chdb* Equality::chdb_ = nullptr;
std::string Equality::why_;

// FILTER_SEED, FILTER_EXPRESSIONS, FILTER_RECORDS for longer runs by hand, FILTER_TEXT for one expression.
TEST_F(Equality, OfRandomExpressionsOverRandomRecords) {
  const std::uint64_t seed = setting("FILTER_SEED", 1);
  const RandomCalls random(seed, setting("FILTER_RECORDS", 200));
  fill(random.calls());
  const FilterCatalog names = catalog();
  RandomFilter write(names, seed);
  const std::uint64_t expressions = setting("FILTER_EXPRESSIONS", 300);
  std::uint64_t some = 0, unequal = 0, refused = 0;
  for (std::uint64_t i = 0; i < expressions; ++i) {
    const char* const given = std::getenv("FILTER_TEXT");
    const std::string text = given != nullptr ? given : write.condition(3);
    try {
      const std::optional<Filter> made = compiled(text, names);
      if (!made) continue;
      const Filter& filter = *made;
      const std::string here = by_predicate(filter, random.calls());
      const std::string there = by_store(filter);
      if (!here.empty()) ++some;
      if (here != there) {
        ++unequal;
        ADD_FAILURE() << text << "\npredicate " << here << "\nstore     " << there << "\n" << filter.to_sql();
      }
    } catch (const std::runtime_error& error) {
      ++refused;
      ADD_FAILURE() << text << "\n" << error.what();
    }
    if (unequal + refused >= 5) FAIL() << "that is enough";
  }
  EXPECT_GT(some, expressions / 3) << "expressions that nothing matches prove little";
}

// ClickHouse looks at a pattern before RE2 does; what it makes of it must not show.
TEST_F(Equality, OfRandomPatterns) {
  const std::uint64_t seed = setting("FILTER_SEED", 1);
  const RandomCalls random(seed + 1'000, setting("FILTER_RECORDS", 200));
  fill(random.calls());
  const FilterCatalog names = catalog();
  RandomFilter write(names, seed);
  const std::uint64_t patterns = setting("FILTER_PATTERNS", 60);
  std::uint64_t refused = 0, unequal = 0;
  for (std::uint64_t i = 0; i < patterns && unequal < 5; ++i) {
    const std::string text = "(request.body + path).matches(" + write.pattern() + ")";
    auto made = Filter::compile(text, names);
    if (!std::holds_alternative<Filter>(made)) {
      ++refused;
      continue;
    }
    const Filter& filter = std::get<Filter>(made);
    const std::string here = by_predicate(filter, random.calls()), there = by_store(filter);
    if (here == there) continue;
    ++unequal;
    ADD_FAILURE() << text << "\npredicate " << here << "\nstore     " << there << "\n" << filter.to_sql();
  }
  EXPECT_LT(refused, patterns / 3);
}

TEST_F(Equality, OfPatternsThatRepeatACharacterOfSeveralBytes) {
  sample::Batch batch;
  for (const char* const path :
       {"caf", "cafs", "caf\xc3\xa9", "caf\xc3\xa9s", "caf\xc3\xa9\xc3\xa9s", "caf\xc3s"}) {
    sample::Record& record = batch.records.emplace_back();
    record.id = batch.records.size();
    record.path = path;
  }
  const sample::Bytes bytes = sample::build(batch);
  const auto opened = open_batch({bytes.data(), bytes.size()});
  ASSERT_TRUE(opened);
  std::vector<Call> calls;
  for (const wire::Record* record : elements_of(opened->records()))
    calls.push_back({opened.root, record, {}, {}});
  fill(calls);
  const std::pair<const char*, const char*> patterns[] = {{"caf\xc3\xa9?s", "2,4"},
                                                          {"caf\xc3\xa9*s", "2,4,5"}};
  for (const auto& [pattern, found] : patterns) {
    const auto filter = compiled("path.matches(\"" + std::string(pattern) + "\")", catalog());
    EXPECT_EQ(by_predicate(*filter, calls), found) << pattern;
    EXPECT_EQ(by_store(*filter), found) << pattern;
  }
}

}  // namespace
}  // namespace spanlight::filter
