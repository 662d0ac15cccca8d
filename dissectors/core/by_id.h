#pragma once
// Framed protocols whose answers name what they answer: a packet id, an opaque number, a subject. Calls wait
// in the order in which they were asked, by either side. Behind a hole an id still proves a pair, where it is
// not used by several at a time.

#include <cstdint>

#include "core/framed.h"

namespace spanlight {

class ById : public Framed {
 public:
  explicit ById(Workshop& workshop) : Framed(workshop) {}

  void on_time(TimeNs now, Sink& sink) final;
  TimeNs next_deadline() const final;

 protected:
  enum class Role : std::uint8_t { nothing, alone, asks, answers };
  // `quiet`: no answer to it is no fault, and says nothing. It is told one way then.
  struct Mark {
    Role role = Role::alone;
    std::uint64_t id = 0;
    bool quiet = false;
    bool repeated = false;  // sent again: no call of its own while the first is open
  };

  // Of a message, which is complete, or cut where its flags say so.
  virtual Mark mark(Direction from, const KeptMessage& message) = 0;
  // Ids are hashes where names are longer than they.
  virtual bool answers(const KeptMessage& request, const KeptMessage& response) const {
    static_cast<void>(request), static_cast<void>(response);
    return true;
  }
  // An id is free again only when it was answered. Else several may wait with the same, and are answered in
  // order.
  virtual bool are_unique() const { return true; }
  // What was asked before and is `quiet` has no answer once this was answered.
  virtual bool in_order() const { return false; }
  virtual void tell(const ToldCall& call, Sink& sink) = 0;

  ~ById() = default;

  bool is_idle() const { return front_ == nullptr; }
  bool rests(const Position& position) const { return is_idle() && is_between(position); }
  // All that has to be known between two calls; bits by direction.
  struct Known {
    std::uint8_t holes = 0;   // bytes of it were missing
    std::uint8_t blamed = 0;  // by the sensor's fault
    std::uint8_t asked = 0;   // a request was seen
  };
  const Known& known() const { return known_; }
  void remember(const Known& known) { known_ = known; }

  bool complete(Direction from, Sink& sink) final;
  void broken(Direction from, std::uint32_t flags, Sink& sink) final;
  void disturbed(Direction from, GapCause cause, Sink& sink) final;
  void ended(Direction from, End end, Sink& sink) final;

  // A datagram is a message: as complete(), for what a derived class put together itself.
  void take(Direction from, KeptMessage& message, Sink& sink);

 private:
  struct Call {
    Call* next = nullptr;
    std::uint64_t id = 0;
    KeptMessage request;
    std::uint32_t flags = 0;
    Direction from = Direction::c2s;
    GapCause cause = GapCause::mirror;
    bool quiet = false;
    bool touched = false;  // its answer may lie in a hole
  };

  void ask(Direction from, KeptMessage& request, const Mark& mark, Sink& sink);
  void answer(Direction from, KeptMessage& response, const Mark& mark, Sink& sink);
  Call* find_call(Direction from, const KeptMessage& response, std::uint64_t id, bool& several);
  Call* take_call(Sink& sink);
  void push(Call& call);
  void settle(Call& call, Reason reason, Sink& sink);
  void settle_quiet_before(const Call& call, Sink& sink);
  void release(Call& call);
  void tell_alone(Direction from, KeptMessage& message, const ToldCall& as, Sink& sink);
  Reason lost(Direction from) const;

  Call* front_ = nullptr;
  Call* back_ = nullptr;
  std::uint32_t size_ = 0;
  Known known_;
};

}  // namespace spanlight
