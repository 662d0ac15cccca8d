#pragma once
// Connections to memcached: lines, answered in order; the binary protocol, answered by opaque number;
// datagrams, by request id. Each lives in its flow's slot; calls wait in the worker's slabs.

#include <cstdint>

#include "core/by_id.h"
#include "core/ordered.h"
#include "memcached/parse.h"

namespace spanlight::memcached {

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
  Fit fit(const KeptMessage& request, const KeptMessage& answer, bool only) override;
  bool is_tellable(const KeptMessage& request) const override;
  void tell(const ToldCall& call, Sink& sink) override;
};
static_assert(sizeof(Connection) <= 704, "a slot is one block of the slabs' second class");

class BinaryConnection final : public ById {
 public:
  explicit BinaryConnection(Workshop& workshop) : ById(workshop) {}

  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  Token token(Direction from, Bytes rest) const override;
  Place accept(Direction from, const Token& token, Bytes head, bool first, Sink& sink) override;
  Sync find(Direction from, Bytes rest) const override;
  Mark mark(Direction from, const KeptMessage& message) override;
  bool are_unique() const override { return false; }
  bool in_order() const override { return true; }
  void tell(const ToldCall& call, Sink& sink) override;
};
static_assert(sizeof(BinaryConnection) <= 704, "a slot is one block of the slabs' second class");

class Datagrams final : public ById {
 public:
  explicit Datagrams(Workshop& workshop) : ById(workshop) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  Token token(Direction, Bytes) const override { return {.fault = Fault::bad_magic}; }  // never asked
  Place accept(Direction, const Token&, Bytes, bool, Sink&) override { return {}; }
  Sync find(Direction, Bytes) const override { return {}; }
  Mark mark(Direction from, const KeptMessage& message) override;
  void tell(const ToldCall& call, Sink& sink) override;

  std::uint16_t id_ = 0;  // of the datagram that is being looked at
};

enum class Form : std::uint8_t { text, binary };

void emit_call(const ToldCall& call, Form form, const Limits& limits, Sink& sink);

}  // namespace spanlight::memcached
