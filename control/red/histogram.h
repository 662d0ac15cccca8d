#pragma once
// How long calls took, as counts in buckets that grow by a quarter of an octave: a quantile read from it is
// at most a tenth off. Plain counters; whoever owns it locks.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace spanlight {

// `Count` holds the calls of one bucket: 32 bits do for a step of time, but what is summed as long as the
// process lives would wrap.
template <typename Count>
class DurationCounts {
 public:
  static constexpr unsigned kStepsPerOctave = 4;
  static constexpr unsigned kFirstOctave = 4;  // everything below 16 µs is one bucket
  static constexpr unsigned kLastOctave = 27;  // from 2^27 µs (134 s) on again one
  static constexpr std::size_t kBuckets = 2 + (kLastOctave - kFirstOctave) * kStepsPerOctave;

  static std::size_t bucket_of(std::uint64_t duration_us) {
    if (duration_us < (1u << kFirstOctave)) return 0;
    const auto octave = static_cast<unsigned>(std::bit_width(duration_us)) - 1;
    if (octave >= kLastOctave) return kBuckets - 1;
    const std::uint64_t step = duration_us >> (octave - 2) & (kStepsPerOctave - 1);
    return 1 + (octave - kFirstOctave) * kStepsPerOctave + static_cast<std::size_t>(step);
  }
  // The first duration that lies above `bucket`, in microseconds; of the last bucket: its lower end.
  static std::uint64_t upper_us(std::size_t bucket) {
    if (bucket + 1 >= kBuckets) return std::uint64_t{1} << kLastOctave;
    const std::size_t octave = kFirstOctave + bucket / kStepsPerOctave;
    return (kStepsPerOctave + bucket % kStepsPerOctave) << (octave - 2);
  }

  void add(std::uint64_t duration_us) {
    ++counts_[bucket_of(duration_us)];
    sum_us_ += duration_us;
  }
  // Of no wider ones, so that nothing is cut.
  template <typename Other>
  void add(const DurationCounts<Other>& other) {
    static_assert(sizeof(Other) <= sizeof(Count));
    for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    sum_us_ += other.sum_us_;
  }

  std::uint64_t count() const {
    std::uint64_t sum = 0;
    for (const Count n : counts_) sum += n;
    return sum;
  }
  std::uint64_t sum_us() const { return sum_us_; }
  // Of those that took less than `duration_us`, which is the end of a bucket.
  std::uint64_t count_below(std::uint64_t duration_us) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i + 1 < kBuckets && upper_us(i) <= duration_us; ++i) sum += counts_[i];
    return sum;
  }
  // The duration that `share` (0 to 1) of the calls did not exceed: the middle of its bucket, in
  // microseconds; 0 where there are none.
  std::uint64_t quantile_us(double share) const {
    const std::uint64_t all = count();
    if (all == 0) return 0;
    auto rank = static_cast<std::uint64_t>(share * static_cast<double>(all));
    if (rank >= all) rank = all - 1;
    std::size_t bucket = 0;
    for (std::uint64_t below = counts_[0]; below <= rank && bucket + 1 < kBuckets; below += counts_[bucket])
      ++bucket;
    const std::uint64_t low = bucket == 0 ? 0 : upper_us(bucket - 1);
    return (low + upper_us(bucket)) / 2;
  }

 private:
  template <typename Other>
  friend class DurationCounts;

  std::uint64_t sum_us_ = 0;  // first: beside whatever the owner counts
  std::array<Count, kBuckets> counts_{};
};

using StepDurations = DurationCounts<std::uint32_t>;
using DurationHistogram = DurationCounts<std::uint64_t>;

}  // namespace spanlight
