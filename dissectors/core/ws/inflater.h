#pragma once
// permessage-deflate (RFC 7692): zlib's inflater for one direction, in one block of the worker's slabs. Where
// messages may quote those before them it lives as long as its connection; otherwise as long as a message.
//
// It starts without a window. What quotes bytes that it has not seen is an error of zlib's and no text, so a
// message that comes out whole is exact, also behind a hole: lose() forgets the window, and messages come out
// again as soon as none quotes what was lost.

#include <zlib.h>

#include <cstdint>

#include "core/dissector.h"
#include "core/ws/terms.h"

namespace spanlight::ws {

class Inflater {
 public:
  // Of one message: more is not looked at, and the window is lost.
  static constexpr std::uint64_t kInflatedBytesMax = 4u << 20;

  enum class State : std::uint8_t { idle, running, failed };

  // A message begins. False: there is no memory; lose() then.
  bool begin(Workshop& workshop);

  // Takes bytes off `in`, writes what they stand for. Called until it gives nothing and `in` is empty, or it
  // has failed.
  Bytes read(Bytes& in, MutableBytes room);

  // The message is over, its last four bytes (00 00 ff ff) having been read.
  void end(Workshop& workshop, const Deflate& deflate);

  // The window, and the message under way, cannot be known any more.
  void lose(Workshop& workshop);

  bool failed() const { return state_ == State::failed; }
  bool holds_window() const { return !block_.empty(); }
  std::uint64_t inflated() const { return inflated_; }

 private:
  struct Arena;
  static voidpf take(voidpf arena, uInt count, uInt size);
  static void give(voidpf arena, voidpf block);

  MutableBytes block_;  // Arena, then what zlib took
  std::uint64_t inflated_ = 0;
  State state_ = State::idle;
};

}  // namespace spanlight::ws
