#include "kubernetes/http_stream.h"

#include <netinet/tcp.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "kubernetes/response_reader.h"
#include "kubernetes/tls.h"

namespace spanlight {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using Error = boost::system::error_code;

namespace {

constexpr std::chrono::seconds kConnectMax{10};  // address, connection and handshake together
constexpr std::size_t kReadBytes = 65'536;
constexpr const char* kUserAgent =
    "spanlight-control";  // browsers and curl get indented JSON, twice the bytes
// A server that vanished without a word is known within half a minute also while nothing is sent.
constexpr int kKeepAliveIdleS = 15, kKeepAliveIntervalS = 5, kKeepAliveProbes = 3, kUnacknowledgedMs = 30'000;

template <typename Socket>
void keep_alive(Socket& socket) {
  Error ignored;  // a kernel without them has the silence timer still
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  socket.set_option(Tcp::no_delay(true), ignored);
  using Number = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
  using Interval = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;
  using Count = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPCNT>;
  using Unacknowledged = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;
  socket.set_option(Number(kKeepAliveIdleS), ignored);
  socket.set_option(Interval(kKeepAliveIntervalS), ignored);
  socket.set_option(Count(kKeepAliveProbes), ignored);
  socket.set_option(Unacknowledged(kUnacknowledgedMs), ignored);
}

}  // namespace

// Each connection has a number; what a handler of an older one brings is not ours any more.
class HttpStream::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& context, const ClusterAccess& access, Reader& reader)
      : context_(context),
        access_(access),
        reader_(&reader),
        resolver_(context),
        socket_(context),
        deadline_(context) {}

  void get(const HttpRequest& request);
  void close() {
    reader_ = nullptr;
    drop();
    deadline_.cancel();
  }
  void set_silence_max(std::chrono::milliseconds time) {
    request_.silence_max = time;
    arm(time);
  }
  void hang_up() { drop(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void connect();
  void on_resolved(const Tcp::resolver::results_type& found);
  void on_connected();
  bool start_tls();
  void send();
  void read();
  void on_read(const Error& error, std::size_t size);
  void parse(bool at_end);
  void finish(const std::string& fault);
  void fail(const std::string& fault);
  void drop();
  void arm(std::chrono::milliseconds time);
  bool stale(std::uint64_t connection) const { return connection != connection_ || reader_ == nullptr; }
  std::string server() const { return access_.host + ":" + access_.port; }
  std::string failed(const char* what, const Error& error) const;

  template <typename Then>
  auto guarded(Then then) {
    return [self = shared_from_this(), tls = tls_, connection = connection_, then](const Error& error,
                                                                                   auto&&... rest) {
      if (!self->stale(connection)) then(*self, error, rest...);
    };
  }

  asio::io_context& context_;
  const ClusterAccess& access_;
  Reader* reader_;
  HttpRequest request_;
  Credentials credentials_;
  Tcp::resolver resolver_;
  std::unique_ptr<asio::ssl::context> tls_context_;
  Tcp::socket socket_;
  std::shared_ptr<TlsStream> tls_;  // operations under way hold it too
  asio::steady_timer deadline_;
  boost::beast::flat_buffer buffer_;
  std::unique_ptr<ResponseReader> response_;
  std::string text_;  // of the request
  std::uint64_t connection_ = 0;
  std::uint64_t bytes_ = 0;
  bool open_ = false;    // connected, and free for a request
  bool reused_ = false;  // the request went out on a connection that had served before
  bool timed_out_ = false;
  bool closed_ = false;  // by the server
};

std::string HttpStream::Impl::failed(const char* what, const Error& error) const {
  if (timed_out_)
    return std::string("Nothing comes from ") + server() + " any more (" + what +
           "); the connection was given up.";
  return server() + ": " + what + ": " + error.message() + ".";
}

void HttpStream::Impl::get(const HttpRequest& request) {
  request_ = request;
  timed_out_ = closed_ = false;
  asio::post(context_, [self = shared_from_this()] {
    if (self->reader_ == nullptr) return;
    self->reused_ = self->open_;
    if (self->open_)
      self->send();
    else
      self->connect();
  });
}

void HttpStream::Impl::arm(std::chrono::milliseconds time) {
  deadline_.expires_after(time);
  deadline_.async_wait(guarded([](Impl& impl, const Error& error) {
    if (error || impl.deadline_.expiry() > std::chrono::steady_clock::now()) return;
    impl.timed_out_ = true;
    impl.resolver_.cancel();
    Error ignored;
    impl.socket_.close(ignored);  // whatever waits on it ends with an error, and is told as a time-out
  }));
}

void HttpStream::Impl::drop() {
  ++connection_;
  open_ = false;
  resolver_.cancel();
  Error ignored;
  socket_.close(ignored);
}

void HttpStream::Impl::connect() {
  drop();
  buffer_.consume(buffer_.size());
  std::string fault;
  if (!read_credentials(access_, credentials_, fault)) return finish(fault);
  if (access_.tls) {
    tls_context_ = make_tls_context(access_, credentials_, fault);
    if (tls_context_ == nullptr) return finish(fault);
  }
  arm(kConnectMax);
  resolver_.async_resolve(
      access_.host, access_.port,
      guarded([](Impl& impl, const Error& error, const Tcp::resolver::results_type& found) {
        if (error) return impl.fail(impl.failed("its name cannot be looked up", error));
        impl.on_resolved(found);
      }));
}

void HttpStream::Impl::on_resolved(const Tcp::resolver::results_type& found) {
  tls_.reset();
  socket_ = Tcp::socket(context_);
  asio::async_connect(socket_, found, guarded([](Impl& impl, const Error& error, const auto&) {
                        if (error) return impl.fail(impl.failed("no connection", error));
                        impl.on_connected();
                      }));
}

void HttpStream::Impl::on_connected() {
  keep_alive(socket_);
  if (!access_.tls) {
    open_ = true;
    return send();
  }
  tls_ = std::make_shared<TlsStream>(socket_, *tls_context_);
  std::string fault;
  if (!expect_server(*tls_, access_, fault)) return fail(fault);
  tls_->async_handshake(
      asio::ssl::stream_base::client, guarded([](Impl& impl, const Error& error) {
        if (error)
          return impl.fail(impl.timed_out_ ? impl.failed("no TLS handshake", error)
                                           : handshake_fault(*impl.tls_, impl.access_, error.message()));
        impl.open_ = true;
        impl.send();
      }));
}

void HttpStream::Impl::send() {
  if (!access_.token_file.empty()) {
    std::string fault;  // tokens in files live for an hour, connections longer
    if (!read_credentials(access_, credentials_, fault)) return fail(fault);
  }
  const bool v6 = access_.host.find(':') != std::string::npos;
  text_ = "GET " + access_.base_path + request_.target +
          " HTTP/1.1\r\nHost: " + (v6 ? "[" + access_.host + "]" : access_.host) + ":" + access_.port +
          "\r\nUser-Agent: " + kUserAgent + "\r\nAccept: " + request_.accept + "\r\n";
  if (request_.compressed) text_ += "Accept-Encoding: gzip\r\n";
  if (!credentials_.token.empty()) text_ += "Authorization: Bearer " + credentials_.token + "\r\n";
  text_ += "\r\n";
  response_ = std::make_unique<ResponseReader>(reader_);
  arm(request_.silence_max);
  const auto sent = guarded([](Impl& impl, const Error& error, std::size_t) {
    if (error) return impl.fail(impl.failed("the request cannot be sent", error));
    impl.read();
  });
  if (tls_ != nullptr)
    asio::async_write(*tls_, asio::buffer(text_), sent);
  else
    asio::async_write(socket_, asio::buffer(text_), sent);
}

void HttpStream::Impl::read() {
  const auto got =
      guarded([](Impl& impl, const Error& error, std::size_t size) { impl.on_read(error, size); });
  const auto room = buffer_.prepare(kReadBytes);
  if (tls_ != nullptr)
    tls_->async_read_some(room, got);
  else
    socket_.async_read_some(room, got);
}

void HttpStream::Impl::on_read(const Error& error, std::size_t size) {
  buffer_.commit(size);
  bytes_ += size;
  const bool ended = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
  closed_ = !timed_out_ && (!error || ended || error == asio::error::connection_reset);
  if (error && !ended) return fail(failed("the connection broke", error));
  arm(request_.silence_max);
  parse(ended);
}

// As much as is there. The parser asks for more with `need_more`; a body to the end of the connection ends
// with it.
void HttpStream::Impl::parse(bool at_end) {
  ResponseReader& response = *response_;
  Error error;
  while (buffer_.size() > 0 && !response.is_done() && !error && !response.enough() &&
         response.fault().empty())
    buffer_.consume(response.put(buffer_.data(), error));
  if (reader_ == nullptr) return;
  if (!response.fault().empty()) return fail(response.fault());
  if (response.enough()) {
    drop();
    return finish({});
  }
  if (error && error != http::error::need_more) return fail(failed("this is not HTTP", error));
  if (at_end && !response.is_done()) {
    Error cut;
    if (response.got_some()) response.put_eof(cut);
    if (!response.got_some() || cut || !response.is_done())
      return fail(server() + " ended the connection in the middle of its answer.");
  }
  if (!response.is_done()) return read();
  if (at_end || !response.keep_alive()) drop();
  finish({});
}

// A kept connection may have been closed by the server while it was idle: then nothing of an answer has come.
void HttpStream::Impl::fail(const std::string& fault) {
  const bool untouched = response_ == nullptr || !response_->got_some();
  drop();
  if (reused_ && untouched && !timed_out_) {
    reused_ = false;
    return connect();
  }
  finish(fault);
}

void HttpStream::Impl::finish(const std::string& fault) {
  deadline_.cancel();
  if (!fault.empty()) drop();
  asio::post(context_, [self = shared_from_this(), fault] {
    if (self->reader_ != nullptr) self->reader_->on_end(fault, self->closed_);
  });
}

HttpStream::HttpStream(asio::io_context& context, const ClusterAccess& access, Reader& reader)
    : impl_(std::make_shared<Impl>(context, access, reader)) {}
// As in client.cpp: no memory left ends the process.
HttpStream::~HttpStream() {  // NOLINT(bugprone-exception-escape)
  impl_->close();
}
void HttpStream::get(const HttpRequest& request) {
  impl_->get(request);
}
void HttpStream::set_silence_max(std::chrono::milliseconds time) {
  impl_->set_silence_max(time);
}
void HttpStream::hang_up() {
  impl_->hang_up();
}
void HttpStream::close() {
  impl_->close();
}
std::uint64_t HttpStream::bytes() const {
  return impl_->bytes();
}

}  // namespace spanlight
