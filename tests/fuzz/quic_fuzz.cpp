// Bytes → datagrams → QUIC, through the session in small of core/testing. Frames are sealed here, so that
// what is found lies behind the keys. Checked: no rule of the contract is broken, every slab comes back, the
// dissector allocates nothing, rests change nothing, a prefix's calls are the whole's first, and no control
// character is shown.
//
// Input: u8 set-up, then datagrams: u8 control, u8 length in units of 4 bytes, bytes.
//   set-up:  bits 0-1 how it closes; 2 long pauses; 3-4 slabs: enough, or 1 or 2 pages, or none
//   control: bit 0 direction, 1-2 both set: the datagram is lost, 3 not sealed: the bytes are the datagram, 4
//            version 2, 5 under another id, 6 with a token, 7 behind the one before it in the same datagram

#include <algorithm>
#include <array>

#include "conversation.h"
#include "quic/quic.h"
#include "quic/recognise.h"
#include "quic/wire_for_tests.h"

namespace spanlight {
namespace {

using namespace fuzzing;  // NOLINT(google-build-using-namespace): its checks, by their names

constexpr std::size_t kDatagramsMax = 12;
constexpr std::size_t kOwnInputBytesMax = 4'096;

Play read_setup(std::uint8_t bits) {
  constexpr std::array<End, 4> kEnds = {End::capture_ended, End::reset, End::idle, End::shed};
  constexpr std::array<std::size_t, 4> kPages = {8, 1, 2, 0};
  Play how;
  how.datagrams = true;
  how.close = kEnds[bits & 3];
  if ((bits & 4) != 0) how.time_step_ns = 25 * kSecondNs;
  how.state_bytes = kPages[bits >> 3 & 3] * SlabPool::kPageBytes;
  how.preview_bytes = 0;
  return how;
}

std::string seal(Direction from, std::uint8_t control, std::string frames, std::uint32_t number) {
  constexpr std::size_t kFramesMin = 8;  // less leaves nothing to sample
  frames.resize(std::max(frames.size(), kFramesMin));
  quic::testing::Packet packet{.number = number, .frames = std::move(frames)};
  if (from == Direction::s2c) packet.datagram_bytes = 0;
  if ((control & 16) != 0) packet.version = 0x6b3343cf;
  if ((control & 32) != 0) packet.to = packet.keys_of = "another-server";
  if ((control & 64) != 0) packet.token = "token";
  return quic::testing::initial(from, packet);
}

Conversation read_datagrams(Reader& r) {
  Conversation out;
  std::uint32_t number = 0;
  while (r.left() > 2 && out.size() < kDatagramsMax) {
    const std::uint8_t control = r.u8();
    const std::size_t length = std::size_t{r.u8()} * 4;
    const std::string bytes(as_text(r.take(std::min(length, r.left()))));
    if (bytes.empty()) continue;
    const Direction from = (control & 1) != 0 ? Direction::s2c : Direction::c2s;
    const std::string datagram = (control & 8) != 0 ? bytes : seal(from, control, bytes, number++);
    if ((control & 128) != 0 && !out.empty())
      out.back().bytes += datagram;
    else
      out.push_back({.from = from, .bytes = datagram, .lost = (control & 6) == 6});
  }
  return out;
}

void check_all(const Outcome& o) {
  check_outcome(o);
  for (const Call& c : o.calls) {
    const bool both = c.state == State::complete;
    if (both != (c.reason == Reason::none)) broken("state and reason differ", c.text());
    if (both && c.response_first < c.request_first) broken("answered before it was asked", c.text());
    for (const std::string* text : {&c.request_fields, &c.response_fields, &c.summary, &c.error})
      for (const char b : *text)
        if (static_cast<unsigned char>(b) < ' ') broken("a control character is shown", *text);
  }
}

void run(Bytes input) {
  input = input.first(std::min(input.size(), kOwnInputBytesMax));
  Reader r(input);
  const Play setup = read_setup(r.u8());
  const Conversation conversation = read_datagrams(r);
  if (conversation.empty()) return;
  for (const auto& segment : conversation) quic::probe(as_bytes(segment.bytes), {});
  const Outcome whole = play(quic::kDescriptor, conversation, setup);
  check_all(whole);
  Play awake = setup;
  awake.park = false;
  const Outcome other = play(quic::kDescriptor, conversation, awake);
  check_all(other);
  if (other.text() != whole.text()) broken("rests change it", other.text() + "--- resting\n" + whole.text());
  const Conversation prefix(conversation.begin(),
                            conversation.begin() + 1 + input.back() % conversation.size());
  Play open = setup;
  open.close_at_all = false;
  const Outcome first = play(quic::kDescriptor, prefix, open);
  if (!first.violations.empty()) broken("contract", first.violations.front());
  if (first.calls.size() > whole.calls.size()) broken("a prefix has more calls");
  for (std::size_t i = 0; i < first.calls.size(); ++i)
    if (first.calls[i].text() != whole.calls[i].text()) broken("a prefix differs", first.calls[i].text());
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
