#pragma once
// One direction of a stream whose messages say their own length: windows to messages. One that is larger than
// what is wanted of it is shown by its beginning, and the rest passes by counter; its last byte alone is
// waited for, so that it is told when it has ended. Plain data in its connection's slot; release() gives back
// what it holds.

#include <algorithm>
#include <cstdint>

#include "core/arrival.h"
#include "core/dissector.h"
#include "core/reader.h"

namespace spanlight {

class SizedMessages {
 public:
  static constexpr std::size_t kWantedBytesMax = 16'384;

  // What the beginning of a message says of it. `short_input`: more bytes tell more.
  struct Measure {
    Fault fault = Fault::none;
    std::uint64_t size = 0;    // of all of it
    std::uint64_t wanted = 0;  // of its bytes; kWantedBytesMax at most are shown
  };
  using MeasureOf = Measure (*)(Bytes head);

  struct Next {
    bool come = false;    // `message` is there: ask again behind it
    bool broken = false;  // no message stands here
    Arrival message;
    Answer answer;  // if none has come
  };

  // The next message from `at` on, which moves behind what is done with. `turns`: how many messages of both
  // directions have begun.
  Next next(Workshop& workshop, const Window& window, std::size_t& at, MeasureOf measure,
            std::uint32_t& turns);

  // Of a skip that next() asked for, which leaves the message's last byte.
  void passed(std::uint64_t seen, std::uint64_t missing) {
    left_ -= std::min(seen + missing, left_ - 1);
    if (missing > 0) flags_ |= kFlagGap;
  }

  // A hole of `missing` bytes, or the direction's end (0). True: within a message that had begun to pass,
  // which is to be told. What stands in front of the hole is no message's beginning any more.
  bool cut(std::uint64_t missing, TimeNs time, Arrival& message);

  bool rests() const { return began_ == 0; }
  bool passes() const { return left_ > 0; }
  void forget(Workshop& workshop);  // what has begun, and what the last message was shown from

 private:
  Answer pass(Workshop& workshop, Bytes rest, std::uint64_t size, std::size_t wanted);
  Arrival passing(TimeNs last_byte) const;

  TimeNs began_ = 0;  // first byte of the message under way
  std::uint64_t size_ = 0;
  std::uint64_t left_ = 0;  // of a message that passes: bytes to come; 0: none passes
  std::uint32_t kept_bytes_ = 0;
  std::uint32_t flags_ = 0;
  std::uint32_t turn_ = 0;
  bool told_ = false;             // the message that passed
  std::uint8_t* kept_ = nullptr;  // a block of the worker's state slabs
};

}  // namespace spanlight
