#include "stream/reassembler.h"
#include "stream/held_segments.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <sstream>

#include "stream/recorder.h"

namespace {
std::uint64_t allocations = 0;  // of the whole test program
}

[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* p = std::malloc(bytes)) return p;
  std::abort();
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes);
}
[[gnu::noinline]] void operator delete(void* p) noexcept {
  std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}

namespace spanlight {
namespace {

// A conversation written as a script, one event each line: `MS SIDE FLAGS SEQ ACK 'PAYLOAD' [+CUT]`, or `MS
// time`, or `MS close CAUSE`. FLAGS: letters of SFRA, or '-'. SEQ and ACK count from the side's initial
// sequence number.
class Conversing {
 public:
  explicit Conversing(std::uint32_t isn0 = 1'000, std::uint32_t isn1 = 5'000,
                      std::size_t slab_bytes = 1u << 20)
      : isn_{isn0, isn1}, slabs_(slab_bytes) {}

  void run(const std::string& script) {
    std::istringstream lines(script);
    for (std::string line; std::getline(lines, line);) {
      if (line.find_first_not_of(' ') != std::string::npos) event(line);
    }
  }

  Segment segment(unsigned side, const std::string& flags, std::uint32_t seq, std::uint32_t ack,
                  std::string_view payload, std::uint64_t ms, std::uint32_t cut = 0) const {
    Segment s;
    for (const char f : flags) {
      if (f == 'S') s.flags |= tcp_flag::syn;
      if (f == 'F') s.flags |= tcp_flag::fin;
      if (f == 'R') s.flags |= tcp_flag::rst;
      if (f == 'A') s.flags |= tcp_flag::ack;
    }
    s.payload = as_bytes(payload);
    s.wire_bytes = static_cast<std::uint32_t>(payload.size()) + cut;
    s.seq = isn_[side] + seq;
    s.ack = isn_[side ^ 1] + ack;
    s.time = kStart + ms * kMillisecondNs;
    return s;
  }

  void send(const Segment& s, unsigned side) { reassembler.on_segment(c, side, s, sink); }

  ReassemblyLimits limits;
  ReassemblyCounters counters;
  Recorder sink;
  Conversation c;

 private:
  void event(const std::string& line) {
    std::istringstream in(line);
    std::uint64_t ms = 0;
    std::string word, flags, cause;
    in >> ms >> word;
    if (word == "time") return reassembler.on_time(c, kStart + ms * kMillisecondNs, sink);
    if (word == "close") return reassembler.close(c, End::capture_ended, kStart + ms * kMillisecondNs, sink);
    std::uint32_t seq = 0, ack = 0, cut = 0;
    in >> flags >> seq >> ack;
    const std::size_t open = line.find('\'');
    const std::size_t shut = line.rfind('\'');
    const std::string payload = open == std::string::npos ? "" : line.substr(open + 1, shut - open - 1);
    if (const std::size_t plus = line.rfind('+'); plus != std::string::npos) {
      cut = static_cast<std::uint32_t>(std::stoul(line.substr(plus + 1)));
    }
    send(segment(word == "0" ? 0 : 1, flags, seq, ack, payload, ms, cut), word == "0" ? 0 : 1);
  }

  std::uint32_t isn_[2];

