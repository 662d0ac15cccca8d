#pragma once
// LDAP between two ends, over a stream or datagrams. Lives in its flow's slot; what waits lies in the
// worker's slabs and goes back at the latest in on_close().

#include <cstdint>

#include "core/dissector.h"
#include "core/open_questions.h"
#include "core/sized_messages.h"
#include "ldap/exchange.h"
#include "ldap/parse.h"

namespace spanlight::ldap {

class Connection final : public Dissector {
 public:
  Connection(Workshop& workshop, bool datagrams) : workshop_(workshop), datagrams_(datagrams) {}

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
  enum class Then : std::uint8_t { go_on, not_understood, begin_tls };
  struct Rest {
    Holes holes;
    bool asked = false;  // a request was seen
    bool sasl = false;   // a SASL bind succeeded: what follows may be wrapped
  };

  Answer read_datagram(Direction from, const Window& window, Sink& sink);
  Answer lose_way(Direction from, std::size_t consumed, Sink& sink);
  Answer leave(std::size_t consumed, Answer::Want how, TimeNs time, Sink& sink);
  Then take(Direction from, const Arrival& arrival, Sink& sink);
  void ask(Direction from, const Message& message, const Arrival& arrival, Sink& sink);
  Then answer(Direction from, const Message& message, const Arrival& arrival, Sink& sink);
  void count(Direction from, const Message& message, const Arrival& arrival);
  void tell_alone(Direction from, const Arrival& arrival, Sink& sink);
  void tell_unasked(Direction from, const Message& message, const Arrival& arrival, Sink& sink);
  void abandon(Direction from, std::uint32_t id);
  OpenQuestion* find_asked(Direction asker, const Message& message, const Arrival& arrival) const;
  bool is_repeated(Direction from, const Message& message, const Arrival& arrival);
  void settle(OpenQuestion& call, Reason reason, Sink& sink);
  void settle_all(Direction asker, End end, Sink& sink);

  Workshop& workshop_;
  OpenQuestions open_;
  SizedMessages ways_[2];
  Rest rest_;
  std::uint32_t turns_ = 0;  // messages that have begun
  bool datagrams_;
};
static_assert(sizeof(Connection) <= 256, "a flow's slot is the slabs' smallest block");

}  // namespace spanlight::ldap
