#pragma once
// The compressed protocol of MySQL (CLIENT_COMPRESS): packets within packets, deflated by zlib or as they
// are.
//
//   u24 length | u8 sequence | u24 length inflated, 0: not deflated | payload
//
// Turns what comes into the windows that it would have been: what a reader leaves of one is kept in the
// worker's slabs until more comes. Behind a hole the next packet that begins a turn is looked for here.

#include <algorithm>
#include <cstdint>

#include "core/dissector.h"
#include "core/inner_stream.h"
#include "core/unpack/inflater.h"

namespace spanlight::mysql {

class Compressed {
 public:
  static constexpr std::size_t kHeaderBytes = 7;

  bool on() const { return on_; }
  void begin() { on_ = true; }

  // Takes all of the window that can be taken. `read(const Window&) -> Answer` gets what is in it;
  // `lost(offset)` is told when that cannot be read on.
  template <typename Read, typename Lost, typename Saw>
  Answer on_data(Workshop& workshop, Direction from, const Window& window, const Read& read, const Lost& lost,
                 const Saw& saw);

  // What is within was not understood: the packet passes, then the next start is looked for.
  void lose(Workshop& workshop, Direction from);
  // Bytes are missing.
  void gap(Direction from, std::uint64_t missing);
  void release(Workshop& workshop);

 private:
  struct Side {
    std::uint64_t left = 0;   // of the packet under way
    std::uint64_t start = 0;  // offset of its first byte
    unpack::Inflater inflater;
    InnerStream within;
    bool deflated = false;
    bool lost = false;
  };

  // Where a packet begins that is the first of a turn. As a descriptor's find().
  static std::size_t find_start(Direction from, Bytes window, bool& found);
  bool begin_packet(Workshop& workshop, Direction from, Bytes header, std::uint64_t start);
  template <typename Read>
  bool feed(Workshop& workshop, Side& side, Bytes within, const Window& outer, const Read& read);
  template <typename Read>
  bool pass_on(Workshop& workshop, Side& side, Bytes payload, const Window& outer, const Read& read);

  Side sides_[2];
  bool on_ = false;
};

template <typename Read, typename Lost, typename Saw>
Answer Compressed::on_data(Workshop& workshop, Direction from, const Window& window, const Read& read,
                           const Lost& lost, const Saw& saw) {
  Side& side = sides_[index_of(from)];
  std::size_t at = 0;
  while (at < window.bytes.size()) {
    const Bytes rest = window.bytes.subspan(at);
    if (side.lost && side.left == 0) {
      bool found = false;
      at += find_start(from, rest, found);
      if (!found)
        return at == window.bytes.size()
                   ? Answer{.consumed = at}
                   : Answer{.consumed = at, .want = Answer::Want::wait, .n = window.bytes.size() - at + 1};
      side.lost = false;
      continue;
    }
    if (side.left == 0) {
      if (rest.size() < kHeaderBytes) return {.consumed = at, .want = Answer::Want::wait, .n = kHeaderBytes};
      if (!begin_packet(workshop, from, rest.first(kHeaderBytes), window.offset + at)) {
        ++workshop.counters.malformed;
        lose(workshop, from);
        lost(window.offset + at);
        at += side.left > 0 ? kHeaderBytes : 1;
        continue;
      }
      at += kHeaderBytes;
      saw(window.offset + at);
      continue;
    }
    const Bytes payload =
        rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), side.left)));
    side.left -= payload.size();
    at += payload.size();
    if (!side.lost && !pass_on(workshop, side, payload, window, read)) {
      const std::uint64_t start = side.start;
      lose(workshop, from);
      lost(start);
    }
    if (side.left > 0) continue;
    side.inflater.end(workshop);
    saw(window.offset + at);
  }
  return {.consumed = at};
}

// False: what is within is lost.
template <typename Read>
bool Compressed::pass_on(Workshop& workshop, Side& side, Bytes payload, const Window& outer,
                         const Read& read) {
  if (!side.deflated) return feed(workshop, side, payload, outer, read);
  constexpr std::size_t kRoomBytes = 4'096;
  std::uint8_t room[kRoomBytes];
  while (true) {
    const std::size_t before = payload.size();
    const Bytes within = side.inflater.read(payload, room);
    // What came before a fault is as good as what comes byte by byte.
    if (!within.empty() && !feed(workshop, side, within, outer, read)) return false;
    if (side.inflater.state() == unpack::Inflater::State::failed) {
      ++workshop.counters.malformed;
      return false;
    }
    if (within.empty() && payload.size() == before) return true;
  }
}

template <typename Read>
bool Compressed::feed(Workshop& workshop, Side& side, Bytes within, const Window& outer, const Read& read) {
  return side.within.feed(workshop, within,
                          {.offset = side.start, .time = outer.time, .peer_acked = outer.peer_acked}, read);
}

}  // namespace spanlight::mysql
