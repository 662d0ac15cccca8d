#include "flow/health.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "flow/reserved_pages.h"

namespace spanlight {

namespace {

constexpr DurationNs kDisorderNs = 3 * kMillisecondNs;  // where no round trip is known; as Wireshark has it
// As reassembly has them (stream/reassembler.h).
constexpr std::int32_t kPlausibleBytes = 16 << 20;  // what is further from its stream is a stray
constexpr std::int32_t kStrayStepBytes = 1 << 20;   // how far strays that agree lie apart
constexpr std::uint32_t kJoinBytes = 1U << 20;      // how far before its first segment a stream may begin

template <typename T>
void add_saturating(T& counter) {
  counter = static_cast<T>(counter + (counter != std::numeric_limits<T>::max()));
}

constexpr std::int32_t distance(std::uint32_t from, std::uint32_t to) {
  return static_cast<std::int32_t>(to - from);
}

void take_round_trip(Health& h, std::uint32_t us) {
  h.rtt_min_us = h.rtt_samples == 0 ? us : std::min(h.rtt_min_us, us);
  h.rtt_max_us = std::max(h.rtt_max_us, us);
  h.rtt_sum_us += us;
  add_saturating(h.rtt_samples);
  h.rtt.add(us);
}

// `side` was heard to have received what was sent to it: the half between sensor and that side, and with the
// other half a round trip.
void take_half(Health& h, unsigned side, DurationNs time) {
  const std::uint32_t us = microseconds(time);
  h.half_us[side] = us;
  h.half_min_us[side] = h.half_min_us[side] == 0 ? us : std::min(h.half_min_us[side], us);
  const std::uint64_t other = h.half_us[1 - side];
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (other != 0) take_round_trip(h, static_cast<std::uint32_t>(std::min(us + other, kMost)));
}

// What the segment acknowledges ends the measurement of the other direction. An answer's own time is no
// round trip: payload gives no sample.
void take_acknowledgement(Health& h, const Packet& p, TimeNs time) {
  const unsigned other = 1U - p.sender;
  if (h.timed_at[other] == 0 || distance(h.timed_seq[other], p.ack) < 0) return;
  if (p.payload_wire_bytes == 0 && time >= h.timed_at[other])
    take_half(h, p.sender, time - h.timed_at[other]);
  h.timed_at[other] = 0;
}

// Keep-alives repeat the last byte, or none; probes of a closed window bring one byte too much.
bool is_probe(const Health& h, const Packet& p) {
  if (p.payload_wire_bytes != 1) return false;
  const unsigned s = p.sender;
  return p.seq == h.end_seq[s] - 1 || (p.seq == h.end_seq[s] && h.has(1 - s, Health::kNoWindow));
}

// What came before the highest number. In the latest hole, and less than a round trip after that opened, it
// was overtaken: what is sent again comes later. Where there is no hole the sensor stands before the place at
// which segments are lost. What ends where the highest did is the same bytes.
void take_old(Health& h, const Packet& p, std::uint32_t end, TimeNs time) {
  const unsigned s = p.sender;
  const DurationNs soon = h.rtt_samples > 0 ? h.rtt_min_us * kMicrosecondNs : DurationNs{kDisorderNs};
  const bool in_hole = distance(h.hole_seq[s], p.seq) >= 0 && end != h.end_seq[s];
  const bool overtaken = in_hole && time < h.hole_at[s] + soon;
  add_saturating(overtaken ? h.out_of_order[s] : h.retransmitted[s]);
  h.timed_at[s] = 0;  // which of two copies is acknowledged? And what is behind a hole waits for this one
}

void open_hole(Health& h, unsigned s, std::uint32_t first, TimeNs time) {
  h.hole_seq[s] = first;
  h.hole_at[s] = time;
}

bool near(std::uint32_t a, std::uint32_t b, std::int32_t bytes) {
  const std::int64_t d = distance(a, b);
  return d <= bytes && -d <= bytes;
}

// A segment that is far from its stream is damaged, or of another connection. The fourth in a row that
// continues the one before is where the stream is now: the sensor was blind for long. A second SYN-ACK of
// other numbers is the answer to a second SYN.
bool begins_anew(Health& h, const Packet& p, std::uint32_t end) {
  const unsigned s = p.sender;
  if (!h.has(s, Health::kStarted)) return true;
  if ((p.tcp_flags & tcp_flag::syn) != 0 && h.handshake_us == 0) return true;
  const unsigned strays = h.seen[s] & Health::kStrays;
  const bool agrees = strays != 0 && near(h.hole_seq[s], p.seq, kStrayStepBytes);
  if (agrees && strays == Health::kStrays) return true;
  const unsigned now = agrees ? strays + Health::kStray : Health::kStray;
  h.seen[s] = static_cast<std::uint8_t>((h.seen[s] & ~unsigned{Health::kStrays}) | now);
  open_hole(h, s, end, 0);
  return false;
}

void belongs(Health& h, unsigned s) {
  h.seen[s] = static_cast<std::uint8_t>(h.seen[s] & ~unsigned{Health::kStrays});
}

void begin(Health& h, const Packet& p, std::uint32_t end, TimeNs time) {
  const unsigned s = p.sender;
  h.seen[s] |= Health::kStarted;
  belongs(h, s);
  h.end_seq[s] = h.timed_seq[s] = end;
  h.timed_at[s] = time;
  open_hole(h, s, p.seq - kJoinBytes, time);  // what came before may have been overtaken
}

// Bytes, SYN or FIN: whatever takes sequence numbers.
void take_numbers(Health& h, const Packet& p, std::uint32_t numbers, TimeNs time) {
  const unsigned s = p.sender;
  const std::uint32_t end = p.seq + numbers;
  if (!h.has(s, Health::kStarted) || !near(h.end_seq[s], p.seq, kPlausibleBytes)) [[unlikely]] {
    if (begins_anew(h, p, end)) begin(h, p, end, time);
    return;
  }
  belongs(h, s);
  if (is_probe(h, p)) return;
  const std::int32_t ahead = distance(h.end_seq[s], p.seq);
  if (ahead < 0) {
    take_old(h, p, end, time);
    if (distance(h.end_seq[s], end) <= 0) return;
  } else if (h.timed_at[s] == 0) {
    h.timed_seq[s] = end;
    h.timed_at[s] = time;
  }
  if (ahead > 0) open_hole(h, s, h.end_seq[s], time);
  h.end_seq[s] = end;
}

// One more than the microseconds since the flow was opened: 0 is not known.
std::uint32_t moment(DurationNs since) {
  return microseconds(since + kMicrosecondNs);
}

}  // namespace

std::uint32_t microseconds(DurationNs time) {
  const DurationNs us = std::max<DurationNs>(time / kMicrosecondNs, 1);
  return static_cast<std::uint32_t>(std::min<DurationNs>(us, std::numeric_limits<std::uint32_t>::max()));
}

void note_packet(Health& h, const Packet& p, TimeNs time, TimeNs opened, bool answers) {
  const unsigned s = p.sender;
  const DurationNs since = time > opened ? time - opened : 0;
  if (answers) [[unlikely]]
    h.answered_us = moment(since);
  if (p.payload_wire_bytes > 0 && h.spoke_us[s] == 0) [[unlikely]]
    h.spoke_us[s] = moment(since);
}

void note_segment(Health& h, const Packet& p, TimeNs time, TimeNs opened) {
  const unsigned s = p.sender;
  const bool syn = (p.tcp_flags & tcp_flag::syn) != 0, ack = (p.tcp_flags & tcp_flag::ack) != 0;
  const bool fin = (p.tcp_flags & tcp_flag::fin) != 0;
  if ((p.tcp_flags & tcp_flag::rst) != 0) {
    add_saturating(h.resets[s]);
    return;
  }
  if (syn) h.seen[s] |= ack ? Health::kSynAck : Health::kSyn;
  if (fin) h.seen[s] |= Health::kFin;
  if (ack) {
    take_acknowledgement(h, p, time);
    const bool opens = h.handshake_us == 0 && !syn && h.has(s, Health::kSyn) && h.has(1 - s, Health::kSynAck);
    if (opens && time >= opened) [[unlikely]]
      h.handshake_us = microseconds(time - opened);
  }
  const std::uint32_t numbers = p.payload_wire_bytes + (syn ? 1U : 0U) + (fin ? 1U : 0U);
  if (numbers > 0) take_numbers(h, p, numbers, time);
  const bool no_window = p.window == 0 && !syn && !fin;
  if (no_window) add_saturating(h.zero_windows[s]);
  const auto other_bits = static_cast<std::uint8_t>(h.seen[s] & ~unsigned{Health::kNoWindow});
  h.seen[s] = no_window ? static_cast<std::uint8_t>(other_bits | Health::kNoWindow) : other_bits;
}

void note_missing(Health& h, unsigned sender, std::uint64_t bytes) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  h.missing_bytes[sender] = static_cast<std::uint32_t>(std::min(h.missing_bytes[sender] + bytes, kMost));
}

