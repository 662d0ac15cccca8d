#include "core/diameter/over_sctp.h"

#include <algorithm>
#include <new>

#include "core/diameter/exchange.h"

namespace spanlight::diameter {
namespace {

constexpr unsigned kChunksMax = 256;  // of one packet
constexpr std::size_t kControlBytesMax =
    4'096;  // of a packet without data, behind which the next one is asked

bool holds_message(const sctp::Chunk& chunk) {
  const bool data = chunk.type == sctp::chunk_type::data || chunk.type == sctp::chunk_type::i_data;
  if (!data || !chunk.begins() || !chunk.ends() || chunk.payload.size() != chunk.length) return false;
  const Header header = read_header(chunk.payload);
  if (header.fault != Fault::none || header.length != chunk.length || header.length == kHeaderBytes)
    return false;
  return each_avp(chunk.payload.subspan(kHeaderBytes), [](const Avp&) {}) == Fault::none;
}

template <typename Look>
void each_chunk(Bytes packet, Look look) {
  for (unsigned n = 0; n < kChunksMax && !packet.empty(); ++n) {
    const sctp::Chunk chunk = sctp::parse_chunk(packet);
    if (chunk.fault != Fault::none) return;
    look(chunk);
    packet = packet.subspan(std::min(packet.size(), chunk.whole_bytes));
  }
}

// Data that is Diameter decides, and so does other data; what opens or keeps an association says nothing.
Verdict probe(Bytes own, Bytes) {
  Verdict verdict = Verdict::more;
  each_chunk(own, [&](const sctp::Chunk& chunk) {
    if (verdict != Verdict::more) return;
    if (chunk.type != sctp::chunk_type::data && chunk.type != sctp::chunk_type::i_data) return;
    verdict = holds_message(chunk) ? Verdict::either : Verdict::no;
  });
  return verdict;
}

class Packets final : public Dissector {
 public:
  explicit Packets(Workshop& workshop) : workshop_(workshop), calls_(kOverSctp) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override {
    each_chunk(window.bytes, [&](const sctp::Chunk& chunk) {
      take_chunk(calls_, workshop_, from, chunk, window.time, sink);
    });
    return {.consumed = window.bytes.size()};
  }
  // Datagrams have no skips, no holes and no ends of their own.
  void on_skipped(Direction, std::uint64_t, std::uint64_t, TimeNs) override {}
  Answer on_gap(Direction, std::uint64_t, GapCause, TimeNs, Sink&) override { return {}; }
  void on_end(Direction, End, TimeNs, Sink&) override {}
  void on_close(End end, TimeNs, Sink& sink) override {
    for (const Direction d : {Direction::c2s, Direction::s2c}) calls_.settle_all(workshop_, d, end, sink);
  }
  void on_time(TimeNs now, Sink& sink) override { calls_.on_time(workshop_, now, sink); }
  TimeNs next_deadline() const override { return calls_.next_deadline(workshop_.limits); }
  bool park(const Position&, Memo& memo) const override {
    if (!calls_.rests()) return false;
    memo = to_memo(calls_.rest());
    return true;
  }
  void resume(const Position&, const Memo& memo) override { calls_.resume(from_memo<Calls::Rest>(memo)); }

 private:
  Workshop& workshop_;
  Calls calls_;
};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Packets(workshop);
}

}  // namespace

void take_chunk(Calls& calls, Workshop& workshop, Direction from, const sctp::Chunk& chunk, TimeNs time,
                Sink& sink) {
  if (!holds_message(chunk)) return;
  const Arrival arrival{.bytes = chunk.payload, .first_byte = time, .last_byte = time, .size = chunk.length};
  calls.take(workshop, from, arrival, sink);
}

const Descriptor kOverSctp{
    .name = "diameter_sctp",
    .told_as = "diameter",
    .title = "Diameter over SCTP",
    .transport = Transport::sctp,
    .head_bytes_max = kControlBytesMax,
    .probe = probe,
    .slot_bytes = sizeof(Packets),
    .create = create,
    .fields = kFields,
};

}  // namespace spanlight::diameter
