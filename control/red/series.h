#pragma once
// Counts of calls by name and by time. A series is named by texts ("shop", "cart", "http"); it holds what was
// counted since the start and, for the last minutes, in steps of ten seconds. Bounded: beyond `series_max`
// names everything is counted under the name "(other)", so that sums stay exact; a series that was silent for
// as long as steps are kept is forgotten unless totals are kept. Where they are, names that pass (addresses
// of a scan) have three quarters of the table between them, and the silent ones among them become part of
// "(other)" once that is full: what has a name of its own finds room, however many of them came before. Not
// thread-safe: RedTable locks.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "red/histogram.h"

namespace spanlight {

constexpr std::string_view kOther = "(other)";  // each part of the name of what found no series of its own
constexpr std::uint64_t kStepNs = 10'000'000'000;
constexpr std::size_t kStepsKept = 90;  // a quarter of an hour

template <typename Durations>
struct CountsOfCalls {
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;      // the answer says so
  std::uint64_t unanswered = 0;  // no answer was seen, for whatever reason
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
  Durations duration;  // of those that were answered

  template <typename Other>
  void add(const CountsOfCalls<Other>& other) {
    calls += other.calls;
    errors += other.errors;
    unanswered += other.unanswered;
    request_bytes += other.request_bytes;
    response_bytes += other.response_bytes;
    duration.add(other.duration);
  }
};

using StepCounts = CountsOfCalls<StepDurations>;
using CallCounts = CountsOfCalls<DurationHistogram>;  // sums of steps

// Texts joined so that they can be taken apart again.
class SeriesName {
 public:
  void clear() { text_.clear(); }
  void add(std::string_view part) {
    text_.append(part.substr(0, part.find('\0')));
    text_.push_back('\0');
  }
  std::string_view text() const { return text_; }
  static std::vector<std::string_view> parts_of(std::string_view name);

 private:
  std::string text_;
};

class SeriesTable {
 public:
  struct Step {
    std::uint64_t index = 0;  // time / kStepNs
    StepCounts counts;
  };
  struct Series {
    std::string name;
    std::uint64_t hash = 0;
    std::vector<Step> steps;  // by index, rising; only those in which something happened
    CallCounts forgotten;     // of steps that are no longer there
    bool passes = false;

    CallCounts total() const;
  };

  using Passes = bool (*)(std::string_view name);
  // `passes`: totals are kept, and these names pass; nullptr: none are kept.
  SeriesTable(std::size_t series_max, std::size_t name_parts, Passes passes);

  // Where a call with this name at this time is to be counted; valid until the next call of anything here.
  // Asked in three steps, so that who counts many calls has the cache lines on their way before they are
  // needed.
  static std::uint64_t hash_of(std::string_view name) { return std::hash<std::string_view>{}(name); }
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]); }
  Series& find(std::string_view name, std::uint64_t hash);  // stays where it is until forget_old()
  StepCounts& at(Series& series, std::uint64_t time_ns);

  // Forgets steps older than are kept, measured from the newest step seen, and series without any.
  void forget_old();

  template <typename Visit>
  void each(Visit visit) const {
    for (const auto& series : series_) visit(*series);
  }
  std::size_t size() const { return series_.size(); }
  std::uint64_t overflowed() const { return overflowed_; }  // calls counted under "(other)"

 private:
  struct Slot {
    std::uint64_t hash = 0;
    Series* series = nullptr;
  };
  Slot& slot_of(std::string_view name, std::uint64_t hash);
  Series& make(std::string_view name, std::uint64_t hash);
  Series& other();
  void forget_silent();
  void rebuild();

  std::vector<std::unique_ptr<Series>> series_;
  std::vector<Slot> slots_;  // open addressing, at most half full; a power of two
  std::size_t series_max_, passing_max_;
  std::size_t passing_ = 0;  // series whose name passes
  std::string other_;
  Passes passes_;
  std::uint64_t newest_ = 0;
  std::uint64_t overflowed_ = 0;
};

}  // namespace spanlight
