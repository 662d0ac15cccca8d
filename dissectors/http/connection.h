#pragma once
// One HTTP/1 connection: two message tracks, the queue of open requests, and what becomes of each call. Lives
// in its flow's slot; everything it holds beyond that is in the worker's slabs and goes back at the latest in
// on_close().

#include <cstdint>

#include "core/call_queue.h"
#include "core/dissector.h"
#include "http/message.h"
#include "http/parser.h"

namespace spanlight::http {

class Connection final : public Dissector {
 public:
  // `classify`: with what whole heads are scanned; nullptr: llhttp reads all of them.
  explicit Connection(Workshop& workshop, Classify classify) : workshop_(workshop), classify_(classify) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  void on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) override;
  Answer on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) override;
  void on_end(Direction from, End end, TimeNs time, Sink& sink) override;
  void on_close(End end, TimeNs time, Sink& sink) override;
  void on_time(TimeNs now, Sink& sink) override;
  TimeNs next_deadline() const override;
  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

  // Client bytes behind CONNECT or Upgrade that are kept until the answer is known.
  static constexpr std::size_t kHeldBytesMax = 65'536;

 private:
  enum class Phase : std::uint8_t { between, start_line, message };
  // What a step over the bytes at hand leads to.
  enum class Next : std::uint8_t { go_on, resync, identify };

  struct Track {
    Parser parser;
    Call* call = nullptr;   // of the message in progress; s2c: also between an interim and the final response
    std::uint64_t end = 0;  // offset behind the last byte that was delivered, skipped or declared missing
    Phase phase = Phase::between;
    bool ended = false;
    bool lost_held = false;  // held bytes had to be dropped: the next message must be looked for
    GapCause held_cause = GapCause::mirror;
    Reason end_reason = Reason::none;
  };

  Track& track(Direction from) { return tracks_[index_of(from)]; }
  MessageState& message_of(Direction from) {
    Call& call = *track(from).call;
    return from == Direction::c2s ? call.request : call.response;
  }
  static Call& call_of(OpenRequest& request) { return static_cast<Call&>(request); }

  // What the client said meanwhile comes first: the next answer may be to a request in it.
  bool must_wait(Direction from) const { return from == Direction::s2c && holding_ && switching_ == nullptr; }

  // Steps over bytes; each consumes a part and moves `at` on.
  Next step(Direction from, const Window& window, std::size_t& at, Sink& sink);
  Next step_start_line(Direction from, const Window& window, std::size_t& at, Sink& sink);
  Next step_message(Direction from, const Window& window, std::size_t& at, Sink& sink);
  bool begin(Direction from, const Window& window, std::uint64_t start, Sink& sink);
  bool begin_request(std::uint64_t start, const Window& window, Sink& sink);
  void end_unasked_response(std::uint64_t client_acked, Sink& sink);
  bool framing_known(Direction from);
  bool begin_response(std::uint64_t start, const Window& window, Sink& sink);
  bool read_whole_head(Direction from, const Window& window, std::size_t& at);
  bool accept_start_line(Direction from);
  Parser::Rules body_rules(Direction from, std::string_view line, const StartLine& parsed);
  Next malformed(Direction from, std::uint64_t end, Sink& sink);
  Answer hold(const Window& window);
  Answer after_window(Direction from, std::size_t consumed);

  // Ends of messages.
  Next finish(Direction from, Sink& sink);
  Next finish_response(Sink& sink);
  void finish_request(Sink& sink);
  void name_successor(const Call& call);
  void cut(Direction from, std::uint32_t flags, Sink& sink);
  void cut_request(std::uint32_t flags, Sink& sink);
  void cut_response(std::uint32_t flags, Sink& sink);
  void disturb(Direction from, std::uint64_t end, GapCause cause, Sink& sink);

  // Calls.
  Call* take_call(Sink& sink);
  void settle(Call& call, Reason reason, std::uint32_t flags, Sink& sink);
  void settle_queued(Reason reason, std::uint32_t flags, Sink& sink);
  void settle_owed(Call& call, Reason reason, Sink& sink);
  Reason lost() const;
  std::uint32_t lost_flag() const;
  void emit(Call& call, Reason reason, Sink& sink);
  void release(Call& call);

  Workshop& workshop_;
  const Classify classify_;
  CallQueue queue_;
  Track tracks_[2];
  const Call* switching_ = nullptr;  // the request behind which client bytes are held
  bool holding_ = false;             // the client's last answer was `hold`
};
static_assert(sizeof(Connection) <= 256, "a flow's slot is the slabs' smallest block");

// Builds the transaction of a call and hands it to the sink. `reason` is none exactly when both halves are
// there.
void emit_call(const Call& call, Reason reason, Workshop& workshop, Sink& sink);

}  // namespace spanlight::http
