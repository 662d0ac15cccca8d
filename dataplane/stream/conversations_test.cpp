// Properties over random conversations: two honest ends, a mirror that loses, doubles, reorders and delays.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "stream/held_segments.h"
#include "stream/reassembler.h"
#include "stream/recorder.h"

namespace spanlight {
namespace {

double percent(std::mt19937& random, unsigned below) {
  return 0.01 * static_cast<double>(random() % below);
}

struct Sent {
  unsigned side;
  TimeNs seen;  // when the mirror shows it
  std::uint32_t seq, ack;
  std::uint8_t flags;
  std::size_t at, bytes;  // of the side's stream
  bool lost = false;
};

struct Mirror {
  double loss = 0, doubled = 0, swapped = 0;
  TimeNs skew_ns[2] = {0, 0};
  bool deaf[2] = {false, false};  // nothing of that side is seen
  bool handshake = true;
};

// What two honest ends said to each other, in the order they sent it: each acknowledges all that the other
// has sent.
class Dialogue {
 public:
  Dialogue(std::mt19937& random, unsigned turns) {
    for (unsigned side = 0; side < 2; ++side)
      isn_[side] = random() % 2 == 0 ? static_cast<std::uint32_t>(random()) : 0xffff'ff00u;
    send(0, tcp_flag::syn, 0);
    send(1, tcp_flag::syn | tcp_flag::ack, 0);
    send(0, tcp_flag::ack, 0);
    unsigned side = 0;
    for (unsigned turn = 0; turn < turns; ++turn) {
      if (random() % 3 != 0) side ^= 1;
      const std::size_t bytes = random() % 8 == 0 ? 0 : 1 + random() % 60;
      for (std::size_t i = 0; i < bytes; ++i) text[side].push_back(static_cast<char>('a' + random() % 26));
      send(side, tcp_flag::ack, bytes);
      now_ += random() % (2 * kMillisecondNs);
    }
    send(0, tcp_flag::ack | tcp_flag::fin, 0);
    send(1, tcp_flag::ack | tcp_flag::fin, 0);
    send(0, tcp_flag::ack, 0);
  }

  std::string text[2];
  std::vector<Sent> sent;

 private:
  void send(unsigned side, std::uint8_t flags, std::size_t bytes) {
    Sent s{side,
           now_,
           isn_[side] + next_[side],
           isn_[side ^ 1] + next_[side ^ 1],
           flags,
           text[side].size() - bytes,
           bytes};
    sent.push_back(s);
    next_[side] +=
        static_cast<std::uint32_t>(bytes) + ((flags & (tcp_flag::syn | tcp_flag::fin)) != 0 ? 1u : 0u);
    now_ += 10 * kMicrosecondNs;
  }

  std::uint32_t isn_[2];
  std::uint32_t next_[2] = {0, 0};
  TimeNs now_ = kStart;
};

std::vector<Sent> mirrored(const Dialogue& d, const Mirror& m, std::mt19937& random) {
  std::uniform_real_distribution<double> chance(0, 1);
  std::vector<Sent> seen;
  for (Sent s : d.sent) {
    s.seen += m.skew_ns[s.side];
    const bool syn = (s.flags & tcp_flag::syn) != 0;  // without it the beginning is not known
    if (m.deaf[s.side] || (syn ? !m.handshake : chance(random) < m.loss)) continue;
    seen.push_back(s);
    if (chance(random) >= m.doubled) continue;
    s.seen += random() % (3 * kMillisecondNs);
    seen.push_back(s);
  }
  std::stable_sort(seen.begin(), seen.end(), [](const Sent& a, const Sent& b) { return a.seen < b.seen; });
  for (std::size_t i = 1; i < seen.size(); ++i) {
    if (chance(random) >= m.swapped) continue;
    std::swap(seen[i - 1], seen[i]);
    std::swap(seen[i - 1].seen, seen[i].seen);
    ++i;
  }
  return seen;
}

// Feeds `seen` with a timer that is never late, and checks what must hold after every call.
class Replay {
 public:
  void run(const Dialogue& d, const std::vector<Sent>& seen) {
    for (const Sent& s : seen) {
      fire_until(s.seen);
      Segment segment;
      segment.payload = as_bytes(std::string_view(d.text[s.side]).substr(s.at, s.bytes));
      segment.wire_bytes = static_cast<std::uint32_t>(s.bytes);
      segment.seq = s.seq;
      segment.ack = s.ack;
      segment.flags = s.flags;
      segment.time = now_ = std::max(now_, s.seen);
      reassembler.on_segment(c, s.side, segment, sink);
      check();
    }
  }

