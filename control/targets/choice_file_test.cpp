#include "targets/choice_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace spanlight {
namespace {

class ChoiceFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "spanlight-choice-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ + "/made/on/demand/targets.json"; }

  std::string folder_;
};

KeptChoice some_choice() {
  return {{{"shop", "cart"}, {"kube-system"}, "^(a|b)-\"\\", {"app in (x, y)"}, {"pay/gate"}, "tcp port 443"},
          {{"shop"}, {}, "", {}, {}, ""},
          1'795'407'600'000'000'000};
}

TEST_F(ChoiceFileTest, IsReadBackAsItWasWritten) {
  const ChoiceFile file(path());
  std::string fault;
  EXPECT_FALSE(file.read(fault));
  EXPECT_EQ(fault, "") << "none is no fault";
  EXPECT_EQ(file.write({}), "");
  EXPECT_EQ(file.write(some_choice()), "");
  EXPECT_EQ(file.read(fault), some_choice()) << fault;
  struct stat status {};
  ASSERT_EQ(stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(file.remove(), "");
  EXPECT_EQ(file.remove(), "");
  EXPECT_FALSE(file.read(fault));
}

TEST_F(ChoiceFileTest, WhatCannotBeWrittenLeavesWhatWasThere) {
  const ChoiceFile file(path());
  ASSERT_EQ(file.write(some_choice()), "");
  std::filesystem::create_directory(path() + ".new");  // in the way
  EXPECT_NE(file.write({}).find("cannot be written"), std::string::npos);
  std::string fault;
  EXPECT_EQ(file.read(fault), some_choice());
}

TEST_F(ChoiceFileTest, WhatIsBrokenIsTold) {
  std::filesystem::create_directories(std::filesystem::path(path()).parent_path());
  for (const char* text : {"", "{", "[]", "{\"version\":2}", "{\"version\":1,\"chosen\":{}}",
                           "{\"version\":1,\"chosen\":7,\"settings\":7,\"made_ns\":-1}"}) {
    std::ofstream(path()) << text;
    std::string fault;
    EXPECT_FALSE(ChoiceFile(path()).read(fault)) << text;
    EXPECT_NE(fault.find("does not hold targets"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace spanlight
