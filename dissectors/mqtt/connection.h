#pragma once
// One connection to an MQTT broker. Packets with an answer wait for it by packet id, whoever sent them; the
// others are told one way. Lives in its flow's slot; calls wait in the worker's slabs.

#include <cstdint>

#include "core/by_id.h"
#include "mqtt/parse.h"

namespace spanlight::mqtt {

class Connection final : public ById {
 public:
  explicit Connection(Workshop& workshop) : ById(workshop) {}

  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  struct Rest {
    Known known;
    std::uint8_t level = kUnknown;
    bool connecting = false;
  };

  Token token(Direction from, Bytes rest) const override;
  Place accept(Direction from, const Token& token, Bytes head, bool first, Sink& sink) override;
  Sync find(Direction from, Bytes rest) const override;
  Mark mark(Direction from, const KeptMessage& message) override;
  void tell(const ToldCall& call, Sink& sink) override;

  std::uint8_t level_ = kUnknown;
  bool connecting_ = false;  // CONNECT was said, and nothing by the broker since
};
static_assert(sizeof(Connection) <= 704, "a slot is one block of the slabs' second class");

void emit_call(const ToldCall& call, std::uint8_t level, const Limits& limits, Sink& sink);

}  // namespace spanlight::mqtt
