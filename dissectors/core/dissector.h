#pragma once
// The contract between the pipeline and a protocol.
//
// A dissector lives in a fixed slot of its worker from the moment its flow is identified until the flow ends
// or another protocol takes over, except where it rests between two messages (park, resume). It is called on
// one core only, never concurrently, and may not allocate, lock, log, throw, or make a system call: what it
// must keep goes to the worker's slabs, what it finds goes to the sink.
//
// Per direction the pipeline calls   ( on_data | on_skipped | on_gap )* on_end   , and at last on_close once.
// Bytes come causally ordered: what a peer acknowledged is delivered before what it then said, also when the
// two directions of a TAP arrive skewed. Datagrams: each is a window of its own, without holes, and whole as
// far as it was captured.

#include <cstdint>

#include "core/bytes.h"
#include "core/flow_errors.h"
#include "core/group_flows.h"
#include "core/handover.h"
#include "core/lender.h"
#include "core/memo.h"
#include "core/slab.h"
#include "core/time_ns.h"
#include "core/transaction.h"

namespace spanlight {

// The bytes at hand: those that the last answer left unconsumed, followed by what is new, in one piece.
struct Window {
  Bytes bytes;
  std::uint64_t offset =
      0;            // of bytes[0], counted from the direction's first byte (a hole counts as its length)
  TimeNs time = 0;  // capture time of the newest bytes
  std::uint64_t peer_acked = 0;  // offset in the OTHER direction up to which the sender of these bytes had
                                 // received it when it sent them (datagrams: 0)
  std::size_t cut = 0;           // bytes behind these, of the same datagram, that the capture left out
};

// What the dissector wants next for this direction. `consumed` bytes of the window are done with.
struct Answer {
  enum class Want : std::uint8_t {
    data,      // whatever comes next
    wait,      // nothing until the window holds more than now, `n` bytes at least (counted after `consumed`)
    skip,      // the next `n` bytes pass unseen; on_skipped tells what has passed
    hold,      // keep the rest; ask again once the other direction has moved or ended
    resync,    // lost: drop bytes until a message's start is found, by the descriptor
    identify,  // the rest of BOTH directions is another protocol: the one that Workshop::handover names, or
               // whichever it turns out to be
    stop,      // not interested in the rest of the flow
  };
  std::size_t consumed = 0;
  Want want = Want::data;
  std::uint64_t n = 0;
};

// Who lost the bytes. `content`: nobody, they came and were not understood; said by dissectors alone.
enum class GapCause : std::uint8_t { mirror, sensor, content };

// `shed`: the sensor had more to do than it could, and left the flow out.
enum class End : std::uint8_t { fin, reset, idle, evicted, capture_ended, shed };

// Why a call that was open then has no other half.
constexpr Reason reason_of(End end) {
  switch (end) {
    case End::fin:
      return Reason::closed;
    case End::reset:
      return Reason::reset;
    case End::idle:
      return Reason::unanswered;
    case End::evicted:
      return Reason::evicted;
    case End::capture_ended:
      return Reason::capture_ended;
    case End::shed:
      return Reason::lost_in_sensor;
  }
  return Reason::closed;
}

// Why the other half of a call is missing that a hole may hold.
constexpr Reason reason_of(GapCause cause) {
  switch (cause) {
    case GapCause::mirror:
      return Reason::lost_in_mirror;
    case GapCause::sensor:
      return Reason::lost_in_sensor;
    case GapCause::content:
      break;
  }
  return Reason::malformed;
}

// What marks a message, or a call, that a hole or bytes not understood touched.
constexpr std::uint32_t flag_of(GapCause cause) {
  return cause == GapCause::content ? kFlagMalformed : kFlagGap;
}

// What one worker lends to its dissectors. Outlives them all; `previews_shed` alone changes meanwhile.
struct Limits {
  std::uint32_t body_preview_bytes = 16'384;      // per message; 0 = no previews
  std::uint32_t head_bytes_max = 65'536;          // per message head
  std::uint32_t headers_max = 256;                // per message
  std::uint32_t open_calls_max = 1'024;           // per connection
  DurationNs answer_timeout_ns = 60 * kSecondNs;  // a request without an answer is given up
  bool credentials_shown = false;                 // passwords as they are, not as `[redacted]`
  bool previews_shed = false;                     // overload: no more bytes of any body are kept for now
};

// Counters that any protocol may raise; one writer, the worker.
struct DissectorCounters {
  std::uint64_t malformed = 0;            // messages that broke their protocol's rules
  std::uint64_t resyncs = 0;              // times that a message's start had to be looked for
  std::uint64_t preview_exhausted = 0;    // previews shortened because the preview slabs were full
  std::uint64_t state_exhausted = 0;      // calls given up because the state slabs were full
  std::uint64_t open_calls_exceeded = 0;  // calls evicted by open_calls_max
  std::uint64_t headers_truncated = 0;    // messages whose headers were cut
  std::uint64_t blocks_exceeded = 0;      // compressed header blocks left unread at a limit
  std::uint64_t repeats = 0;              // messages that were sent again, and make no call of their own
};

// All memory of a dissector comes from here. A library that allocates (zlib, nghttp2) gets these slabs
// through its own hooks, so that what it may take is bounded and counted: inflate() wants about 7 KiB and a
// window of 32 KiB.
struct Workshop {
  SlabPool& state;
  SlabPool& previews;
  const Limits& limits;
  DissectorCounters& counters;
  Lender* lender = nullptr;  // of received buffers; none: what is kept is copied
  FlowErrors* flow_errors = nullptr;
  GroupFlows* group_flows = nullptr;
  std::uint64_t secret =
      0x9e3779b97f4a7c15;  // a worker's own: what strangers choose is mixed with it where it is hashed
  Handover handover = {};  // filled by who answers `identify`, taken away at once
};

// How much of each direction, by Direction, has been delivered, passed or declared missing. Datagrams: 0.
struct Position {
  std::uint64_t end[2]{};
};

class Dissector {
 public:
  // The flow was another protocol's, which named this one as its successor. Told before anything else.
  virtual void take_over(const Handover& handover) { static_cast<void>(handover); }

