// Bytes → a conversation of two directions with cuts, holes and pauses → the HTTP/2 dissector, through the
// session in small of core/testing. Checked: no rule of the contract is broken, every slab comes back, the
// dissector allocates nothing, cuts change nothing, and pairs are argued for.
//
// Input: u8 set-up, u8 memory, then segments: u8 control, u8 length, bytes.
//   set-up:  bits 0-1 preview limit, 2 both sides end in order, 3-4 how it closes, 5 small limits, 6 long
//            pauses, 7 random cuts instead of byte by byte
//   memory:  bits 0-1 slabs: enough, or 1 to 3 pages; 2 no slabs for previews; 3 none at all
//   control: bit 0 direction, 1-2 both set: the segment is lost, 3 length in units of 8 bytes, 4 its sender
//   had
//            received nothing, 5 lost in the sensor, 6 its sender says no more

#include <sanitizer/allocator_interface.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/reader.h"
#include "core/testing/harness.h"
#include "http2/http2.h"

namespace spanlight {
namespace {

using testing::Call;
using testing::Conversation;
using testing::Outcome;
using testing::Play;

constexpr std::size_t kSegmentsMax = 64;
constexpr std::size_t kInputBytesMax = 1'024;

[[noreturn]] void broken(const char* what, const std::string& detail = {}) {
  testing::inside_dissector = false;
  std::fprintf(stderr, "broken: %s\n", what);
  std::fwrite(detail.data(), 1, detail.size(), stderr);
  std::abort();
}

void on_malloc(const volatile void*, std::size_t) {
  if (testing::inside_dissector) broken("the dissector allocated");
}
void on_free(const volatile void*) {}

Play read_setup(std::uint8_t bits, std::uint8_t memory) {
  constexpr std::array<std::uint32_t, 4> kPreviews = {16'384, 0, 5, 300};
  constexpr std::array<End, 4> kEnds = {End::capture_ended, End::reset, End::idle, End::evicted};
  Play how;
  constexpr std::array<std::size_t, 4> kPages = {8, 1, 2, 3};
  how.state_bytes = (memory & 8) != 0 ? 0 : kPages[memory & 3] * SlabPool::kPageBytes;
  how.preview_bytes = (memory & 4) != 0 ? 0 : kPages[0] * SlabPool::kPageBytes;
  how.limits.body_preview_bytes = kPreviews[bits & 3];
  how.fin = (bits & 4) != 0;
  how.close = kEnds[bits >> 3 & 3];
  if ((bits & 32) != 0) {
    how.limits.head_bytes_max = 96;
    how.limits.headers_max = 3;
    how.limits.open_calls_max = 3;
  }
  if ((memory & 16) != 0) how.close = End::shed;
  if ((memory & 32) != 0) how.shed_segments = 0xcccccccc;
  if ((bits & 64) != 0) how.time_step_ns = 25 * kSecondNs;
  return how;
}

Conversation read_segments(Reader& r) {
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

void check_outcome(const Outcome& o) {
  if (!o.violations.empty()) broken("contract", o.violations.front());
  if (o.used_bytes != 0) broken("slabs kept");
}

// What little memory holds depends on the cut: blocks grow with the bytes.
bool exhausted(const Outcome& o) {
  return o.counters.state_exhausted + o.counters.preview_exhausted != 0;
}

void check_calls(const Outcome& o) {
  for (const Call& c : o.calls) {
    const bool both = c.state == State::complete;
    if (both != (c.reason == Reason::none)) broken("state and reason differ", c.text());
    if (both && (c.flags & kFlagUncertain) != 0) broken("a pair that is uncertain", c.text());
    const bool touched = (c.flags & (kFlagGap | kFlagMalformed)) != 0;
    if (both && !touched && c.response_first < c.request_first)
      broken("answered before it was asked", c.text());
  }
}

// Once decided, more bytes do not change the verdict.
void check_probe(Bytes head) {
  constexpr std::size_t kStepsMax = 256;
  const Verdict whole = http2::kDescriptor.probe(head, {});
  for (std::size_t n = 0; n < head.size() && n < kStepsMax; ++n) {
    const Verdict v = http2::kDescriptor.probe(head.first(n), {});
    if (v != Verdict::more && v != whole) broken("probe depends on the cut");
  }
}

// A prefix of the conversation may be closed anywhere; left open, its calls are the first calls of the whole.
void check_prefix(const Conversation& conversation, Play how, const Outcome& whole, std::uint32_t choice) {
  Conversation prefix(conversation.begin(), conversation.begin() + 1 + choice % conversation.size());
  testing::Segment& last = prefix.back();
  const std::size_t size = choice / conversation.size() % (last.bytes.size() + 1);
  if (size == 0) {
    prefix.pop_back();
  } else if (!last.lost && size < last.bytes.size()) {
    last.bytes.resize(size);
    last.fin = false;
  }
  how.cut_bytes = how.cut_seed = 0;
  if (choice >> 31 != 0) return check_outcome(play(http2::kDescriptor, prefix, how));
  how.fin = how.close_at_all = false;
  const Outcome open = play(http2::kDescriptor, prefix, how);
  if (!open.violations.empty()) broken("contract", open.violations.front());
  if (exhausted(open) || exhausted(whole)) return;
  if (open.calls.size() > whole.calls.size()) broken("a prefix has more calls");
  for (std::size_t i = 0; i < open.calls.size(); ++i)
    if (open.calls[i].text() != whole.calls[i].text()) broken("a prefix differs", open.calls[i].text());
}

void run(Bytes input) {
  // What takes more to happen is for the unit tests: longer inputs are slow, byte by byte.
  input = input.first(std::min(input.size(), kInputBytesMax));
  Reader r(input);
  const std::uint8_t setup = r.u8();
  Play how = read_setup(setup, r.u8());
  const Conversation conversation = read_segments(r);
  if (conversation.empty()) return;
  check_probe(as_bytes(conversation.front().bytes));
  const Outcome whole = play(http2::kDescriptor, conversation, how);
  check_outcome(whole);
  check_calls(whole);
  // Cuts change nothing, with holes or without: a hole lies between segments, and segments are cut further.
  // Nor does resting between messages.
  how.park = false;
  if ((setup & 128) != 0)
    how.cut_seed = 1 + static_cast<std::uint32_t>(input.size());
  else
    how.cut_bytes = 1;
  const Outcome cut = play(http2::kDescriptor, conversation, how);
  check_outcome(cut);
  if (!exhausted(cut) && !exhausted(whole) && cut.text() != whole.text())
    broken("cuts differ", cut.text() + "--- whole\n" + whole.text());
  std::uint32_t choice = 0;
  for (const std::uint8_t byte : input) choice = choice * 0x9e3779b1u + byte;
  check_prefix(conversation, how, whole, choice);
}

}  // namespace
}  // namespace spanlight

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  __sanitizer_install_malloc_and_free_hooks(spanlight::on_malloc, spanlight::on_free);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spanlight::run({data, size});
  return 0;
}
