#pragma once
// What follows the start line: headers, framing, body, trailers; one per direction. llhttp reads heads in
// pieces or against the rules, and chunked bodies; every other body is a counter. llhttp's state lies in the
// MessageState and starts as a copy of a prototype that has already read a canned start line or head; it
// serves one message and stops there. What is found goes into the MessageState at once; no bytes are kept.

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
  // What is known of the body before the headers are.
  struct Rules {
    Direction from = Direction::c2s;
    bool bodyless = false;
    // Whether a body until close is believed. Behind a hole, what looks like a response may be part of a
    // body; without an end it would swallow all that follows. Refused, it is malformed.
    bool open_end = true;
  };

  // llhttp reads the headers.
  void begin(const Rules& rules, MessageState& message);
  // They were read; true: what they say makes sense.
  bool begin_body(const Rules& rules, const BodyHeaders& headers, Workshop& workshop, MessageState& message);

  Step feed(Workshop& workshop, MessageState& message, Bytes bytes);

  // Bytes of content known to come: what is left of the body or of the chunk; until close: kUntilClose; else
  // 0.
  static constexpr std::uint64_t kUntilClose = std::uint64_t{1} << 62;
  std::uint64_t content_left() const { return left_; }

  // `n` (at most content_left()) bytes of content pass unseen. The message may be complete with them.
  Result pass(Workshop& workshop, MessageState& message, std::uint64_t n);

  bool wants_upgrade() const { return wants_upgrade_; }
  bool lenient() const { return lenient_; }  // readable, though against the rules
  Framing framing() const { return framing_; }

 private:
  friend struct Callbacks;
  struct Reading;  // a feed() of llhttp in progress

  // Between the headers and the end of a chunked message. llhttp is strict about lines that servers are not:
  // what it need not see of them is dropped or mended on its way there.
  enum class Chunks : std::uint8_t { size, blanks, line, line_cr, data, data_end, data_cr, trailers };

  bool frame(const BodyHeaders& headers, bool has_encoding, Workshop& workshop, MessageState& message);
  Step feed_llhttp(Workshop& workshop, MessageState& message, Bytes bytes);
  Step feed_body(Workshop& workshop, MessageState& message, Bytes bytes);
  Step feed_chunks(Reading& reading, Bytes bytes);
  bool take_length(llhttp_t& llhttp, MessageState& message);
  std::size_t chunk_piece(Bytes bytes, Bytes& piece);
  Step execute(Reading& reading, Bytes bytes);

  std::uint64_t left_ = 0;
  Rules rules_;
  Framing framing_ = Framing::none;
  Chunks chunks_ = Chunks::size;
  bool by_llhttp_ = false;   // it reads what comes
  bool has_length_ = false;  // llhttp read one
  bool in_chunk_ = false;
  bool muted_ = false;
  bool wants_upgrade_ = false;
  bool lenient_ = false;
};

}  // namespace spanlight::http
