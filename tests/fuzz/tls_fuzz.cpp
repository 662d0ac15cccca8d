// Bytes → a conversation → TLS, through the session in small of core/testing. Checked: no rule of the
// contract is broken, every slab comes back, the dissector allocates nothing, cuts and rests change nothing,
// a prefix's calls are the whole's first, a connection makes one call at most, what is lost is no error of
// theirs, no control character is shown, and a verdict stays.
//
// Input: u8 set-up, u8 memory, then segments: u8 control, u8 length, bytes.
//   set-up:  bits 0-1 how it closes; 2 both sides end in order; 3 long pauses; 4 random cuts instead of byte
//   by
//            byte; 5 and 6 the client's first segment, or the server's, in records of 7 bytes
//   memory:  bits 0-1 slabs: enough, or 1 to 3 pages; 2 none at all
//   control: bit 0 direction, 1-2 both set: the segment is lost, 3 length in units of 8 bytes, 4 lost in the
//            sensor, 5 no record around it

#include <array>
#include <utility>

#include "conversation.h"
#include "core/tls/wire_for_tests.h"
#include "tls/tls.h"

namespace spanlight {
namespace {

using namespace fuzzing;  // NOLINT(google-build-using-namespace): its checks, by their names

constexpr std::size_t kOwnSegmentsMax = 16;
constexpr std::size_t kOwnInputBytesMax = 2'048;

Play read_setup(std::uint8_t bits, std::uint8_t memory) {
  constexpr std::array<End, 4> kEnds = {End::capture_ended, End::reset, End::idle, End::shed};
  constexpr std::array<std::size_t, 4> kPages = {8, 1, 2, 3};
  Play how;
  how.close = kEnds[bits & 3];
  how.fin = (bits & 4) != 0;
  if ((bits & 8) != 0) how.time_step_ns = 25 * kSecondNs;
  how.state_bytes = (memory & 4) != 0 ? 0 : kPages[memory & 3] * SlabPool::kPageBytes;
  how.preview_bytes = 0;
  return how;
}

Conversation read_segments(Reader& r, std::uint8_t bits) {
  constexpr std::size_t kSmallRecord = 7, kRecord = 16'384;
  bool small[2] = {(bits & 32) != 0, (bits & 64) != 0};
  Conversation out;
  while (r.left() > 2 && out.size() < kOwnSegmentsMax) {
    const std::uint8_t control = r.u8();
    const std::size_t length = std::size_t{r.u8()} * ((control & 8) != 0 ? 8 : 1);
    const std::string bytes(as_text(r.take(std::min(length, r.left()))));
    if (bytes.empty()) continue;
    testing::Segment s{.from = (control & 1) != 0 ? Direction::s2c : Direction::c2s, .bytes = bytes};
    if ((control & 32) == 0)
      s.bytes =
          tls::testing::records(bytes, std::exchange(small[control & 1], false) ? kSmallRecord : kRecord);
    s.lost = (control & 6) == 6;
    if ((control & 16) != 0) s.cause = GapCause::sensor;
    out.push_back(std::move(s));
  }
  return out;
}

void check_all(const Outcome& o) {
  check_outcome(o);
  if (o.calls.size() > 1) broken("more than one call", o.text());
  for (const Call& c : o.calls) {
    const bool both = c.state == State::complete;
    if (both != (c.reason == Reason::none)) broken("state and reason differ", c.text());
    if (both && c.response_first < c.request_first) broken("answered before it was asked", c.text());
    const bool lost = c.reason == Reason::lost_in_mirror || c.reason == Reason::lost_in_sensor;
    if (lost && c.state == State::no_response && (c.flags & kFlagGap) == 0 &&
        c.reason != Reason::lost_in_sensor)
      broken("lost, not flagged", c.text());
    if (lost && c.is_error && c.error.find("alert") == std::string::npos)
      broken("our loss is no error of theirs", c.text());
    for (const std::string* text : {&c.request_fields, &c.response_fields, &c.summary, &c.error})
      for (const char b : *text)
        if (static_cast<unsigned char>(b) < ' ') broken("a control character is shown", *text);
  }
}

void check_prefix(const Play& setup, const Conversation& conversation, const Outcome& whole,
                  std::uint32_t choice) {
  const Conversation prefix(conversation.begin(), conversation.begin() + 1 + choice % conversation.size());
  Play how = setup;
  if (choice >> 31 != 0) return check_all(play(tls::kDescriptor, prefix, how));
  how.fin = how.close_at_all = false;
  const Outcome open = play(tls::kDescriptor, prefix, how);
  if (!open.violations.empty()) broken("contract", open.violations.front());
  if (open.calls.size() > whole.calls.size()) broken("a prefix has more calls");
  for (std::size_t i = 0; i < open.calls.size(); ++i)
    if (open.calls[i].text() != whole.calls[i].text()) broken("a prefix differs", open.calls[i].text());
}

void run(Bytes input) {
  input = input.first(std::min(input.size(), kOwnInputBytesMax));
  Reader r(input);
  const std::uint8_t bits = r.u8();
  const Play setup = read_setup(bits, r.u8());
  const Conversation conversation = read_segments(r, bits);
  if (conversation.empty()) return;
  check_probe(tls::kDescriptor, as_bytes(conversation.front().bytes));
  check_sync(tls::kDescriptor, conversation.front().from, as_bytes(conversation.front().bytes));
  const Outcome whole = play(tls::kDescriptor, conversation, setup);
  check_all(whole);
  Play cut = setup;
  cut.park = false;
  if ((bits & 16) != 0)
    cut.cut_seed = 1 + static_cast<std::uint32_t>(input.size());
  else
    cut.cut_bytes = 1;
  const Outcome pieces = play(tls::kDescriptor, conversation, cut);
  check_all(pieces);
  // What grows in steps may find no room where what comes whole does.
  const bool exhausted = whole.counters.state_exhausted + pieces.counters.state_exhausted != 0;
  if (!exhausted && pieces.text() != whole.text())
    broken("cuts differ", pieces.text() + "--- whole\n" + whole.text());
  std::uint32_t choice = 0;
  for (const std::uint8_t byte : input) choice = choice * 0x9e3779b1u + byte;
  check_prefix(setup, conversation, whole, choice);
}

}  // namespace
}  // namespace spanlight

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  spanlight::fuzzing::forbid_allocation();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spanlight::run({data, size});
  return 0;
}
