#pragma once
// Kafka between a client and a broker: frames, and which answer is whose, by correlation id. Lives in its
// flow's slot; requests that wait lie in the worker's slabs and go back at the latest in on_close().

#include <cstdint>

#include "core/dissector.h"
#include "core/signs.h"
#include "kafka/exchange.h"

namespace spanlight::kafka {

// A request that waits for its answer; its first bytes stand behind it in its block.
struct Call {
  Call* next = nullptr;
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint64_t size = 0;  // on the wire
  std::uint32_t kept = 0;  // of its bytes, for the record
  std::uint32_t id = 0;
  std::uint32_t flags = 0;
  std::uint32_t turn = 0;  // of its Frame
  Counts counts;
  bool token = false;
  bool hole = false;    // the answer may lie in a hole
  bool blocks = false;  // answered when others of its group have come: no time is too long
  GapCause cause = GapCause::mirror;

  Bytes bytes() const { return {reinterpret_cast<const std::uint8_t*>(this + 1), kept}; }
  Half half() const { return {bytes(), first_byte, last_byte, size, counts}; }
};

class Connection final : public Dissector {
 public:
  static constexpr std::size_t kLookedAtBytesMax = 16'384;  // of a frame; the rest passes by counter
  static constexpr std::size_t kKeptBytesMax = 3'900;       // of a request
  static constexpr std::uint32_t kLookedForMax = 128;  // of the oldest requests, while answers are looked for

  explicit Connection(Workshop& workshop) : workshop_(workshop) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  void on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) override;
  Answer on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) override;
  void on_end(Direction from, End end, TimeNs time, Sink& sink) override;
  void on_close(End end, TimeNs time, Sink& sink) override;
  void on_time(TimeNs now, Sink& sink) override;
  TimeNs next_deadline() const override;
  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  // All that has to be known between two frames.
  struct Rest {
    std::uint32_t given_up = 0;  // requests whose answers may still come
    std::uint8_t holes = 0;      // bit by direction: bytes of it were missing
    std::uint8_t blamed = 0;     // bit by direction: by the sensor's fault
    bool asked = false;          // a request was seen
    bool tokens = false;         // SASL's tokens come without a header
  };
  struct Way {
    TimeNs began = 0;        // of the frame that waits; of one looked for: since when it may be one
    std::uint32_t turn = 0;  // its place among those of both directions, in the order of delivery
    bool waits = false;
    bool lost = false;                  // s2c: a frame's start is looked for
    GapCause cause = GapCause::mirror;  // of that
    bool place_waits = false;           // what comes next may begin one
  };
  struct Frame {
    Bytes bytes;  // as far as it is looked at
    std::uint64_t size;
    TimeNs first_byte, last_byte;
    std::uint32_t turn;
    bool whole() const { return bytes.size() == size; }
  };

  bool search(const Window& window, std::size_t& at);
  Look look_answer(Bytes rest);
  Answer lose_way(Direction from, GapCause cause, std::size_t consumed);
  bool take_frame(Direction from, const Frame& frame, Sink& sink);
  bool ask(const Frame& frame, Sink& sink);
  void answer(const Frame& frame, Sink& sink);
  void open(const Frame& frame, const Request* request, Sink& sink);
  Call* find(std::uint32_t id, std::uint32_t among = 0xffffffff);
  Call* next_due() const;
  void settle(Call& call, Reason reason, Sink& sink);
  void settle_all(Reason reason, Sink& sink);
  void release(Call& call);
  Reason lost(Direction d) const;

  Workshop& workshop_;
  Call* front_ = nullptr;  // the oldest
  Call* back_ = nullptr;
  std::uint32_t open_ = 0;
  Way ways_[2];
  Rest rest_;
  std::uint32_t turns_ = 0;  // messages that have begun
};
static_assert(sizeof(Connection) <= 256, "a flow's slot is the slabs' smallest block");

}  // namespace spanlight::kafka