  virtual Answer on_data(Direction from, const Window& window, Sink& sink) = 0;

  // What has passed of a skip since it was asked for, or since this was last told: `seen` bytes, and behind
  // them a hole of `missing`. Told at every hole and at the skip's end; all that was asked for passes, unless
  // the direction ends: on_end follows then.
  virtual void on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) = 0;

  // `missing` bytes, outside of any skip, will never come; the window that was left unconsumed is gone with
  // them. A direction that was joined midstream, or lost bytes before its protocol was known, begins with
  // such a call (`missing` is 0 where nobody knows how many).
  virtual Answer on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) = 0;

  // This direction will say nothing more.
  virtual void on_end(Direction from, End end, TimeNs time, Sink& sink) = 0;

  // The flow is over: every call still held is emitted with its reason. The slot is given up after the call.
  virtual void on_close(End end, TimeNs time, Sink& sink) = 0;

  // A timer the dissector asked for through next_deadline() has passed.
  virtual void on_time(TimeNs now, Sink& sink) = 0;

  // When on_time() wants to be called; kNever = not.
  virtual TimeNs next_deadline() const = 0;

  // Asked when nothing of either direction waits. True: nothing is open, and `memo` holds all that has to be
  // known when the flow goes on. The slot is then given up without on_close(); the next dissector of the flow
  // is told resume() before anything else, with the position as it is then, which is the same. Most
  // connections are silent most of the time: a sensor sees millions of them.
  virtual bool park(const Position& position, Memo& memo) const {
    static_cast<void>(position), static_cast<void>(memo);
    return false;
  }
  virtual void resume(const Position& position, const Memo& memo) {
    static_cast<void>(position), static_cast<void>(memo);
  }

 protected:
  ~Dissector() = default;
};

}  // namespace spanlight
