#pragma once
// One AMQP connection: frames, methods that wait for their answers, contents under way. Lives in its flow's
// slot; what it holds beyond that lies in the worker's slabs and goes back at the latest in on_close().

#include <cstdint>

#include "amqp/exchange.h"
#include "amqp/frame.h"
#include "core/dissector.h"
#include "core/open_questions.h"
#include "core/sized_messages.h"

namespace spanlight::amqp {

class Connection final : public Dissector {
 public:
  static constexpr std::uint32_t kContentsMax = 256;  // under way at once, over all channels

  explicit Connection(Workshop& workshop) : workshop_(workshop) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  void on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) override;
  Answer on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) override;
  void on_end(Direction from, End end, TimeNs time, Sink& sink) override;
  void on_close(End end, TimeNs time, Sink& sink) override;
  void on_time(TimeNs now, Sink& sink) override;
  TimeNs next_deadline() const override { return open_.next_deadline(workshop_.limits); }
  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  // One direction.
  struct Way {
    SizedMessages frames;         // all but bodies
    std::uint32_t body_left = 0;  // of a frame of a body: payload to come
    bool body_open = false;       // its end is to come
    Content* content = nullptr;   // whose body it is; none: nobody's that was seen
  };
  struct Rest {
    std::uint32_t unacked = 0;  // bytes of c2s that the server was not known to have
    Holes holes;
    bool in_doubt = false;  // questions of the client may be missing, and their answers still to come
  };

  Answer lose_way(Direction from, std::size_t consumed, Sink& sink);
  bool begin_body(Direction from, const Window& window, std::size_t& at);
  bool read_body(Direction from, const Window& window, std::size_t& at, Sink& sink);
  bool take_frame(Direction from, const Arrival& frame, const Window& window, std::size_t end, Sink& sink);

  // What the frames say: calls.cpp.
  void take_method(Direction from, const Half& half, bool turn, Sink& sink);
  void ask(Direction from, const Half& half, bool turn, Sink& sink);
  void answer(Direction from, const Half& half, std::uint32_t flags, Sink& sink);
  void say(Direction from, const Half& half, std::uint32_t flags, Sink& sink);
  void tell_alone(Direction from, std::string_view method, const Arrival& frame, std::string_view error,
                  Sink& sink);
  bool is_ambiguous(const OpenQuestion& oldest) const;
  bool is_turn(const Window& window, std::uint64_t start) const;
  void settle(OpenQuestion& call, Reason reason, const Half* closed_by, Sink& sink);
  void settle_all(Direction asker, End end, Sink& sink);
  const OpenQuestion* find_close(Direction closer, const Half& half) const;
  void settle_closed(Direction closer, const Half& close, Reason reason, Sink& sink);

  // Contents: contents.cpp.
  void begin_content(Direction from, const Half& half, Sink& sink);
  void take_header(Direction from, const Arrival& frame, Sink& sink);
  void finish(Content& content, std::uint32_t flags, Sink& sink);
  void drop_contents(Direction from, std::uint32_t flags, Sink& sink);
  Content* find_content(Direction from, std::uint16_t channel) const;
  void release(Content& content);

  Workshop& workshop_;
  OpenQuestions open_;
  Content* contents_ = nullptr;  // the oldest
  std::uint32_t content_count_ = 0;
  Way ways_[2];
  Rest rest_;
  std::uint32_t turns_ = 0;         // messages that have begun
  std::uint64_t s2c_end_ = 0;       // delivered or declared missing
  std::uint64_t server_acked_ = 0;  // of c2s, highest seen
};
static_assert(sizeof(Connection) <= 704, "one of the slabs' smaller blocks");

}  // namespace spanlight::amqp
