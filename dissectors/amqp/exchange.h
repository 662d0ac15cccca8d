#pragma once
// One or two methods with their content, and the record that comes of them.

#include <cstdint>

#include "amqp/methods.h"
#include "core/arrival.h"
#include "core/preview.h"

namespace spanlight::amqp {

// A message on its way (specification, 2.3.5.2): the method that announces it, its header, its body in
// frames. One slab block, from the method until the last byte of the body.
struct Content {
  Content* next = nullptr;
  Direction from = Direction::c2s;
  std::uint16_t channel = 0;
  bool has_header = false;
  SlabBuffer frames;               // the frame of the method, and that of the header, as far as kept
  std::uint32_t method_bytes = 0;  // of `frames`
  std::uint32_t flags = 0;
  std::uint64_t size = 0;  // of all frames
  std::uint64_t body_bytes = 0;
  std::uint64_t body_seen = 0;
  Preview body;
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint32_t turn = 0;  // of the method's Arrival
};

struct Half {
  Arrival frame;  // of the method
  std::uint16_t channel = 0;
  const Method* method = nullptr;  // none: a heartbeat, or the header of a protocol
  bool no_wait = false;
  Bytes arguments;
  const Content* content = nullptr;
  std::uint64_t bytes = 0;  // of all frames

  static Half of(const Arrival& frame, const Content* content = nullptr);
};

struct Exchange {
  State state = State::complete;
  Reason reason = Reason::none;
  std::uint32_t flags = 0;
  Direction asked_by = Direction::c2s;
  std::string_view method = {};  // of what is no method
  const Half* request = nullptr;
  const Half* response = nullptr;
  const Half* closed_by = nullptr;  // the close that took its answer
  bool is_error = false;
  std::string_view error = {};
};

void emit_exchange(const Limits& limits, DissectorCounters& counters, const Exchange& exchange, Sink& sink);

}  // namespace spanlight::amqp
