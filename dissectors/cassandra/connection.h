#pragma once
// One CQL connection: frames of both directions, open requests by their streams. Lives in its flow's slot;
// what waits lies in the worker's slabs and goes back at the latest in on_close().

#include <cstdint>

#include "cassandra/call.h"
#include "cassandra/parse.h"
#include "cassandra/segments.h"
#include "core/dissector.h"
#include "core/open_calls.h"
#include "core/statements.h"

namespace spanlight::cassandra {

class Connection final : public Dissector {
 public:
  static constexpr std::size_t kHeadBytes = 16'384;       // of a frame that are looked at; the rest passes
  static constexpr std::size_t kPackedBytesMax = 60'000;  // of a packed body; larger ones are told unread
  static constexpr std::size_t kStatementBytesMax = 16'384;

  explicit Connection(Workshop& workshop) : workshop_(workshop), open_(workshop.secret) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  void on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) override;
  Answer on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) override;
  void on_end(Direction from, End end, TimeNs time, Sink& sink) override;
  void on_close(End end, TimeNs time, Sink& sink) override;
  void on_time(TimeNs now, Sink& sink) override;
  TimeNs next_deadline() const override;
  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  // How frames lie in the stream. Version 5 puts them into segments behind the answer to STARTUP.
  enum class Framing : std::uint8_t { unknown, plain, segments, packed_segments };

  // One direction.
  struct Way {
    std::uint64_t left = 0;  // of the frame under way
    TimeNs began = 0;        // its first byte
    std::uint32_t turn = 0;  // its place among the messages of both directions
    Call* call = nullptr;
    Segments segments;
    bool lost = false;  // the next message is being looked for
    bool ended = false;
    Reason end_reason = Reason::none;
  };
  // All that has to be known between two frames.
  struct Rest {
    Framing framing = Framing::unknown;
    unpack::Method method = unpack::Method::none;  // of bodies; none: not known
    std::uint8_t holes = 0;                        // bit by direction: bytes of it were missing
    std::uint8_t blamed = 0;                       // bit by direction: by the sensor's fault
    bool asked = false;                            // a request was seen
  };

  Way& way(Direction from) { return ways_[index_of(from)]; }
  static Call& call_of(OpenCall& call) { return static_cast<Call&>(call); }
  Half& half_of(Direction from) {
    return from == Direction::c2s ? way(from).call->asked : way(from).call->told;
  }
  bool in_segments() const { return rest_.framing >= Framing::segments; }

  Answer read(Direction from, const Window& window, bool within, Sink& sink);
  bool find_segments(Bytes start);
  bool begin_frame(Direction from, const Header& header, Bytes head, TimeNs time, Sink& sink);
  bool begin_request(const Header& header, Sink& sink);
  bool begin_answer(const Header& header, Sink& sink);
  void read_body(Direction from, Bytes body, std::uint64_t size);
  void read_request(Call& call, Bytes body, bool whole);
  void read_answer(Call& call, Bytes body, bool whole);
  void keep_statement(Call& call, std::string_view statement, std::uint64_t size);
  void note_startup(std::string_view compression);
  void end_frame(Direction from, Sink& sink);
  void note_answer(const Call& call);
  void cut(Direction from, std::uint32_t flags, Sink& sink);
  void lose_way(Direction from, GapCause cause, Sink& sink);
  Answer after_window(Direction from, std::size_t consumed) const;

  Call* take_call(Sink& sink);
  void emit(Call& call, Reason reason, Sink& sink);
  void release(Call& call);
  void settle(Call& call, Reason reason, Sink& sink);
  bool has_hole(Direction d) const { return (rest_.holes >> index_of(d) & 1) != 0; }
  Reason lost(Direction d) const;

  Workshop& workshop_;
  OpenCalls open_;
  Statements statements_;
  Way ways_[2];
  Rest rest_;
  std::uint32_t turn_ = 0;  // messages that began
};
static_assert(sizeof(Connection) <= 704, "one of the slabs' smaller blocks");

}  // namespace spanlight::cassandra
