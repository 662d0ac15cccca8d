#pragma once
// A request, its answer, or both, and the record that comes of them.

#include <cstdint>
#include <span>

#include "core/arrival.h"
#include "core/descriptor.h"

namespace spanlight::diameter {

struct Exchange {
  State state = State::complete;
  Reason reason = Reason::none;
  std::uint32_t flags = 0;
  Direction asked_by = Direction::c2s;
  const Arrival* request = nullptr;
  const Arrival* response = nullptr;
  std::uint32_t retransmissions = 0;
};

void emit_exchange(Workshop& workshop, const Descriptor& protocol, const Exchange& exchange, Sink& sink);

extern const std::span<const FieldSpec> kFields;

}  // namespace spanlight::diameter
