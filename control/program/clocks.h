#pragma once
// Whether the clocks of sensors and API server agree with ours. Names are a function of time: a record has
// its sensor's clock, the map ours and the API server's, so a reused address is named wrongly where they
// differ. What is wrong is said in the log, once, again each hour while it lasts, and when it is well again.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ingest/sensor_board.h"
#include "kubernetes/client.h"

namespace spanlight {

// Records are reckoned with less than a second of slack (names/README.md): so far beneath it is warned.
constexpr std::int64_t kSensorClockMaxNs = 100'000'000;
// The Date header is known to half a second; what is measured is reckoned with, so more would be bearable.
constexpr std::int64_t kServerClockMaxNs = 2'000'000'000;

// One sentence with the number; empty where they agree, or nothing is known (yet).
std::string clock_trouble(const SensorState& sensor);
std::string clock_trouble(const ClientStatus& server);

// One thread.
class ClockWatch {
 public:
  using Say = std::function<void(LogLevel, const std::string&)>;
  explicit ClockWatch(Say say) : say_(std::move(say)) {}

  void look(const std::vector<SensorState>& sensors, const std::optional<ClientStatus>& server,
            std::uint64_t now_ns);

 private:
  void judge(const std::string& who, bool well, const std::string& trouble, std::uint64_t now_ns);

  const Say say_;
  std::map<std::string, std::uint64_t> said_ns_;  // of those that are wrong: when it was said last
};

}  // namespace spanlight
