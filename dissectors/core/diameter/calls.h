#pragma once
// Diameter between two peers, whatever carries it: requests and answers paired by their hop-by-hop
// identifiers, in both ways, and the records that come of them. Plain data in its holder's slot; what waits
// lies in the worker's slabs and goes back at the latest in settle_all() of both ways.

#include <cstdint>

#include "core/diameter/parse.h"
#include "core/open_questions.h"

namespace spanlight::diameter {

// Under which protocol the calls are told: over TCP and over SCTP these are two descriptors.
class Calls {
 public:
  explicit Calls(const Descriptor& protocol) : protocol_(protocol) {}

  void take(Workshop& workshop, Direction from, const Arrival& arrival, Sink& sink);
  void saw_hole(Direction from, GapCause cause);
  void settle_all(Workshop& workshop, Direction asker, End end, Sink& sink);
  void on_time(Workshop& workshop, TimeNs now, Sink& sink);
  TimeNs next_deadline(const Limits& limits) const { return open_.next_deadline(limits); }

  // What there is to remember while nothing is open.
  struct Rest {
    Holes holes;
    bool asked[2] = {};  // by Direction: a request of it was seen
  };
  bool rests() const { return open_.front() == nullptr; }
  const Rest& rest() const { return rest_; }
  void resume(const Rest& rest) { rest_ = rest; }

 private:
  void ask(Workshop& workshop, Direction from, const Header& header, const Arrival& arrival, Sink& sink);
  void answer(Workshop& workshop, Direction from, const Header& header, const Arrival& arrival, Sink& sink);
  void settle(Workshop& workshop, OpenQuestion& call, Reason reason, Sink& sink);

  const Descriptor& protocol_;
  OpenQuestions open_;
  Rest rest_;
};

}  // namespace spanlight::diameter
