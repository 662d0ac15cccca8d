#include "store_child/heart.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>

namespace spanlight::store_child {
namespace {

constexpr std::chrono::milliseconds kBeatEvery{500};

}  // namespace

Heart::Heart(Engine& engine, int pipe) : engine_(engine), pipe_(pipe) {
  fcntl(pipe_, F_SETFL, fcntl(pipe_, F_GETFL) | O_NONBLOCK);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Heart::run(const std::stop_token& stop) {
  bool well = true;
  while (!stop.stop_requested()) {
    try {
      engine_.beat();
      well = true;
    } catch (const std::exception& error) {
      if (well) std::fprintf(stderr, "spanlight-store: a statement of nothing failed: %s\n", error.what());
      well = false;
    }
    // Full: the parent has more beats than it reads. Broken: it is gone, which is found out elsewhere.
    [[maybe_unused]] const ssize_t put = write(pipe_, "b", 1);
    std::unique_lock lock(mutex_);
    never_.wait_for(lock, stop, kBeatEvery, [] { return false; });
  }
}

}  // namespace spanlight::store_child
