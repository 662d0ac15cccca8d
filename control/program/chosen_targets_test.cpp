#include "program/chosen_targets.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace spanlight {
namespace {

TapSettings tap_of(const std::string& name_space) {
  TapSettings tap;
  tap.namespaces = {name_space};
  return tap;
}

// A process, as far as targets are concerned, with what the settings file says.
struct Life {
  Life(const std::string& file, const TapSettings& tap)
      : cluster(settings_with(tap), [](LogLevel, const std::string&) {}),
        chosen(cluster, tap, file,
               [this](LogLevel, const std::string& sentence) { said += sentence + "\n"; }) {
    chosen.restore();
    cluster.start();
  }
  static ControlSettings settings_with(const TapSettings& tap) {
    ControlSettings settings;
    settings.use_kubernetes = UseKubernetes::never;
    settings.sensors.clear();
    settings.tap = tap;
    return settings;
  }

  std::string said;
  ClusterSide cluster;
  ChosenTargets chosen;
};

class Chosen : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "spanlight-chosen-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    file_ = folder_ + "/targets.json";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  bool is_kept() const { return std::filesystem::exists(file_); }

  std::string folder_, file_;
};

TEST_F(Chosen, OutlivesARestart) {
  {
    Life first(file_, tap_of("settings"));
    EXPECT_FALSE(first.chosen.state().chosen);
    EXPECT_EQ(first.chosen.choose(tap_of("chosen")), "");
    EXPECT_TRUE(first.chosen.state().chosen && first.chosen.state().kept);
  }
  Life second(file_, tap_of("settings"));
  EXPECT_EQ(second.cluster.tap(), tap_of("chosen"));
  EXPECT_TRUE(second.chosen.state().chosen);
  EXPECT_NE(second.said.find("in force again, from " + file_), std::string::npos) << second.said;
  EXPECT_FALSE(second.cluster.targets() == nullptr);
}

TEST_F(Chosen, GivesWayToSettingsThatSaySomethingNew) {
  Life(file_, tap_of("settings")).chosen.choose(tap_of("chosen"));
  {
    Life second(file_, tap_of("newer"));
    EXPECT_EQ(second.cluster.tap(), tap_of("newer"));
    EXPECT_FALSE(second.chosen.state().chosen);
    EXPECT_NE(second.said.find("the settings hold"), std::string::npos);
  }
  EXPECT_FALSE(is_kept());
  Life third(file_, tap_of("settings"));
  EXPECT_EQ(third.cluster.tap(), tap_of("settings")) << "what was given up does not come back";
}

TEST_F(Chosen, GivesWayOnReloadToo) {
  Life life(file_, tap_of("settings"));
  life.chosen.choose(tap_of("chosen"));
  life.chosen.settings_changed(tap_of("newer"));
  EXPECT_EQ(life.cluster.tap(), tap_of("newer"));
  EXPECT_FALSE(life.chosen.state().chosen);
  EXPECT_FALSE(is_kept());
  life.chosen.choose(tap_of("chosen"));
  EXPECT_EQ(Life(file_, tap_of("newer")).cluster.tap(), tap_of("chosen"));
}

TEST_F(Chosen, DoesNotGiveWayToSettingsThatCannotBe) {
  Life life(file_, tap_of("settings"));
  life.chosen.choose(tap_of("chosen"));
  TapSettings wrong = tap_of("newer");
  wrong.regex = "(";
  EXPECT_NE(life.chosen.settings_changed(wrong), "");
  EXPECT_EQ(life.cluster.tap(), tap_of("chosen"));
  EXPECT_TRUE(life.chosen.state().chosen);
  EXPECT_TRUE(is_kept());
  EXPECT_EQ(Life(file_, tap_of("settings")).cluster.tap(), tap_of("chosen")) << "the file says what held";
}

TEST_F(Chosen, ChoosingWhatTheSettingsSayLeavesThemInCharge) {
  Life life(file_, tap_of("settings"));
  life.chosen.choose(tap_of("chosen"));
  ASSERT_TRUE(is_kept());
  life.chosen.choose(tap_of("settings"));
  EXPECT_FALSE(is_kept());
  EXPECT_FALSE(life.chosen.state().chosen);
}

TEST_F(Chosen, WhatCannotBeChangesNothing) {
  Life life(file_, tap_of("settings"));
  TapSettings wrong;
  wrong.regex = "(";
  EXPECT_NE(life.chosen.choose(wrong), "");
  EXPECT_EQ(life.cluster.tap(), tap_of("settings"));
  EXPECT_FALSE(is_kept());
}

TEST_F(Chosen, ABrokenFileIsToldAndTheSettingsHold) {
  std::ofstream(file_) << "{";
  Life life(file_, tap_of("settings"));
  EXPECT_EQ(life.cluster.tap(), tap_of("settings"));
  EXPECT_NE(life.said.find("does not hold targets"), std::string::npos);
}

TEST_F(Chosen, WithoutAPlaceItIsInForceAndNotKept) {
  Life nowhere("", tap_of("settings"));
  EXPECT_EQ(nowhere.chosen.choose(tap_of("chosen")), "");
  EXPECT_EQ(nowhere.cluster.tap(), tap_of("chosen"));
  EXPECT_FALSE(nowhere.chosen.state().kept);
  std::ofstream(folder_ + "/plain") << "a file, where a folder is needed";
  Life unwritable(folder_ + "/plain/targets.json", tap_of("settings"));
  EXPECT_EQ(unwritable.chosen.choose(tap_of("chosen")), "");
  EXPECT_FALSE(unwritable.chosen.state().kept);
  EXPECT_NE(unwritable.said.find("lost at a restart"), std::string::npos);
}

}  // namespace
}  // namespace spanlight
