#pragma once
// One MongoDB connection: messages of both directions, open requests by their ids. Lives in its flow's slot;
// what waits lies in the worker's slabs and goes back at the latest in on_close().

#include <cstdint>

#include "core/dissector.h"
#include "core/open_calls.h"
#include "mongodb/call.h"
#include "mongodb/parse.h"

namespace spanlight::mongodb {

class Connection final : public Dissector {
 public:
  static constexpr std::size_t kHeadBytes =
      16'384;  // of a message that are shown, and looked at in one piece
  static constexpr std::size_t kPackedBytesMax = 60'000;  // of a compressed one; larger ones are told unread
  static constexpr std::size_t kJsonBytesMax = 16'384;

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
  // One direction.
  struct Way {
    std::uint64_t left = 0;   // of the message under way
    TimeNs began = 0;         // its first byte
    std::uint64_t shown = 0;  // bytes of it that were seen and left for later
    std::uint32_t turn = 0;   // its place among the messages of both directions
    Call* call = nullptr;
    Documents documents;
    bool lost = false;  // the next message is being looked for
    bool ended = false;
    Reason end_reason = Reason::none;
  };
  // All that has to be known between two messages.
  struct Rest {
    std::uint8_t holes = 0;   // bit by direction: bytes of it were missing
    std::uint8_t blamed = 0;  // bit by direction: by the sensor's fault
    bool asked = false;       // a request was seen
  };

  Way& way(Direction from) { return ways_[index_of(from)]; }
  static Call& call_of(OpenCall& call) { return static_cast<Call&>(call); }
  Half& half_of(Direction from) {
    return from == Direction::c2s ? way(from).call->asked : way(from).call->told;
  }

  bool begin_message(Direction from, const Header& header, Bytes head, TimeNs time, Sink& sink);
  bool begin_request(const Header& header, Sink& sink);
  bool begin_answer(const Header& header, Sink& sink);
  std::size_t read_head(Half& half, std::uint32_t opcode, Bytes body, std::uint64_t size,
                        Documents& documents);
  void read_packed(Direction from, Bytes body);
  void show(Half& half, Bytes documents, bool sections, bool hides);
  void end_message(Direction from, Sink& sink);
  void end_request(Sink& sink);
  void end_answer(Sink& sink);
  void cut(Direction from, std::uint32_t flags, Sink& sink);
  Answer lose_way(Direction from, GapCause cause, Sink& sink, std::size_t consumed);
  Answer after_window(Direction from, std::size_t consumed) const;

  Call* take_call(Sink& sink);
  void emit(Call& call, Reason reason, Sink& sink);
  void release(Half& half);
  void release(Call& call);
  void settle(Call& call, Reason reason, Sink& sink);
  bool has_hole(Direction d) const { return (rest_.holes >> index_of(d) & 1) != 0; }
  Reason lost(Direction d) const;

  Workshop& workshop_;
  OpenCalls open_;
  Way ways_[2];
  Rest rest_;
  std::uint32_t turn_ = 0;  // messages that began
};
static_assert(sizeof(Connection) <= 704, "one of the slabs' smaller blocks");

}  // namespace spanlight::mongodb
