#pragma once
// Tells every sensor what to capture: SetTargets over its command endpoint (config/schema/command.fbs), until
// it is acknowledged, and again whenever a sensor has others than ours (it was started anew, or somebody else
// spoke to it). One thread of its own; set() and status() from any. Owned by the program.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "settings/control.h"
#include "targets/tracker.h"

namespace spanlight {

struct PusherOptions {
  std::chrono::milliseconds ping{500};               // how soon a restarted sensor is noticed
  std::chrono::milliseconds answer_max{2'000};       // then it is asked again
  std::chrono::milliseconds overruled_said{60'000};  // no more often than that
  std::chrono::milliseconds backoff_first{100};      // after a refusal or a silence, doubled up to
  std::chrono::milliseconds backoff_max{5'000};
};

struct SensorTargets {
  std::string endpoint;
  bool reachable = false;  // answered the last time it was asked
  std::string sensor;      // its name
  std::uint64_t sensor_epoch = 0;
  std::uint64_t sent = 0;             // number of the newest targets; 0: none yet
  std::uint64_t acknowledged = 0;     // the number that it confirmed; equal to `sent`: in force
  std::uint64_t acknowledged_ns = 0;  // wall clock
  std::uint64_t sensor_generation = 0;
  std::string last_fault;  // empty: none since it last went well
  std::uint64_t commands = 0, refused = 0, unanswered = 0, malformed = 0;
  std::uint64_t resent = 0;     // it had been started anew
  std::uint64_t overruled = 0;  // somebody else had set others
};

class TargetPusher {
 public:
  // Links without a command endpoint are left out. `fault`: what cannot be right of an endpoint or a key.
  static std::unique_ptr<TargetPusher> create(const std::vector<SensorLink>& sensors,
                                              const std::string& public_key, const std::string& secret_key,
                                              PusherOptions options,
                                              std::function<void(const std::string&)> say,
                                              std::string& fault);
  ~TargetPusher();
  TargetPusher(const TargetPusher&) = delete;
  TargetPusher& operator=(const TargetPusher&) = delete;

  // From now on these. Never blocks.
  void set(std::shared_ptr<const Targets> targets);
  std::vector<SensorTargets> status() const;

 private:
  class Impl;
  explicit TargetPusher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace spanlight
