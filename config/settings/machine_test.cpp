// Asks the machine that runs the test; only for things that no machine has, or every one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "settings/load.h"

namespace spanlight {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::vector<std::string> sentences(const std::string& yaml) {
  const auto parsed = parse_settings(yaml, "s.yaml");
  if (const auto* faults = std::get_if<std::vector<SettingsFault>>(&parsed)) {
    ADD_FAILURE() << faults->front().sentence();
    return {};
  }
  std::vector<std::string> out;
  for (const SettingsFault& fault : check_against_machine(std::get<Settings>(parsed), "s.yaml"))
    out.push_back(fault.sentence());
  return out;
}

TEST(Machine, has_what_every_machine_has) {
  EXPECT_THAT(sentences("sensor: {runAs: root}\npublishing: {ipcGroup: root}\n"
                        "ports: [lo, 'net_af_packet0,iface=lo', '-', any, net_null0]"),
              IsEmpty());
}

TEST(Machine, refuses_what_no_machine_has) {
  struct Case {
    const char* name;
    const char* yaml;
    const char* sentence;  // its beginning: what follows depends on the machine
  };
  const Case cases[] = {
      {"worker's CPU", "lcores:\n  workers: [1023]",
       "s.yaml:2: lcores.workers: CPU 1023 is not one that this process may use; choose from "},
      {"main CPU", "lcores:\n\n  main: 1022",
       "s.yaml:3: lcores.main: CPU 1022 is not one that this process may use; choose from "},
      {"interface", "ports:\n  - source: eth-none",
       "s.yaml:2: ports[0].source: there is no interface eth-none on this machine; there are "},
      {"interface of a list", "ports:\n  - lo\n  - pcap:eth-none",
       "s.yaml:3: ports[1].source: there is no interface eth-none on this machine; there are "},
      {"interface of a vdev", "ports: ['net_af_packet0,blocksz=4096,iface=eth-none']",
       "s.yaml:1: ports[0].source: there is no interface eth-none on this machine; there are "},
      {"driver of a vdev", "ports: ['net_none0,iface=lo']",
       "s.yaml:1: ports[0].source: DPDK has no driver for net_none0 on this machine; "},
      {"PCI device", "ports:\n  - name: nic\n    source: 'ffff:ff:1f.7'",
       "s.yaml:3: ports[0].source: there is no PCI device ffff:ff:1f.7 on this machine; network devices "
       "are "},
      {"file", "ports: [no/such.pcap]",
       "s.yaml:1: ports[0].source: no/such.pcap cannot be read (No such file or directory); give the path of "
       "a capture file"},
      {"directory", "ports: ['file:/']",
       "s.yaml:1: ports[0].source: / is a directory; give the path of a capture file"},
      {"user", "sensor: {runAs: no-such-user}",
       "s.yaml:1: sensor.runAs: there is no user no-such-user on this machine; make one, or name another"},
      {"group", "publishing: {ipcGroup: no-such-group}",
       "s.yaml:1: publishing.ipcGroup: there is no group no-such-group on this machine; make one, or name "
       "another"},
  };
  for (const Case& c : cases) EXPECT_THAT(sentences(c.yaml), ElementsAre(StartsWith(c.sentence))) << c.name;
}

TEST(Machine, tells_all_faults) {
  EXPECT_THAT(sentences("lcores: {workers: [1022, 1023]}\nports: [eth-none, eth-none-2]"),
              ElementsAre(StartsWith("s.yaml:1: lcores.workers: CPU 1022"),
                          StartsWith("s.yaml:1: lcores.workers: CPU 1023"),
                          StartsWith("s.yaml:2: ports[0].source"), StartsWith("s.yaml:2: ports[1].source")));
}

TEST(Machine, faults_of_values_that_no_file_gave_have_no_line) {
  Settings settings;
  settings.run_as = "no-such-user";
  const auto faults = check_against_machine(settings, "");
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_THAT(faults[0].sentence(), StartsWith("sensor.runAs: there is no user no-such-user"));
}

TEST(Machine, a_capture_that_is_there_is_taken) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "settings-machine-test.pcap";
  std::ofstream(path) << "x";
  EXPECT_THAT(sentences("sensor: {runAs: ''}\nports: ['" + path.string() + "']"), IsEmpty());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace spanlight
