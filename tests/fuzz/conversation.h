#pragma once
// Bytes → a conversation of two directions with cuts, holes and pauses → one protocol's dissector, through
// the session in small of core/testing. What holds of every protocol is checked here: no rule of the contract
// is broken, every slab comes back, the dissector allocates nothing, cuts and rests change nothing, a
// prefix's calls are the whole's first, pairs and losses are told consistently, and a verdict stays. A
// protocol with more to promise calls the parts from a target of its own.
//
// Input: u8 set-up, u8 memory, then segments: u8 control, u8 length, bytes.
//   set-up:  bits 0-1 preview limit, 2 both sides end in order, 3-4 how it closes, 5 long pauses, 6 datagrams
//            (of a protocol over both), 7 random cuts instead of byte by byte
//   memory:  bits 0-1 slabs: enough, or 1 to 3 pages; 2 no slabs for previews; 3 none at all; 4 shed at the
//            end; 5 previews shed; 6 at most two open calls; 7 credentials are shown
//   control: bit 0 direction, 1-2 both set: the segment is lost, 3 length in units of 8 bytes, 4 its sender
//            had received nothing, 5 lost in the sensor, 6 its sender says no more

#include <sanitizer/allocator_interface.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "core/reader.h"
#include "core/testing/harness.h"

