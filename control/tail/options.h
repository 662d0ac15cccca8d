#pragma once
// What `spanlight tail` is told on its command line.

#include <cstdint>
#include <string>
#include <vector>

namespace spanlight {

struct TailOptions {
  enum class Format : std::uint8_t { table, json };
  std::string endpoint = "ipc:///run/spanlight/records.sock";
  std::vector<std::string> protocols;  // empty = all
  Format format = Format::table;
  bool colour = true;       // where the terminal can
  std::uint64_t count = 0;  // records; 0 = without end
  std::string server_key;   // the sensor's public CURVE key
  std::string key_file;     // our own pair
};

// Either options to run with, or text to print and a status to end with.
struct ParsedTail {
  bool run = false;
  TailOptions options;
  int status = 0;
  std::string text;
};

ParsedTail parse(int argc, char** argv);

}  // namespace spanlight
