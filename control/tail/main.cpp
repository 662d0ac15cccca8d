// spanlight-tail: `spanlight tail`.

#include <csignal>
#include <cstdio>
#include <exception>

#include "cli/standard_streams.h"
#include "options.h"
#include "tail.h"

namespace {

spanlight::TailSignals signals;
static_assert(std::atomic<bool>::is_always_lock_free);  // what a signal handler may touch

void on_stop(int) {
  signals.stop = true;
}
void on_resize(int) {
  signals.resized = true;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;  // without SA_RESTART: waiting ends at once
  sigaction(signal, &action, nullptr);
}

int run(int argc, char** argv) {
  spanlight::TailOptions options;
  if (const auto status = spanlight::parse(argc, argv, options)) return *status;
  handle(SIGINT, on_stop);
  handle(SIGTERM, on_stop);
  handle(SIGWINCH, on_resize);
  handle(SIGPIPE, SIG_IGN);
  spanlight::keep_memory_of_messages();
  return spanlight::Tail(options, signals).run();
}

}  // namespace

int main(int argc, char** argv) {
  spanlight::cli::fill_standard_streams();
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "spanlight tail: %s\n", error.what());
    return 1;
  }
}