  void fire_until(TimeNs until) {
    for (unsigned turns = 0; c.hole_deadline != 0 && c.hole_deadline <= until; ++turns) {
      ASSERT_LT(turns, 10'000u) << "a deadline that is never met";
      now_ = std::max(now_, c.hole_deadline);
      reassembler.on_time(c, now_, sink);
      check();
    }
  }

  void finish() {
    fire_until(now_ + kSecondNs * 60);
    idle_held = slabs.used_bytes();
    reassembler.close(c, End::idle, now_, sink);
  }

  ReassemblyLimits limits;
  ReassemblyCounters counters;
  SlabPool slabs{4u << 20};
  Recorder sink;
  Conversation c;
  Reassembler reassembler{limits, slabs, counters};
  std::size_t idle_held = 0;  // slabs still in use a minute after the last packet

 private:
  void check() const {
    EXPECT_TRUE(c.hole_deadline == 0 || c.hole_deadline > now_) << "a deadline that has passed";
    EXPECT_LE(c.hole_deadline, now_ + limits.hole_timeout_ns);
    EXPECT_TRUE(c.hole_deadline != 0 || slabs.used_bytes() == 0) << "held without a deadline";
    for (const Stream& s : c.stream) {
      if (s.held == nullptr) continue;
      EXPECT_LE(s.held->ring_bytes, limits.held_bytes_max);
      EXPECT_LE(s.held->ring_segments, limits.held_segments_max + 1);  // and a FIN
    }
  }

  TimeNs now_ = 0;
};

// Everything that came through, at its place: `got` is `said` with '#' for each byte of a hole. A FIN that is
// lost together with the bytes before it looks like one byte more.
void expect_agrees(std::string got, const std::string& said) {
  if (got.size() == said.size() + 1 && got.back() == '#') got.pop_back();
  ASSERT_LE(got.size(), said.size());
  std::string shown = said.substr(0, got.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i] == '#') shown[i] = '#';
  }
  EXPECT_EQ(got, shown);
}

std::string what_was_seen(const Dialogue& d, const std::vector<Sent>& seen, unsigned side) {
  std::string text(d.text[side].size(), '#');
  for (const Sent& s : seen) {
    if (s.side == side) text.replace(s.at, s.bytes, d.text[side], s.at, s.bytes);
  }
  return text;
}

TEST(Conversations, DeliverAllThatTheMirrorShowedOnceInOrderAndTellTheRest) {
  for (unsigned seed = 0; seed < 2'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Mirror m;
    m.loss = seed % 4 == 0 ? 0 : percent(random, 15);
    m.doubled = percent(random, 20);
    m.swapped = percent(random, 20);
    m.skew_ns[random() % 2] = random() % (15 * kMillisecondNs);
    const Dialogue d(random, 5 + static_cast<unsigned>(random() % 100));
    const std::vector<Sent> seen = mirrored(d, m, random);
    Replay replay;
    replay.run(d, seen);
    replay.finish();
    EXPECT_EQ(replay.sink.broken, "");
    EXPECT_EQ(replay.idle_held, 0u);
    EXPECT_EQ(replay.slabs.used_bytes(), 0u);
    EXPECT_EQ(replay.counters.limit_hits, 0u);
    for (unsigned side = 0; side < 2; ++side) {
      EXPECT_EQ(replay.sink.ends[side], 1u);
      expect_agrees(replay.sink.text[side], d.text[side]);
      EXPECT_TRUE(m.loss > 0 || replay.sink.text[side] == d.text[side]);
    }
    EXPECT_TRUE(m.loss > 0 || replay.counters.gaps == 0);
    if (HasFailure()) return;
  }
}

// With the handshake seen and the last packets too, also the lengths are known: delivered + gaps = stream.
TEST(Conversations, LoseExactlyWhatTheMirrorLost) {
  for (unsigned seed = 0; seed < 2'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Mirror m;
    m.loss = percent(random, 15);
    m.skew_ns[random() % 2] = random() % (15 * kMillisecondNs);
    const Dialogue d(random, 5 + static_cast<unsigned>(random() % 100));
    std::vector<Sent> seen;
    for (const Sent& s : mirrored(d, Mirror{.loss = 0, .skew_ns = {m.skew_ns[0], m.skew_ns[1]}}, random)) {
      const bool keep = (s.flags & (tcp_flag::syn | tcp_flag::fin)) != 0;
      if (keep || random() % 1'000 >= static_cast<unsigned>(m.loss * 1'000)) seen.push_back(s);
    }
    Replay replay;
    replay.run(d, seen);
    replay.finish();
    EXPECT_EQ(replay.sink.broken, "");
    for (unsigned side = 0; side < 2; ++side) {
      EXPECT_EQ(replay.sink.text[side], what_was_seen(d, seen, side));
      EXPECT_EQ(replay.sink.offset(side), d.text[side].size());
    }
    if (HasFailure()) return;
  }
}

