// spanlight-client: the commands that ask a running control process. The front passes the command's name
// first.

#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>

#include "cli/standard_streams.h"
#include "client/commands.h"

namespace {

using Run = int (*)(int, const char* const*);
constexpr struct {
  std::string_view name;
  Run run;
} kCommands[] = {{"query", spanlight::client::query},
                 {"targets", spanlight::client::targets},
                 {"resolve", spanlight::client::resolve},
                 {"import", spanlight::client::import}};

}  // namespace

int main(int argc, char** argv) {
  spanlight::cli::fill_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);
  const std::string_view name = argc > 1 ? argv[1] : "";
  for (const auto& command : kCommands) {
    if (command.name != name) continue;
    try {
      return command.run(argc - 1, argv + 1);
    } catch (const std::exception& error) {
      std::fflush(stdout);
      std::fprintf(stderr, "spanlight %s: %s\n", argv[1], error.what());
      return 1;
    }
  }
  std::fprintf(stderr, "spanlight-client: name a command: query, targets, resolve or import\n");
  return spanlight::cli::kExitUsage;
}
