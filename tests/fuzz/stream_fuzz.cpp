// Bytes → a conversation of arbitrary segments → Reassembler. Every byte's value is a function of its side
// and its sequence number, so that whatever is delivered can be checked without a model: right bytes, that
// were fed, once, in order; no deadline that has passed; every slab back at the end.
//
// Input: u8 set-up, then events of 6 bytes: control, flags, seq, ack, length, time.

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "core/reader.h"
#include "stream/held_segments.h"
#include "stream/reassembler.h"
#include "stream/recorder.h"

namespace spanlight {
namespace {

constexpr std::uint32_t kSpace = 1u << 17;  // `fed` knows a sequence number modulo this

void demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

std::uint8_t value_at(unsigned side, std::uint32_t seq) {
  return static_cast<std::uint8_t>((seq * 0x9e3779b1u >> 24) ^ (side != 0 ? 0x5au : 0u));
}

using Fed = std::bitset<kSpace>;

class Checker final : public StreamSink {
 public:
  Checker(const Conversation& c, const std::array<Fed, 2>& fed) : c_(c), fed_(fed) {
    record_.keep_log = record_.keep_holes = false;
  }

  bool exact = true;  // no segment carried other bytes than value_at()

  void on_chunk(unsigned sender, const Chunk& chunk) override {
    record_.on_chunk(sender, chunk);
    const std::uint32_t first = c_.stream[sender].next_seq - static_cast<std::uint32_t>(chunk.bytes.size());
    for (std::uint32_t i = 0; i < chunk.bytes.size(); ++i) {
      demand(fed_[sender][(first + i) % kSpace], "delivered what was never fed");
      if (exact) demand(chunk.bytes[i] == value_at(sender, first + i), "a byte at the wrong place");
    }
    check();
  }
  void on_gap(unsigned sender, const Gap& gap) override {
    record_.on_gap(sender, gap);
    check();
  }
  void on_end(unsigned sender, End end, TimeNs time) override {
    record_.on_end(sender, end, time);
    check();
  }

  bool over() const { return record_.ends[0] == 1 && record_.ends[1] == 1; }

 private:
  void check() const {
    demand(record_.broken.empty(), record_.broken.c_str());
    for (unsigned side = 0; side < 2; ++side) {
      demand(c_.stream[side].offset == record_.offset(side), "an offset that is not delivered + missing");
    }
  }

  const Conversation& c_;
  const std::array<Fed, 2>& fed_;
  Recorder record_;
};

class Run {
 public:
  explicit Run(std::uint8_t setup)
      : slabs_((setup & 3) == 0 ? 0 : (setup & 3) * SlabPool::kPageBytes),
        wrap_((setup & 4) != 0),
        fed_(std::make_unique<std::array<Fed, 2>>()),
        sink_(c_, *fed_) {
    limits_.held_segments_max = (setup & 8) != 0 ? 3 : 256;
    limits_.held_bytes_max = (setup & 16) != 0 ? 200 : 1'048'576;
  }

  void event(Reader& in) {
    const std::uint8_t control = in.u8(), flags = in.u8(), seq = in.u8(), ack = in.u8(), length = in.u8();
    now_ += std::uint64_t{in.u8()} * (control & 0x80 ? 50 * kMillisecondNs : kMillisecondNs / 4);
    switch (control >> 5 & 3) {
      case 0:
        if (flags % 16 == 15) return restart(End::evicted);
        if (flags % 4 == 3) return tick(now_);
        if (c_.hole_deadline != 0) tick(now_ = std::max(now_, c_.hole_deadline));
        return;
      case 1:
        return segment(control, flags & 0x1f, place(0, control, seq), place(1, control, ack), length);
      // Mostly plain data near the stream, else nothing would ever be in order.
      case 2:
        return segment(control, tcp_flag::ack, near(control & 1, seq), near(~control & 1, ack), length);
      default:
        return segment(control, tcp_flag::ack | (flags & tcp_flag::fin), place(0, control, seq),
                       near(~control & 1, ack), length % 16);
    }
  }

