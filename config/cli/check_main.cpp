// `spanlight check`: is a settings file right, by itself and on this machine? The only program here that
// knows both the settings and the protocols.

#include <unistd.h>

#include <exception>
#include <iostream>
#include <string>

#include "cli/options.h"
#include "core/descriptor.h"
#include "settings/load.h"
#include "text/text.h"

namespace {

using namespace spanlight;

constexpr int kExitFaulty = 1;

cli::Manual manual() {
  return {
      .name = "spanlight check",
      .summary = "check a settings file",
      .synopsis = {"[-c FILE] [--no-machine] [--print]", "--keys"},
      .description =
          {"Reads a settings file as the sensor would and tells every mistake in it, one per line on "
           "standard "
           "error, with file, line, key, and what would be right: keys that do not exist, values of the "
           "wrong "
           "type or out of range, settings that contradict each other. Then it asks this machine whether the "
           "CPUs, devices, interfaces, files, users and groups that the file names are there.",
           "Without a file the built-in defaults are checked. A file need only hold what differs from them."},
      .examples = {{"spanlight check -c sensor.yaml", "Check a file for the machine it is on."},
                   {"spanlight check -c sensor.yaml --no-machine",
                    "Check a file that is meant for another machine."},
                   {"spanlight check --print > sensor.yaml", "Begin a file with all defaults in it."},
                   {"spanlight check --keys | less", "Read what can be set."}},
      .exit_status = {{"0", "The settings are right."}, {"1", "They are not; standard error says why."}},
      .see_also = {"spanlight sensor", "spanlight dissect"}};
}

std::string counted(std::size_t n, const std::string& one) {
  return std::to_string(n) + " " + one + (n == 1 ? "" : "s");
}

std::string summary(const Settings& s, std::size_t protocols) {
  const std::string workers =
      s.workers.empty() ? "workers on all CPUs but one" : counted(s.workers.size(), "worker");
  const std::size_t enabled = s.enabled_dissectors.empty() ? protocols : s.enabled_dissectors.size();
  return counted(s.ports.size(), "port") + ", " + workers + ", " + std::to_string(s.flows_max) +
         " flows each, " + counted(enabled, "protocol") + ", redaction " +
         (s.redaction_enabled ? "on" : "OFF") + ", records at " + s.records_endpoint;
}

int tell(const std::vector<SettingsFault>& faults) {
  for (const SettingsFault& fault : faults) std::cerr << fault.sentence() << "\n";
  std::cerr << std::flush;
  return kExitFaulty;
}

int run(int argc, char** argv) {
  std::string file;
  bool no_machine = false;
  bool print = false;
  bool keys = false;
  cli::Options options(manual());
  options.text('c', "config", "FILE", &file, "The settings file (YAML).")
      .flag(0, "no-machine", &no_machine, "Do not ask this machine for what the file names.")
      .flag(0, "print", &print,
            "Print all settings in effect as YAML on standard output, instead of the summary. Secret keys "
            "are left out.")
      .flag(0, "keys", &keys, "Print every key with its meaning, range and default, and end.")
      .conflict("keys", "print")
      .conflict("keys", "config");
  if (const auto status = options.parse(argc, argv)) return *status;
  if (options.given("config") && file.empty())
    return options.refuse("--config: the name is empty; give a FILE");
  if (keys) {
    std::cout << describe_settings(text::terminal_columns(STDOUT_FILENO)) << std::flush;
    return 0;
  }
  ProtocolNames protocols;
  for (const Descriptor* const descriptor : registry()) protocols.push_back(descriptor->name);
  const auto loaded = load_settings(file, protocols);
  if (const auto* const faults = std::get_if<std::vector<SettingsFault>>(&loaded)) return tell(*faults);
  const Settings& settings = std::get<Settings>(loaded);
  if (!no_machine)
    if (const auto faults = check_against_machine(settings, file); !faults.empty()) return tell(faults);
  if (print)
    std::cout << to_yaml(settings);
  else
    std::cout << (file.empty() ? "built-in defaults" : file)
              << ": ok: " << summary(settings, protocols.size()) << "\n";
  return std::cout.flush() ? 0 : kExitFaulty;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "spanlight check: " << error.what() << std::endl;
    return kExitFaulty;
  }
}
