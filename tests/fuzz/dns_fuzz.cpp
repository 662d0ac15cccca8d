// Bytes → a conversation → DNS, over datagrams or a stream, multicast DNS or LLMNR, through the session in
// small of core/testing. Checked: no rule of the contract is broken, every slab comes back, the dissector
// allocates nothing, cuts and rests change nothing, a prefix's calls are the whole's first, a call without an
// answer over a hole says so, what is shown of records is JSON, and a verdict stays. LLMNR is played once
// more as flows to a group and from its member.
//
// Input: u8 set-up, u8 memory, then segments: u8 control, u8 length, bytes.
//   set-up:  bits 0-1 DNS, the same, multicast, LLMNR; 2 over a stream; 3-4 how it closes; 5 small limits; 6
//   long
//            pauses; 7 random cuts instead of byte by byte
//   memory:  bits 0-1 slabs: enough, or 1 to 3 pages; 2 none at all; 3 both sides end in order
//   control: bit 0 direction, 1-2 both set: the segment is lost, 3 length in units of 8 bytes, 4 lost in the
//            sensor, 5 no length in front of it (in a stream)

#include <array>
#include <cstddef>
#include <iterator>
#include <string_view>

#include "conversation.h"
#include "core/group_flows.h"
#include "core/slab.h"
#include "dns/dns.h"

namespace spanlight {
namespace {

using namespace fuzzing;  // NOLINT(google-build-using-namespace): its checks, by their names

constexpr std::size_t kOwnSegmentsMax = 32;

struct Setup {
  const Descriptor& protocol;
  Play how;
};

Setup read_setup(std::uint8_t bits, std::uint8_t memory) {
  constexpr std::array<const Descriptor*, 4> kProtocols = {&dns::kDescriptor, &dns::kDescriptor,
                                                           &dns::kMulticast, &dns::kLinkLocal};
  constexpr std::array<End, 4> kEnds = {End::capture_ended, End::reset, End::idle, End::shed};
  constexpr std::array<std::size_t, 4> kPages = {8, 1, 2, 3};
  Setup out{*kProtocols[bits & 3], {}};
  Play& how = out.how;
  how.datagrams = (bits & 4) == 0 || out.protocol.transport == Transport::udp;
  how.close = kEnds[bits >> 3 & 3];
  if ((bits & 32) != 0) how.limits.open_calls_max = 2;
  if ((bits & 64) != 0) how.time_step_ns = 25 * kSecondNs;
  how.state_bytes = (memory & 4) != 0 ? 0 : kPages[memory & 3] * SlabPool::kPageBytes;
  how.preview_bytes = 0;
  how.fin = (memory & 8) != 0;
  return out;
}

Conversation read_segments(Reader& r, bool datagrams) {
  Conversation out;
  while (r.left() > 2 && out.size() < kOwnSegmentsMax) {
    const std::uint8_t control = r.u8();
    const std::size_t length = std::size_t{r.u8()} * ((control & 8) != 0 ? 8 : 1);
    const std::string bytes(as_text(r.take(std::min(length, r.left()))));
    if (bytes.empty()) continue;
    testing::Segment s{.from = (control & 1) != 0 ? Direction::s2c : Direction::c2s, .bytes = bytes};
    if (!datagrams && (control & 32) == 0)
      s.bytes =
          std::string{static_cast<char>(bytes.size() >> 8), static_cast<char>(bytes.size() & 255)} + bytes;
    s.lost = (control & 6) == 6;
    if ((control & 16) != 0) s.cause = GapCause::sensor;
    out.push_back(std::move(s));
  }
  return out;
}

void check_all(const Outcome& o) {
  check_outcome(o);
  for (const Call& c : o.calls) {
    const bool both = c.state == State::complete;
    if (both != (c.reason == Reason::none)) broken("state and reason differ", c.text());
    if (both && c.response_first < c.request_first) broken("answered before it was asked", c.text());
    const bool lost = c.reason == Reason::lost_in_mirror || c.reason == Reason::lost_in_sensor;
    if (lost && c.state == State::no_response && (c.flags & kFlagGap) == 0)
      broken("lost, not flagged", c.text());
    if (lost && c.is_error && c.state != State::no_request)
      broken("our loss is no error of theirs", c.text());
    for (const std::string* fields : {&c.request_fields, &c.response_fields})
      for (const char b : *fields)
        if (static_cast<unsigned char>(b) < ' ') broken("a control character is shown", *fields);
  }
}

// A prefix of the conversation may be closed anywhere; left open, its calls are the first calls of the whole.
void check_prefix(const Setup& setup, const Conversation& conversation, const Outcome& whole,
                  std::uint32_t choice) {
  const Conversation prefix(conversation.begin(), conversation.begin() + 1 + choice % conversation.size());
  Play how = setup.how;
  if (choice >> 31 != 0) return check_all(play(setup.protocol, prefix, how));
  how.fin = how.close_at_all = false;
  const Outcome open = play(setup.protocol, prefix, how);
  if (!open.violations.empty()) broken("contract", open.violations.front());
  if (open.counters.state_exhausted + whole.counters.state_exhausted != 0) return;
  if (open.calls.size() > whole.calls.size()) broken("a prefix has more calls");
  for (std::size_t i = 0; i < open.calls.size(); ++i)
    if (open.calls[i].text() != whole.calls[i].text()) broken("a prefix differs", open.calls[i].text());
}

// LLMNR: what is asked goes to the group's flow, what answers comes on that of a member.
class Group final : GroupFlows, Sink {
 public:
  Group() {
    for (std::size_t i = 0; i < std::size(flows_); ++i)
      flows_[i] = dns::kLinkLocal.datagram_create(slots_[i].bytes, workshop_);
  }
  void say(Direction from, Bytes datagram) {
    now_ += kMillisecondNs;
    flows_[index_of(from)]->on_data(from, {.bytes = datagram, .time = now_}, *this);
  }
  void close() {
    for (Dissector* flow : flows_) flow->on_close(End::idle, now_, *this);
    if (slabs_.used_bytes() != 0) broken("slabs kept by a group");
  }

