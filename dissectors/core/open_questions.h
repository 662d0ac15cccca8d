#pragma once
// Pairing for protocols whose answers name their question (an id, a channel and a method): the questions of
// one connection that wait, each in a block of the worker's slabs with as much of its bytes as was asked for,
// in the order in which they were last heard of. Lives in its connection's slot; all blocks go back through
// close(). It decides nothing and emits nothing: what becomes of a call is the protocol's.
//
// Answers come mostly in the order of their questions, so they are found by walking from the oldest;
// Limits::open_calls_max bounds the walk.

#include <cstdint>

#include "core/arrival.h"
#include "core/dissector.h"

namespace spanlight {

// Whose bytes were missing, and by whose doing: enough to say why a half is not there.
class Holes {
 public:
  void saw(Direction from, GapCause cause) {
    bits_ = static_cast<std::uint8_t>(bits_ | 1u << index_of(from));
    causes_[index_of(from)] = cause;
  }
  bool any(Direction from) const { return (bits_ >> index_of(from) & 1) != 0; }
  Reason loss(Direction from) const { return reason_of(causes_[index_of(from)]); }
  std::uint32_t flag(Direction from) const { return any(from) ? flag_of(causes_[index_of(from)]) : 0; }

 private:
  std::uint8_t bits_ = 0;
  GapCause causes_[2] = {GapCause::mirror, GapCause::mirror};
};

struct OpenQuestion {
  static constexpr std::size_t kNotes = 4;

  OpenQuestion* older = nullptr;
  OpenQuestion* newer = nullptr;
  std::uint64_t id = 0;  // as the answer repeats it
  TimeNs heard = 0;      // the question's first byte, or what kept it waiting since
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  TimeNs answer_first = 0;  // of an answer in several messages that has begun; 0: it has not
  TimeNs answer_last = 0;
  std::uint64_t answer_size = 0;
  std::uint64_t size = 0;  // on the wire
  std::uint32_t kept = 0;  // of its bytes
  std::uint32_t flags = 0;
  std::uint32_t turn = 0;            // of its Arrival
  std::uint32_t repeats = 0;         // times that the question was sent again
  std::uint32_t notes[kNotes] = {};  // what the protocol counts while it waits
  Direction from = Direction::c2s;
  bool hole = false;  // the answer may lie in a hole
  GapCause cause = GapCause::mirror;

  Bytes bytes() const { return {reinterpret_cast<const std::uint8_t*>(this + 1), kept}; }
  Arrival question() const {
    return {.bytes = bytes(), .first_byte = first_byte, .last_byte = last_byte, .size = size, .flags = flags};
  }

  // Why it has no answer, if `reason` would be said of a stream without holes; a hole is flagged.
  Reason why(Reason reason) {
    if (hole) reason = reason_of(cause);
    if (reason == Reason::lost_in_sensor || reason == Reason::lost_in_mirror) flags |= kFlagGap;
    if (reason == Reason::malformed) flags |= kFlagMalformed;
    return reason;
  }
};
static_assert(sizeof(OpenQuestion) % 8 == 0);

class OpenQuestions {
 public:
  static constexpr std::size_t kKeptBytesMax = 16'384;  // of a question: what follows is not in its record

  // A question of `id` begins to wait. nullptr: no memory, which is counted; it is told at once then.
  OpenQuestion* open(Workshop& workshop, Direction from, std::uint64_t id, const Arrival& question);

  // The oldest that `asker` asked under `id`; nullptr: none. Of those that `answer` may answer: they had
  // begun before it.
  OpenQuestion* find(Direction asker, std::uint64_t id) const { return find(asker, id, {.turn = ~0U}); }
  OpenQuestion* find(Direction asker, std::uint64_t id, const Arrival& answer) const;

  // The oldest of all, or of those that `asker` asked.
  OpenQuestion* front() const { return front_; }
  OpenQuestion* front(Direction asker) const;

  std::uint32_t size() const { return size_; }
  bool full(const Limits& limits) const {
    return size_ >= (limits.open_calls_max > 0 ? limits.open_calls_max : 1);
  }

  // A part of its answer came: it waits on from here.
  void heard(OpenQuestion& call, TimeNs time);

  void close(Workshop& workshop, OpenQuestion& call);

  // Bytes of `from` are missing: answers to what the other side asked may be among them.
  void saw_hole(Direction from, GapCause cause);

  // When the oldest is given up; kNever: none waits.
  TimeNs next_deadline(const Limits& limits) const {
    return front_ == nullptr ? kNever : front_->heard + limits.answer_timeout_ns;
  }
  OpenQuestion* overdue(const Limits& limits, TimeNs now) const {
    return next_deadline(limits) <= now ? front_ : nullptr;
  }

 private:
  void append(OpenQuestion& call);
  void unlink(OpenQuestion& call);

  OpenQuestion* front_ = nullptr;
  OpenQuestion* back_ = nullptr;
  std::uint32_t size_ = 0;
};

// What is said of a call without an answer, if that is somebody's failure; empty: it is not, or it was ours.
std::string_view silence_of(Reason reason);

}  // namespace spanlight
