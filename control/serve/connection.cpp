#include "serve/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>

namespace spanlight::serve {
namespace {

constexpr std::size_t kReadBytes = 4'096;
// The parser's head, and a whole read behind it.
constexpr std::size_t kBufferSlackBytes = std::size_t{64} << 10;

}  // namespace

void serve_connection(Core& core, Tcp::socket&& socket, std::shared_ptr<asio::ssl::context> tls,
                      const Ip& from) {
  std::make_shared<Connection>(core, std::move(socket), std::move(tls), from)->start();
}

Connection::Connection(Core& core, Tcp::socket&& socket, std::shared_ptr<asio::ssl::context> tls,
                       const Ip& from)
    : core_(core),
      channel_(std::make_unique<Channel>(std::move(socket), std::move(tls))),
      watch_(core.io),
      from_(from),
      buffer_(core.limits.head_bytes_max + kBufferSlackBytes) {
  core_.open.insert(this);
  ++core_.by_client[from_.text()];
  ++core_.counts.connections_open;
}

Connection::~Connection() {
  core_.open.erase(this);
  const auto client = core_.by_client.find(from_.text());
  if (client != core_.by_client.end() && --client->second == 0) core_.by_client.erase(client);
  --core_.counts.connections_open;
}

void Connection::start() {
  if (!channel_->is_tls()) {
    wait_for_request();
    return;
  }
  expire(core_.limits.handshake);
  channel_->handshake([self = shared_from_this()](beast::error_code error) {
    if (error) {
      ++self->core_.counts.tls_faults;
      self->finish();
      return;
    }
    self->wait_for_request();
  });
}

void Connection::wait_for_request() {
  if (core_.stopping) {
    linger();
    return;
  }
  phase_ = Phase::idle;
  route_ = nullptr;
  request_ = {};
  flow_.reset();
  then_ = Then::more;
  parser_.emplace();
  parser_->header_limit(core_.limits.head_bytes_max);
  parser_->body_limit(core_.settings.request_bytes_max);
  if (buffer_.size() > 0) {  // sent behind the last request
    read_head();
    return;
  }
  expire(core_.limits.idle);
  channel_->async_read_some(buffer_.prepare(kReadBytes),
                            [self = shared_from_this()](beast::error_code error, std::size_t bytes) {
                              if (error) {
                                self->broken(error);
                                return;
                              }
                              self->buffer_.commit(bytes);
                              self->read_head();
                            });
}

// The limit of time counts from the first byte to the last of the head: who sends a byte now and then does
// not prolong it.
void Connection::read_head() {
  phase_ = Phase::head;
  began_ns_ = now_ns();
  expire(core_.limits.head);
  http::async_read_header(
      *channel_, buffer_, *parser_,
      [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_head(error); });
}

void Connection::on_head(beast::error_code error) {
  if (!error) {
    judge();
    return;
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    ++core_.counts.head_too_large;
    refuse(431, "head_too_large",
           "The request's head is larger than " + std::to_string(core_.limits.head_bytes_max) + " bytes.");
  } else if (error == http::error::body_limit) {
    ++core_.counts.body_too_large;
    refuse(413, "body_too_large", "The request's body is larger than serve.requestBytesMax.");
  } else if (error.category() == http::make_error_code(http::error::bad_method).category() &&
             error != http::error::end_of_stream && error != http::error::partial_message) {
    ++core_.counts.malformed;
    refuse(400, "malformed", "This is no HTTP/1.1 request: " + error.message() + ".");
  } else {
    broken(error);
  }
}

void Connection::read_body() {
  phase_ = Phase::body;
  expire(core_.limits.body);
  http::async_read(
      *channel_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
        if (!error) {
          self->run_handler();
        } else if (error == http::error::body_limit) {
          ++self->core_.counts.body_too_large;
          self->refuse(413, "body_too_large", "The request's body is larger than serve.requestBytesMax.");
        } else if (error.category() == http::make_error_code(http::error::bad_method).category() &&
                   error != http::error::partial_message) {
          ++self->core_.counts.malformed;
          self->refuse(400, "malformed", "The request's body is malformed: " + error.message() + ".");
        } else {
          self->broken(error);
        }
      });
}

