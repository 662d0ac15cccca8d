#pragma once
// One connection to a NATS server. Each operation is told one way, but for requests: a message with an inbox
// as its reply subject, and the first message to that inbox. Lives in its flow's slot; requests wait in the
// worker's slabs.

#include <cstdint>

#include "core/by_id.h"
#include "nats/parse.h"

namespace spanlight::nats {

class Connection final : public ById {
 public:
  explicit Connection(Workshop& workshop) : ById(workshop) {}

  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  Token token(Direction from, Bytes rest) const override;
  Place accept(Direction from, const Token& token, Bytes head, bool first, Sink& sink) override;
  Sync find(Direction from, Bytes rest) const override;
  Mark mark(Direction from, const KeptMessage& message) override;
  bool answers(const KeptMessage& request, const KeptMessage& response) const override;
  void tell(const ToldCall& call, Sink& sink) override;
};
static_assert(sizeof(Connection) <= 704, "a slot is one block of the slabs' second class");

void emit_call(const ToldCall& call, const Limits& limits, Sink& sink);

}  // namespace spanlight::nats
