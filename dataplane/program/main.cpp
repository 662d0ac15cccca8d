// spanlight-sensor: what `spanlight sensor`, `spanlight dissect` and `spanlight doctor` exec.

#include <cstdio>
#include <string_view>

#include "program/programs.h"

int main(int argc, char** argv) {
  const std::string_view program = argc > 1 ? argv[1] : "";
  if (program == "sensor") return spanlight::run_sensor(argc - 1, argv + 1);
  if (program == "dissect") return spanlight::run_dissect(argc - 1, argv + 1);
  if (program == "doctor") return spanlight::run_doctor(argc - 1, argv + 1);
  std::fprintf(
      stderr,
      "spanlight-sensor: the first argument is sensor, dissect or doctor; use it through `spanlight`\n");
  return 2;
}