 public:
  SlabPool slabs_;
  Reassembler reassembler{limits, slabs_, counters};
};

struct Case {
  const char* name;
  const char* script;
  const char* yields;  // what the sink heard, joined by "; "
  std::uint64_t ReassemblyCounters::*counter = nullptr;
  std::uint64_t count = 0;
};

constexpr char kOpen[] = "0 0 S 0 0\n0 1 SA 0 1\n0 0 A 1 1\n";

const Case kCases[] = {
    {"in_order", "1 0 A 1 1 'abc'\n 1 1 A 1 4 'xy'\n 2 0 A 4 3 'd'", "0 data 'abc'; 1 data 'xy'; 0 data 'd'",
     &ReassemblyCounters::in_order_bytes, 6},
    {"out_of_order", "1 0 A 4 1 'def'\n 2 0 A 1 1 'abc'", "0 data 'abc'; 0 data 'def'",
     &ReassemblyCounters::out_of_order, 1},
    {"three_segments_backwards", "1 0 A 7 1 'gh'\n 2 0 A 4 1 'def'\n 3 0 A 1 1 'abc'",
     "0 data 'abc'; 0 data 'def'; 0 data 'gh'", &ReassemblyCounters::out_of_order, 2},
    {"retransmitted", "1 0 A 1 1 'abc'\n 2 0 A 1 1 'abc'\n 3 0 A 4 1 'd'", "0 data 'abc'; 0 data 'd'",
     &ReassemblyCounters::retransmitted, 1},
    {"retransmitted_while_held", "1 0 A 4 1 'def'\n 1 0 A 4 1 'def'\n 2 0 A 1 1 'abc'",
     "0 data 'abc'; 0 data 'def'", &ReassemblyCounters::retransmitted, 1},
    {"overlap_with_delivered", "1 0 A 1 1 'abc'\n 2 0 A 2 1 'bcd'", "0 data 'abc'; 0 data 'd'",
     &ReassemblyCounters::overlaps, 1},
    {"overlap_with_held_first_copy_wins", "1 0 A 3 1 'cd'\n 1 0 A 2 1 'bXXe'\n 2 0 A 1 1 'a'",
     "0 data 'a'; 0 data 'b'; 0 data 'cd'; 0 data 'e'", &ReassemblyCounters::overlap_conflicts, 1},
    {"overlap_that_agrees_is_no_conflict", "1 0 A 3 1 'cd'\n 1 0 A 2 1 'bcde'\n 2 0 A 1 1 'a'",
     "0 data 'a'; 0 data 'b'; 0 data 'cd'; 0 data 'e'", &ReassemblyCounters::overlap_conflicts, 0},
    {"one_segment_spans_several_held", "1 0 A 3 1 'c'\n 1 0 A 5 1 'e'\n 1 0 A 1 1 'abXdXf'",
     "0 data 'ab'; 0 data 'c'; 0 data 'd'; 0 data 'e'; 0 data 'f'", &ReassemblyCounters::overlaps, 1},
    {"keep_alive_empty", "1 0 A 1 1 'abc'\n 2 0 A 3 1\n 3 0 A 4 1 'd'", "0 data 'abc'; 0 data 'd'",
     &ReassemblyCounters::keep_alives, 1},
    {"keep_alive_one_byte", "1 0 A 1 1 'abc'\n 2 0 A 3 1 '?'\n 3 0 A 4 1 'd'", "0 data 'abc'; 0 data 'd'",
     &ReassemblyCounters::keep_alives, 1},
    {"zero_window_probe", "1 0 A 1 1 'a'\n 500 0 A 2 1 'b'\n 900 0 A 2 1 'b'\n 1000 0 A 2 1 'bcd'",
     "0 data 'a'; 0 data 'b'; 0 data 'cd'", &ReassemblyCounters::overlaps, 1},
    {"fin_one_way_the_other_goes_on",
     "1 0 FA 1 1 'a'\n 2 1 A 1 3 'x'\n 3 1 A 2 3 'y'\n 4 1 FA 3 3\n 5 0 A 3 4",
     "0 data 'a'; 0 end fin; 1 data 'x'; 1 data 'y'; 1 end fin"},
    {"fin_before_missing_data", "1 0 FA 4 1\n 2 0 A 1 1 'abc'", "0 data 'abc'; 0 end fin"},
    {"fin_with_data_before_missing_data", "1 0 FA 4 1 'd'\n 2 0 A 1 1 'abc'",
     "0 data 'abc'; 0 data 'd'; 0 end fin"},
    {"fin_retransmitted", "1 0 FA 1 1\n 2 0 FA 1 1\n 3 0 FA 1 1", "0 end fin",
     &ReassemblyCounters::retransmitted, 2},
    {"keep_alive_after_fin", "1 0 FA 1 1\n 2 0 A 1 1", "0 end fin", &ReassemblyCounters::keep_alives, 1},
    {"fin_before_its_stream_was_seen_to_end", "1 0 A 1 1 'abcdef'\n 2 0 FA 3 1\n 3 0 A 7 1 'g'",
     "0 data 'abcdef'; 0 data 'g'", &ReassemblyCounters::out_of_window, 1},
    {"data_behind_a_fin", "1 0 FA 1 1\n 2 0 A 2 1 'zzz'", "0 end fin", &ReassemblyCounters::out_of_window, 1},
    {"data_behind_a_fin_that_waits", "1 0 FA 3 1\n 2 0 A 1 1 'abcd'", "0 data 'ab'; 0 end fin",
     &ReassemblyCounters::out_of_window, 1},
    {"reset", "1 0 A 1 1 'a'\n 2 1 RA 1 2", "0 data 'a'; 0 end reset; 1 end reset"},
    {"reset_far_from_the_stream_is_ignored", "1 1 R 90000000 0\n 2 1 A 1 1 'x'", "1 data 'x'",
     &ReassemblyCounters::out_of_window, 1},
    {"reset_waits_for_what_it_acknowledges", "1 0 RA 1 4\n 2 1 A 1 1 'xyz'",
     "1 data 'xyz'; 0 end reset; 1 end reset"},
    {"reset_waits_no_longer_than_the_allowance", "1 0 RA 1 4\n 21 time", "1 gap 3; 0 end reset; 1 end reset"},
    {"data_after_a_reset", "1 1 R 1 0\n 2 0 A 1 1 'late'", "0 end reset; 1 end reset",
     &ReassemblyCounters::out_of_window, 1},
    {"hole_acknowledged_waits_for_the_allowance", "1 0 A 4 1 'def'\n 2 1 A 1 7\n 21 time", ""},
    {"hole_acknowledged", "1 0 A 4 1 'def'\n 2 1 A 1 7\n 22 time", "0 gap 3; 0 data 'def'",
     &ReassemblyCounters::gap_bytes, 3},
    {"hole_acknowledged_in_part", "1 0 A 4 1 'def'\n 2 1 A 1 3\n 22 time\n 30 0 A 3 1 'c'",
     "0 gap 2; 0 data 'c'; 0 data 'def'"},
    {"hole_filled_in_time", "1 0 A 4 1 'def'\n 2 1 A 1 7\n 21 0 A 1 1 'abc'\n 90 time",
     "0 data 'abc'; 0 data 'def'", &ReassemblyCounters::gaps, 0},
    {"hole_filled_too_late", "1 0 A 4 1 'def'\n 2 1 A 1 7\n 22 time\n 30 0 A 1 1 'abc'",
     "0 gap 3; 0 data 'def'", &ReassemblyCounters::retransmitted, 1},
    {"hole_not_acknowledged", "1 0 A 4 1 'def'\n 2000 time\n 2001 time", "0 gap 3; 0 data 'def'",
     &ReassemblyCounters::gaps, 1},
    {"hole_not_acknowledged_before_the_timeout", "1 0 A 4 1 'def'\n 2000 time", ""},
    {"lost_at_the_end", "1 0 A 1 1 'ab'\n 2 1 A 1 9\n 22 time", "0 data 'ab'; 0 gap 6"},
    {"lost_fin_is_no_gap", "1 0 A 1 1 'ab'\n 2 1 A 1 4\n 22 time\n 30 1 A 1 4 'x'", "0 data 'ab'; 1 data 'x'",
     &ReassemblyCounters::gaps, 0},
    {"lost_byte_that_looked_like_a_fin", "1 0 A 1 1 'ab'\n 2 1 A 1 4\n 22 time\n 30 0 A 4 1 'd'\n 50 time",
     "0 data 'ab'; 0 gap 1; 0 data 'd'"},
    {"late_byte_that_looked_like_a_fin", "1 0 A 1 1 'ab'\n 2 1 A 1 4\n 22 time\n 30 0 A 3 1 'c'\n 50 time",
     "0 data 'ab'; 0 data 'c'"},
    {"cut_by_the_capture", "1 0 A 1 1 'abc' +5\n 2 0 A 9 1 'i'", "0 data 'abc'; 0 gap 5; 0 data 'i'",
     &ReassemblyCounters::cut_bytes, 5},
    {"cut_whole", "1 0 A 1 1 '' +5\n 2 0 A 6 1 'i'", "0 gap 5; 0 data 'i'", &ReassemblyCounters::cut_bytes,
     5},
    {"cut_while_held", "1 0 A 4 1 'de' +2\n 1 0 A 8 1 'h'\n 2 0 A 1 1 'abc'",
     "0 data 'abc'; 0 data 'de'; 0 gap 2; 0 data 'h'", &ReassemblyCounters::cut_bytes, 2},
    {"cut_between_held", "1 0 A 6 1 'fg'\n 1 0 A 3 1 'cd' +3\n 2 0 A 1 1 'ab'",
     "0 data 'ab'; 0 data 'cd'; 0 gap 1; 0 data 'fg'", &ReassemblyCounters::cut_bytes, 1},
    {"response_before_its_request", "1 1 A 1 4 'resp'\n 9 0 A 1 1 'req'", "0 data 'req'; 1 data 'resp'",
     &ReassemblyCounters::skew_held, 1},
    {"response_whose_request_is_lost", "1 1 A 1 4 'resp'\n 21 time", "0 gap 3; 1 data 'resp'",
     &ReassemblyCounters::skew_held, 1},
    {"fin_before_what_it_acknowledges", "1 0 FA 1 5\n 9 1 A 1 1 'resp'", "1 data 'resp'; 0 end fin"},
    {"pipelined_under_skew", "1 1 A 1 3 'r1'\n 2 1 A 3 5 'r2'\n 3 0 A 1 1 'q1'\n 4 0 A 3 1 'q2'",
     "0 data 'q1'; 1 data 'r1'; 0 data 'q2'; 1 data 'r2'"},
    {"both_wait_for_each_other", "1 0 A 1 3 'ab'\n 2 1 A 1 3 'xy'", "0 data 'ab'; 1 data 'xy'"},
    {"retransmission_with_a_newer_ack_does_not_wait",
     "1 1 A 3 1 'r2'\n 2 1 A 1 9 'r1'\n 3 0 A 1 1 'question'", "1 data 'r1'; 1 data 'r2'; 0 data 'question'"},
    {"held_retransmission_with_a_newer_ack_does_not_wait", "1 0 A 4 5 'd'\n 1 0 A 5 1 'e'\n 2 0 A 1 1 'abc'",
     "0 data 'abc'; 0 data 'd'; 0 data 'e'", &ReassemblyCounters::skew_held, 0},
    {"acknowledgement_that_cannot_be", "1 1 A 1 900000000 'x'\n 90 time", "1 data 'x'",
     &ReassemblyCounters::gaps, 0},
    {"segment_out_of_the_window", "1 0 A 90000000 1 'x'\n 2 0 A 1 1 'a'", "0 data 'a'",
     &ReassemblyCounters::out_of_window, 1},
    {"strays_that_disagree",
     "1 0 A 90000000 1 'x'\n 1 0 A 190000000 1 'x'\n 1 0 A 290000000 1 'x'\n"
     "1 0 A 390000000 1 'x'\n 1 0 A 490000000 1 'x'\n 2 0 A 1 1 'a'",
     "0 data 'a'", &ReassemblyCounters::out_of_window, 5},
    {"stream_that_jumped_for_good",
     "1 0 A 1 1 'a'\n 2 0 A 90000000 1 'x'\n 2 0 A 90000001 1 'y'\n 2 0 A 90000002 1 'z'\n 2 0 A 90000003 1 "
     "'b'\n"
     "3 0 A 90000004 1 'c'",
     "0 data 'a'; 0 gap 90000001; 0 data 'b'; 0 data 'c'"},
    {"stream_that_jumped_behind_what_is_held",
     "1 0 A 3 1 'c'\n 2 0 A 90000000 1 'x'\n 2 0 A 90000001 1 'y'\n 2 0 A 90000002 1 'z'\n 2 0 A 90000003 1 "
     "'b'",
     "0 gap 2; 0 data 'c'; 0 gap 89999999; 0 data 'b'"},
    // What the other side holds acknowledges numbers that are no longer comparable: 1 GiB ahead.
    {"stream_that_jumped_while_the_other_side_holds",
     "1 1 A 5 1 'x'\n 2 0 A 3221225370 1 'a'\n 2 0 A 3221225371 1 'b'\n 2 0 A 3221225372 1 'c'\n"
     "2 0 A 3221225373 1 'd'\n 2100 time",
     "0 gap 3221225372; 0 data 'd'; 1 gap 4; 1 data 'x'"},
    {"syn_retransmitted", "1 0 S 0 0\n 2 0 A 1 1 'a'", "0 data 'a'", &ReassemblyCounters::retransmitted, 1},
    {"syn_of_another_connection_is_ignored", "1 0 S 5000 0\n 2 0 A 1 1 'a'", "0 data 'a'",
     &ReassemblyCounters::out_of_window, 1},
    {"close_gives_up_what_is_held", "1 0 A 4 1 'def'\n 2 close",
     "0 gap 3; 0 data 'def'; 0 end capture_ended; 1 end capture_ended"},
    {"close_tells_what_was_acknowledged_and_never_came", "1 0 A 1 5 'ab'\n 2 close",
     "1 gap 4; 0 data 'ab'; 0 end capture_ended; 1 end capture_ended"},
    {"close_after_both_ends_is_silent", "1 0 FA 1 1\n 2 1 FA 1 2\n 3 close", "0 end fin; 1 end fin"},
    {"without_the_ack_flag", "1 0 - 1 7 'a'\n 2 1 A 1 2 'x'", "0 data 'a'; 1 data 'x'"},
};

// The same without the handshake.
const Case kBareCases[] = {
    {"handshake", "0 0 S 0 0\n 1 1 SA 0 1\n 2 0 A 1 1\n 3 0 A 1 1 'a'\n 4 1 A 1 2 'x'",
     "0 data 'a'; 1 data 'x'", &ReassemblyCounters::retransmitted, 0},
    {"syn_with_data", "0 0 S 0 0 'early'\n 1 1 SA 0 6\n 2 0 A 6 1 'more'", "0 data 'early'; 0 data 'more'"},
    {"syn_with_data_refused_and_sent_again", "0 0 S 0 0 'early'\n 1 1 SA 0 1\n 2 0 A 1 1 'early'",
     "0 data 'early'", &ReassemblyCounters::retransmitted, 1},
    {"syn_ack_before_syn", "0 1 SA 0 1\n 5 0 S 0 0\n 5 0 A 1 1 'a'\n 6 1 A 1 2 'x'", "0 data 'a'; 1 data 'x'",
     &ReassemblyCounters::skew_held, 0},
    {"response_before_any_of_the_client", "0 1 SA 0 1\n 1 1 A 1 4 'resp'\n 9 0 S 0 0\n 10 0 A 1 1 'req'",
     "0 data 'req'; 1 data 'resp'", &ReassemblyCounters::skew_held, 1},
    {"simultaneous_open", "0 0 S 0 0\n 0 1 S 0 0\n 1 0 SA 0 1\n 1 1 SA 0 1\n 2 0 A 1 1 'a'\n 2 1 A 1 2 'x'",
     "0 data 'a'; 1 data 'x'", &ReassemblyCounters::out_of_window, 0},
    {"syn_ack_with_other_numbers",
     "0 0 S 0 0\n 1 1 SA 0 1\n 1000 0 S 0 0\n 1001 1 SA 888888888 1\n 1002 0 A 1 888888889\n"
     "1003 0 A 1 888888889 'req'\n 1004 1 A 888888889 4 'resp'",
     "0 data 'req'; 1 data 'resp'", &ReassemblyCounters::out_of_window, 0},
    {"syn_ack_with_other_numbers_behind_what_acknowledges_it",
     "0 0 S 0 0\n 1 1 SA 0 1\n 1000 0 S 0 0\n 1002 0 A 1 888888889\n 1003 1 SA 888888888 1\n"
     "1004 1 A 888888889 1 'hello'",
     "1 data 'hello'", &ReassemblyCounters::out_of_window, 0},
    {"syn_ack_with_other_numbers_when_the_first_ones_were_acknowledged",
     "0 0 S 0 0\n 1 1 SA 0 1\n 2 0 A 1 1\n 3 1 SA 888888888 1\n 4 1 A 1 1 'hello'", "1 data 'hello'",
     &ReassemblyCounters::out_of_window, 1},
    {"syn_ack_with_other_numbers_behind_data",
     "0 0 S 0 0\n 1 1 SA 0 1\n 2 1 A 1 1 'hel'\n 3 1 SA 888888888 1\n 4 1 A 4 1 'lo'",
     "1 data 'hel'; 1 data 'lo'", &ReassemblyCounters::out_of_window, 1},
    {"syn_after_its_data", "0 0 A 1 1 'ab'\n 1 0 S 0 0\n 2 1 SA 0 1\n 3 0 A 3 1 'c'",
     "0 data 'ab'; 0 data 'c'", &ReassemblyCounters::out_of_window, 0},
    {"syn_lost_and_first_segments_swapped_while_the_peer_is_unknown",
     "0 0 A 3 1 'cd'\n 1 0 A 1 1 'ab'\n 30 time", "0 data 'ab'; 0 data 'cd'"},
    {"mid_stream", "0 0 A 700 800 'ab'\n 1 1 A 800 702 'xy'", "0 data 'ab'; 1 data 'xy'"},
    {"mid_stream_other_side_joins_at_the_ack",
     "0 0 A 700 800 'ab'\n 1 1 A 803 702 'xy'\n 2 0 A 702 805 'c'\n 22 time",
     "0 data 'ab'; 1 gap 3; 1 data 'xy'; 0 data 'c'"},
    {"mid_stream_request_comes_late", "0 1 A 800 703 'resp'\n 10 0 A 700 800 'req'",
     "0 data 'req'; 1 data 'resp'", &ReassemblyCounters::skew_held, 1},
    {"mid_stream_first_is_a_keep_alive", "0 1 A 800 703 'x'\n 10 0 A 702 801 '?'\n 11 0 A 703 801 'req'",
     "1 data 'x'; 0 data 'req'"},
    {"one_direction_only", "0 0 A 700 800 'ab'\n 20 time\n 21 0 A 702 810 'cd'\n 22 0 A 704 810 'ef'",
     "0 data 'ab'; 1 gap 10; 0 data 'cd'; 0 data 'ef'", &ReassemblyCounters::skew_held, 1},
    {"one_direction_only_with_a_hole", "0 0 A 700 800 'ab'\n 20 time\n 21 0 A 704 800 'ef'\n 2021 time",
     "0 data 'ab'; 0 gap 2; 0 data 'ef'"},
    {"one_direction_first_and_the_other_side_late", "0 0 A 700 800 'ab'\n 20 time\n 40 1 A 800 702 'xy'",
     "0 data 'ab'; 1 data 'xy'"},
    {"half_open_syn_only", "0 0 S 0 0\n 1000 0 S 0 0\n 3000 close",
     "0 end capture_ended; 1 end capture_ended", &ReassemblyCounters::retransmitted, 1},
    {"refused", "0 0 S 0 0\n 1 1 RA 4294962296 1", "0 end reset; 1 end reset"},
    {"only_a_reset", "0 0 R 5 0", "0 end reset; 1 end reset"},
    {"data_after_only_a_reset", "0 0 R 5 0\n 1 1 A 5 5 'x'", "0 end reset; 1 end reset",
     &ReassemblyCounters::out_of_window, 1},
    {"reset_while_nothing_is_known_of_the_other_side", "0 0 A 700 800 'ab'\n 1 0 R 702 0\n 20 time",
     "0 data 'ab'; 0 end reset; 1 end reset"},
    {"first_acknowledgement_was_nonsense", "0 0 A 700 900000000 'ab'\n 1 1 A 800 702 'xy'",
     "0 data 'ab'; 1 data 'xy'"},
    {"empty_close", "0 close", "0 end capture_ended; 1 end capture_ended"},
};

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "; ") + line;
  return out;
}

