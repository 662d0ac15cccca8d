#include "port/numa.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace spanlight {
namespace {

// Two nodes of four CPUs each; one card on each, an interface on the second, one that the kernel cannot
// place.
class NumaTest : public testing::Test {
 protected:
  NumaTest() : root_(std::filesystem::temp_directory_path() / ("numa_test." + std::to_string(getpid()))) {
    put("devices/system/node/online", "0-1");
    put("devices/system/node/node0/cpulist", "0-1,4-5");
    put("devices/system/node/node1/cpulist", "2-3,6-7");
    put("bus/pci/devices/0000:01:00.0/numa_node", "0");
    put("bus/pci/devices/0000:81:00.0/numa_node", "1");
    put("bus/pci/devices/0000:00:05.0/numa_node", "-1");
    put("class/net/eth9/device/numa_node", "1");
  }
  ~NumaTest() override { std::filesystem::remove_all(root_); }

  void put(const std::string& name, const std::string& line) {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << line << "\n";
  }
  Numa numa() const { return Numa(root_.string()); }
  static PortSettings port(const std::string& source) {
    PortSettings settings;
    settings.source = source;
    return settings;
  }
  using Cpus = std::vector<unsigned>;

  const std::filesystem::path root_;
};

TEST_F(NumaTest, KnowsWhereCpusAndDevicesAre) {
  EXPECT_EQ(numa().node_of_cpu(5), 0u);
  EXPECT_EQ(numa().node_of_cpu(6), 1u);
  EXPECT_EQ(numa().node_of_cpu(8), std::nullopt);
  EXPECT_EQ(numa().node_of_port(port("0000:81:00.0")), 1u);
  EXPECT_EQ(numa().node_of_port(port("eth9")), 1u);
  EXPECT_EQ(numa().node_of_port(port("0000:00:05.0")), std::nullopt);
  EXPECT_EQ(numa().node_of_port(port("net_null0")), std::nullopt);
  EXPECT_EQ(numa().node_of_port(port("dummy0")), std::nullopt);
}

TEST_F(NumaTest, WorkersAreChosenNearToTheirPorts) {
  const Cpus all = {1, 2, 3, 4, 5, 6, 7};
  EXPECT_EQ(numa().near({port("0000:81:00.0")}, all), (Cpus{2, 3, 6, 7}));
  EXPECT_EQ(numa().near({port("0000:81:00.0"), port("0000:01:00.0")}, all), all) << "one on each";
  EXPECT_EQ(numa().near({port("net_null0")}, all), all);
  EXPECT_EQ(numa().near({port("eth9")}, {0, 1}), (Cpus{0, 1})) << "far is better than none";
}

TEST_F(NumaTest, APortWithoutAWorkerOnItsNodeIsTold) {
  EXPECT_TRUE(numa().far_ports({port("0000:81:00.0")}, {1, 2}).empty());
  const auto told = numa().far_ports({port("0000:81:00.0"), port("0000:01:00.0")}, {0, 4});
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].substr(0, 44), "0000:81:00.0 is on NUMA node 1, and no worke");
}

TEST_F(NumaTest, AMachineWithOneNodeHasNothingToSay) {
  put("devices/system/node/online", "0");
  EXPECT_EQ(numa().node_of_port(port("0000:01:00.0")), std::nullopt);
  EXPECT_TRUE(numa().far_ports({port("0000:81:00.0")}, {0}).empty());
  EXPECT_EQ(Numa(root_ / "nothing").node_of_cpu(0), std::nullopt);
}

TEST(CpuList, IsReadLeniently) {
  EXPECT_EQ(parse_cpu_list("0-2,5"), (std::vector<unsigned>{0, 1, 2, 5}));
  EXPECT_TRUE(parse_cpu_list("").empty());
  EXPECT_EQ(parse_cpu_list("x,3,4-"), (std::vector<unsigned>{3}));
}

}  // namespace
}  // namespace spanlight