// ---- the spread of round trips ------------------------------------------------------------------

namespace {
constexpr unsigned kFirstOctave = 6;  // 64 µs
}

std::size_t RttSketch::bucket_of(std::uint32_t us) {
  if (us < 1U << kFirstOctave) return 0;
  const auto octave = static_cast<unsigned>(std::bit_width(us)) - 1;
  const std::size_t bucket = 1 + 2 * (octave - kFirstOctave) + (us >> (octave - 1) & 1);
  return std::min(bucket, kBuckets - 1);
}

std::uint64_t RttSketch::lower_end(std::size_t bucket) {
  if (bucket == 0) return 0;
  const std::size_t octave = kFirstOctave + (bucket - 1) / 2;
  const std::uint64_t start = std::uint64_t{1} << octave;
  return (bucket - 1) % 2 == 0 ? start : start + start / 2;
}

void RttSketch::add(std::uint32_t us) {
  std::uint8_t& count = counts_[bucket_of(us)];
  if (count == std::numeric_limits<std::uint8_t>::max())
    for (std::uint8_t& one : counts_) one = static_cast<std::uint8_t>(one / 2);
  ++count;
}

std::uint32_t RttSketch::quantile(unsigned percent, std::uint32_t min, std::uint32_t max) const {
  std::uint64_t total = 0;
  for (const std::uint8_t count : counts_) total += count;
  const std::uint64_t wanted = total * percent;  // in hundredths of a sample
  std::uint64_t below = 0;
  std::size_t bucket = 0;
  while (bucket + 1 < kBuckets && (below + counts_[bucket]) * 100 < wanted) below += counts_[bucket++];
  const std::uint64_t from = std::max<std::uint64_t>(lower_end(bucket), min);
  const std::uint64_t to = bucket + 1 == kBuckets ? max : std::min<std::uint64_t>(lower_end(bucket + 1), max);
  if (counts_[bucket] == 0 || to <= from) return std::clamp(static_cast<std::uint32_t>(from), min, max);
  const std::uint64_t inside = wanted - below * 100;  // of counts_[bucket] * 100
  return static_cast<std::uint32_t>(from + (to - from) * inside / (counts_[bucket] * std::uint64_t{100}));
}

// ---- all of a table -----------------------------------------------------------------------------

HealthArray::HealthArray(std::uint32_t flows_max) : count_(flows_max) {
  if (wanted()) all_ = static_cast<Health*>(reserve_pages(memory_bytes(flows_max)));
}

HealthArray::~HealthArray() {
  if (all_ != nullptr) munmap(all_, memory_bytes(count_));
}

bool HealthArray::populate() {
  return !wanted() || (ok() && take_pages(all_, memory_bytes(count_)));
}

}  // namespace spanlight
