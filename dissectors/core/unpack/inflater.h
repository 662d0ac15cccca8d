#pragma once
// zlib's format (RFC 1950) as it comes, piece by piece: one block of the worker's slabs while a text is under
// way, nothing between two texts. (WebSocket's raw deflate with its kept window: core/ws/inflater.h.)

#include <cstdint>

#include "core/dissector.h"

namespace spanlight::unpack {

class Inflater {
 public:
  enum class State : std::uint8_t { idle, running, ended, failed };

  // A text begins. False: no memory.
  bool begin(Workshop& workshop);

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

}  // namespace spanlight::unpack