namespace spanlight::fuzzing {

using testing::Call;
using testing::Conversation;
using testing::Outcome;
using testing::Play;

constexpr std::size_t kSegmentsMax = 64;
constexpr std::size_t kInputBytesMax = 1'024;  // longer ones are slow, byte by byte, and find no more

[[noreturn]] inline void broken(const char* what, const std::string& detail = {}) {
  testing::inside_dissector = false;
  std::fprintf(stderr, "broken: %s\n", what);
  std::fwrite(detail.data(), 1, detail.size(), stderr);
  std::abort();
}

// To be called once, from LLVMFuzzerInitialize.
inline void forbid_allocation() {
  __sanitizer_install_malloc_and_free_hooks(
      [](const volatile void*, std::size_t) {
        if (testing::inside_dissector) broken("the dissector allocated");
      },
      [](const volatile void*) {});
}

// What every target's set-up has at the same bits: 0-4 of the first byte, 0-5 of the second.
inline Play usual_setup(std::uint8_t bits, std::uint8_t memory) {
  constexpr std::array<std::uint32_t, 4> kPreviews = {16'384, 0, 5, 300};
  constexpr std::array<End, 4> kEnds = {End::capture_ended, End::reset, End::idle, End::evicted};
  constexpr std::array<std::size_t, 4> kPages = {8, 1, 2, 3};
  Play how;
  how.limits.body_preview_bytes = kPreviews[bits & 3];
  how.fin = (bits & 4) != 0;
  how.close = (memory & 16) != 0 ? End::shed : kEnds[bits >> 3 & 3];
  how.state_bytes = (memory & 8) != 0 ? 0 : kPages[memory & 3] * SlabPool::kPageBytes;
  how.preview_bytes = (memory & 4) != 0 ? 0 : kPages[0] * SlabPool::kPageBytes;
  if ((memory & 32) != 0) how.shed_segments = 0xcccccccc;
  return how;
}

inline Play read_setup(std::uint8_t bits, std::uint8_t memory, Transport transport) {
  Play how = usual_setup(bits, memory);
  if ((bits & 32) != 0) how.time_step_ns = 25 * kSecondNs;
  how.datagrams = transport == Transport::both ? (bits & 64) != 0 : transport != Transport::tcp;
  if ((memory & 64) != 0) how.limits.open_calls_max = 2;
  how.limits.credentials_shown = (memory & 128) != 0;
  return how;
}

inline Conversation read_segments(Reader& r) {
  Conversation out;
  while (r.left() > 2 && out.size() < kSegmentsMax) {
    const std::uint8_t control = r.u8();
    const std::size_t length = std::size_t{r.u8()} * ((control & 8) != 0 ? 8 : 1);
    testing::Segment s{.from = (control & 1) != 0 ? Direction::s2c : Direction::c2s,
                       .bytes = std::string(as_text(r.take(std::min(length, r.left()))))};
    if (s.bytes.empty()) continue;
    s.lost = (control & 6) == 6;
    if ((control & 16) != 0) s.peer_acked = 0;
    if ((control & 32) != 0) s.cause = GapCause::sensor;
    s.fin = (control & 64) != 0;
    out.push_back(std::move(s));
  }
  return out;
}

inline void check_outcome(const Outcome& o) {
  if (!o.violations.empty()) broken("contract", o.violations.front());
  if (o.used_bytes != 0) broken("slabs kept");
}

inline void check_calls(const Outcome& o) {
  for (const Call& c : o.calls) {
    const bool whole = c.state == State::complete;
    if (whole && c.reason != Reason::none) broken("a pair with a reason", c.text());
    if (!whole && c.state != State::one_way && c.reason == Reason::none)
      broken("a half is missing, nobody says why", c.text());
    if (whole && (c.flags & kFlagUncertain) != 0) broken("a pair that is uncertain", c.text());
    if (whole && c.response_first < c.request_first) broken("answered before it was asked", c.text());
    const bool lost = c.reason == Reason::lost_in_mirror || c.reason == Reason::lost_in_sensor;
    // But a request may be one itself, and says its code.
    if (lost && c.state == State::no_response && c.is_error && c.status < 0)
      broken("our loss is no error of theirs", c.text());
  }
}

// What little memory holds depends on the cut: blocks grow with the bytes.
inline bool exhausted(const Outcome& o) {
  return o.counters.state_exhausted + o.counters.preview_exhausted != 0;
}

// Once decided, more bytes of a stream do not change the verdict.
inline void check_probe(const Descriptor& protocol, Bytes head) {
  constexpr std::size_t kStepsMax = 256;
  for (const bool hinted : {false, true}) {
    const Verdict whole = protocol.probe_of(Transport::tcp, head, 0, {}, hinted);
    for (std::size_t n = 0; n < head.size() && n < kStepsMax; ++n) {
      const Verdict v = protocol.probe_of(Transport::tcp, head.first(n), 0, {}, hinted);
      if (v != Verdict::more && v != whole) broken("probe depends on the cut");
    }
    if (protocol.hinted_probe == nullptr) return;
  }
}

// Of a datagram that the capture cut the verdict is that of the whole, or none; so it is where a port hints.
inline void check_datagram_probe(const Descriptor& protocol, Bytes datagram) {
  const Verdict whole = protocol.probe_of(Transport::udp, datagram, 0, {});
  const Verdict hinted = protocol.probe_of(Transport::udp, datagram, 0, {}, true);
  if (whole == Verdict::no) return;
  if (hinted != whole) broken("a hint that takes a verdict away");
  if (protocol.cut_datagram_probe == nullptr) return;
  for (std::size_t n = 0; n < datagram.size(); ++n) {
    const Verdict cut = protocol.probe_of(Transport::udp, datagram.first(n), datagram.size() - n, {});
    if (cut != Verdict::no && cut != whole) broken("a cut datagram is somebody else's");
  }
}

// What is found in a window is found in it however it grows.
inline void check_sync(const Descriptor& protocol, Direction from, Bytes window) {
  if (!protocol.can_be_found()) return;
  const Sync whole = protocol.find(from, window);
  if (whole.skip > window.size()) broken("sync beyond the window");
  const Sync again = protocol.find(from, window.subspan(whole.skip));
  if (whole.found && (!again.found || again.skip != 0)) broken("what was found is not there");
  if (protocol.begins != nullptr)
    for (std::size_t n = 0; n < window.size(); ++n)
      if (protocol.begins(from, window.subspan(n)) == Look::yes &&
          !any_allows(protocol.signs(from), window.subspan(n)))
        broken("signs deny what begins");
  std::size_t at = 0;
  for (std::size_t n = 1; n <= window.size(); ++n) {
    const Sync part = protocol.find(from, window.subspan(at, n - at));
    at += part.skip;
    if (part.found) break;
  }
  if (at != whole.skip) broken("sync depends on the cut");
}

// With holes or without: a hole lies between segments, and segments are cut further. Nor does resting between
// messages change anything.
inline void check_cuts(const Descriptor& protocol, const Conversation& conversation, Play how,
                       const Outcome& whole, std::uint32_t seed) {
  how.park = false;
  how.cut_seed = seed;
  how.cut_bytes = seed == 0 ? 1 : 0;
  const Outcome cut = play(protocol, conversation, how);
  check_outcome(cut);
  if (!exhausted(cut) && !exhausted(whole) && cut.text() != whole.text())
    broken("cuts differ", cut.text() + "--- whole\n" + whole.text());
}

// A prefix of the conversation may be closed anywhere; left open, its calls are the first calls of the whole.
inline void check_prefix(const Descriptor& protocol, const Conversation& conversation, Play how,
                         const Outcome& whole, std::uint32_t choice) {
  Conversation prefix(conversation.begin(), conversation.begin() + 1 + choice % conversation.size());
  testing::Segment& last = prefix.back();
  const std::size_t size = choice / conversation.size() % (last.bytes.size() + 1);
  if (size == 0) {
    prefix.pop_back();
  } else if (!how.datagrams && !last.lost && size < last.bytes.size()) {
    last.bytes.resize(size);
    last.fin = false;
  }
  if (choice >> 31 != 0) return check_outcome(play(protocol, prefix, how));
  how.fin = how.close_at_all = false;
  const Outcome open = play(protocol, prefix, how);
  if (!open.violations.empty()) broken("contract", open.violations.front());
  if (exhausted(open) || exhausted(whole)) return;
  if (open.calls.size() > whole.calls.size()) broken("a prefix has more calls");
  for (std::size_t i = 0; i < open.calls.size(); ++i)
    if (open.calls[i].text() != whole.calls[i].text()) broken("a prefix differs", open.calls[i].text());
}

// All of it, for a protocol that promises no more.
inline void run(const Descriptor& protocol, Bytes input) {
  input = input.first(std::min(input.size(), kInputBytesMax));
  Reader r(input);
  const std::uint8_t bits = r.u8();
  const Play how = read_setup(bits, r.u8(), protocol.transport);
  const Conversation conversation = read_segments(r);
  if (conversation.empty()) return;
  const Bytes head = as_bytes(conversation.front().bytes);
  if (how.datagrams) {
    check_datagram_probe(protocol, head);
  } else {
    check_probe(protocol, head);
    check_sync(protocol, conversation.front().from, head);
  }
  const Outcome whole = play(protocol, conversation, how);
  check_outcome(whole);
  check_calls(whole);
  check_cuts(protocol, conversation, how, whole,
             (bits & 128) != 0 ? 1 + static_cast<std::uint32_t>(input.size()) : 0);
  std::uint32_t choice = 0;
  for (const std::uint8_t byte : input) choice = choice * 0x9e3779b1u + byte;
  check_prefix(protocol, conversation, how, whole, choice);
}

}  // namespace spanlight::fuzzing
