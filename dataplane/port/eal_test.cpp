#include "port/eal.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <rte_lcore.h>

#include "port/eal_for_tests.h"

namespace spanlight {
namespace {

bool holds(const std::vector<std::string>& arguments, const std::string& one) {
  return std::find(arguments.begin(), arguments.end(), one) != arguments.end();
}

std::string after(const std::vector<std::string>& arguments, const std::string& one) {
  const auto found = std::find(arguments.begin(), arguments.end(), one);
  return found == arguments.end() || found + 1 == arguments.end() ? "" : *(found + 1);
}

TEST(EalArguments, memory) {
  const std::vector<std::string> ordinary = eal_arguments({}, {1}, false, 128);
  EXPECT_TRUE(holds(ordinary, "--no-huge"));
  EXPECT_FALSE(holds(ordinary, "--in-memory"));  // DPDK refuses both
  EXPECT_EQ(after(ordinary, "-m"), "128");
  const std::vector<std::string> huge = eal_arguments({}, {1}, true, 128);
  EXPECT_TRUE(holds(huge, "--in-memory"));
  EXPECT_FALSE(holds(huge, "--no-huge"));
}

TEST(EalArguments, pci_is_scanned_only_for_named_devices) {
  Settings settings;
  settings.ports = {{.source = "net_null0"}, {.source = "eth1"}};
  EXPECT_TRUE(holds(eal_arguments(settings, {1}, false, 128), "--no-pci"));
  settings.ports.push_back({.source = "3b:00.1"});
  EXPECT_FALSE(holds(eal_arguments(settings, {1}, false, 128), "--no-pci"));
  EXPECT_EQ(after(eal_arguments(settings, {1}, false, 128), "-a"), "0000:3b:00.1");
}

TEST(EalArguments, workers_are_pinned_and_the_main_thread_is_as_told) {
  Settings settings;
  settings.main_cpu = 3;
  EXPECT_EQ(after(eal_arguments(settings, {5, 7}, false, 128), "--lcores"), "0@3,1@5,2@7");
}

TEST(Eal, faults) {
  Settings settings = test::eal_settings();
  const auto fault = [&](const std::vector<unsigned>& workers) {
    const auto started = start_eal(settings, workers);
    const std::string* text = std::get_if<std::string>(&started);
    return text == nullptr ? "started" : *text;
  };
  EXPECT_EQ(fault({999}).find("CPU 999 is not one of this process's CPUs ("), 0u) << fault({999});
  EXPECT_EQ(fault({}), "there is no worker: name at least one CPU for it");
  settings.hugepages = Hugepages::always;
  settings.memory_mb = 4'000'000;
  EXPECT_NE(
      fault(worker_cpus(settings)).find("MiB of hugepages are free, 4000000 MiB are needed: reserve them"),
      std::string::npos);
}

TEST(Eal, is_up_with_its_workers) {
  EXPECT_GE(frame_info_offset, 0);
  EXPECT_EQ(rte_lcore_count(), worker_cpus(test::eal_settings()).size() + 1);
  EXPECT_EQ(rte_get_main_lcore(), 0u);
  EXPECT_EQ(register_frame_info(), "");  // a second call does nothing
}

TEST(WorkerCpus, all_but_one) {
  Settings settings;
  const std::vector<unsigned> cpus = worker_cpus(settings);
  ASSERT_FALSE(cpus.empty());
  settings.workers = {4, 2};
  EXPECT_EQ(worker_cpus(settings), (std::vector<unsigned>{4, 2}));
}

}  // namespace
}  // namespace spanlight