void check(const Case& t, const std::string& script, std::uint32_t isn0, std::uint32_t isn1) {
  SCOPED_TRACE(std::string(t.name) + ", initial sequence number " + std::to_string(isn0));
  Conversing run(isn0, isn1);
  run.sink.keep_holes = false;  // some are large
  run.run(script);
  EXPECT_EQ(joined(run.sink.log), t.yields);
  EXPECT_EQ(run.sink.broken, "");
  if (t.counter != nullptr) {
    EXPECT_EQ(run.counters.*t.counter, t.count);
  }
  run.reassembler.close(run.c, End::idle, kStart + kSecondNs, run.sink);
  EXPECT_EQ(run.slabs_.used_bytes(), 0u);
  EXPECT_EQ(run.sink.ends[0] + run.sink.ends[1], 2u);
  EXPECT_EQ(run.c.hole_deadline, 0u);
}

// Each case also where its sequence numbers wrap around.
TEST(Reassembler, YieldsWhatEachCaseSays) {
  for (const Case& t : kCases) {
    for (const std::uint32_t isn : {1'000u, 0xffff'ffffu, 0xffff'fffdu, 0x7fff'ffffu}) {
      check(t, std::string(kOpen) + t.script, isn, isn + 77);
    }
  }
}

TEST(Reassembler, YieldsWhatEachCaseWithoutHandshakeSays) {
  for (const Case& t : kBareCases) check(t, t.script, 1'000, 5'000);
}

