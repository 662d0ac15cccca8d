#include "process/signals.h"

#include <csignal>
#include <cstring>

namespace spanlight {

namespace {

std::atomic<bool> g_end{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler stores to it");

void on_signal(int number) {
  if (g_end.exchange(true)) {
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
}

std::atomic<bool> g_reload{false};

void on_reload(int) {
  g_reload = true;
}

}  // namespace

const std::atomic<bool>& end_requested() {
  struct sigaction action;
  std::memset(&action, 0, sizeof(action));
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return g_end;
}

std::atomic<bool>& reload_requested() {
  struct sigaction action;
  std::memset(&action, 0, sizeof(action));
  action.sa_handler = on_reload;
  sigaction(SIGHUP, &action, nullptr);
  return g_reload;
}

}  // namespace spanlight
