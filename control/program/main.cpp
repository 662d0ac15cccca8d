// spanlight-control: `spanlight control`.

#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <thread>

#include "cli/options.h"
#include "cli/standard_streams.h"
#include "process/log.h"
#include "process/signals.h"
#include "program/control.h"
#include "record/subscriber.h"
#include "settings/control_load.h"

namespace {

using namespace spanlight;

cli::Manual manual() {
  return {
      .name = "spanlight control",
      .summary = "name, keep and serve the calls of one or many sensors",
      .synopsis = {"[-c FILE]"},
      .description = {"Subscribes to sensors, names both ends of every call (Kubernetes pods, services and "
                      "workloads, machines of a "
                      "static map), keeps the calls, tells the sensors what to capture, and serves the "
                      "dashboard, the API and "
                      "metrics at http://127.0.0.1:8899.",
                      "Without a file it subscribes to the sensor of this machine and looks for a cluster in "
                      "the usual places. "
                      "Started as root it becomes the user that the settings name (nobody). HUP makes it "
                      "read its settings "
                      "again; what needs a restart is named in the log."},
      .examples = {{"spanlight control", "the sensor of this machine"},
                   {"spanlight control -c control.yaml", "what the settings say"}},
      .exit_status = {{"0", "ended by a signal"},
                      {"1", "the settings are wrong, or something could not be opened"},
                      {"2", "the command line was not understood"}},
      .see_also = {"spanlight check control", "spanlight query", "spanlight targets", "spanlight sensor"}};
}

int run(int argc, char** argv) {
  std::string path;
  cli::Options options(manual());
  options.text('c', "config", "FILE", &path, "Settings; without it the defaults.");
  if (const auto status = options.parse(argc, argv)) return *status;
  const auto loaded = load_control_settings(path);
  if (const auto* faults = std::get_if<std::vector<SettingsFault>>(&loaded)) {
    for (const SettingsFault& fault : *faults) std::cerr << fault.sentence() << "\n";
    return 1;
  }
  const ControlSettings& settings = std::get<ControlSettings>(loaded);
  set_log(settings.log_level, settings.log_json);
  const std::atomic<bool>& end = end_requested();
  std::atomic<bool>& reload = reload_requested();
  keep_memory_of_messages();
  ControlProcess process(settings, path);
  process.start();
  log(LogLevel::info, "serving at " + process.address());
  while (!end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (reload.exchange(false)) process.reload();
    process.tend();
  }
  log(LogLevel::info, "ending");
  process.stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  spanlight::cli::fill_standard_streams();
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "spanlight control: %s\n", error.what());
    return 1;
  }
}
