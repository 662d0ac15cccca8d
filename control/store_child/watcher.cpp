#include "store_child/watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <vector>

namespace spanlight::store_child {
namespace {

// A statement that is to end is killed again and again until it has: it may not have been on ClickHouse's
// list yet.
constexpr int kKillAgainMs = 50;

}  // namespace

Watcher::Watcher(Engine& engine) : engine_(engine), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Watcher::~Watcher() {
  thread_.request_stop();
  wake();
  thread_.join();
  close(wake_);
}

void Watcher::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);  // full: it is awake already
}

Watcher::Watch::Watch(Watcher& watcher, std::uint64_t number, int fd) : watcher_(watcher), number_(number) {
  {
    const std::lock_guard lock(watcher_.mutex_);
    watcher_.watched_.emplace(number, fd);
  }
  watcher_.wake();
}

// The thread may still look at the descriptor for a moment: at worst it kills a statement that has ended.
Watcher::Watch::~Watch() {
  const std::lock_guard lock(watcher_.mutex_);
  watcher_.watched_.erase(number_);
}

void Watcher::kill_all() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake();
}

void Watcher::run(const std::stop_token& stop) {
  std::vector<pollfd> polled;
  std::vector<std::uint64_t> numbers, gone;
  bool again = false;
  while (!stop.stop_requested()) {
    polled.assign(1, {wake_, POLLIN, 0});
    numbers.assign(1, 0);
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [number, fd] : watched_) {
        polled.push_back({fd, POLLRDHUP, 0});
        numbers.push_back(number);
      }
    }
    if (again) poll(nullptr, 0, kKillAgainMs);
    if (poll(polled.data(), polled.size(), again ? 0 : -1) < 0 && errno != EINTR) {
      std::fprintf(stderr, "spanlight-store: waiting for clients to go: %s\n",
                   std::generic_category().message(errno).c_str());
      again = true;
      continue;
    }
    std::uint64_t count = 0;
    if (polled[0].revents != 0) [[maybe_unused]]
      const ssize_t got = read(wake_, &count, sizeof count);
    gone.clear();
    {
      const std::lock_guard lock(mutex_);
      for (std::size_t at = 1; at < polled.size(); ++at)
        if ((polled[at].revents != 0 || ending_) && watched_.contains(numbers[at]))
          gone.push_back(numbers[at]);
    }
    for (const std::uint64_t number : gone) {
      try {
        engine_.kill(number);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "spanlight-store: ending a statement: %s\n", error.what());
      }
    }
    again = !gone.empty();
  }
}

}  // namespace spanlight::store_child
