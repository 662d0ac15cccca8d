#pragma once
// What became of the sensors since the last look, as sentences for the log: who came and went, was started
// anew, what of them did not arrive or was none of ours. Counted elsewhere, to the batch; here it is told,
// and what goes on for long is told once a minute.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ingest/sensor_board.h"

namespace spanlight {

// One thread.
class SensorNews {
 public:
  using Say = std::function<void(LogLevel, const std::string&)>;
  explicit SensorNews(Say say) : say_(std::move(say)) {}

  void look(const std::vector<SensorState>& sensors, std::uint64_t now_ns);

 private:
  // Of something that only grows: how much of it was told, and when.
  struct Told {
    std::uint64_t count = 0, at_ns = 0;
  };
  struct Seen {
    std::optional<SensorState::Link> link;
    std::uint64_t restarts = 0;
    Told missed, malformed;
  };
  void look_at(const SensorState& sensor, Seen& seen, std::uint64_t now_ns);
  void tell_link(const SensorState& sensor, Seen& seen);
  // How many more there are; 0 where there are none, or it was told a moment ago.
  static std::uint64_t news(Told& told, std::uint64_t count, std::uint64_t now_ns);

  const Say say_;
  std::vector<Seen> seen_;  // as the sensors
};

}  // namespace spanlight