struct ReopenCase {
  const char* name;
  const char* script;
  unsigned side;
  const char* flags;
  std::uint32_t seq, ack;
  bool reopens;
  const char* payload = "";
};

constexpr char kBothFins[] = "0 0 S 0 0\n0 1 SA 0 1\n1 0 FA 1 1 'abc'\n2 1 FA 1 5 'x'";

const ReopenCase kReopenCases[] = {
    {"first_syn", "", 0, "S", 0, 0, false},
    {"syn_again", kOpen, 0, "S", 0, 0, false},
    {"syn_ack_again", kOpen, 1, "SA", 0, 1, false},
    {"other_syn", kOpen, 0, "S", 70'000, 0, true},
    {"other_syn_ack", kOpen, 1, "SA", 70'000, 1, true},
    {"other_syn_after_data", "0 0 S 0 0\n0 1 SA 0 1\n1 0 A 1 1 'abc'", 0, "S", 4, 0, true},
    {"first_syn_after_data", "0 0 S 0 0\n0 1 SA 0 1\n1 0 A 1 1 'abc'", 0, "S", 0, 0, false},
    {"no_syn", kOpen, 0, "A", 70'000, 0, false},
    {"syn_with_rst", kOpen, 0, "SR", 70'000, 0, false},
    {"late_syn_of_a_joined_stream", "0 0 A 100 1 'ab'", 0, "S", 0, 0, false},
    {"new_syn_on_a_joined_stream", "0 0 A 100 1 'ab'", 0, "S", 3'000'000, 0, true},
    {"syn_after_its_syn_ack", "0 1 SA 0 1", 0, "S", 0, 0, false},
    {"syn_after_another_syn_ack", "0 1 SA 0 1", 0, "S", 400, 0, true},
    {"syn_after_the_end_of_both", "0 0 R 0 0", 0, "S", 9, 0, true},
    {"syn_ack_after_the_end_of_an_unseen_side", "0 0 R 0 0", 1, "SA", 9, 0, true},
    {"syn_again_after_it_was_refused", "0 0 S 0 0\n1 1 RA 4294962296 1", 0, "S", 0, 0, false},
    {"syn_ack_after_a_refusal", "0 0 S 0 0\n1 1 RA 4294962296 1", 1, "SA", 0, 1, true},
    {"syn_again_after_both_fins", kBothFins, 0, "S", 0, 0, false},
    {"other_syn_after_both_fins", kBothFins, 0, "S", 70'000, 0, true},
    {"bytes_again_after_both_fins", kBothFins, 0, "A", 1, 1, false, "abc"},
    {"bytes_and_fin_again_after_both_fins", kBothFins, 0, "FA", 1, 1, false, "abc"},
    {"acknowledgement_after_both_fins", kBothFins, 0, "A", 5, 3, false},
    {"keep_alive_after_both_fins", kBothFins, 0, "A", 4, 2, false, "?"},
    {"bytes_behind_both_fins", kBothFins, 0, "A", 5, 3, true, "d"},
    {"bytes_far_behind_both_fins", kBothFins, 1, "A", 1'700'000'000, 3, true, "d"},
    {"bytes_far_before_both_fins", kBothFins, 1, "A", 3'700'000'000, 3, true, "d"},
    {"reset_behind_both_fins", kBothFins, 0, "R", 9, 0, false, "d"},
    {"bytes_behind_one_fin", "0 0 S 0 0\n0 1 SA 0 1\n1 0 FA 1 1 'abc'", 0, "A", 5, 1, false, "d"},
    {"bytes_behind_a_reset", "0 0 S 0 0\n0 1 SA 0 1\n1 1 R 1 0", 0, "A", 1, 1, false, "d"},
};

TEST(Reassembler, ReopensOnlyOnTheSynOfAnotherConnection) {
  for (const ReopenCase& t : kReopenCases) {
    SCOPED_TRACE(t.name);
    Conversing run;
    run.run(t.script);
    EXPECT_EQ(Reassembler::reopens(run.c, t.side, run.segment(t.side, t.flags, t.seq, t.ack, t.payload, 9)),
              t.reopens);
    run.reassembler.close(run.c, End::idle, kStart, run.sink);
  }
}

TEST(Reassembler, TellsWhatThePeerHadAcknowledged) {
  Conversing run;
  run.run(std::string(kOpen) +
          "1 0 A 1 1 'req1'\n 2 1 A 1 5 'resp1'\n 3 0 A 5 6 'req2'\n"
          "4 1 A 9 9 'p2'\n 5 1 A 6 9 'res'\n 6 0 FA 9 11 'bye'\n 7 1 A 11 13 'x'");
  EXPECT_EQ(run.sink.peer_acked[0], (std::vector<std::uint64_t>{0, 5, 10}));
  EXPECT_EQ(run.sink.peer_acked[1], (std::vector<std::uint64_t>{4, 8, 8, 11}));
}

// The first copy is lost, the retransmission acknowledges more than its bytes did when they were first sent.
TEST(Reassembler, ARetransmissionHasAcknowledgedNoMoreThanWhatFollowsIt) {
  Conversing run;
  run.run(std::string(kOpen) +
          "1 1 A 1 1 'q1'\n 2 0 A 3 3 'b'\n 3 1 A 3 1 'q2'\n 4 0 A 1 5 'aa'\n 5 0 A 4 5 'c'");
  EXPECT_EQ(run.sink.peer_acked[0], (std::vector<std::uint64_t>{2, 2, 4}));
}

TEST(Reassembler, KeepsTheDeadlineOfTheOldestHole) {
  Conversing run;
  run.run(kOpen);
  EXPECT_EQ(run.c.hole_deadline, 0u);
  run.run("10 0 A 4 1 'def'");
  EXPECT_EQ(run.c.hole_deadline, kStart + 2'010 * kMillisecondNs);
  run.run("12 0 A 9 1 'ij'\n 13 1 A 1 4");
  EXPECT_EQ(run.c.hole_deadline, kStart + 33 * kMillisecondNs);
  run.run("14 0 A 1 1 'abc'");  // the stream moved: the wait for what is missing next begins anew
  EXPECT_EQ(run.c.hole_deadline, kStart + 2'014 * kMillisecondNs);
  run.run("15 0 A 7 1 'gh'");
  EXPECT_EQ(run.c.hole_deadline, 0u);
  run.reassembler.close(run.c, End::idle, kStart, run.sink);
}

TEST(Reassembler, CountsFurtherThan32Bits) {
  Conversing run;
  run.sink.keep_log = run.sink.keep_holes = false;
  run.run(kOpen);
  std::uint64_t sent = 0;
  for (std::uint32_t seq = 1; sent < (9ull << 30); seq += 65'000, sent += 65'000) {
    run.send(run.segment(0, "A", seq, 1, "a", 1, 64'999), 0);
  }
  EXPECT_EQ(run.sink.offset(0), sent);
  EXPECT_EQ(run.counters.out_of_window, 0u);
  EXPECT_EQ(run.c.hole_deadline, 0u) << "an acknowledgement that is 9 GiB old is not one from the future";
  run.send(run.segment(1, "A", 1, static_cast<std::uint32_t>(sent + 1), "x", 2), 1);
  EXPECT_EQ(run.sink.delivered_bytes[1], 1u);
}

TEST(Reassembler, SplitsWhatIsLargerThanASlabPage) {
  Conversing run;
  run.sink.keep_log = false;
  std::string payload(150'000, 'p');
  run.run(kOpen);
  run.send(run.segment(0, "A", 2, 1, payload, 1), 0);
  ASSERT_NE(run.c.stream[0].held, nullptr);
  EXPECT_EQ(run.c.stream[0].held->ring_segments, 3u);
  run.run("2 0 A 1 1 'a'");
  EXPECT_EQ(run.sink.delivered_bytes[0], 150'001u);
  EXPECT_EQ(run.slabs_.used_bytes(), 0u);
}

TEST(Reassembler, DeclaresTheOldestHoleWhenALimitIsHit) {
  for (const char* what : {"segments", "bytes", "slabs", "no slab at all"}) {
    SCOPED_TRACE(what);
    Conversing run(1'000, 5'000, what == std::string("no slab at all") ? 0 : 65'536);
    if (what == std::string("segments")) run.limits.held_segments_max = 4;
    if (what == std::string("bytes")) run.limits.held_bytes_max = 40;
    std::string big(what == std::string("slabs") ? 16'000 : 10, 'b');
    run.run(kOpen);
    const auto step = static_cast<std::uint32_t>(big.size()) + 5;
    for (std::uint32_t i = 0; i < 5; ++i) run.send(run.segment(0, "A", 6 + i * step, 1, big, 1), 0);
    EXPECT_GT(run.counters.limit_hits, 0u);
    EXPECT_GT(run.sink.gap_bytes[0], 0u);
    EXPECT_EQ(run.sink.gap_bytes[0] % 5, 0u);
    run.reassembler.close(run.c, End::idle, kStart, run.sink);
    EXPECT_EQ(run.sink.delivered_bytes[0], 5 * big.size());
    EXPECT_EQ(run.sink.gap_bytes[0], 25u);
    EXPECT_EQ(run.sink.broken, "");
    EXPECT_EQ(run.slabs_.used_bytes(), 0u);
  }
}

TEST(Reassembler, ALimitDeclaresUpToASegmentThatLiesBeforeWhatIsHeld) {
  Conversing run;
  run.limits.held_segments_max = 1;
  run.run(std::string(kOpen) + "1 0 A 9 1 'ij'\n 2 0 A 4 1 'def'\n 3 0 A 7 1 'gh'");
  EXPECT_EQ(joined(run.sink.log), "0 gap 3; 0 data 'def'; 0 data 'gh'; 0 data 'ij'");
  EXPECT_EQ(run.counters.limit_hits, 1u);
}

TEST(Reassembler, ALimitReleasesWhatWaitsForTheOtherSide) {
  Conversing run;
  run.limits.held_segments_max = 1;
  run.run(std::string(kOpen) + "1 1 A 1 4 'r1'\n 2 1 A 3 4 'r2'\n 3 0 A 1 1 'req'");
  EXPECT_EQ(joined(run.sink.log), "1 data 'r1'; 1 data 'r2'; 0 data 'req'");
  EXPECT_EQ(run.counters.limit_hits, 1u);
  EXPECT_EQ(run.sink.broken, "");
}

// Bytes behind a hole show that its port is not late: the answer does not overtake the request.
TEST(Reassembler, ALimitGivesUpTheHoleThatTheOtherSideWaitsFor) {
  for (const char* what : {"segments", "bytes"}) {
    SCOPED_TRACE(what);
    Conversing run;
    if (what == std::string("segments")) run.limits.held_segments_max = 2;
    if (what == std::string("bytes")) run.limits.held_bytes_max = 4;
    run.run(std::string(kOpen) +
            "1 0 A 3 1 'q1'\n 1 0 A 7 1 'q2'\n 2 1 A 1 5 'r1'\n 2 1 A 3 9 'r2'\n 3 1 A 5 9 'r3'\n"
            "4 1 A 7 9 'r4'");
    EXPECT_EQ(
        joined(run.sink.log),
        "0 gap 2; 0 data 'q1'; 1 data 'r1'; 0 gap 2; 0 data 'q2'; 1 data 'r2'; 1 data 'r3'; 1 data 'r4'");
    EXPECT_EQ(run.counters.limit_hits, 2u);
    EXPECT_EQ(run.sink.broken, "");
    EXPECT_EQ(run.slabs_.used_bytes(), 0u);
  }
}

// The hole of this side is what its own bytes wait for first; the other side's answer to them comes behind.
TEST(Reassembler, ALimitKeepsCausalOrderBehindAHoleOfItsOwn) {
  Conversing run;
  run.limits.held_segments_max = 1;
  run.run(std::string(kOpen) + "1 1 A 3 1 'r1'\n 1 0 A 1 5 'q1'\n 1 1 A 5 3 'r2'\n 2 1 A 7 3 'r3'");
  EXPECT_EQ(joined(run.sink.log), "1 gap 2; 1 data 'r1'; 0 data 'q1'; 1 data 'r2'; 1 data 'r3'");
  EXPECT_EQ(run.counters.limit_hits, 1u);
}

// Read together while the clock stood still: nothing is old when it goes on.
TEST(Reassembler, HolesDateFromWhenTheyWereRead) {
  Conversing run;
  run.run(kOpen);
  const TimeNs stood = kStart + 10 * kMillisecondNs, read = stood + 300 * kMillisecondNs;
  run.reassembler.set_read_time(read);
  Segment answer =
      run.segment(1, "A", 1, 4, "answer", read);  // to a request that waits unread on the other port
  answer.clock = stood;
  run.reassembler.on_segment(run.c, 1, answer, run.sink);
  EXPECT_EQ(run.c.hole_deadline, read + run.limits.skew_allowance_ns);
  run.reassembler.on_time(run.c, read, run.sink);
  EXPECT_EQ(run.sink.gaps[0], 0u);
  run.reassembler.on_time(run.c, read + run.limits.skew_allowance_ns, run.sink);
  EXPECT_EQ(run.sink.gaps[0], 1u);
}

// Where the sensor lost packets itself it does not wait for what will not come; nor longer than it would.
TEST(Reassembler, TheAllowanceForSkewCanBeCut) {
  for (const DurationNs most : {kMillisecondNs, kSecondNs}) {
    Conversing run;
    run.run(kOpen);
    run.reassembler.cut_skew_allowance(most);
    const TimeNs now = kStart + kMillisecondNs;
    run.reassembler.on_segment(run.c, 1, run.segment(1, "A", 1, 4, "answer", 1), run.sink);
    EXPECT_EQ(run.c.hole_deadline, now + std::min(most, run.limits.skew_allowance_ns));
    run.reassembler.on_time(run.c, run.c.hole_deadline, run.sink);
    EXPECT_EQ(run.sink.gaps[0], 1u);
  }
}

// What is far from both ends of a long ring is not walked to: it counts as a limit that was hit.
TEST(Reassembler, ASegmentFarInsideALongRingCutsTheWaitShort) {
  for (const std::uint32_t at : {250u, 1'000u, 1'750u}) {
    Conversing run(1'000, 5'000, 16u << 20);
    run.run(kOpen);
    for (std::uint32_t i = 1; i <= 2'000; ++i) run.send(run.segment(0, "A", 1 + i * 4, 1, "ab", 1), 0);
    EXPECT_EQ(run.counters.limit_hits, 0u);
    run.send(run.segment(0, "A", 1 + at * 4 + 2, 1, "cd", 1), 0);
    EXPECT_EQ(run.counters.limit_hits > 0, at == 1'000) << at;
    run.reassembler.close(run.c, End::idle, kStart, run.sink);
    EXPECT_EQ(run.sink.broken, "");
    EXPECT_EQ(run.slabs_.used_bytes(), 0u);
  }
}

TEST(Reassembler, AFinThatFindsNoSlabStillEndsItsStream) {
  Conversing run(1'000, 5'000, 0);
  run.run(std::string(kOpen) + "1 0 FA 4 1\n 21 time");
  EXPECT_EQ(joined(run.sink.log), "0 gap 3; 0 end fin");
  EXPECT_EQ(run.counters.limit_hits, 1u);
}

TEST(Reassembler, GivesTheCauseItWasTold) {
  struct CauseSink final : StreamSink {
    GapCause cause = GapCause::mirror;
    void on_chunk(unsigned, const Chunk&) override {}
    void on_gap(unsigned, const Gap& gap) override { cause = gap.cause; }
    void on_end(unsigned, End, TimeNs) override {}
  } sink;
  Conversing run;
  run.run(kOpen);
  run.reassembler.set_gap_cause(GapCause::sensor);
  run.reassembler.on_segment(run.c, 0, run.segment(0, "A", 1, 1, "", 1, 9), sink);
  EXPECT_EQ(sink.cause, GapCause::sensor);
}

TEST(Reassembler, TakesNothingFromTheAllocator) {
  struct CountSink final : StreamSink {
    std::uint64_t bytes = 0;
    void on_chunk(unsigned, const Chunk& chunk) override { bytes += chunk.bytes.size(); }
    void on_gap(unsigned, const Gap&) override {}
    void on_end(unsigned, End, TimeNs) override {}
  } sink;
  Conversing run;
  run.run(kOpen);
  static const std::uint8_t kPayload[1'000] = {};
  const std::uint64_t before = allocations;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    Segment s;
    s.payload = kPayload;
    s.wire_bytes = 1'000;
    s.seq = 1'001 + (i ^ 1u) * 1'000;  // every pair swapped
    s.ack = 5'001;
    s.flags = tcp_flag::ack;
    s.time = kStart;
    run.reassembler.on_segment(run.c, 0, s, sink);
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(sink.bytes, 10'000'000u);
  EXPECT_EQ(run.counters.out_of_order, 5'000u);
}

}  // namespace
}  // namespace spanlight
