#pragma once
// llhttp as a streaming parser of what follows the start line: headers, framing, body, trailers. One per
// direction. It starts as a copy of a prototype that has already read a canned start line, stops at every
// message's end, and is never resumed. What it finds goes into the MessageState at once; it keeps no bytes.

#include <llhttp.h>

#include <cstddef>
#include <cstdint>

#include "core/dissector.h"
#include "http/message.h"

namespace spanlight::http {

class Parser {
 public:
  enum class Result : std::uint8_t { more, complete, malformed };
  enum class Framing : std::uint8_t { none, length, chunked, until_close };
  struct Step {
    std::size_t consumed;
    Result result;
  };

  void begin_request(std::uint8_t minor, bool is_connect);
  // `open_end`: whether a body until close is believed. Behind a hole, what looks like a response may be part
  // of a body; without an end it would swallow all that follows. Refused, it is malformed.
  void begin_response(std::uint8_t minor, std::uint16_t status, bool bodyless, bool open_end);

  Step feed(Workshop& workshop, MessageState& message, Bytes bytes);

  // Bytes of content known to come: what is left of the body or of the chunk; until close: kUntilClose; else
  // 0.
  static constexpr std::uint64_t kUntilClose = std::uint64_t{1} << 62;
  std::uint64_t content_left() const;

  // `n` (at most content_left()) bytes of content pass unseen. The message may be complete with them.
  Result pass(Workshop& workshop, MessageState& message, std::uint64_t n);

  bool wants_upgrade() const { return wants_upgrade_; }
  bool lenient() const { return lenient_; }  // readable, though against the rules
  Framing framing() const { return framing_; }

 private:
  friend struct Callbacks;
  int headers_complete();

  llhttp_t llhttp_{};
  Workshop* workshop_ = nullptr;     // of the feed() in progress
  MessageState* message_ = nullptr;  // likewise
  Framing framing_ = Framing::none;
  bool bodyless_ = false;
  bool open_end_ = true;
  bool in_chunk_ = false;
  bool headers_done_ = false;
  bool muted_ = false;
  bool wants_upgrade_ = false;
  bool lenient_ = false;
};

}  // namespace spanlight::http
