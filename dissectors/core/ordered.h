#pragma once
// Framed protocols whose answers come in the order of their requests: calls around a CallQueue, with the
// rules for holes, timeouts, limits and ends that HTTP/1 has. A request is queued when it has been read, or
// when its answer begins before; an answer is matched when it is known to be one. Derived classes say what
// wants an answer, what is no answer, and build the record.

#include <cstdint>

#include "core/call_queue.h"
#include "core/framed.h"

namespace spanlight {

// A request that waits for its answer, in a block of Workshop::state.
struct OrderedCall : OpenRequest {
  KeptMessage request;
  std::uint32_t flags = 0;
  bool blocks = false;  // no time is too long
};

class Ordered : public Framed {
 public:
  explicit Ordered(Workshop& workshop) : Framed(workshop) {}

  void on_time(TimeNs now, Sink& sink) final;
  TimeNs next_deadline() const final;
  void resume(const Position& position, const Memo& memo) override;

 protected:
  enum class Kind : std::uint8_t { undecided, answer, push };

  // What a request is, when it has come, or was cut where its flags say so.
  struct Asked {
    bool tellable = true;  // who asked is known; else it is no request, or nothing of it was kept
    bool answered = true;  // the server will answer it; else it is told one way
    bool blocks = false;   // it waits at the server for something to happen: no time is too long
  };
  virtual Asked look_at_request(KeptMessage& request) = 0;
  // Of a message of the server's, as far as it has come; `whole`: it has come, and is decided.
  virtual Kind kind_of(const KeptMessage& message, bool whole) = 0;
  // Whether a server's answer is to the oldest request; `only`: no other waits.
  enum class Fit : std::uint8_t {
    yes,
    silent,  // it is to a later one, and this one has none
    unknown,
  };
  virtual Fit fit(const KeptMessage& request, const KeptMessage& answer, bool only) {
    static_cast<void>(request), static_cast<void>(answer), static_cast<void>(only);
    return Fit::yes;
  }
  // What the pair says of what comes. False: the rest of the flow is of no interest.
  virtual bool paired(const KeptMessage& request, const KeptMessage& response) {
    static_cast<void>(request), static_cast<void>(response);
    return true;
  }
  // The client's message under way is cut, or answered before its end: whether it is a request that can be
  // told.
  virtual bool is_tellable(const KeptMessage& request) const = 0;
  // Answers to what was asked before cannot be told from others any more.
  virtual void order_lost(Direction from) { static_cast<void>(from); }
  virtual void tell(const ToldCall& call, Sink& sink) = 0;

  ~Ordered() = default;

  // The oldest that waits; nullptr: none.
  const KeptMessage* oldest() const;
  bool is_asked() const { return queue_.front() != nullptr; }

  bool rests(const Position& position) const;
  CallQueue::Rest rest() const { return queue_.rest(); }

  // Called by accept() of derived classes for each token of the server's.
  void look(bool whole, Sink& sink);

  bool complete(Direction from, Sink& sink) final;
  void broken(Direction from, std::uint32_t flags, Sink& sink) final;
  void disturbed(Direction from, GapCause cause, Sink& sink) final;
  void saw(Direction from, const Window& window) final;
  void passed(Direction from) final { queue_.saw_hole(from, track(from).end); }
  void ended(Direction from, End end, Sink& sink) final;

 private:
  static OrderedCall& call_of(OpenRequest& request) { return static_cast<OrderedCall&>(request); }

  void ask(KeptMessage& request, bool whole, Sink& sink);
  void take_request(KeptMessage& request, bool whole, Sink& sink);
  void queue(KeptMessage& request, const Asked& asked, bool whole, Sink& sink);
  OrderedCall* take_call(Sink& sink);
  void lose_order(Direction from, GapCause cause, Sink& sink);
  bool finish_answer(Sink& sink);
  void forget_answer();
  void settle(OrderedCall& call, Reason reason, std::uint32_t flags, Sink& sink);
  void settle_owed(OrderedCall& call, Reason reason, Sink& sink);
  void settle_queued(Reason reason, std::uint32_t flags, Sink& sink);
  void settle_uncertain(Sink& sink);
  void release(OrderedCall& call);
  void tell_alone(KeptMessage& message, const ToldCall& as, Sink& sink);
  Reason lost() const { return reason_of(queue_.cause()); }
  std::uint32_t lost_flag() const { return flag_of(queue_.cause()); }

  CallQueue queue_;
  OrderedCall* answered_ = nullptr;  // the answer under way is to it
  Kind kind_ = Kind::undecided;      // of the server's message under way
  Reason unasked_ = Reason::none;    // an answer that is to nobody: why
  std::uint32_t unasked_flags_ = 0;
  bool early_ = false;  // the client's message under way is queued already
};

}  // namespace spanlight
