#pragma once
// How one connection or flow fares, counted packet by packet: round trips, what was sent again, when things
// happened first. Beside the Flow and not in it: only who wants records of connections pays for it, and what
// every packet touches is the first of three cache lines. No clock: the packets' own times.

#include <array>
#include <cstddef>
#include <cstdint>

#include "decode/packet.h"

namespace spanlight {

// Microseconds in 32 bits: beyond 71 minutes they stop at the maximum. Never 0, which means: not known.
std::uint32_t microseconds(DurationNs time);

// How round trips were spread: buckets of half an octave from 64 µs to 0.5 s. When one is full all are
// halved, so old ones count less.
class RttSketch {
 public:
  static constexpr std::size_t kBuckets = 26;
  void add(std::uint32_t us);
  // Below it lie `percent` of the samples: within the bucket in proportion, between `min` and `max`.
  std::uint32_t quantile(unsigned percent, std::uint32_t min, std::uint32_t max) const;

 private:
  static std::size_t bucket_of(std::uint32_t us);
  static std::uint64_t lower_end(std::size_t bucket);
  std::array<std::uint8_t, kBuckets> counts_{};
};

struct alignas(64) Health {
  // Of each sender.
  static constexpr std::uint8_t kStarted = 1, kSyn = 2, kSynAck = 4, kFin = 8, kNoWindow = 16, kOpened = 32;
  static constexpr std::uint8_t kStray = 64, kStrays = 3 * kStray;  // how many in a row, in the last two bits

  // What every packet touches. Arrays are by sender.
  std::uint32_t end_seq[2]{};    // behind the highest sequence number that was sent
  std::uint32_t timed_seq[2]{};  // the acknowledgement that ends the measurement under way
  TimeNs timed_at[2]{};          // when that segment was seen; 0: none is under way
  TimeNs hole_at[2]{};           // when the latest hole before end_seq opened
  TimeNs report_at = kNever;     // when a report is due
  std::uint32_t handshake_us = 0;
  std::uint8_t seen[2]{};
  std::uint8_t resets[2]{};  // they stop at their maximum

  // What only something new touches.
  std::uint64_t protocols = 0;  // bits by place in the registry
  std::uint64_t rtt_sum_us = 0;
  std::uint32_t rtt_samples = 0, rtt_min_us = 0, rtt_max_us = 0;
  std::uint32_t half_us[2]{};      // latest, from the sensor to this end and back
  std::uint32_t half_min_us[2]{};  // least
  std::uint32_t answered_us = 0;   // first packet of the end that did not open: since it opened, and 1
  std::uint32_t spoke_us[2]{};     // first payload byte: since it opened, and 1
  std::uint32_t retransmitted[2]{};
  std::uint32_t out_of_order[2]{};
  std::uint16_t zero_windows[2]{};
  std::uint16_t icmp_errors = 0;
  RttSketch rtt;
  std::uint32_t missing_bytes[2]{};
  std::uint32_t calls = 0, errors = 0;
  std::uint32_t hole_seq[2]{};  // where the latest hole begins; strays: where the last one ended

  bool tracked() const { return report_at != 0; }
  bool has(unsigned sender, std::uint8_t what) const { return (seen[sender] & what) != 0; }
};
static_assert(sizeof(Health) == 192 && offsetof(Health, protocols) == 64);

// A packet of the flow that was first seen at `opened`. `answers`: the first one from the end that did not
// open.
void note_packet(Health& health, const Packet& packet, TimeNs time, TimeNs opened, bool answers);

// What TCP says beyond that.
void note_segment(Health& health, const Packet& packet, TimeNs time, TimeNs opened);

void note_missing(Health& health, unsigned sender, std::uint64_t bytes);

// One for each flow of a table, at the same index. Reserved at once, backed by pages where it is used.
class HealthArray {
 public:
  explicit HealthArray(std::uint32_t flows_max);  // 0: there is none
  ~HealthArray();
  HealthArray(const HealthArray&) = delete;
  HealthArray& operator=(const HealthArray&) = delete;

  bool wanted() const { return count_ > 0; }
  bool ok() const { return !wanted() || all_ != nullptr; }  // false: the address space could not be reserved
  bool populate();                                          // false: the system has not so much memory
  Health& operator[](std::uint32_t flow) { return all_[flow]; }
  void prefetch(std::uint32_t flow) const { __builtin_prefetch(&all_[flow], 1); }

  static std::size_t memory_bytes(std::uint32_t flows_max) { return std::size_t{flows_max} * sizeof(Health); }

 private:
  Health* all_ = nullptr;
  std::uint32_t count_;
};

}  // namespace spanlight
