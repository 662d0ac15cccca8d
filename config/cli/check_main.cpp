// `spanlight check`: is a settings file right, by itself and on this machine? The only program here that
// knows both the settings and the protocols.

#include <unistd.h>

#include <exception>
#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include "cli/options.h"
#include "cli/standard_streams.h"
#include "core/descriptor.h"
#include "settings/control_load.h"
#include "settings/load.h"
#include "text/text.h"

namespace {

using namespace spanlight;

constexpr int kExitFaulty = 1;

// What the command line asks for.
struct Request {
  std::string file;
  bool no_machine = false;
  bool print = false;
};

using Faults = std::vector<SettingsFault>;

cli::Manual manual() {
  return {
      .name = "spanlight check",
      .summary = "check a settings file",
      .synopsis = {"[sensor|control] [-c FILE] [--no-machine] [--print]", "[sensor|control] --keys"},
      .description =
          {"Reads a settings file as the sensor (unless told otherwise) or the control process would and "
           "tells "
           "every mistake in it, one per line on standard error, with file, line, key, and what would be "
           "right: "
           "keys that do not exist, values of the wrong type or out of range, settings that contradict each "
           "other. Then it asks this machine whether the CPUs, devices, interfaces, files, folders, users "
           "and "
           "groups that the file names are there.",
           "Without a file the built-in defaults are checked. A file need only hold what differs from them."},
      .examples = {{"spanlight check -c sensor.yaml", "Check a sensor's file for the machine it is on."},
                   {"spanlight check control -c control.yaml --no-machine",
                    "Check a control process's file that is meant for another machine."},
                   {"spanlight check --print > sensor.yaml", "Begin a file with all defaults in it."},
                   {"spanlight check control --keys | less", "Read what can be set."}},
      .exit_status = {{"0", "The settings are right."}, {"1", "They are not; standard error says why."}},
      .see_also = {"spanlight sensor", "spanlight dissect"}};
}

std::string counted(std::size_t n, const std::string& one) {
  return std::to_string(n) + " " + one + (n == 1 ? "" : "s");
}

ProtocolNames protocols() {
  ProtocolNames names;
  for (const Descriptor* const descriptor : registry())
    if (descriptor->probe != nullptr) names.push_back(descriptor->name);
  return names;
}

std::string summary(const Settings& s) {
  const std::string workers =
      s.workers.empty() ? "workers on all CPUs but one" : counted(s.workers.size(), "worker");
  const std::size_t enabled = s.enabled_dissectors.empty() ? protocols().size() : s.enabled_dissectors.size();
  return counted(s.ports.size(), "port") + ", " + workers + ", " + std::to_string(s.flows_max) +
         " flows each, " + counted(enabled, "protocol") + ", redaction " +
         (s.redaction_enabled ? "on" : "OFF") + ", records at " + s.records_endpoint;
}

std::string summary(const ControlSettings& s) {
  const std::string kept = "calls kept for " + counted(s.store_keep_hours, "hour");
  const std::string store = !s.store_enabled      ? "no calls kept"
                            : s.store_url.empty() ? kept + " in " + s.store_directory
                                                  : kept + " at " + s.store_url;
  const bool https = !s.tls_certificate.empty();
  return counted(s.sensors.size(), "sensor") + ", " + (s.tap == TapSettings{} ? "all" : "some") +
         " traffic captured, " + store + ", served at " + (https ? "https://" : "http://") + s.listen +
         " to " + (s.access.empty() ? "everyone on this machine" : counted(s.access.size(), "name"));
}

int tell(const Faults& faults) {
  for (const SettingsFault& fault : faults) std::cerr << fault.sentence() << "\n";
  std::cerr << std::flush;
  return kExitFaulty;
}

template <typename S>
int check(const Request& request, const std::variant<S, Faults>& loaded) {
  if (const auto* const faults = std::get_if<Faults>(&loaded)) return tell(*faults);
  const S& settings = std::get<S>(loaded);
  if (!request.no_machine)
    if (const auto faults = check_against_machine(settings, request.file); !faults.empty())
      return tell(faults);
  if (request.print)
    std::cout << to_yaml(settings);
  else
    std::cout << (request.file.empty() ? "built-in defaults" : request.file) << ": ok: " << summary(settings)
              << "\n";
  return std::cout.flush() ? 0 : kExitFaulty;
}

// A file that is the other program's is full of unknown keys; one word says more than all of them.
template <typename Other>
void hint(const Request& request, const std::variant<Other, Faults>& other, const std::string& of,
          const std::string& command) {
  if (std::holds_alternative<Other>(other))
    std::cerr << "spanlight check: " << request.file << " is right as settings of " << of
              << "; did you mean spanlight check " << command << "?" << std::endl;
}

int check_sensor(const Request& request) {
  const auto loaded = load_settings(request.file, protocols());
  const int status = check(request, loaded);
  if (std::holds_alternative<Faults>(loaded))
    hint(request, load_control_settings(request.file), "the control process", "control");
  return status;
}

int check_control(const Request& request) {
  const auto loaded = load_control_settings(request.file);
  const int status = check(request, loaded);
  if (std::holds_alternative<Faults>(loaded))
    hint(request, load_settings(request.file, protocols()), "the sensor", "sensor");
  return status;
}

int run(int argc, char** argv) {
  Request request;
  std::vector<std::string> programs;
  bool keys = false;
  cli::Options options(manual());
  options
      .positionals("PROGRAM", &programs, 0, 1,
                   "Whose settings they are: sensor, which may be left out, or control.")
      .text('c', "config", "FILE", &request.file, "The settings file (YAML).")
      .flag(0, "no-machine", &request.no_machine, "Do not ask this machine for what the file names.")
      .flag(0, "print", &request.print,
            "Print all settings in effect as YAML on standard output, instead of the summary. Secret keys "
            "are left out.")
      .flag(0, "keys", &keys, "Print every key with its meaning, range and default, and end.")
      .conflict("keys", "print")
      .conflict("keys", "config");
  if (const auto status = options.parse(argc, argv)) return *status;
  if (options.given("config") && request.file.empty())
    return options.refuse("--config: the name is empty; give a FILE");
  const std::string program = programs.empty() ? "sensor" : programs.front();
  if (program != "sensor" && program != "control")
    return options.refuse("there are no settings of " + program +
                          "; give sensor or control, and the file behind -c");
  const bool control = program == "control";
  if (keys) {
    const unsigned columns = text::terminal_columns(STDOUT_FILENO);
    std::cout << (control ? describe_control_settings(columns) : describe_settings(columns)) << std::flush;
    return 0;
  }
  return control ? check_control(request) : check_sensor(request);
}

}  // namespace

int main(int argc, char** argv) {
  spanlight::cli::fill_standard_streams();
  try {
    return spanlight::cli::all_written(run(argc, argv), "spanlight check");
  } catch (const std::exception& error) {
    std::cerr << "spanlight check: " << error.what() << std::endl;
    return kExitFaulty;
  }
}
