#pragma once
// One message (a request or a response) while it passes, and one call: a request with its response.

#include <llhttp.h>

#include <cstdint>

#include "core/call_queue.h"
#include "core/preview.h"
#include "http/head.h"

namespace spanlight::http {

struct MessageState {
  Head head;
  Preview preview;
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint64_t start = 0;  // offset of its first byte
  std::uint64_t size = 0;
  std::uint64_t body_size = 0;
  std::uint64_t length = 0;  // the Content-Length that llhttp read, until the headers end
  bool begun = false;
  bool ended = false;
  bool cut = false;  // ended before its framing said so
  llhttp_t llhttp;   // Parser's, where it needs one; not defined before

  void body(Workshop& workshop, Bytes content) {
    body_size += content.size();
    preview.append(workshop, content);
  }
};

constexpr std::size_t kInterimMax = 8;  // interim responses listed per call; more are parsed, not listed

// Lives in one block of Workshop::state.
struct Call : OpenRequest {
  MessageState request;
  MessageState response;
  std::uint32_t flags = 0;
  bool wants_switch = false;  // CONNECT, or a request with Upgrade
  bool doomed = false;        // its request goes on, its answer is not to be expected: `fate` says why
  Reason fate = Reason::none;
  std::uint8_t interim_count = 0;
  std::uint16_t interim[kInterimMax] = {};
};
static_assert(sizeof(Call) <= 704, "one of the slabs' smaller blocks");

}  // namespace spanlight::http
