#pragma once
// Pairing for protocols whose answers come in the order of their requests (HTTP/1, Redis, PostgreSQL): a FIFO
// of open requests, and the rules by which an answer may be paired behind a hole. The reasoning: README.md,
// "Pairing by order".
//
// The queue decides and never emits: it tells the protocol what to do with its calls. It owns no memory; a
// call derives from OpenRequest and stays where the protocol put it. One connection, one core.

#include <cstdint>

#include "core/dissector.h"

namespace spanlight {

// Where and when a request begins.
struct RequestStart {
  std::uint64_t offset = 0;        // of its first byte in c2s
  std::uint64_t client_acked = 0;  // how much of s2c the client had when it sent that byte
  TimeNs time = 0;
};

struct OpenRequest {
  OpenRequest* next = nullptr;
  TimeNs sent = 0;
  std::uint64_t start = 0;         // offset of its first byte in c2s
  std::uint64_t end = 0;           // behind its last byte; 0: not read to its proper end
  std::uint64_t client_acked = 0;  // how much of s2c the client had when it sent its first byte
  bool queued = false;
  bool trusted = false;    // proved to be the start of a request
  bool unawaited = false;  // behind a hole, and sent without an answer to what is in it
  bool touched = false;    // its answer may lie in a hole of s2c
  bool pipelined = false;  // sent before the answer to the previous one had ended
};

class CallQueue {
 public:
  enum class Mode : std::uint8_t {
    ordered,    // nothing is missing: strictly in order
    searching,  // behind a hole; the connection used one request at a time: an exact turn of both directions
                // pairs again
    uncertain,  // behind a hole, with several requests outstanding: nothing is paired until they are answered
  };
  enum class Verdict : std::uint8_t {
    answer,      // answers `request`
    given_up,    // answers a request that was given up before (timeout, eviction)
    no_request,  // nobody that was seen can have asked for it
    uncertain,   // unpaired on purpose, and so is everything queued
  };
  struct Match {
    Verdict verdict;
    OpenRequest* request;
  };
  // What becomes of the requests queued before a new one is pushed.
  enum class Fate : std::uint8_t { stay, lost, uncertain };

  // What is to be remembered between two calls, while nothing is open and nothing missing.
  struct Rest {
    std::uint64_t newest_us : 52;  // 1,024 ns each; rounded up, as all times are here
    std::uint64_t batches : 5;     // they stop at their maximum
    std::uint64_t cause : 2;
    std::uint64_t pipelining : 1;
    std::uint64_t refills : 1;
    std::uint64_t in_step : 1;
    std::uint64_t had_hole : 1;
    std::uint32_t slowest_us;
    std::uint32_t unread;  // bytes of s2c that the client did not have when the last request began
  };
  static_assert(sizeof(Rest) == 16);

  bool rests(const Position& position) const;
  Rest rest() const;
  void resume(const Rest& rest, const Position& position);

  Mode mode() const { return mode_; }
  GapCause cause() const { return cause_; }
  OpenRequest* front() const { return front_; }
  std::uint32_t size() const { return size_; }

  // Bytes of a direction were read, up to `end_offset`.
  void saw(Direction from, std::uint64_t end_offset, std::uint64_t peer_acked, TimeNs time);

  // A hole within a known body: order is kept.
  void saw_hole(Direction from, std::uint64_t end_offset);

  // A hole, or bytes that were not understood, up to `end_offset`, outside of every known body: order is
  // lost.
  void disturb(Direction from, std::uint64_t end_offset, GapCause cause);

  // Whose doing it is that calls lose their order from here on; disturb() says so too.
  void blame(GapCause cause) { cause_ = cause; }

  // A request begins. First what happens to those queued, then its own place. push() refuses (false) in
  // `uncertain` mode: the request is not queued and comes out unpaired.
  Fate before_push(const RequestStart& start);
  bool push(OpenRequest& request, const RequestStart& start);

  // A request was read to its proper end. True: that proves that the client pipelines behind a hole, and the
  // queue is `uncertain` from now on.
  bool request_ended(OpenRequest& request, std::uint64_t end);

  // `request` is still being read, and bytes come that the client sent when it had received more than at its
  // beginning. True: it was text that looked like a request, and has been answered; a new one begins here.
  bool is_over(const OpenRequest& request, std::uint64_t client_acked) const;

  // An answer (not an interim one) begins at `start`; the server had `server_acked` of c2s. A matched request
  // leaves the queue; answer_ended() must follow, whatever the verdict.
  Match match(std::uint64_t start, std::uint64_t server_acked, TimeNs time);
  void answer_ended() { answering_ = speaking_ = false; }

  // Takes a request out wherever it stands.
  void remove(OpenRequest& request);

  // As remove(), for the oldest one: the answer that may still come belongs to nobody.
  void give_up(OpenRequest& request);

 private:
  static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

  void enter_uncertain();
  void prove_pipelining();
  bool pipelined_behind(const OpenRequest& request, std::uint64_t server_acked) const;
  bool is_turn(const RequestStart& start) const;
  bool is_drained(const RequestStart& start) const;
  void note_batch(const RequestStart& start);
  Match answer(OpenRequest& request, TimeNs time);
  Match unasked();
  Match search(std::uint64_t start, std::uint64_t server_acked, TimeNs time);

  OpenRequest* front_ = nullptr;
  OpenRequest* back_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t given_up_ = 0;  // requests ahead of front_ whose answers may still come
  bool pipelining_ = false;     // the client was seen to have several requests outstanding
  bool answering_ = false;      // a paired answer has begun and not ended
  bool speaking_ = false;       // any answer has
  bool in_step_ = false;        // behind a hole: the last answer was paired, and nothing was missing since
  Mode mode_ = Mode::ordered;
  GapCause cause_ = GapCause::mirror;
  bool unproven_ = false;  // c2s was interrupted, and no request since is proved to be one
  std::uint64_t c2s_hole_end_ = 0;
  std::uint64_t s2c_end_ = 0;       // delivered or declared missing
  std::uint64_t s2c_seen_end_ = 0;  // delivered
  std::uint64_t server_acked_ = 0;  // highest seen
  std::uint64_t client_acked_ = 0;  // when the last request began
  // Behind a hole in c2s, all that stands before it answered: where the answers ended.
  std::uint64_t answered_end_ = kNowhere;
  std::uint64_t unawaited_end_ = kNowhere;  // where an `unawaited` request properly ended

  // How the client uses the connection, from what was seen while nothing was missing.
  std::uint64_t batch_acked_ = 0;  // client_acked of the first request since all were answered
  std::uint32_t batches_ = 0;      // of several requests, begun when all before had been answered
  bool refills_ = false;       // it asked again when some of its requests were answered, and some were not
  DurationNs slowest_ns_ = 0;  // answer
  TimeNs newest_ = 0;          // bytes of either direction
};

}  // namespace spanlight
