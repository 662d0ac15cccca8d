// The files of config/default are documentation that must not lie: each holds every key of its table, with
// exactly its default.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "settings/control_load.h"
#include "settings/describe.h"
#include "settings/load.h"
#include "settings/number.h"
#include "settings/table.h"

namespace spanlight {
namespace {

using ::testing::HasSubstr;

struct Sensor {
  using Settings = spanlight::Settings;
  static constexpr const char* kFile = DEFAULT_FOLDER "/sensor.yaml";
  static auto load() { return load_settings(kFile, {"http"}); }
  static auto parse(const std::string& yaml) { return parse_settings(yaml, "again.yaml"); }
};

struct Control {
  using Settings = ControlSettings;
  static constexpr const char* kFile = DEFAULT_FOLDER "/control.yaml";
  static auto load() { return load_control_settings(kFile); }
  static auto parse(const std::string& yaml) { return parse_control_settings(yaml, "again.yaml"); }
};

template <typename Program>
class DefaultFile : public ::testing::Test {
 protected:
  using S = typename Program::Settings;

  void SetUp() override {
    std::ifstream in(Program::kFile);
    for (std::string line; std::getline(in, line);) lines_.push_back(line);
    auto loaded = Program::load();
    if (const auto* faults = std::get_if<std::vector<SettingsFault>>(&loaded))
      for (const SettingsFault& fault : *faults) ADD_FAILURE() << fault.sentence();
    ASSERT_TRUE(std::holds_alternative<S>(loaded));
    settings_ = std::get<S>(std::move(loaded));
  }

  // The line of a key that is not an item's, 1-based.
  std::size_t line_of(const Key& key) const {
    const auto line = static_cast<std::size_t>(settings_.origin.line_of(std::string(key.path)));
    return line < lines_.size() ? line : 0;
  }

  // The block of comments above the key.
  std::string comment_of(const Key& key) const {
    std::string comment;
    for (std::size_t line = line_of(key) - 1; line > 0 && is_comment(lines_[line]); --line)
      comment.insert(0, lines_[line] + "\n");
    return comment;
  }

  static bool is_comment(const std::string& line) {
    const std::size_t first = line.find_first_not_of(' ');
    return first != std::string::npos && line[first] == '#';
  }

  S settings_;
  std::vector<std::string> lines_ = {""};  // 1-based
};

using Programs = ::testing::Types<Sensor, Control>;
TYPED_TEST_SUITE(DefaultFile, Programs);

TYPED_TEST(DefaultFile, holds_every_key_with_its_default) {
  const typename TypeParam::Settings defaults;
  for (const Key& key : table_of(defaults)) {
    if (key.is_of_item()) continue;
    EXPECT_EQ(value_of(key, this->settings_), value_of(key, defaults)) << key.path;
    EXPECT_GT(this->line_of(key), 0u) << key.path << " is not in the file";
  }
}

TYPED_TEST(DefaultFile, has_a_comment_above_every_key) {
  for (const Key& key : table_of(this->settings_)) {
    if (key.is_of_item()) continue;
    ASSERT_GT(this->line_of(key), 1u) << key.path;
    const std::string& above = this->lines_[this->line_of(key) - 1];
    EXPECT_TRUE(this->is_comment(above)) << key.path << ": the line above is " << above;
  }
}

TYPED_TEST(DefaultFile, says_the_range_of_every_number_and_every_choice) {
  for (const Key& key : table_of(this->settings_)) {
    if (key.is_of_item()) continue;
    ASSERT_GT(this->line_of(key), 0u) << key.path;
    const std::string comment = this->comment_of(key);
    if (key.range.most > 0) {
      EXPECT_THAT(comment, HasSubstr(format_number(key.range.least, {.unit = key.range.unit}))) << key.path;
      EXPECT_THAT(comment, HasSubstr(format_number(key.range.most, {.unit = key.range.unit}))) << key.path;
      EXPECT_THAT(comment, HasSubstr(std::string(key.range.word))) << key.path;
    }
    const Value kind = key.member.kind();
    if (const auto* choice = std::get_if<Choice>(&kind)) {
      for (const std::string_view name : choice->names)
        EXPECT_THAT(comment, HasSubstr(std::string(name))) << key.path;
    }
  }
}

TYPED_TEST(DefaultFile, says_what_takes_effect_without_a_restart) {
  for (const Key& key : table_of(this->settings_)) {
    if (key.is_of_item()) continue;
    ASSERT_GT(this->line_of(key), 0u) << key.path;
    const bool said = this->comment_of(key).ends_with("(live)\n");
    EXPECT_EQ(said, key.live) << key.path;
  }
}

TYPED_TEST(DefaultFile, shows_the_keys_of_list_items) {
  for (const Key& key : table_of(this->settings_)) {
    if (!key.is_of_item()) continue;
    const std::string name(key.path.substr(key.path.rfind('.') + 1));
    EXPECT_TRUE(std::any_of(this->lines_.begin(), this->lines_.end(), [&](const std::string& line) {
      return line.find(name + ": ") != std::string::npos;
    })) << key.path;
  }
}

TYPED_TEST(DefaultFile, agrees_with_a_table_whose_defaults_lie_within_their_ranges) {
  const typename TypeParam::Settings defaults;
  std::vector<std::string_view> seen;
  for (const Key& key : table_of(defaults)) {
    EXPECT_THAT(seen, ::testing::Not(::testing::Contains(key.path)));
    seen.push_back(key.path);
    EXPECT_FALSE(key.meaning.empty()) << key.path;
    EXPECT_EQ(key.meaning.back(), '.') << key.path;
    EXPECT_FALSE(key.secret && key.is_of_item()) << key.path << ": to_yaml() withholds no part of a list";
  }
  const auto again = TypeParam::parse(to_yaml(defaults));
  ASSERT_TRUE(std::holds_alternative<typename TypeParam::Settings>(again))
      << std::get<1>(again).front().sentence();
}

const void* address_of(const Value& value) {
  return std::visit(
      [](const auto& v) -> const void* {
        if constexpr (std::is_same_v<decltype(v), const Choice&>)
          return v.value;
        else if constexpr (std::is_same_v<decltype(v), const Items&>)
          return v.list;
        else
          return v;
      },
      value);
}

// The struct that the key is of; for a key of items the first item of its list, made if need be.
template <typename S>
void* owner_of(const Key& key, S& settings) {
  if (!key.is_of_item()) return &settings;
  const Key* const list = find_key(table_of(settings), key.path.substr(0, key.path.find("[]")));
  const auto items = std::get<Items>(list->member.in(&settings));
  if (items.type->size(items.list) == 0) items.type->append(items.list);
  return const_cast<void*>(items.type->item(items.list, 0));
}

// Two keys for one member would overwrite each other in silence.
TYPED_TEST(DefaultFile, has_one_key_for_each_member) {
  typename TypeParam::Settings settings;
  for (const Key& a : table_of(settings))
    for (const Key& b : table_of(settings)) {
      if (&a == &b) continue;
      EXPECT_NE(address_of(a.member.in(owner_of(a, settings))),
                address_of(b.member.in(owner_of(b, settings))))
          << a.path << " and " << b.path;
    }
}

}  // namespace
}  // namespace spanlight
