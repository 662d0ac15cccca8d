#pragma once
// zlib's format (RFC 1950) or gzip's (RFC 1952) as it comes, piece by piece: one block of the worker's slabs
// while a text is under way, nothing between two texts. (WebSocket's raw deflate with its kept window:
// core/ws/inflater.h.)

#include <cstdint>

#include "core/dissector.h"

namespace spanlight::unpack {

class Inflater {
 public:
  enum class State : std::uint8_t { idle, running, ended, failed };
  enum class Format : std::uint8_t { zlib, gzip };

  // A text begins. False: no memory.
  bool begin(Workshop& workshop, Format format = Format::zlib);

  // Takes bytes off `in`, writes what they stand for. Called until it gives nothing and `in` is empty, or it
  // has ended or failed.
  Bytes read(Bytes& in, MutableBytes room);

  void end(Workshop& workshop);

  State state() const { return state_; }

 private:
  struct Arena;
  MutableBytes block_;
  State state_ = State::idle;
};

// What of a text is at hand, as far as it fits into `room`. idle: no memory.
struct Inflated {
  Bytes bytes;
  Inflater::State state = Inflater::State::idle;
};
Inflated inflate_at_once(Workshop& workshop, Inflater::Format format, Bytes packed, MutableBytes room);

}  // namespace spanlight::unpack
