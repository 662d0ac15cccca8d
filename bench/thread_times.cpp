#include "thread_times.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace spanlight::bench {

namespace {

const std::string kTasks = "/proc/self/task/";

}  // namespace

Threads threads_of_process() {
  Threads threads;
  for (const auto& entry : std::filesystem::directory_iterator(kTasks))
    threads.insert(std::stoi(entry.path().filename().string()));
  return threads;
}

Threads without(const Threads& all, const Threads& before) {
  Threads threads;
  std::set_difference(all.begin(), all.end(), before.begin(), before.end(),
                      std::inserter(threads, threads.begin()));
  return threads;
}

std::uint64_t thread_cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
}

std::uint64_t cpu_ns_of(const Threads& threads) {
  std::uint64_t sum = 0;
  for (const int thread : threads) {
    std::ifstream file(kTasks + std::to_string(thread) + "/schedstat");
    std::uint64_t ns = 0;
    if (file >> ns) sum += ns;
  }
  return sum;
}

}  // namespace spanlight::bench
