#pragma once
// One connection: messages of both directions, the queue of groups that wait for their ReadyForQuery, and
// what becomes of each call. Lives in its flow's slot; everything it holds beyond that is in the worker's
// slabs and goes back at the latest in on_close().

#include <cstdint>

#include "core/call_queue.h"
#include "core/dissector.h"
#include "postgresql/call.h"
#include "postgresql/parse.h"
#include "postgresql/session.h"

namespace spanlight::postgresql {

class Connection final : public Dissector {
 public:
  explicit Connection(Workshop& workshop) : workshop_(workshop) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  void on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) override;
  Answer on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) override;
  void on_end(Direction from, End end, TimeNs time, Sink& sink) override;
  void on_close(End end, TimeNs time, Sink& sink) override;
  void on_time(TimeNs now, Sink& sink) override;
  TimeNs next_deadline() const override;
  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

  // Of a message's body that is looked at; the rest passes by counter.
  static constexpr std::size_t kLookedAtBytesMax = kTextBytesMax + 1'024;
  static constexpr std::size_t kSecretBytesMax = 1'024;

 private:
  // What a step over the bytes at hand leads to.
  enum class Next : std::uint8_t { go_on, wait, hold, skip, resync, identify, stop };

  struct Way {
    TimeNs began = 0;               // first byte of the message that waits
    std::uint64_t began_acked = 0;  // how much of the other direction its sender had then
    std::uint64_t end = 0;          // behind the last byte that was delivered, passed or declared missing
    bool waits = false;
    bool ended = false;
    Reason end_reason = Reason::none;
    std::uint32_t turn =
        0;  // of the message that waits: its place among those of both directions, as delivered
  };
  // One message, as far as it is looked at.
  struct Message {
    std::uint8_t type;
    Bytes body;
    bool whole;
    std::uint64_t size;  // on the wire
    std::uint64_t start, end;
    std::uint64_t peer_acked;
    TimeNs first_byte, last_byte;
    std::uint32_t turn;
  };

  Way& way(Direction from) { return ways_[index_of(from)]; }
  static Group& group_of(OpenRequest& request) { return static_cast<Group&>(request); }

  // The way of the bytes: connection.cpp.
  Next step(Direction from, const Window& window, std::size_t& at, std::uint64_t& wanted, Sink& sink);
  Next step_opening(const Window& window, std::size_t& at, std::uint64_t& wanted, Sink& sink);
  Next step_one_byte(const Window& window, std::size_t& at, Sink& sink);
  Next step_message(Direction from, const Window& window, std::size_t& at, std::uint64_t& wanted, Sink& sink);
  Next pass(const Window& window, std::size_t& at, std::size_t looked_at, std::uint64_t size,
            std::uint64_t& wanted);
  Message message_at(Direction from, const Window& window, std::size_t at, std::size_t head,
                     std::size_t looked_at, std::uint64_t size);
  bool awaits_one_byte() const;
  Next leave(Next next, Sink& sink);
  Next lose_way(Direction from, const Window& window, std::size_t& at, Sink& sink);
  void disturb(Direction from, std::uint64_t end, GapCause cause, Sink& sink);

  // What the client says: asked.cpp.
  void take_asked(const Message& m, Sink& sink);
  void take_query(const Message& m, Sink& sink);
  void take_function(const Message& m, Sink& sink);
  void take_parse(const Message& m, Sink& sink);
  void take_bind(const Message& m, Sink& sink);
  void take_named(const Message& m, Sink& sink);
  void take_execute(const Message& m, Sink& sink);
  void take_sync(const Message& m, Sink& sink);
  void take_copy(const Message& m);
  void take_password(const Message& m);
  void take_opening(const Message& m, std::uint32_t code, Sink& sink);
  Call* step_of_call(const Message& m, Sink& sink);
  void keep_statement(Call& call, std::string_view text, std::uint64_t size);
  void keep_parameters(Call& call, const Bind& bind);
  void adopt_statement(Call& call, const Session::Statement& statement);

  // What the server says: answered.cpp.
  void take_answered(const Message& m, Sink& sink);
  void take_of_call(Call& call, const Message& m);
  void take_report(Call& call, const Message& m);
  void take_tag(Call& call, const Message& m, std::string_view tag);
  void take_columns(Call& call, const Message& m);
  void take_authentication(Call& call, const Message& m);
  void take_ready(const Message& m, Sink& sink);
  void end_call(Call& call, Sink& sink);
  void tell_alone(const Message& m, Sink& sink);
  Call* current_call(Group& group) const;
  void sight(std::uint8_t type, const Window& window, std::uint64_t start, Sink& sink);
  void begin_answer(const Window& window, std::uint64_t start, Sink& sink);

  // Groups and calls: groups.cpp.
  Group* group_for(const Message& m, Sink& sink);
  Group* begin_group(const Message& m, Sink& sink);
  void end_group(std::uint64_t end, Sink& sink);
  MutableBytes take_block(std::size_t bytes, Sink& sink);
  Call* take_call(Kind kind, const Message& m, Sink& sink);
  void append_call(Group& group, Call& call, Sink& sink);
  void compose_no_more(Group& group, Sink& sink);
  void cut_asking(std::uint32_t flags, Sink& sink);
  void finish_answer(Reason reason, std::uint32_t flags, Sink& sink);
  void tell(Call& call, Reason reason, std::uint32_t flags, Sink& sink);
  void tell_answered(Group& group, Sink& sink);
  void settle_group(Group& group, Reason reason, std::uint32_t flags, Sink& sink);
  void settle_queued(Reason reason, std::uint32_t flags, Sink& sink);
  void settle_calls(Group& group, Reason reason, std::uint32_t flags, Sink& sink);
  void release_if_over(Group& group, Sink& sink);
  void release(Call& call);
  Reason lost() const;
  std::uint32_t lost_flag() const;
  Session* session();
  void release_session();

  Workshop& workshop_;
  CallQueue queue_;
  Way ways_[2];
  Group* asking_ = nullptr;     // the client is still at it
  Group* answering_ = nullptr;  // the server is; may be the same
  Session* session_ = nullptr;
  std::uint64_t passing_ = 0;  // bytes of the window at hand that nobody looks at
  std::uint32_t open_calls_ = 0;
  std::uint32_t turns_ = 0;  // messages that have begun
  bool unproven_ = false;    // bytes of the client's were lost, and nothing asked since was answered
  bool holding_ = false;     // the client's last answer was `hold`: it speaks TLS before it was allowed to
  bool encryption_asked_ = false;
  bool holed_ = false;  // bytes of the client's were lost: who it is, or what it prepared, may be among them
};

// Builds the transaction of a call and hands it to the sink.
struct Who {
  std::string_view user, database;
};
void emit_call(const Call& call, State state, Reason reason, const Who& who, const Limits& limits,
               Sink& sink);

}  // namespace spanlight::postgresql
