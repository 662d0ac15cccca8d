// Asks the machine that runs the test; only for things that no machine has, or every one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "settings/control_load.h"
#include "settings/load.h"
#include "settings/settings.h"

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

// A folder that goes when the test ends.
class ControlMachine : public ::testing::Test {
 protected:
  ControlMachine() { std::filesystem::create_directories(folder_); }
  ~ControlMachine() override { std::filesystem::remove_all(folder_); }

  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  // FOLDER stands for the folder.
  std::vector<std::string> sentences_of(std::string yaml) const {
    for (std::size_t i = yaml.find("FOLDER"); i != std::string::npos; i = yaml.find("FOLDER"))
      yaml.replace(i, 6, folder_.string());
    const auto parsed = parse_control_settings(yaml, "c.yaml");
    if (const auto* faults = std::get_if<std::vector<SettingsFault>>(&parsed)) {
      ADD_FAILURE() << faults->front().sentence();
      return {};
    }
    std::vector<std::string> out;
    for (const SettingsFault& fault : check_against_machine(std::get<ControlSettings>(parsed), "c.yaml")) {
      std::string sentence = fault.sentence();
      if (const std::size_t i = sentence.find(folder_.string()); i != std::string::npos)
        sentence.replace(i, folder_.string().size(), "FOLDER");
      out.push_back(sentence);
    }
    return out;
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ("control-machine-test-" + std::to_string(getpid()));
};

TEST_F(ControlMachine, takes_what_is_there_and_what_can_be_made) {
  std::ofstream(at("file")) << "sixteen letters.";
  EXPECT_THAT(
      sentences_of("kubernetes: {kubeconfig: FOLDER/file, staticMap: FOLDER/file}\n"
                   "store: {directory: FOLDER/new/below}\n"
                   "serve: {runAs: root, auditLog: FOLDER/audit, tls: {certificate: FOLDER/file, key: "
                   "FOLDER/file}, access: [{name: a, tokenFile: FOLDER/file}]}"),
      IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(at("new"))) << "a check makes nothing";
  EXPECT_FALSE(std::filesystem::exists(at("audit")));
}

TEST_F(ControlMachine, refuses_what_is_not_there) {
  std::ofstream(at("file")) << "x";
  std::ofstream(at("empty")) << "";
  const std::string rest = "\nserve: {runAs: ''}";
  struct Case {
    const char* name;
    std::string yaml;
    const char* sentence;
  };
  const Case cases[] = {
      {"kubeconfig", "store: {enabled: false}\nkubernetes: {kubeconfig: FOLDER/none}" + rest,
       "c.yaml:2: kubernetes.kubeconfig: FOLDER/none cannot be read (No such file or directory); give the "
       "path of a file"},
      {"map", "store: {enabled: false}\nkubernetes: {staticMap: FOLDER}" + rest,
       "c.yaml:2: kubernetes.staticMap: FOLDER is a directory; give the path of a file"},
      {"store's folder", "store: {directory: FOLDER/file}" + rest,
       "c.yaml:1: store.directory: FOLDER/file is not a directory and cannot be written; name another"},
      {"store's folder below a file", "store: {directory: FOLDER/file/below}" + rest,
       "c.yaml:1: store.directory: FOLDER/file is not a directory and cannot hold "},
      {"password", "store: {url: 'http://h', user: a, passwordFile: FOLDER/empty}" + rest,
       "c.yaml:1: store.passwordFile: FOLDER/empty is empty; write a secret into it"},
      {"token", "store: {enabled: false}\nserve: {runAs: '', access: [{name: a, tokenFile: FOLDER/file}]}",
       "c.yaml:2: serve.access[0].tokenFile: FOLDER/file is too short; write a secret of at least 16 bytes "
       "into it"},
      {"audit log", "store: {enabled: false}\nserve: {runAs: '', auditLog: FOLDER/none/audit}",
       "c.yaml:2: serve.auditLog: there is no folder FOLDER/none; make it, or name another file"},
      {"user", "store: {enabled: false}\nserve: {runAs: no-such-user}",
       "c.yaml:2: serve.runAs: there is no user no-such-user on this machine; make one, or name another"},
  };
  for (const Case& c : cases)
    EXPECT_THAT(sentences_of(c.yaml), ElementsAre(StartsWith(c.sentence))) << c.name;
}

TEST_F(ControlMachine, asks_for_nothing_that_is_not_used) {
  EXPECT_THAT(sentences_of("kubernetes: {use: never, kubeconfig: FOLDER/none}\n"
                           "store: {enabled: false, directory: FOLDER/file/below, url: 'http://h', user: a, "
                           "passwordFile: FOLDER/none}\nserve: {runAs: ''}"),
              IsEmpty());
}

}  // namespace
}  // namespace spanlight
