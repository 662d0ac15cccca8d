#pragma once
// DNS between two ends, over datagrams or a stream: which query an answer is to. Lives in its flow's slot;
// queries that wait lie in the worker's slabs and go back at the latest in on_close().

#include <cstdint>

#include "core/dissector.h"
#include "dns/exchange.h"
#include "dns/parse.h"

namespace spanlight::dns {

struct Transfer;

// A query that waits for its answer, or an answer that waits for its query; its bytes stand behind it in its
// block, the smallest there is if they are few.
struct Query {
  Query* next = nullptr;
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint32_t size = 0;  // on the wire
  std::uint32_t kept = 0;  // of its bytes, for the record
  std::uint32_t retransmissions = 0;
  std::uint32_t flags = 0;
  std::uint16_t id = 0;
  std::uint16_t question = 0;  // digest_of() it; 0: none
  Direction from = Direction::c2s;
  bool repeated = false;  // the same was answered before
  bool hole = false;      // the answer may lie in a hole
  GapCause cause = GapCause::mirror;
  Transfer* transfer = nullptr;  // its answer has begun, and takes several messages
  Outline outline;               // of bytes()

  Bytes bytes() const { return {reinterpret_cast<const std::uint8_t*>(this + 1), kept}; }
};

class Connection final : public Dissector {
 public:
  static constexpr std::size_t kKeptBytesMax = 16'384;  // of a query, and of an answer in several messages
  // Two ports show the two directions, and are read in turn: an answer may be read before its query.
  static constexpr DurationNs kEarlyNs = kSecondNs / 10;
  static constexpr std::uint32_t kEarlyMax = 32;

  Connection(Workshop& workshop, const Flavour& flavour) : workshop_(workshop), flavour_(flavour) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  void on_skipped(Direction, std::uint64_t, std::uint64_t, TimeNs) override {}  // never asked for
  Answer on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) override;
  void on_end(Direction from, End end, TimeNs time, Sink& sink) override;
  void on_close(End end, TimeNs time, Sink& sink) override;
  void on_time(TimeNs now, Sink& sink) override;
  TimeNs next_deadline() const override;
  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  struct Answered {
    std::uint16_t id;
    std::uint16_t question;  // digest_of() it; 1: the query had none; 0: no query
  };
  // All that has to be known between two messages.
  struct Rest {
    Answered answered[3]{};  // the latest
    std::uint8_t next = 0;
    std::uint8_t holes = 0;   // bit by direction: bytes of it were missing
    std::uint8_t blamed = 0;  // bit by direction: by the sensor's fault
    bool asked = false;       // a query was seen
  };
  struct Way {
    TimeNs began = 0;            // first byte of the message under way
    std::uint32_t expected = 0;  // bytes of it, once its length was read
  };
  struct Read {
    Bytes bytes;
    std::size_t cut;  // what the capture left out behind them
    const Outline& outline;
    std::uint16_t question;  // digest_of() it; 0: none
    TimeNs first_byte, last_byte;
    Half half() const {
      return {.bytes = bytes,
              .outline = &outline,
              .first_byte = first_byte,
              .last_byte = last_byte,
              .size = bytes.size() + cut};
    }
    std::uint32_t flags() const {
      if (cut > 0) return kFlagGap;
      return outline.fault != Fault::none || outline.end != bytes.size() ? std::uint32_t{kFlagMalformed} : 0;
    }
  };

  Answer lose_way(Way& way, std::size_t consumed);
  bool take_message(Direction from, Bytes message, std::size_t cut, TimeNs first_byte, TimeNs last_byte,
                    Sink& sink);
  void tell_one_way(Direction from, const Read& message, Sink& sink);
  void ask(Direction from, const Read& message, Sink& sink);
  void answer(Direction from, const Read& message, Sink& sink);
  void tell_pair(Query& query, const Read& answer, Sink& sink);
  void tell_unasked(Direction from, const Read& message, Sink& sink);
  bool keep_early(Direction from, const Read& message);
  void answer_early(Query& query, Sink& sink);
  void tell_first_early(Sink& sink);
  TimeNs query_deadline() const;
  TimeNs early_deadline() const;
  bool carry_on(Query& query, const Read& message);
  void tell_transfer(Query& query, std::uint32_t flags, Sink& sink);
  bool begin_transfer(Query& query);

  Query* take_query(const Read& message);
  Query* find_query(Direction from, const Read& message);
  Query* find_same(Direction from, const Read& message);
  Query* take_from_group(Direction from, const Read& message);
  void settle(Query& query, Reason reason, Sink& sink);
  void settle_all(Direction asker, End end, Sink& sink);
  static void append(Query*& front, Query& query);
  void unlink(Query& query);
  void release(Query& query);
  void give(Query& query);

  bool was_answered(const Read& message) const;
  void remember(const Query& query);
  bool has_hole(Direction d) const { return (rest_.holes >> index_of(d) & 1) != 0; }
  Reason lost(Direction d) const;
  static Read read_again(const Query& kept);
  static Half half_of(const Query& query);
  static bool has_question_of(const Query& query, const Read& message);
  static bool is_same(const Query& query, const Read& message);
  static bool is_answered_by(const Query& query, const Read& message);

  Workshop& workshop_;
  const Flavour& flavour_;
  Query* front_ = nullptr;  // the oldest
  Query* early_ = nullptr;  // answers that came before their queries; the oldest
  std::uint32_t open_ = 0;
  std::uint32_t early_count_ = 0;
  Way ways_[2];
  Rest rest_;
};
static_assert(sizeof(Connection) <= 256, "a flow's slot is the slabs' smallest block");
static_assert(sizeof(Query) <= 144, "a usual query lies in the slabs' smallest block");

}  // namespace spanlight::dns