  void restart(End end) {
    reassembler_.close(c_, end, now_, sink_);
    demand(sink_.over(), "a side without an end");
    demand(slabs_.used_bytes() == 0, "slabs that were not given back");
    demand(c_.hole_deadline == 0, "a deadline after the end");
    c_ = Conversation{};
    std::destroy_at(&sink_);
    std::construct_at(&sink_, c_, *fed_);
    (*fed_)[0].reset();
    (*fed_)[1].reset();
  }

 private:
  std::uint32_t place(unsigned which, std::uint8_t control, std::uint8_t v) const {
    const std::uint32_t base = wrap_ ? 0xffff'ff80u : 1'000u;
    const std::uint32_t far = (control & 4) != 0 && which == 0 ? 100u << 20 : 0;
    return base + v + far + ((control & 8) != 0 && which == 1 ? 1u << 30 : 0);
  }
  std::uint32_t near(unsigned side, std::uint8_t v) const {
    return c_.stream[side].next_seq + static_cast<std::uint32_t>(static_cast<std::int8_t>(v) / 4);
  }

  void segment(std::uint8_t control, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack,
               std::uint8_t length) {
    static std::array<std::uint8_t, 256 * 300> bytes;
    const unsigned side = control & 1;
    const std::size_t size = (control & 0x12) == 0x12 && length >= 0xf8 ? length * 300u : length;
    Segment s;
    s.seq = seq;
    s.ack = ack;
    s.flags = flags;
    s.time = now_;
    s.wire_bytes = static_cast<std::uint32_t>(size) + ((control & 0x12) == 0x02 ? length / 2u : 0);
    s.payload = Bytes(bytes).first(size);
    const std::uint32_t first = seq + ((flags & tcp_flag::syn) != 0 ? 1 : 0);
    const bool other = (control & 0x18) == 0x18;
    if (other) sink_.exact = false;
    for (std::uint32_t i = 0; i < size; ++i) {
      bytes[i] = static_cast<std::uint8_t>(value_at(side, first + i) + (other ? 1 : 0));
      (*fed_)[side][(first + i) % kSpace] = true;
    }
    if (Reassembler::reopens(c_, side, s)) {
      const bool was_exact = sink_.exact;
      restart(End::fin);
      sink_.exact = was_exact;
      for (std::uint32_t i = 0; i < size; ++i) (*fed_)[side][(first + i) % kSpace] = true;
    }
    reassembler_.on_segment(c_, side, s, sink_);
    std::fill_n(bytes.begin(), size, std::uint8_t{0});  // views are dead now
    check();
  }

  void tick(TimeNs now) {
    reassembler_.on_time(c_, now, sink_);
    check();
  }

  void check() const {
    demand(c_.hole_deadline == 0 || c_.hole_deadline > now_, "a deadline that has passed");
    demand(c_.hole_deadline != 0 || slabs_.used_bytes() == 0, "held without a deadline");
    for (const Stream& s : c_.stream) {
      demand(s.held_segments <= limits_.held_segments_max + 1 && s.held_bytes <= limits_.held_bytes_max,
             "a limit");
      if (s.held == nullptr) continue;
      std::uint32_t at = s.next_seq;
      const HeldSegment* h = s.held;
      unsigned count = 0;
      do {
        demand(static_cast<std::int32_t>(h->seq - at) >= 0, "held segments that overlap");
        at = h->end();
        demand(!h->fin || h->next == s.held, "a FIN that is not the last");
        h = h->next;
        ++count;
      } while (h != s.held);
      demand(count == s.held_segments, "a wrong count");
    }
  }

  ReassemblyLimits limits_;
  ReassemblyCounters counters_;
  SlabPool slabs_;
  bool wrap_;
  Conversation c_;
  std::unique_ptr<std::array<Fed, 2>> fed_;
  Checker sink_;
  Reassembler reassembler_{limits_, slabs_, counters_};
  TimeNs now_ = 1'000 * kSecondNs;
};

}  // namespace
}  // namespace spanlight

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spanlight;
  Reader in(Bytes(data, size));
  Run run(in.u8());
  while (in.left() >= 6) run.event(in);
  run.restart(End::capture_ended);
  return 0;
}
