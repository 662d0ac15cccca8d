#pragma once
// Bytes to messages for protocols whose messages are tokens: a head (a line, a fixed header) that says how
// many bytes of payload follow it. Heads are read whole, payloads as they come: what is kept of a message is
// its first bytes and the preview of its body; the rest passes by counter. Derived classes say what tokens
// look like, which of them ends a message, and what becomes of messages.
//
// Base of a dissector: lives in its flow's slot, on one core. What it keeps is in the worker's slabs.

#include <cstdint>

#include "core/descriptor.h"
#include "core/dissector.h"
#include "core/preview.h"
#include "core/reader.h"
#include "core/slab_buffer.h"

namespace spanlight {

struct Token {
  Fault fault = Fault::none;  // short_input: more bytes of its head may cure it
  std::size_t head = 0;
  std::uint64_t payload = 0;  // follows the head
  std::uint64_t count = 0;    // the protocol's own, so that accept() need not read again
  std::uint8_t kind = 0;
};

// What a token is to its message.
struct Place {
  bool last = false;       // the message ends with it
  bool body = false;       // its payload belongs to the message's body, except
  std::uint64_t lead = 0;  // its first,
  std::uint8_t tail = 0;   // and its last bytes
};

// What is kept of a message. Plain data; who holds it releases it.
struct KeptMessage {
  static constexpr std::size_t kHeadBytesMax = 4'096;

  std::uint64_t start = 0;       // offset of its first byte
  std::uint64_t peer_acked = 0;  // how much of the other direction its sender had then
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint64_t size = 0;  // on the wire, as far as it came or is known to have passed
  std::uint64_t body_size = 0;
  SlabBuffer head;  // its first bytes, as on the wire
  Preview body;
  std::uint32_t flags = 0;   // Flag: what happened to it
  std::uint32_t turn = 0;    // messages of both directions, in the order in which they began
  std::uint8_t note = 0;     // its protocol's own
  bool behind_hole = false;  // it was looked for, and found
  bool head_closed = false;  // bytes behind those in `head` are missing

  bool began_before(const KeptMessage& other) const {
    return static_cast<std::int32_t>(turn - other.turn) < 0;
  }
  std::string_view text() const { return as_text(head.bytes()); }
  void release(Workshop& workshop) {
    head.release(workshop.previews);
    body.release(workshop);
  }
};

// One call, as it is told. Views die when tell() returns.
struct ToldCall {
  const KeptMessage* request = nullptr;
  const KeptMessage* response = nullptr;
  State state = State::complete;
  Reason reason = Reason::none;
  std::uint32_t flags = 0;
  Direction said_by = Direction::c2s;  // of what is told one way
  bool pipelined = false;
};

class Framed : public Dissector {
 public:
  explicit Framed(Workshop& workshop) : workshop_(workshop) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  void on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) final;
  Answer on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) final;
  void on_end(Direction from, End end, TimeNs time, Sink& sink) final;
  void on_close(End end, TimeNs time, Sink& sink) final;

 protected:
  struct Track {
    KeptMessage message;        // under way, where `open`
    std::uint64_t end = 0;      // offset behind what was shown, passed or declared missing
    std::uint64_t payload = 0;  // of the token under way
    std::uint64_t payload_left = 0;
    TimeNs began = 0;  // when the first byte of what waits came; and what its sender had then
    std::uint64_t began_acked = 0;
    std::uint32_t began_turn = 0;
    Place place;
    bool open = false;
    bool waits = false;
    bool lost = false;   // a message's start is looked for
    bool found = false;  // the next message is the first behind a hole
    bool ended = false;
    Reason end_reason = Reason::none;
  };

  // The token at the start of `rest`, which is not empty; by what was accepted so far. Changes nothing.
  virtual Token token(Direction from, Bytes rest) const = 0;
  // A message's start behind a hole: as Descriptor::find, for bytes that are this protocol's for sure.
  virtual Sync find(Direction from, Bytes rest) const = 0;
  // It was read, with the head in `head`: what it is to its message. `first`: the message begins with it.
  virtual Place accept(Direction from, const Token& token, Bytes head, bool first, Sink& sink) = 0;
  // The message under way is complete; what is kept of it is taken or released. False: nothing more of the
  // flow is wanted.
  virtual bool complete(Direction from, Sink& sink) = 0;
  // It will never be: `flags` say why.
  virtual void broken(Direction from, std::uint32_t flags, Sink& sink) = 0;
  // A hole, or bytes that were not understood, outside of every payload. Tokens are looked for again.
  virtual void disturbed(Direction from, GapCause cause, Sink& sink) = 0;
  // Bytes up to track(from).end were read.
  virtual void saw(Direction, const Window&) {}
  // Bytes up to there passed unseen, or were not understood, or are missing.
  virtual void passed(Direction) {}
  // The direction ends; a message under way was broken before.
  virtual void ended(Direction from, End end, Sink& sink) = 0;

  ~Framed() = default;

  Track& track(Direction from) { return tracks_[index_of(from)]; }
  const Track& track(Direction from) const { return tracks_[index_of(from)]; }
  // Nothing of either direction is under way.
  bool is_between(const Position& position) const;
  void resume_at(const Position& position);

  std::uint32_t next_turn() { return ++turns_; }

  Workshop& workshop_;

 private:
  void keep(Track& t, Bytes bytes);
  std::size_t take_payload(Track& t, Bytes rest, TimeNs time);
  void pass_payload(Track& t, std::uint64_t n);
  bool end_token(Direction from, Sink& sink);
  void begin(Track& t, std::uint64_t start);
  Answer stop(std::size_t consumed, TimeNs time, Sink& sink);
  Answer after_window(Track& t, std::size_t consumed);
  void lose(Direction from, GapCause cause, Sink& sink);

  Track tracks_[2];
  std::uint32_t turns_ = 0;
};

// What stands as the error of a call without an answer; empty where that is not the server's doing.
constexpr std::string_view no_response_text(Reason reason) {
  switch (reason) {
    case Reason::unanswered:
      return "no response: unanswered";
    case Reason::reset:
      return "no response: connection reset";
    case Reason::closed:
      return "no response: connection closed";
    default:
      return {};
  }
}

}  // namespace spanlight
