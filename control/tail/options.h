#pragma once
// What `spanlight tail` is told on its command line.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace spanlight {

struct TailOptions {
  enum class Format : std::uint8_t { table, json };
  std::string endpoint = "ipc:///run/spanlight/records.sock";
  std::vector<std::string> protocols;  // empty = all
  std::string filter;                  // empty = every call
  Format format = Format::table;
  bool colour = true;       // where the terminal can
  std::uint64_t count = 0;  // records; 0 = without end
  std::string server_key;   // the sensor's public CURVE key
  std::string key_file;     // our own pair
};

// An exit status if the program is to end now: after --help, --version or a fault, which has been told.
std::optional<int> parse(int argc, const char* const* argv, TailOptions& options);

}  // namespace spanlight
