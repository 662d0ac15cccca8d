#include "http/parser.h"

#include <cassert>
#include <string_view>

namespace spanlight::http {

struct Callbacks {
  static Parser& self(llhttp_t* p) { return *static_cast<Parser*>(p->data); }
  static Bytes bytes(const char* at, std::size_t n) { return {reinterpret_cast<const std::uint8_t*>(at), n}; }

  static int name(llhttp_t* p, const char* at, std::size_t n) {
    self(p).message_->head.header_name(*self(p).workshop_, bytes(at, n));
    return 0;
  }
  static int value(llhttp_t* p, const char* at, std::size_t n) {
    self(p).message_->head.header_value(*self(p).workshop_, bytes(at, n));
    return 0;
  }
  static int value_end(llhttp_t* p) {
    self(p).message_->head.header_end(*self(p).workshop_);
    return 0;
  }
  static int headers_complete(llhttp_t* p) { return self(p).headers_complete(); }
  static int chunk_header(llhttp_t* p) {
    self(p).in_chunk_ = p->content_length > 0;
    return 0;
  }
  static int chunk_complete(llhttp_t* p) {
    self(p).in_chunk_ = false;
    return 0;
  }
  static int body(llhttp_t* p, const char* at, std::size_t n) {
    Parser& parser = self(p);
    if (parser.muted_) return 0;
    parser.message_->body_size += n;
    parser.message_->preview.append(*parser.workshop_, bytes(at, n));
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

// A parser that has read its start line and stands before the first header. Made once, before any worker
// runs.
llhttp_t make_prototype(llhttp_type_t type, std::string_view start_line) {
  llhttp_t p;
  llhttp_init(&p, type, nullptr);
  // Of LENIENT_KEEP_ALIVE and LENIENT_VERSION nothing depends: a parser serves one message, the version is
  // ours.
  p.lenient_flags = LENIENT_HEADERS | LENIENT_CHUNKED_LENGTH | LENIENT_TRANSFER_ENCODING;
  [[maybe_unused]] const llhttp_errno_t error = llhttp_execute(&p, start_line.data(), start_line.size());
  assert(error == HPE_OK);
  return p;
}
const llhttp_t kRequest = make_prototype(HTTP_REQUEST, "GET / HTTP/1.1\r\n");
const llhttp_t kResponse = make_prototype(HTTP_RESPONSE, "HTTP/1.1 200 OK\r\n");

}  // namespace

void Parser::begin_request(std::uint8_t minor, bool is_connect) {
  *this = Parser{};
  llhttp_ = kRequest;
  llhttp_.http_minor = minor;
  bodyless_ = is_connect;  // RFC 9110, 9.3.6: what follows is the tunnel
}

void Parser::begin_response(std::uint8_t minor, std::uint16_t status, bool bodyless, bool open_end) {
  *this = Parser{};
  llhttp_ = kResponse;
  llhttp_.http_minor = minor;
  llhttp_.status_code = status;
  bodyless_ = bodyless;
  open_end_ = open_end;
}

// RFC 9112, 6.3. llhttp would read a body behind 304 with a Content-Length; here the rules stand in one
// place. Returns llhttp's: 0 go on, 1 no body, -1 give up.
int Parser::headers_complete() {
  headers_done_ = true;
  message_->head_done = true;
  wants_upgrade_ = llhttp_.upgrade != 0;
  llhttp_.upgrade = 0;
  const bool has_encoding = (llhttp_.flags & F_TRANSFER_ENCODING) != 0;
  const bool has_length = (llhttp_.flags & F_CONTENT_LENGTH) != 0;
  if (has_encoding && has_length) lenient_ = true;  // RFC 9112, 6.3, 3: Transfer-Encoding wins
  if (bodyless_) return 1;
  if ((llhttp_.flags & F_CHUNKED) != 0) {
    framing_ = Framing::chunked;
    return 0;
  }
  const bool is_request = llhttp_.type == HTTP_REQUEST;
  if (has_encoding) {
    if (is_request) return -1;  // its length cannot be known (RFC 9112, 6.3, 4)
    if (!open_end_) return -1;
    framing_ = Framing::until_close;
    return 0;
  }
  if (has_length) {
    if (llhttp_.content_length > 0) {
      framing_ = Framing::length;
      message_->preview.expect(*workshop_, llhttp_.content_length);
    }
    return 0;
  }
  if (is_request) return 0;
  if (!open_end_) return -1;
  framing_ = Framing::until_close;
  return 0;
}

Parser::Step Parser::feed(Workshop& workshop, MessageState& message, Bytes bytes) {
  workshop_ = &workshop;
  message_ = &message;
  llhttp_.data = this;
  llhttp_.settings = const_cast<llhttp_settings_t*>(&kSettings);  // llhttp only reads it
  const char* at = reinterpret_cast<const char*>(bytes.data());
  const llhttp_errno_t error = llhttp_execute(&llhttp_, at, bytes.size());
  if (error == HPE_OK) return {bytes.size(), Result::more};
  const char* stop = llhttp_get_error_pos(&llhttp_);
  const auto consumed = stop == nullptr ? bytes.size() : static_cast<std::size_t>(stop - at);
  return {consumed, error == HPE_PAUSED ? Result::complete : Result::malformed};
}

std::uint64_t Parser::content_left() const {
  if (!headers_done_) return 0;
  if (framing_ == Framing::until_close) return kUntilClose;
  if (framing_ == Framing::length || (framing_ == Framing::chunked && in_chunk_))
    return llhttp_.content_length;
  return 0;
}

Parser::Result Parser::pass(Workshop& workshop, MessageState& message, std::uint64_t n) {
  assert(n <= content_left());
  message.body_size += n;
  message.preview.close();
  if (framing_ == Framing::until_close || n == 0) return Result::more;
  if (n < llhttp_.content_length) {
    llhttp_.content_length -= n;
    return Result::more;
  }
  // llhttp leaves a body only while it reads: it gets the last byte, whatever it was.
  llhttp_.content_length = 1;
  muted_ = true;
  const Step step = feed(workshop, message, as_bytes("x"));
  muted_ = false;
  return step.result;
}

}  // namespace spanlight::http
