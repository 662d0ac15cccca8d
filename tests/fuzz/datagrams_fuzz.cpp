// ICMP, ICMPv6 and SCTP: messages of both ends, one after the other. Each request is told once, answered or
// not; an open one has a deadline; nothing is allocated; a message that is cut gives no more than the whole.

#include <cstdlib>
#include <vector>

#include "core/reader.h"
#include "core/sctp/parse.h"
#include "core/slab.h"
#include "icmp/icmp.h"
#include "icmp/parse.h"
#include "sctp/sctp.h"

namespace spanlight {
namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

struct Told final : Sink {
  std::size_t calls = 0;
  void emit(const Transaction& call) override {
    ++calls;
    demand(call.protocol != nullptr && (call.request.present || call.response.present));
    demand((call.state == State::complete) == (call.request.present && call.response.present));
    std::vector<std::uint8_t> body(call.request.body.size());
    call.request.body.copy_to(body.data());
    demand(body.size() <= call.request.body_size);
    for (const Message* message : {&call.request, &call.response})
      for (const Field& field : message->fields) demand(!field.name.empty());
  }
};

void play(const Descriptor& protocol, Bytes input) {
  Limits limits;
  DissectorCounters counters;
  static SlabPool pool(1U << 16);
  Workshop workshop{pool, pool, limits, counters};
  alignas(64) static std::uint8_t slot[8'192];
  demand(protocol.slot_bytes <= sizeof(slot));
  Dissector* dissector = protocol.create(slot, workshop);
  Told told;
  Reader r{input};
  TimeNs now = kSecondNs;
  for (unsigned n = 0; n < 512 && r.left() > 2; ++n) {
    const std::uint8_t control = r.u8();
    const std::size_t length = std::size_t{r.u8()} * ((control & 2) != 0 ? 4 : 1);
    const Bytes seen = r.take(std::min(length, r.left()));
    const std::vector<std::uint8_t> alone(seen.begin(), seen.end());  // what is read beyond it is found
    now += (control & 4) != 0 ? 10 * kSecondNs : kMillisecondNs;
    demand(protocol.probe(alone, {}) != Verdict::more || alone.size() < protocol.head_bytes_max);
    if (dissector->next_deadline() <= now) dissector->on_time(now, told);
    demand(dissector->next_deadline() > now);
    const Answer answer = dissector->on_data((control & 1) != 0 ? Direction::s2c : Direction::c2s,
                                             {.bytes = alone, .time = now}, told);
    demand(answer.consumed == alone.size());
    if (Memo memo; (control & 8) != 0 && dissector->park({}, memo)) {
      dissector = protocol.create(slot, workshop);
      dissector->resume({}, memo);
    }
  }
  Memo memo;
  const bool rests = dissector->park({}, memo);
  const std::size_t before = told.calls;
  dissector->on_close(End::capture_ended, now, told);
  demand(!rests || told.calls == before);
  demand(dissector->next_deadline() == kNever);
  demand(pool.used_bytes() == 0);
}

}  // namespace
}  // namespace spanlight

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spanlight;
  if (size == 0) return 0;
  static const Descriptor* const kProtocols[] = {&icmp::kDescriptor, &icmp::kV6Descriptor,
                                                 &sctp::kDescriptor};
  play(*kProtocols[data[0] % 3], {data + 1, size - 1});
  return 0;
}
