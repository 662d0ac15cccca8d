#pragma once
// What was seen and what was lost, in a few lines for people.

#include <chrono>
#include <cstdio>
#include <map>
#include <string>

#include "program/engine.h"
#include "program/printer.h"

namespace spanlight {

class Summary {
 public:
  void add(const Engine& engine);  // its workers have ended
  void print(std::FILE* out, const PrintedCounts& printed, bool filtered) const;

  // One JSON object: "name" or "name{label}" → the sum over all workers, ports and files.
  void print_counters(std::FILE* out) const;

 private:
  std::uint64_t of(const std::string& name, const std::string& label = {}) const;

  std::map<std::pair<std::string, std::string>, std::uint64_t>
      totals_;  // (name, label) → sum over workers, ports and files
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace spanlight
