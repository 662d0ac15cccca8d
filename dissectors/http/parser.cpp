#include "http/parser.h"

#include <llhttp.h>

#include <algorithm>
#include <cassert>
#include <string_view>

namespace spanlight::http {

struct Parser::Reading {
  Parser& parser;
  Workshop& workshop;
  MessageState& message;
};

struct Callbacks {
  static Parser::Reading& in(llhttp_t* p) { return *static_cast<Parser::Reading*>(p->data); }
  static Bytes bytes(const char* at, std::size_t n) { return {reinterpret_cast<const std::uint8_t*>(at), n}; }

  static int name(llhttp_t* p, const char* at, std::size_t n) {
    in(p).message.head.header_name(in(p).workshop, bytes(at, n));
    return 0;
  }
  static int value(llhttp_t* p, const char* at, std::size_t n) {
    in(p).message.head.header_value(in(p).workshop, bytes(at, n));
    return 0;
  }
  static int value_end(llhttp_t* p) {
    in(p).message.head.header_end(in(p).workshop);
    return in(p).parser.take_length(*p, in(p).message) ? 0 : -1;
  }
  // HPE_PAUSED: how the body is read is known; -1: give up.
  static int headers_complete(llhttp_t* p) {
    Parser& parser = in(p).parser;
    parser.wants_upgrade_ = p->upgrade != 0;
    p->upgrade = 0;
    const BodyHeaders headers{.length = in(p).message.length,
                              .has_length = parser.has_length_,
                              .chunked = (p->flags & F_CHUNKED) != 0};
    const bool has_encoding = (p->flags & F_TRANSFER_ENCODING) != 0;
    return parser.frame(headers, has_encoding, in(p).workshop, in(p).message) ? HPE_PAUSED : -1;
  }
  static int chunk_header(llhttp_t* p) {
    in(p).parser.in_chunk_ = p->content_length > 0;
    return 0;
  }
  static int chunk_complete(llhttp_t* p) {
    in(p).parser.in_chunk_ = false;
    return 0;
  }
  static int body(llhttp_t* p, const char* at, std::size_t n) {
    if (!in(p).parser.muted_) in(p).message.body(in(p).workshop, bytes(at, n));
    return 0;
  }
  static int message_complete(llhttp_t*) { return HPE_PAUSED; }
};

namespace {

llhttp_settings_t make_settings() {
  llhttp_settings_t s;
  llhttp_settings_init(&s);
  s.on_header_field = Callbacks::name;
  s.on_header_value = Callbacks::value;
  s.on_header_value_complete = Callbacks::value_end;
  s.on_headers_complete = Callbacks::headers_complete;
  s.on_chunk_header = Callbacks::chunk_header;
  s.on_chunk_complete = Callbacks::chunk_complete;
  s.on_body = Callbacks::body;
  s.on_message_complete = Callbacks::message_complete;
  return s;
}
const llhttp_settings_t kSettings = make_settings();

// A parser that has read its start line and stands before the first header, or behind a head. Made once,
// before any worker starts.
llhttp_t make_prototype(llhttp_type_t type, std::string_view text) {
  llhttp_t p;
  llhttp_init(&p, type, nullptr);
  // Of LENIENT_KEEP_ALIVE and LENIENT_VERSION nothing depends: a parser serves one message, the version is
  // ours.
  p.lenient_flags = LENIENT_HEADERS | LENIENT_CHUNKED_LENGTH | LENIENT_TRANSFER_ENCODING;
  [[maybe_unused]] const llhttp_errno_t error = llhttp_execute(&p, text.data(), text.size());
  assert(error == HPE_OK);
  return p;
}
// By direction.
const llhttp_t kAtHeaders[] = {make_prototype(HTTP_REQUEST, "GET / HTTP/1.1\r\n"),
                               make_prototype(HTTP_RESPONSE, "HTTP/1.1 200 OK\r\n")};
const llhttp_t kAtChunks[] = {
    make_prototype(HTTP_REQUEST, "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
    make_prototype(HTTP_RESPONSE, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")};

}  // namespace

void Parser::begin(const Rules& rules, MessageState& message) {
  *this = Parser{};
  rules_ = rules;
  by_llhttp_ = true;
  message.llhttp = kAtHeaders[index_of(rules.from)];
}

bool Parser::begin_body(const Rules& rules, const BodyHeaders& headers, Workshop& workshop,
                        MessageState& message) {
  *this = Parser{};
  rules_ = rules;
  if (!frame(headers, headers.chunked, workshop, message)) return false;
  by_llhttp_ = framing_ == Framing::chunked;
  if (by_llhttp_) message.llhttp = kAtChunks[index_of(rules.from)];
  return true;
}

// RFC 9112, 6.3. False: give up.
bool Parser::frame(const BodyHeaders& headers, bool has_encoding, Workshop& workshop, MessageState& message) {
  if (has_encoding && headers.has_length) lenient_ = true;  // 6.3, 3: Transfer-Encoding wins
  if (rules_.bodyless) return true;
  if (headers.chunked) {
    framing_ = Framing::chunked;
    return true;
  }
  if (headers.has_length && !has_encoding) {
    if (headers.length == 0) return true;
    framing_ = Framing::length;
    left_ = headers.length;
    message.preview.expect(workshop, headers.length);
    return true;
  }
  // A request's length cannot be known behind another encoding (6.3, 4); without any it is 0.
  if (rules_.from == Direction::c2s) return !has_encoding;
  if (!rules_.open_end) return false;
  framing_ = Framing::until_close;
  left_ = kUntilClose;
  return true;
}

Parser::Step Parser::feed(Workshop& workshop, MessageState& message, Bytes bytes) {
  return by_llhttp_ ? feed_llhttp(workshop, message, bytes) : feed_body(workshop, message, bytes);
}

Parser::Step Parser::feed_llhttp(Workshop& workshop, MessageState& message, Bytes bytes) {
  if (bytes.empty()) return {0, Result::more};
  Reading reading{*this, workshop, message};
  message.llhttp.data = &reading;
  message.llhttp.settings = const_cast<llhttp_settings_t*>(&kSettings);  // llhttp only reads it
  if (framing_ == Framing::chunked) return feed_chunks(reading, bytes);
  const Step head = execute(reading, bytes);
  if (head.result != Result::complete) return head;
  const Bytes rest = bytes.subspan(head.consumed);
  by_llhttp_ = framing_ == Framing::chunked;
  if (by_llhttp_) llhttp_resume(&message.llhttp);
  const Step body = by_llhttp_ ? feed_chunks(reading, rest) : feed_body(workshop, message, rest);
  return {head.consumed + body.consumed, body.result};
}

// `complete`: at the end of the headers, or of a chunked message.
Parser::Step Parser::execute(Reading& reading, Bytes bytes) {
  llhttp_t& llhttp = reading.message.llhttp;
  const char* at = reinterpret_cast<const char*>(bytes.data());
  const llhttp_errno_t error = llhttp_execute(&llhttp, at, bytes.size());
  if (error == HPE_OK) return {bytes.size(), Result::more};
  const char* stop = llhttp_get_error_pos(&llhttp);
  const auto consumed = stop == nullptr ? bytes.size() : static_cast<std::size_t>(stop - at);
  return {consumed, error == HPE_PAUSED ? Result::complete : Result::malformed};
}

// llhttp refuses a second Content-Length whatever it says. One that says the same does no harm (RFC
// 9112, 6.3, 5): each is taken from llhttp as soon as it is read. False: they differ.
bool Parser::take_length(llhttp_t& llhttp, MessageState& message) {
  if (framing_ == Framing::chunked || (llhttp.flags & F_CONTENT_LENGTH) == 0) return true;
  if (has_length_) lenient_ = true;
  const bool agrees = !has_length_ || message.length == llhttp.content_length;
  has_length_ = true;
  message.length = llhttp.content_length;
  llhttp.content_length = 0;
  llhttp.flags = static_cast<std::uint16_t>(llhttp.flags & ~F_CONTENT_LENGTH);
  return agrees;
}

Parser::Step Parser::feed_chunks(Reading& reading, Bytes bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    Bytes piece;
    const Bytes rest = bytes.subspan(at);
    const std::size_t taken = chunk_piece(rest, piece);
    if (!piece.empty()) {
      const bool as_it_is = piece.data() == rest.data();
      const Step step = execute(reading, piece);
      if (step.result != Result::more) return {at + (as_it_is ? step.consumed : taken), step.result};
    }
    at += taken;
    left_ = in_chunk_ ? reading.message.llhttp.content_length : 0;
    if (chunks_ == Chunks::data && left_ == 0) chunks_ = in_chunk_ ? Chunks::data_end : Chunks::trailers;
  }
  return {at, Result::more};
}

// How many bytes of the front of `bytes` go together, and as what llhttp is to see them.
std::size_t Parser::chunk_piece(Bytes bytes, Bytes& piece) {
  static constexpr std::string_view kLineEnd = "\r\n";
  const auto is_blank = [](std::uint8_t b) { return b == ' ' || b == '\t'; };
  const auto ends = [](std::uint8_t b) { return b == '\r' || b == '\n' || b == ';'; };
  std::size_t n = 0;
  switch (chunks_) {
    case Chunks::size:
      while (n < bytes.size() && !ends(bytes[n]) && !is_blank(bytes[n])) ++n;
      piece = bytes.first(n);
      if (n < bytes.size()) chunks_ = is_blank(bytes[n]) ? Chunks::blanks : Chunks::line;
      return n;
    case Chunks::blanks:
      while (n < bytes.size() && is_blank(bytes[n])) ++n;
      lenient_ = true;
      if (n < bytes.size()) chunks_ = Chunks::line;
      return n;
    case Chunks::line:
      while (n < bytes.size() && bytes[n] != '\r' && bytes[n] != '\n') ++n;
      if (n > 0 || bytes[0] == '\r') {
        n += n < bytes.size() && bytes[n] == '\r';
        piece = bytes.first(n);
        if (bytes[n - 1] == '\r') chunks_ = Chunks::line_cr;
        return n;
      }
      lenient_ = true;
      piece = as_bytes(kLineEnd);
      chunks_ = Chunks::data;
      return 1;
    case Chunks::line_cr:
      piece = bytes.first(1);
      chunks_ = Chunks::data;
      return 1;
    case Chunks::data:
      n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      piece = bytes.first(n);
      return n;
    case Chunks::data_end:
      lenient_ = lenient_ || bytes[0] == '\n';
      piece = bytes[0] == '\n' ? as_bytes(kLineEnd) : bytes.first(1);
      chunks_ = bytes[0] == '\n' ? Chunks::size : Chunks::data_cr;
      return 1;
    case Chunks::data_cr:
      piece = bytes.first(1);
      chunks_ = Chunks::size;
      return 1;
    case Chunks::trailers:
      break;
  }
  piece = bytes;
  return bytes.size();
}

Parser::Step Parser::feed_body(Workshop& workshop, MessageState& message, Bytes bytes) {
  const Bytes content = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  message.body(workshop, content);
  if (framing_ == Framing::length) left_ -= content.size();
  return {content.size(), left_ == 0 ? Result::complete : Result::more};
}

Parser::Result Parser::pass(Workshop& workshop, MessageState& message, std::uint64_t n) {
  assert(n <= content_left());
  message.body_size += n;
  message.preview.close();
  if (framing_ == Framing::until_close || n == 0) return Result::more;
  if (!by_llhttp_ || n < left_) {
    left_ -= n;
    if (by_llhttp_) message.llhttp.content_length = left_;
    return left_ == 0 ? Result::complete : Result::more;
  }
  // llhttp leaves a chunk only while it reads: it gets the last byte, whatever it was.
  message.llhttp.content_length = left_ = 1;
  muted_ = true;
  const Step step = feed(workshop, message, as_bytes("x"));
  muted_ = false;
  return step.result;
}

}  // namespace spanlight::http
