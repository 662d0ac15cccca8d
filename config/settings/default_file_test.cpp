// config/default/sensor.yaml is documentation that must not lie: it holds every key, with exactly its
// default.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "settings/describe.h"
#include "settings/load.h"
#include "settings/number.h"
#include "settings/table.h"

namespace spanlight {
namespace {

using ::testing::HasSubstr;

std::string default_text() {
  std::ifstream in(DEFAULT_FILE);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

bool is_item(const Key& key) {
  return key.path.find("[]") != std::string_view::npos;
}

// The table's own check of a member against another: value by value, as YAML.
void expect_equal(const Settings& a, const Settings& b) {
  for (const Key& key : settings_table()) {
    if (is_item(key)) continue;
    EXPECT_EQ(value_of(key, a), value_of(key, b)) << key.path;
  }
}

TEST(DefaultFile, holds_every_key_with_its_default) {
  const auto loaded = load_settings(DEFAULT_FILE, {"http"});
  if (const auto* faults = std::get_if<std::vector<SettingsFault>>(&loaded))
    for (const SettingsFault& fault : *faults) ADD_FAILURE() << fault.sentence();
  ASSERT_TRUE(std::holds_alternative<Settings>(loaded));
  const Settings& settings = std::get<Settings>(loaded);
  expect_equal(settings, Settings{});
  for (const Key& key : settings_table()) {
    if (is_item(key)) continue;
    EXPECT_GT(settings.origin.line_of(std::string(key.path)), 0) << key.path << " is not in the file";
  }
}

TEST(DefaultFile, has_a_comment_above_every_key) {
  const auto loaded = load_settings(DEFAULT_FILE);
  ASSERT_TRUE(std::holds_alternative<Settings>(loaded));
  std::vector<std::string> lines = {""};  // 1-based
  std::istringstream text(default_text());
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  for (const Key& key : settings_table()) {
    if (is_item(key)) continue;
    const auto line =
        static_cast<std::size_t>(std::get<Settings>(loaded).origin.line_of(std::string(key.path)));
    ASSERT_LT(line, lines.size());
    const std::string& above = lines[line - 1];
    EXPECT_TRUE(above.find_first_not_of(' ') != std::string::npos &&
                above[above.find_first_not_of(' ')] == '#')
        << key.path << ": the line above is " << above;
  }
}

TEST(DefaultFile, says_the_range_of_every_number_and_every_choice) {
  const auto loaded = load_settings(DEFAULT_FILE);
  ASSERT_TRUE(std::holds_alternative<Settings>(loaded));
  std::vector<std::string> lines = {""};
  std::istringstream text(default_text());
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  for (const Key& key : settings_table()) {
    if (is_item(key)) continue;
    auto line = static_cast<std::size_t>(std::get<Settings>(loaded).origin.line_of(std::string(key.path)));
    std::string comment;  // the block above the key
    for (--line; line > 0 && lines[line].find('#') != std::string::npos; --line)
      comment.insert(0, lines[line] + "\n");
    if (key.range.most > 0) {
      EXPECT_THAT(comment, HasSubstr(format_number(key.range.least, {.unit = key.range.unit}))) << key.path;
      EXPECT_THAT(comment, HasSubstr(format_number(key.range.most, {.unit = key.range.unit}))) << key.path;
      EXPECT_THAT(comment, HasSubstr(std::string(key.range.word))) << key.path;
    }
    std::visit(
        [&]<typename T, typename Owner>(T Owner::*) {
          if constexpr (std::is_enum_v<T>) {
            for (const std::string_view name : names_of(T{}))
              EXPECT_THAT(comment, HasSubstr(std::string(name))) << key.path;
          }
        },
        key.member);
  }
}

TEST(DefaultFile, shows_the_keys_of_list_items) {
  const std::string text = default_text();
  for (const Key& key : settings_table()) {
    const std::string name(key.path.substr(key.path.rfind('.') + 1));
    if (!is_item(key)) continue;
    EXPECT_THAT(text, HasSubstr(name + ": ")) << key.path;
  }
}

TEST(Table, paths_are_unique_and_defaults_lie_within_their_ranges) {
  std::vector<std::string_view> seen;
  for (const Key& key : settings_table()) {
    EXPECT_THAT(seen, ::testing::Not(::testing::Contains(key.path)));
    seen.push_back(key.path);
    EXPECT_FALSE(key.meaning.empty()) << key.path;
    EXPECT_EQ(key.meaning.back(), '.') << key.path;
  }
  const auto again = parse_settings(to_yaml(Settings{}), "again.yaml");
  ASSERT_TRUE(std::holds_alternative<Settings>(again)) << std::get<1>(again).front().sentence();
}

// Two keys for one member would overwrite each other in silence.
TEST(Table, gives_each_member_one_key) {
  for (const Key& a : settings_table())
    for (const Key& b : settings_table()) {
      if (&a == &b) continue;
      EXPECT_FALSE(a.member == b.member) << a.path << " and " << b.path;
    }
}

}  // namespace
}  // namespace spanlight
