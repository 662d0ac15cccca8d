#include "program/cluster_side.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace spanlight {
namespace {

class StaticMapFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "spanlight-side-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    file_ = folder_ + "/machines.yaml";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& text) const { std::ofstream(file_) << text; }

  std::string folder_, file_;
};

constexpr const char* kOne = "- {address: 10.0.0.1, name: web-1, namespace: shop}\n";
constexpr const char* kTwo = "- {address: 10.0.0.2, name: pay-1, namespace: shop}\n";

// What is named, what a preview shows, and what is captured go by the same map.
TEST_F(StaticMapFile, IsExchangedForNamesAndTargets) {
  write(kOne);
  ControlSettings settings;
  settings.use_kubernetes = UseKubernetes::never;
  settings.sensors.clear();
  settings.static_map = file_;
  settings.tap.namespaces = {"shop"};
  ClusterSide side(settings, [](LogLevel, const std::string&) {});
  side.start();
  const std::vector<Address> one = {*parse_address("10.0.0.1")},
                             both = {*parse_address("10.0.0.1"), *parse_address("10.0.0.2")};
  EXPECT_EQ(side.targets()->addresses, one);
  const std::uint64_t generation = side.generation();

  write(std::string(kOne) + kTwo);
  EXPECT_EQ(side.set_static_map(file_), "");
  EXPECT_NE(side.names().current()->find(both[1], 0, 1), nullptr);
  EXPECT_EQ(std::get<Targets>(side.preview(settings.tap)).addresses, both);
  EXPECT_EQ(side.targets()->addresses, both);
  EXPECT_GT(side.generation(), generation);

  write("- {address: nowhere}\n");
  EXPECT_NE(side.set_static_map(file_), "");
  EXPECT_EQ(side.targets()->addresses, both);

  EXPECT_EQ(side.set_static_map(""), "");
  EXPECT_TRUE(side.targets()->addresses.empty());
  EXPECT_TRUE(side.targets()->only);
}

TEST_F(StaticMapFile, ThatNothingIsCapturedIsSaid) {
  write(kOne);
  ControlSettings settings;
  settings.use_kubernetes = UseKubernetes::never;
  settings.sensors.clear();
  settings.static_map = file_;
  settings.tap.namespaces = {"shpo"};
  std::vector<std::string> said;
  ClusterSide side(settings, [&](LogLevel level, const std::string& sentence) {
    if (level == LogLevel::info) said.push_back(sentence);
  });
  side.start();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].find("nothing is captured: "), 0U) << said[0];
  EXPECT_NE(said[0].find("there is no namespace \"shpo\""), std::string::npos) << said[0];
  TapSettings right;
  right.namespaces = {"shop"};
  EXPECT_EQ(side.change(right), "");
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said[1].find("targeting 0 pods"), 0U) << said[1];
}

// A kubeconfig of a server that is not there: nobody listens on port 1.
class NoApiServer : public StaticMapFile {
 protected:
  ControlSettings settings() const {
    std::ofstream(folder_ + "/kubeconfig")
        << "{current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}], "
           "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}], users: [{name: u, user: {}}]}";
    ControlSettings settings;
    settings.kubeconfig = folder_ + "/kubeconfig";
    settings.sensors.clear();
    return settings;
  }
};

TEST_F(NoApiServer, HoldsUpOnlyWhatItWouldTell) {
  ControlSettings given = settings();
  given.tap.bpf_override = "tcp port 80";
  ClusterSide side(given, [](LogLevel, const std::string&) {});
  side.start();
  TapSettings filter, shop;
  filter.bpf_override = "tcp port 81";
  EXPECT_EQ(side.change(filter), "");
  ASSERT_NE(side.targets(), nullptr);
  EXPECT_EQ(side.targets()->bpf, "tcp port 81");
  EXPECT_EQ(side.waiting(), "");

  shop.namespaces = {"shop"};
  EXPECT_EQ(side.change(shop), "");
  EXPECT_EQ(side.targets()->bpf, "tcp port 81");
  EXPECT_NE(side.waiting().find("not in force until pods are listed"), std::string::npos) << side.waiting();
  EXPECT_EQ(std::get<Targets>(side.preview(shop)).waiting, side.waiting());

  EXPECT_EQ(side.change({}), "");
  EXPECT_EQ(side.targets()->bpf, "");
  EXPECT_FALSE(side.targets()->only);
}

}  // namespace
}  // namespace spanlight
