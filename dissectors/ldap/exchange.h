#pragma once
// A request, its answer, or both, and the record that comes of them.

#include <cstdint>

#include "core/arrival.h"
#include "core/dissector.h"

namespace spanlight::ldap {

// What was counted while a search waited for its end.
struct Counted {
  std::uint32_t entries = 0;
  std::uint32_t references = 0;
  std::uint32_t intermediates = 0;
};

struct Exchange {
  State state = State::complete;
  Reason reason = Reason::none;
  std::uint32_t flags = 0;
  Direction asked_by = Direction::c2s;
  const Arrival* request = nullptr;
  const Arrival* response = nullptr;
  bool unfinished = false;  // the response has begun; its bytes are none
  Counted counted;
  std::uint32_t retransmissions = 0;
  bool abandoned = false;  // the client said that it does not want the answer
};

void emit_exchange(const Limits& limits, const Exchange& exchange, Sink& sink);

namespace oid {
constexpr std::string_view kStartTls = "1.3.6.1.4.1.1466.20037";
constexpr std::string_view kPasswordModify = "1.3.6.1.4.1.4203.1.11.1";
}  // namespace oid

}  // namespace spanlight::ldap
