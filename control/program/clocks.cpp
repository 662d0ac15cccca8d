#include "program/clocks.h"

#include <cstdio>
#include <cstdlib>

namespace spanlight {
namespace {

constexpr std::uint64_t kSayAgainNs = 3'600'000'000'000;
constexpr std::int64_t kWellShare = 2;  // well again at half of what is wrong: no back and forth at the limit

std::string who_of(const SensorState& sensor) {
  return "sensor " + (sensor.name.empty() ? sensor.endpoint : sensor.name);
}
constexpr const char* kServer = "the Kubernetes API server";

std::string seconds(std::int64_t ns) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(std::llabs(ns)) / 1e9);
  return text;
}

std::string sentence(const std::string& who, std::int64_t offset_ns) {
  return "the clock of " + who + " is " + seconds(offset_ns) + (offset_ns > 0 ? " ahead of" : " behind") +
         " ours: calls may get the name of who had the address before or after; keep both right with a time "
         "service (chrony, systemd-timesyncd)";
}

bool off(std::int64_t offset_ns, std::int64_t most_ns) {
  return offset_ns > most_ns || offset_ns < -most_ns;
}

// What a sensor that is away said last says nothing of now.
bool known(const SensorState& sensor) {
  return sensor.clock_known && sensor.link == SensorState::Link::connected;
}

}  // namespace

std::string clock_trouble(const SensorState& sensor) {
  if (!known(sensor) || !off(sensor.clock_offset_ns, kSensorClockMaxNs)) return {};
  return sentence(who_of(sensor), sensor.clock_offset_ns);
}

std::string clock_trouble(const ClientStatus& server) {
  if (!server.clock_known || !off(server.clock_offset_ns, kServerClockMaxNs)) return {};
  return sentence(kServer, server.clock_offset_ns);
}

void ClockWatch::look(const std::vector<SensorState>& sensors, const std::optional<ClientStatus>& server,
                      std::uint64_t now_ns) {
  for (const SensorState& sensor : sensors)
    if (known(sensor))
      judge(who_of(sensor), !off(sensor.clock_offset_ns, kSensorClockMaxNs / kWellShare),
            clock_trouble(sensor), now_ns);
  if (server && server->clock_known)
    judge(kServer, !off(server->clock_offset_ns, kServerClockMaxNs / kWellShare), clock_trouble(*server),
          now_ns);
}

void ClockWatch::judge(const std::string& who, bool well, const std::string& trouble, std::uint64_t now_ns) {
  const auto said = said_ns_.find(who);
  if (!trouble.empty()) {
    if (said != said_ns_.end() && now_ns - said->second < kSayAgainNs) return;
    said_ns_[who] = now_ns;
    say_(LogLevel::warning, trouble);
  } else if (well && said != said_ns_.end()) {
    said_ns_.erase(said);
    say_(LogLevel::info, "the clock of " + who + " agrees with ours again");
  }
}

}  // namespace spanlight
