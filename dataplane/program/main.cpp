// spanlight-sensor: what `spanlight sensor`, `spanlight dissect` and `spanlight doctor` exec.

#include <cstdio>
#include <exception>
#include <string_view>

#include "cli/standard_streams.h"
#include "program/programs.h"

namespace {

int run(std::string_view program, int argc, char** argv) {
  if (program == "sensor") return spanlight::run_sensor(argc, argv);
  if (program == "dissect") return spanlight::run_dissect(argc, argv);
  if (program == "doctor")
    return spanlight::cli::all_written(spanlight::run_doctor(argc, argv), "spanlight doctor");
  std::fprintf(
      stderr,
      "spanlight-sensor: the first argument is sensor, dissect or doctor; use it through `spanlight`\n");
  return 2;
}

}  // namespace

// What may still be thrown here comes from the main thread, before the workers run or behind them.
int main(int argc, char** argv) {
  spanlight::cli::fill_standard_streams();
  const char* const program = argc > 1 ? argv[1] : "";
  try {
    return run(program, argc - 1, argv + 1);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "spanlight %s: %s\n", program, error.what());
    return 1;
  }
}