 private:
  Dissector* asked(const std::array<std::uint8_t, 16>& address) override {
    return address[0] == 0xff ? flows_[index_of(Direction::c2s)] : nullptr;
  }
  void emit(const Transaction& call) override {
    if (call.state == State::complete && call.response.first_byte < call.request.first_byte)
      broken("a member answered before it was asked");
  }

  struct alignas(64) Slot {
    std::byte bytes[256];
  };
  Limits limits_;
  DissectorCounters counters_;
  SlabPool slabs_{SlabPool::kPageBytes * 2};
  Workshop workshop_{slabs_, slabs_, limits_, counters_, nullptr, nullptr, this};
  Slot slots_[2];
  Dissector* flows_[2];
  TimeNs now_ = kSecondNs;
};

void play_in_group(const Conversation& conversation) {
  Group group;
  for (const testing::Segment& s : conversation)
    if (!s.lost) group.say(s.from, as_bytes(s.bytes));
  group.close();
}

void run(Bytes input) {
  input = input.first(std::min(input.size(), kInputBytesMax));
  Reader r(input);
  const std::uint8_t bits = r.u8();
  Setup setup = read_setup(bits, r.u8());
  const Conversation conversation = read_segments(r, setup.how.datagrams);
  if (conversation.empty()) return;
  if (setup.how.datagrams)
    check_datagram_probe(setup.protocol, as_bytes(conversation.front().bytes));
  else
    check_probe(setup.protocol, as_bytes(conversation.front().bytes));
  const Outcome whole = play(setup.protocol, conversation, setup.how);
  check_all(whole);
  Play cut = setup.how;
  cut.park = false;
  if ((bits & 128) != 0)
    cut.cut_seed = 1 + static_cast<std::uint32_t>(input.size());
  else
    cut.cut_bytes = 1;
  const Outcome pieces = play(setup.protocol, conversation, cut);
  check_all(pieces);
  if (pieces.text() != whole.text()) broken("cuts differ", pieces.text() + "--- whole\n" + whole.text());
  if (setup.how.datagrams && &setup.protocol == &dns::kLinkLocal) play_in_group(conversation);
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
