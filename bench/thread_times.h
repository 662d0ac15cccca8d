#pragma once
// The CPU time of threads that somebody else started: those that came up between two looks.

#include <cstdint>
#include <set>

namespace spanlight::bench {

using Threads = std::set<int>;

Threads threads_of_process();
Threads without(const Threads& all, const Threads& before);
std::uint64_t thread_cpu_ns();                    // of the thread that asks
std::uint64_t cpu_ns_of(const Threads& threads);  // of those that still live

}  // namespace spanlight::bench
