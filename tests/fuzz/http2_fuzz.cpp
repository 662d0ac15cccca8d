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

#include "conversation.h"
#include "http2/http2.h"

namespace spanlight {
namespace {

using namespace fuzzing;  // NOLINT(google-build-using-namespace): its checks, by their names

Play read_setup(std::uint8_t bits, std::uint8_t memory) {
  Play how = usual_setup(bits, memory);
  if ((bits & 32) != 0) {
    how.limits.head_bytes_max = 96;
    how.limits.headers_max = 3;
    how.limits.open_calls_max = 3;
  }
  if ((bits & 64) != 0) how.time_step_ns = 25 * kSecondNs;
  return how;
}

void check_pairs(const Outcome& o) {
  for (const Call& c : o.calls) {
    const bool both = c.state == State::complete;
    const bool alone = c.state == State::one_way;  // a message of WebSocket's: nobody owes an answer
    if (!alone && both != (c.reason == Reason::none)) broken("state and reason differ", c.text());
    if (both && (c.flags & kFlagUncertain) != 0) broken("a pair that is uncertain", c.text());
    const bool touched = (c.flags & (kFlagGap | kFlagMalformed)) != 0;
    if (both && !touched && c.response_first < c.request_first)
      broken("answered before it was asked", c.text());
  }
}

void run(Bytes input) {
  input = input.first(std::min(input.size(), kInputBytesMax));
  Reader r(input);
  const std::uint8_t setup = r.u8();
  const Play how = read_setup(setup, r.u8());
  const Conversation conversation = read_segments(r);
  if (conversation.empty()) return;
  check_probe(http2::kDescriptor, as_bytes(conversation.front().bytes));
  check_sync(http2::kDescriptor, conversation.front().from, as_bytes(conversation.front().bytes));
  const Outcome whole = play(http2::kDescriptor, conversation, how);
  check_outcome(whole);
  check_pairs(whole);
  check_cuts(http2::kDescriptor, conversation, how, whole,
             (setup & 128) != 0 ? 1 + static_cast<std::uint32_t>(input.size()) : 0);
  std::uint32_t choice = 0;
  for (const std::uint8_t byte : input) choice = choice * 0x9e3779b1u + byte;
  check_prefix(http2::kDescriptor, conversation, how, whole, choice);
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