// While a worker is busy nothing is read, so the client's leaving is looked for: a search that nobody waits
// for any more must end. The kernel is asked, since under TLS, or behind a request that was sent early, the
// end of the stream stands behind bytes that are not read yet. A client that closes its sending side only is
// taken for gone; browsers and libraries do not.
void Connection::watch_client() {
  constexpr std::chrono::milliseconds kPause{200};
  watch_.expires_after(kPause);
  watch_.async_wait([self = shared_from_this(), flow = flow_](beast::error_code error) {
    if (error || self->phase_ != Phase::answering || self->flow_ != flow) return;
    if (!self->client_has_left()) {
      self->watch_client();
      return;
    }
    ++self->core_.counts.clients_gone;
    flow->leave();
  });
}

bool Connection::client_has_left() {
  tcp_info info{};
  socklen_t size = sizeof(info);
  const int handle = channel_->native_handle();
  return getsockopt(handle, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || info.tcpi_state != TCP_ESTABLISHED;
}

void Connection::put(std::string bytes, Then then) {
  asio::post(core_.io, [self = shared_from_this(), bytes = std::move(bytes), then]() mutable {
    if (self->phase_ != Phase::answering) return;  // ended meanwhile
    self->then_ = then;
    if (!bytes.empty()) self->out_.push_back(std::move(bytes));
    self->send_next();
  });
}

void Connection::send_next() {
  if (sending_) return;
  if (out_.empty()) {
    if (then_ != Then::more) after_answer();
    return;
  }
  sending_ = true;
  expire(core_.limits.write);
  const std::string& first = out_.front();
  const std::size_t bytes = std::min(first.size() - out_at_, kSendBytes);
  asio::async_write(
      *channel_, asio::buffer(first.data() + out_at_, bytes),
      [self = shared_from_this()](beast::error_code error, std::size_t sent) { self->on_sent(error, sent); });
}

void Connection::on_sent(beast::error_code error, std::size_t bytes) {
  sending_ = false;
  core_.counts.bytes_sent += bytes;
  if (flow_ != nullptr) flow_->sent(bytes);
  if (error) {
    broken(error);
    return;
  }
  if (phase_ == Phase::ended) return;
  out_at_ += bytes;
  if (out_at_ == out_.front().size()) {
    out_.pop_front();
    out_at_ = 0;
  }
  send_next();
}

void Connection::after_answer() {
  watch_.cancel();
  if (then_ == Then::cut) {
    finish();
  } else if (then_ == Then::next && !core_.stopping) {
    wait_for_request();
  } else {
    linger();
  }
}

// A close while the client still sends would make its kernel throw our answer away; so its bytes are taken
// for a moment.
void Connection::linger() {
  if (phase_ != Phase::lingering) {
    phase_ = Phase::lingering;
    expire(std::chrono::seconds(2));
    if (channel_->is_tls()) {
      channel_->shutdown_tls([self = shared_from_this()](beast::error_code) { self->finish(); });
      return;
    }
    channel_->finish_sending();
  }
  buffer_.clear();
  channel_->async_read_some(buffer_.prepare(kReadBytes),
                            [self = shared_from_this()](beast::error_code error, std::size_t bytes) {
                              self->lingered_bytes_ += bytes;
                              if (error || self->lingered_bytes_ > kLingerBytesMax)
                                self->finish();
                              else if (self->phase_ == Phase::lingering)
                                self->linger();
                            });
}

void Connection::broken(beast::error_code error) {
  if (error == beast::error::timeout) {
    if (phase_ == Phase::idle) ++core_.counts.timed_out_idle;
    if (phase_ == Phase::head) ++core_.counts.timed_out_head;
    if (phase_ == Phase::body) ++core_.counts.timed_out_body;
    if (phase_ == Phase::answering) ++core_.counts.timed_out_write;
  }
  finish();
}

void Connection::finish() {
  if (phase_ == Phase::ended) return;
  phase_ = Phase::ended;
  watch_.cancel();
  if (flow_ != nullptr) flow_->leave();
  if (channel_ != nullptr) channel_->close();
}

void Connection::ask_to_end() {
  if (phase_ == Phase::idle || phase_ == Phase::handshake) finish();
}

void Connection::end_now() {
  finish();
}

}  // namespace spanlight::serve
