// Bytes → a conversation of two directions with cuts, holes and pauses → the WebSocket dissector, through the
// session in small of core/testing. Checked: no rule of the contract is broken, every slab comes back, the
// dissector allocates nothing, cuts change nothing, and pairs are argued for.
//
// Input: u8 set-up, u8 memory, then segments: u8 control, u8 length, bytes.
//   set-up:  bits 0-1 preview limit, 2 both sides end in order, 3-4 how it closes, 5 permessage-deflate, 6 no
//            context takeover, 7 random cuts instead of byte by byte
//   memory:  bits 0-1 slabs: enough, or 1 to 3 pages; 2 no slabs for previews; 3 none at all; 4 shed at the
//   end; 5
//            previews shed; 6 GraphQL's sub-protocol; 7 the handshake was not seen
//   control: bit 0 direction, 1-2 both set: the segment is lost, 3 length in units of 8 bytes, 4 its sender
//   had
//            received nothing, 5 lost in the sensor, 6 its sender says no more

#include "conversation.h"
#include "core/ws/terms.h"
#include "ws/ws.h"

namespace spanlight {
namespace {

using namespace fuzzing;  // NOLINT(google-build-using-namespace): its checks, by their names

Handover read_terms(std::uint8_t bits, std::uint8_t memory) {
  ws::Terms terms{.known = (memory & 128) == 0};
  if ((bits & 32) != 0)
    terms.add_extensions((bits & 64) != 0
                             ? "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
                             : "permessage-deflate; server_max_window_bits=9; client_max_window_bits=\"12\"");
  if ((memory & 64) != 0) terms.set_subprotocol("graphql-transport-ws");
  Handover out{.protocol = ws::kProtocol};
  out.put(terms);
  return out;
}

void check_messages(const Outcome& o) {
  for (const Call& c : o.calls) {
    if (c.state != State::one_way || c.reason != Reason::none)
      broken("a message that is not one way", c.text());
    const bool truncated = (c.flags & kFlagTruncatedBody) != 0;
    if (!truncated && c.request_body.size() != c.request_body_size) broken("a body that is cut", c.text());
  }
}

void run(Bytes input) {
  input = input.first(std::min(input.size(), kInputBytesMax));
  Reader r(input);
  const std::uint8_t setup = r.u8();
  const std::uint8_t memory = r.u8();
  const Handover terms = read_terms(setup, memory);
  Play how = usual_setup(setup, memory);
  how.handover = &terms;
  const Conversation conversation = read_segments(r);
  if (conversation.empty()) return;
  check_sync(ws::kDescriptor, conversation.front().from, as_bytes(conversation.front().bytes));
  const Outcome whole = play(ws::kDescriptor, conversation, how);
  check_outcome(whole);
  check_messages(whole);
  check_cuts(ws::kDescriptor, conversation, how, whole,
             (setup & 128) != 0 ? 1 + static_cast<std::uint32_t>(input.size()) : 0);
  std::uint32_t choice = 0;
  for (const std::uint8_t byte : input) choice = choice * 0x9e3779b1u + byte;
  check_prefix(ws::kDescriptor, conversation, how, whole, choice);
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