TEST(Conversations, SurviveMirrorsThatAreDeafOrTooSkewed) {
  for (unsigned seed = 0; seed < 1'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Mirror m;
    m.loss = percent(random, 30);
    m.swapped = 0.2;
    m.handshake = random() % 2 == 0;
    m.deaf[seed % 3 == 0 ? 0 : 1] = seed % 3 != 2;
    m.skew_ns[random() % 2] = random() % (90 * kMillisecondNs);
    const Dialogue d(random, 5 + static_cast<unsigned>(random() % 200));
    const std::vector<Sent> seen = mirrored(d, m, random);
    Replay replay;
    replay.limits.held_segments_max = seed % 5 == 0 ? 4 : 256;
    replay.run(d, seen);
    replay.finish();
    EXPECT_EQ(replay.sink.broken, "");
    EXPECT_EQ(replay.idle_held, 0u);
    EXPECT_EQ(replay.slabs.used_bytes(), 0u);
    if (m.handshake && m.loss == 0) {
      for (unsigned side = 0; side < 2; ++side) expect_agrees(replay.sink.text[side], d.text[side]);
    }
    if (HasFailure()) return;
  }
}

// Bytes are delivered after everything that they acknowledge, whatever the skew below the allowance.
TEST(Conversations, KeepCausalOrderUnderSkew) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Mirror m;
    m.skew_ns[seed % 2] = 1 + random() % (19 * kMillisecondNs);
    const Dialogue d(random, 60);
    Replay replay;
    replay.run(d, mirrored(d, m, random));
    replay.finish();
    std::string order, said;
    for (const std::string& line : replay.sink.log) {
      if (line.find("data") != std::string::npos) order += line + "\n";
    }
    for (const Sent& s : d.sent) {
      if (s.bytes != 0)
        said += (s.side == 0 ? "0 data '" : "1 data '") + d.text[s.side].substr(s.at, s.bytes) + "'\n";
    }
    EXPECT_EQ(order, said);
    if (HasFailure()) return;
  }
}

TEST(Conversations, ATenthOfTheSegmentsSwappedLosesNothing) {
  std::mt19937 random(1);
  const Dialogue d(random, 20'000);
  Replay replay;
  replay.sink.keep_log = true;
  replay.run(d, mirrored(d, Mirror{.swapped = 0.1}, random));
  replay.finish();
  EXPECT_EQ(replay.counters.gaps, 0u);
  EXPECT_GT(replay.counters.out_of_order, 100u);
  for (unsigned side = 0; side < 2; ++side) EXPECT_TRUE(replay.sink.text[side] == d.text[side]);
}

}  // namespace
}  // namespace spanlight
