#include "program/sensor_news.h"

namespace spanlight {
namespace {

constexpr std::uint64_t kTellAgainNs = 60'000'000'000;

std::string who(const SensorState& sensor) {
  return "sensor " + (sensor.name.empty() ? "at " + sensor.endpoint : sensor.name);
}

}  // namespace

void SensorNews::look(const std::vector<SensorState>& sensors, std::uint64_t now_ns) {
  seen_.resize(sensors.size());
  for (std::size_t i = 0; i < sensors.size(); ++i) look_at(sensors[i], seen_[i], now_ns);
}

void SensorNews::look_at(const SensorState& sensor, Seen& seen, std::uint64_t now_ns) {
  if (seen.link != sensor.link) tell_link(sensor, seen);
  if (sensor.restarts > seen.restarts) say_(LogLevel::info, who(sensor) + " was started anew");
  seen.restarts = sensor.restarts;
  if (const std::uint64_t more = news(seen.missed, sensor.missed_batches, now_ns); more > 0)
    say_(LogLevel::warning,
         std::to_string(more) + " batches of " + who(sensor) +
             " did not arrive: calls are missing; it, the network or we did not keep pace");
  if (const std::uint64_t more = news(seen.malformed, sensor.malformed, now_ns); more > 0)
    say_(LogLevel::warning, std::to_string(more) + " messages from " + who(sensor) +
                                " were left out: they are not what a sensor sends");
}

void SensorNews::tell_link(const SensorState& sensor, Seen& seen) {
  const bool was_connected = seen.link == SensorState::Link::connected;
  seen.link = sensor.link;
  switch (sensor.link) {
    case SensorState::Link::connected:
      return say_(LogLevel::info, who(sensor) + " is connected");
    case SensorState::Link::connecting:
      return was_connected ? say_(LogLevel::warning, who(sensor) + " is away: it is waited for")
                           : say_(LogLevel::info, "waiting for the " + who(sensor));
    case SensorState::Link::refused:
    case SensorState::Link::wrong:
      return say_(LogLevel::error, who(sensor) + ": " + sensor.trouble);
  }
}

std::uint64_t SensorNews::news(Told& told, std::uint64_t count, std::uint64_t now_ns) {
  if (count <= told.count || (told.at_ns != 0 && now_ns - told.at_ns < kTellAgainNs)) return 0;
  const std::uint64_t more = count - told.count;
  told = {count, now_ns};
  return more;
}

}  // namespace spanlight
