#pragma once
// One connection to a Redis server: where each direction stands in its values, what is a push and what an
// answer. Lives in its flow's slot; calls wait in the worker's slabs.

#include <cstdint>

#include "core/ordered.h"
#include "redis/commands.h"
#include "redis/resp.h"

namespace spanlight::redis {

class Connection final : public Ordered {
 public:
  explicit Connection(Workshop& workshop) : Ordered(workshop) {}

  bool park(const Position& position, Memo& memo) const override;

 private:
  Token token(Direction from, Bytes rest) const override;
  Place accept(Direction from, const Token& token, Bytes head, bool first, Sink& sink) override;
  Sync find(Direction from, Bytes rest) const override;

  Asked look_at_request(KeptMessage& request) override;
  Kind kind_of(const KeptMessage& message, bool whole) override;
  bool paired(const KeptMessage& request, const KeptMessage& response) override;
  bool is_tellable(const KeptMessage& request) const override;
  void order_lost(Direction from) override;
  void tell(const ToldCall& call, Sink& sink) override;

  Walk& walk(Direction from) { return walks_[index_of(from)]; }
  const Walk& walk(Direction from) const { return walks_[index_of(from)]; }
  bool is_value(const KeptMessage& message);
  bool waits_for_data() const;
  Kind kind_of_confirmation(std::string_view word);
  void note_confirmation(const KeptMessage& message);

  Walk walks_[2];
  std::uint32_t word_ = 0;           // of the command under way: the next one
  std::uint8_t value_at_ = 0;        // which of them is its body; 0: none
  std::uint32_t confirmations_ = 0;  // still to come: SUBSCRIBE is answered once for each channel
  bool subscribed_ = false;          // confirmed, and in RESP2: arrays may be messages of channels
  bool monitoring_ = false;          // status lines may be commands of others
  bool silent_ = false;              // CLIENT REPLY OFF
  bool silent_once_ = false;         // CLIENT REPLY SKIP
};
static_assert(sizeof(Connection) <= 704, "a slot is one block of the slabs' second class");

void emit_call(const ToldCall& call, const Limits& limits, Sink& sink);

}  // namespace spanlight::redis
