#pragma once
// One WebSocket over TCP: a track for each direction. Lives in its flow's slot; everything it holds beyond
// that is in the worker's slabs and goes back at the latest in on_close().

#include "core/dissector.h"
#include "core/ws/terms.h"
#include "core/ws/track.h"

namespace spanlight::ws {

class Connection final : public Dissector {
 public:
  explicit Connection(Workshop& workshop) : workshop_(workshop) {}

  void take_over(const Handover& handover) override { terms_ = handover.get<Terms>(); }
  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  void on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) override;
  Answer on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) override;
  void on_end(Direction from, End end, TimeNs time, Sink& sink) override;
  void on_close(End end, TimeNs time, Sink& sink) override;
  void on_time(TimeNs, Sink&) override {}
  TimeNs next_deadline() const override { return kNever; }
  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  Track& track(Direction from) { return tracks_[index_of(from)]; }
  Track::Around around(Direction from, Sink& sink);
  Answer after_window(Direction from, std::size_t consumed);

  Workshop& workshop_;
  Terms terms_;
  Track tracks_[2];
  bool ended_[2] = {};
};
static_assert(sizeof(Connection) <= 1'024, "one of the slabs' smaller blocks");

}  // namespace spanlight::ws
