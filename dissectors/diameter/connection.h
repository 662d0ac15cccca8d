#pragma once
// Diameter over one TCP connection: bytes to messages; which belong together is core/diameter's. Lives in its
// flow's slot.

#include <cstdint>

#include "core/diameter/calls.h"
#include "core/dissector.h"
#include "core/sized_messages.h"

namespace spanlight::diameter {

class Connection final : public Dissector {
 public:
  explicit Connection(Workshop& workshop);

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  void on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) override;
  Answer on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) override;
  void on_end(Direction from, End end, TimeNs time, Sink& sink) override;
  void on_close(End end, TimeNs time, Sink& sink) override;
  void on_time(TimeNs now, Sink& sink) override { calls_.on_time(workshop_, now, sink); }
  TimeNs next_deadline() const override { return calls_.next_deadline(workshop_.limits); }
  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  Workshop& workshop_;
  Calls calls_;
  SizedMessages ways_[2];
  std::uint32_t turns_ = 0;  // messages that have begun
};
static_assert(sizeof(Connection) <= 256, "a flow's slot is the slabs' smallest block");

}  // namespace spanlight::diameter
