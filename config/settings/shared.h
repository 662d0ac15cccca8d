#pragma once
// What the settings of every program share: where a value was written, what is told of a wrong one. Values,
// owned by who holds the settings; made before the threads are.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace spanlight {

enum class LogLevel : std::uint8_t { error, warning, info, debug };

// Where the values were written, for sentences about them that only a later look at the machine can give.
struct SettingsOrigin {
  std::string file;                  // empty: the built-in defaults
  std::map<std::string, int> lines;  // key path ("ports[1].source") → line, 1-based; keys left out are not in
                                     // here
  int line_of(const std::string& key) const {
    const auto at = lines.find(key);
    return at == lines.end() ? 0 : at->second;
  }
};

struct SettingsFault {
  std::string file;
  int line = 0;  // 1-based; 0 = the file as a whole, or a value that was not written but is the default
  std::string key;
  std::string text;              // what is wrong and what would be right
  std::string sentence() const;  // "sensor.yaml:12: flows.max: …"
};

// The names that keys which take a protocol's may hold: those of registry(). Settings and dissectors do not
// know each other, so the program that knows both hands them over. Empty: names are not checked.
using ProtocolNames = std::vector<std::string_view>;

// Whether secret keys are printed.
enum class Secrets : std::uint8_t { withheld, shown };

}  // namespace spanlight
