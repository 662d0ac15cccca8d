// Bytes → a conversation of arbitrary segments → Reassembler. Every byte's value is a function of its side
// and its sequence number, so that whatever is delivered can be checked without a model: right bytes, that
// were fed, once, in order; no hole where bytes were fed; no deadline that has passed; every slab back at the
// end; no view of a payload that is gone.
//
// Input: u8 set-up, then events of 6 bytes: control, flags, seq, ack, length, time.

#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "core/reader.h"
#include "stream/held_segments.h"
#include "stream/reassembler.h"
#include "stream/recorder.h"

namespace spanlight {
namespace {

void demand(bool condition, const char* what) {
  if (condition) [[likely]]
    return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

constexpr std::uint32_t kBlock = 1u << 16;

// What each side says at each sequence number. A table for the low half of the number, turned by its high
// half: so a payload is copied and compared piece by piece and not byte by byte.
class Script {
 public:
  Script() {
    for (unsigned side = 0; side < 2; ++side) {
      for (std::uint32_t i = 0; i < 2 * kBlock; ++i) {
        const std::uint32_t mixed = (i % kBlock + 1) * 0x9e3779b1u;
        said_[side][i] = static_cast<std::uint8_t>((mixed ^ mixed >> 15) >> 8 ^ (side != 0 ? 0x5au : 0u));
      }
    }
  }
  void write(unsigned side, std::uint32_t seq, MutableBytes to) const {
    for_each_piece(side, seq, to.size(), [&](std::size_t at, Bytes piece) {
      std::memcpy(to.data() + at, piece.data(), piece.size());
      return true;
    });
  }
  bool equals(unsigned side, std::uint32_t seq, Bytes bytes) const {
    return for_each_piece(side, seq, bytes.size(), [&](std::size_t at, Bytes piece) {
      return std::memcmp(bytes.data() + at, piece.data(), piece.size()) == 0;
    });
  }

 private:
  template <typename F>
  bool for_each_piece(unsigned side, std::uint32_t seq, std::size_t size, const F& use) const {
    for (std::size_t at = 0; at < size;) {
      const auto now = seq + static_cast<std::uint32_t>(at);
      const std::size_t n = std::min<std::size_t>(size - at, kBlock - now % kBlock);
      const std::uint32_t turned = (now + (now / kBlock) * 0x3d4du) % kBlock;
      if (!use(at, Bytes(said_[side]).subspan(turned, n))) return false;
      at += n;
    }
    return true;
  }
  std::array<std::array<std::uint8_t, 2 * kBlock>, 2> said_;
};

const Script& script() {
  static const Script once;
  return once;
}

// Sequence numbers, as sorted spans that do not touch. A span beyond 2^32 is kept as two.
class Numbers {
 public:
  void clear() { spans_.clear(); }
  void add(std::uint32_t first, std::size_t size) {
    for_each_half(first, size, [this](std::uint64_t begin, std::uint64_t end) {
      auto i = std::ranges::find_if(spans_, [&](const Span& s) { return s.end >= begin; });
      auto j = i;
      for (; j != spans_.end() && j->begin <= end; ++j) {
        begin = std::min(begin, j->begin);
        end = std::max(end, j->end);
      }
      spans_.insert(spans_.erase(i, j), {begin, end});
      return true;
    });
  }
  bool has_all(std::uint32_t first, std::size_t size) const {
    return for_each_half(first, size, [this](std::uint64_t begin, std::uint64_t end) {
      return std::ranges::any_of(spans_, [&](const Span& s) { return s.begin <= begin && end <= s.end; });
    });
  }
  bool has_none(std::uint32_t first, std::size_t size) const {
    return for_each_half(first, size, [this](std::uint64_t begin, std::uint64_t end) {
      return std::ranges::none_of(spans_, [&](const Span& s) { return s.begin < end && begin < s.end; });
    });
  }

 private:
  struct Span {
    std::uint64_t begin, end;
  };
  template <typename F>
  static bool for_each_half(std::uint32_t first, std::size_t size, const F& use) {
    constexpr std::uint64_t kEnd = std::uint64_t{1} << 32;
    const std::uint64_t end = first + std::uint64_t{size};
    if (size == 0) return true;
    if (end <= kEnd) return use(first, end);
    return use(first, kEnd) && use(0, end - kEnd);
  }
  std::vector<Span> spans_;
};

// What was fed of one side.
struct Fed {
  Numbers before;  // by segments before the one at hand
  std::uint32_t first = 0;
  std::size_t size = 0;  // the one at hand
  bool has(std::uint32_t seq, std::size_t n) const {
    return before.has_all(seq, n) || (n <= size && seq - first <= size - n);
  }
};

class Checker final : public StreamSink {
 public:
  Checker(const Conversation& c, const std::array<Fed, 2>& fed) : c_(c), fed_(fed) {
    record_.keep_log = record_.keep_holes = false;
  }

  bool exact = true;  // no segment carried other bytes than the script's
  bool whole = true;  // none was cut, or refused as one that does not belong

  void on_chunk(unsigned sender, const Chunk& chunk) override {
    record_.on_chunk(sender, chunk);
    const std::size_t size = chunk.bytes.size();
    const std::uint32_t first = c_.stream[sender].next_seq - static_cast<std::uint32_t>(size);
    demand(fed_[sender].has(first, size), "delivered what was never fed");
    demand(!exact || script().equals(sender, first, chunk.bytes), "a byte at the wrong place");
    check();
  }
  void on_gap(unsigned sender, const Gap& gap) override {
    record_.on_gap(sender, gap);
    const auto missing = static_cast<std::uint32_t>(gap.missing);
    const std::uint32_t first = c_.stream[sender].next_seq - missing;
    if (gap.missing <= kPlausibleBytes && whole)
      demand(fed_[sender].before.has_none(first, missing), "a hole where bytes were fed");
    check();
  }
  void on_end(unsigned sender, End end, TimeNs time) override {
    record_.on_end(sender, end, time);
    check();
  }

  bool over() const { return record_.ends[0] == 1 && record_.ends[1] == 1; }

 private:
  void check() {
    demand(record_.broken.empty(), record_.broken.c_str());
    for (unsigned side = 0; side < 2; ++side) {
      const Stream& s = c_.stream[side];
      demand(s.offset == record_.offset(side), "an offset that is not delivered + missing");
      const std::uint32_t beginning = s.next_seq - static_cast<std::uint32_t>(s.offset);
      demand(!begun_[side] || beginning == beginning_[side], "a beginning that moved");
      begun_[side] = s.offset != 0;
      beginning_[side] = beginning;
    }
  }

  const Conversation& c_;
  const std::array<Fed, 2>& fed_;
  Recorder record_;
  bool begun_[2] = {};
  std::uint32_t beginning_[2] = {};
};

// Pools of 0 to 3 pages, kept from input to input: each gets all its slabs back.
SlabPool& pool_of(unsigned pages) {
  static SlabPool pools[] = {SlabPool{0}, SlabPool{SlabPool::kPageBytes}, SlabPool{2 * SlabPool::kPageBytes},
                             SlabPool{3 * SlabPool::kPageBytes}};
  return pools[pages];
}

// The payload at hand lies at the end of this, and is poisoned once its views are dead.
constexpr std::size_t kPayloadBytesMax = 256 * 300;
alignas(8) std::array<std::uint8_t, kPayloadBytesMax> payload_memory;

class Run {
 public:
  explicit Run(std::uint8_t setup) : slabs_(pool_of(setup & 3)), wrap_((setup & 4) != 0), sink_(c_, fed_) {
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
    std::construct_at(&sink_, c_, fed_);
    for (Fed& f : fed_) f.before.clear();
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
    const unsigned side = control & 1;
    const std::size_t size = (control & 0x12) == 0x12 && length >= 0xf8 ? length * 300u : length;
    const MutableBytes payload = MutableBytes(payload_memory).last(size);
    ASAN_UNPOISON_MEMORY_REGION(payload.data(), size);
    Segment s;
    s.seq = seq;
    s.ack = ack;
    s.flags = flags;
    s.time = now_;
    s.wire_bytes = static_cast<std::uint32_t>(size) + ((control & 0x12) == 0x02 ? length / 2u : 0);
    s.payload = payload;
    const std::uint32_t first = seq + ((flags & tcp_flag::syn) != 0 ? 1 : 0);
    script().write(side, first, payload);
    const bool other = (control & 0x18) == 0x18;
    if (other) std::ranges::for_each(payload, [](std::uint8_t& b) { ++b; });
    if (Reassembler::reopens(c_, side, s)) restart(End::fin);
    if (other) sink_.exact = false;
    if (s.wire_bytes != size) sink_.whole = false;
    Fed& fed = fed_[side];
    fed.first = first;
    fed.size = (flags & tcp_flag::rst) != 0 ? 0 : size;  // what a RST carries is no part of the stream
    const ReassemblyCounters before = counters_;
    reassembler_.on_segment(c_, side, s, sink_);
    if (counters_.out_of_window != before.out_of_window) sink_.whole = false;
    if (counters_.keep_alives == before.keep_alives) fed.before.add(first, fed.size);
    fed.size = 0;
    ASAN_POISON_MEMORY_REGION(payload.data(), size);
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
      if (s.held == nullptr) continue;
      demand(s.held->ring_segments <= limits_.held_segments_max + 1, "too many segments held");
      demand(s.held->ring_bytes <= limits_.held_bytes_max, "too many bytes held");
      std::uint32_t at = s.next_seq;
      const HeldSegment* h = s.held;
      unsigned count = 0;
      std::uint32_t bytes = 0;
      do {
        demand(static_cast<std::int32_t>(h->seq - at) >= 0, "held segments that overlap");
        at = h->end();
        demand(!h->fin || h->next == s.held, "a FIN that is not the last");
        bytes += h->bytes;
        h = h->next;
        ++count;
      } while (h != s.held);
      demand(count == s.held->ring_segments, "a wrong count");
      demand(bytes == s.held->ring_bytes, "a wrong sum");
    }
  }

  ReassemblyLimits limits_;
  ReassemblyCounters counters_;
  SlabPool& slabs_;
  bool wrap_;
  Conversation c_;
  std::array<Fed, 2> fed_;
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
