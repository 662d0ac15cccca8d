#pragma once
// RADIUS between two ends: which request an answer is to. Lives in its flow's slot; requests that wait lie in
// the worker's slabs and go back at the latest in on_close().

#include <cstdint>

#include "core/dissector.h"
#include "core/open_questions.h"
#include "radius/exchange.h"
#include "radius/parse.h"

namespace spanlight::radius {

class Connection final : public Dissector {
 public:
  explicit Connection(Workshop& workshop) : workshop_(workshop) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  // Datagrams have no skips, no holes and no ends of their own.
  void on_skipped(Direction, std::uint64_t, std::uint64_t, TimeNs) override {}
  Answer on_gap(Direction, std::uint64_t, GapCause, TimeNs, Sink&) override { return {}; }
  void on_end(Direction, End, TimeNs, Sink&) override {}
  void on_close(End end, TimeNs time, Sink& sink) override;
  void on_time(TimeNs now, Sink& sink) override;
  TimeNs next_deadline() const override { return open_.next_deadline(workshop_.limits); }
  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  static constexpr std::size_t kAnsweredKept = 3;
  // What was answered lately may be asked, and answered, again.
  struct Rest {
    std::uint32_t digests[kAnsweredKept] = {};  // of the requests; 0: none
    std::uint8_t ids[kAnsweredKept] = {};
    std::uint8_t next : 7 = 0;
    bool asked : 1 = false;  // a request was seen
  };

  void ask(Direction from, const Packet& packet, const Arrival& arrival, Sink& sink);
  void answer(Direction from, const Packet& packet, const Arrival& arrival, Sink& sink);
  void settle(OpenQuestion& call, Reason reason, Sink& sink);
  bool was_answered(const Packet& request) const;
  bool was_answered(std::uint8_t id) const;
  void remember(const Packet& request);

  Workshop& workshop_;
  OpenQuestions open_;
  Rest rest_;
};
static_assert(sizeof(Connection) <= 256, "a flow's slot is the slabs' smallest block");

}  // namespace spanlight::radius
