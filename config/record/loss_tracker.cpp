#include <algorithm>
#include <limits>

#include "record/subscriber.h"

namespace spanlight {
namespace {

std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) {
  return b > std::numeric_limits<std::uint64_t>::max() - a ? std::numeric_limits<std::uint64_t>::max()
                                                           : a + b;
}

}  // namespace

// The sensor's state at this epoch, and whether the epoch is a new one. nullptr: more sensors than we keep.
std::pair<LossTracker::Sensor*, bool> LossTracker::sensor_of(std::string_view name, std::uint64_t epoch) {
  const auto known = sensors_.find(name);
  if (known == sensors_.end()) {
    if (sensors_.size() >= kSensorsMax) {
      ++untracked_;
      return {nullptr, false};
    }
    Sensor& sensor = sensors_[std::string(name)];
    sensor.epoch = epoch;
    return {&sensor, false};
  }
  Sensor& sensor = known->second;
  if (sensor.epoch == epoch) return {&sensor, false};
  ++restarts_;
  sensor.epoch = epoch;
  sensor.from_zero = true;  // we were here before it started
  sensor.next.clear();
  return {&sensor, true};
}

// `number`: of a batch that came, or the next one as stats say. Returns how many batches are missing before
// it.
std::uint64_t LossTracker::advance(Sensor& sensor, std::uint16_t worker, std::string_view topic,
                                   std::uint64_t number, bool is_batch) {
  series_ = std::to_string(worker);
  series_ += '/';
  series_ += topic;
  const std::uint64_t after = is_batch ? saturating_sum(number, 1) : number;
  auto series = sensor.next.find(series_);
  if (series == sensor.next.end()) {
    if (sensor.next.size() >= kSeriesMax) {
      ++untracked_;
      return 0;
    }
    series = sensor.next.emplace(series_, sensor.from_zero ? 0 : number).first;
  }
  std::uint64_t& expected = series->second;
  if (number < expected) {
    ++out_of_order_;
    return 0;
  }
  const std::uint64_t missed = number - expected;
  expected = after;
  missed_ = saturating_sum(missed_, missed);
  return missed;
}

LossTracker::Seen LossTracker::on_batch(std::string_view sensor_name, std::uint64_t epoch,
                                        std::uint16_t worker, std::string_view topic,
                                        std::uint64_t sequence) {
  const auto [sensor, restarted] = sensor_of(sensor_name, epoch);
  if (sensor == nullptr) return {};
  return {advance(*sensor, worker, topic, sequence, true), restarted};
}

LossTracker::Seen LossTracker::on_stats(const wire::Stats& stats, const std::vector<std::string>& topics) {
  const auto [sensor, restarted] = sensor_of(text_of(stats.sensor()), stats.sensor_epoch());
  if (sensor == nullptr) return {};
  Seen seen{0, restarted};
  for (const wire::NextSequence* next : elements_of(stats.next_sequences())) {
    const std::string_view topic = text_of(next->topic());
    const bool ours = std::any_of(topics.begin(), topics.end(),
                                  [topic](const std::string& prefix) { return topic.starts_with(prefix); });
    if (!ours) continue;
    seen.missed = saturating_sum(seen.missed, advance(*sensor, next->worker(), topic, next->next(), false));
  }
  // Whatever these stats did not name has sent nothing yet: its first batch will be number 0.
  sensor->from_zero = true;
  return seen;
}

}  // namespace spanlight
