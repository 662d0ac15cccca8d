#include "red/series.h"

#include <algorithm>
#include <bit>

namespace spanlight {

std::vector<std::string_view> SeriesName::parts_of(std::string_view name) {
  std::vector<std::string_view> parts;
  while (!name.empty()) {
    const std::size_t end = name.find('\0');
    parts.push_back(name.substr(0, end));
    name.remove_prefix(end == std::string_view::npos ? name.size() : end + 1);
  }
  return parts;
}

CallCounts SeriesTable::Series::total() const {
  CallCounts sum = forgotten;
  for (const Step& step : steps) sum.add(step.counts);
  return sum;
}

SeriesTable::SeriesTable(std::size_t series_max, std::size_t name_parts, Passes passes)
    : slots_(std::bit_ceil(2 * series_max + 4)),
      series_max_(series_max),
      passing_max_(series_max - series_max / 4),
      passes_(passes) {
  SeriesName other;
  for (std::size_t i = 0; i < name_parts; ++i) other.add(kOther);
  other_ = other.text();
}

SeriesTable::Slot& SeriesTable::slot_of(std::string_view name, std::uint64_t hash) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].series != nullptr && (slots_[at].hash != hash || slots_[at].series->name != name))
    at = (at + 1) & mask;
  return slots_[at];
}

SeriesTable::Series& SeriesTable::find(std::string_view name, std::uint64_t hash) {
  if (Series* known = slot_of(name, hash).series; known != nullptr) return *known;
  const bool passes = passes_ != nullptr && passes_(name);
  if (series_.size() >= series_max_ || (passes && passing_ >= passing_max_)) {
    ++overflowed_;
    return other();
  }
  Series& made = make(name, hash);
  made.passes = passes;
  passing_ += passes;
  return made;
}

SeriesTable::Series& SeriesTable::make(std::string_view name, std::uint64_t hash) {
  auto made = std::make_unique<Series>();
  made->name = name;
  made->hash = hash;
  slot_of(name, hash) = {hash, made.get()};
  series_.push_back(std::move(made));
  return *series_.back();
}

SeriesTable::Series& SeriesTable::other() {
  const std::uint64_t hash = hash_of(other_);
  Series* const known = slot_of(other_, hash).series;
  return known != nullptr ? *known : make(other_, hash);
}

StepCounts& SeriesTable::at(Series& series, std::uint64_t time_ns) {
  const std::uint64_t index = time_ns / kStepNs;
  newest_ = std::max(newest_, index);
  std::vector<Step>& steps = series.steps;
  // Calls end in nearly the order of time: the place is the last step or close to it.
  auto place = steps.end();
  while (place != steps.begin() && std::prev(place)->index >= index) --place;
  if (place == steps.end() || place->index != index) place = steps.insert(place, Step{index, {}});
  return place->counts;
}

void SeriesTable::forget_old() {
  const std::uint64_t oldest = newest_ < kStepsKept ? 0 : newest_ - kStepsKept + 1;
  for (const auto& series : series_) {
    std::vector<Step>& steps = series->steps;
    const auto kept =
        std::find_if(steps.begin(), steps.end(), [&](const Step& s) { return s.index >= oldest; });
    for (auto step = steps.begin(); step != kept; ++step) series->forgotten.add(step->counts);
    steps.erase(steps.begin(), kept);
  }
  if (passes_ == nullptr || passing_ >= passing_max_) forget_silent();
}

void SeriesTable::forget_silent() {
  const bool totals = passes_ != nullptr;
  const auto goes = [&](const auto& series) { return series->steps.empty() && (!totals || series->passes); };
  CallCounts sum;
  std::size_t gone = 0;
  for (const auto& series : series_) {
    if (!goes(series)) continue;
    ++gone;
    if (totals) sum.add(series->forgotten);
  }
  if (gone == 0) return;
  if (totals) {
    other().forgotten.add(sum);
    passing_ -= gone;
  }
  std::erase_if(series_, goes);
  rebuild();
}

void SeriesTable::rebuild() {
  std::fill(slots_.begin(), slots_.end(), Slot{});
  for (const auto& series : series_) slot_of(series->name, series->hash) = {series->hash, series.get()};
}

}  // namespace spanlight
