#include "serve/channel.h"

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <optional>

namespace spanlight::serve {

struct Channel::Layers {
  Layers(Tcp::socket&& socket, std::shared_ptr<asio::ssl::context> with)
      : tcp(std::move(socket)), context(std::move(with)) {
    if (context != nullptr) tls.emplace(tcp, *context);
  }
  beast::tcp_stream tcp;
  std::shared_ptr<asio::ssl::context> context;
  std::optional<asio::ssl::stream<beast::tcp_stream&>> tls;
};

Channel::Channel(Tcp::socket&& socket, std::shared_ptr<asio::ssl::context> tls)
    : layers_(std::make_unique<Layers>(std::move(socket), std::move(tls))) {}

Channel::~Channel() = default;

Channel::executor_type Channel::get_executor() {
  return layers_->tcp.get_executor();
}

bool Channel::is_tls() const {
  return layers_->tls.has_value();
}

int Channel::native_handle() {
  return layers_->tcp.socket().native_handle();
}

void Channel::expires_after(std::chrono::milliseconds after) {
  layers_->tcp.expires_after(after);
}

void Channel::expires_never() {
  layers_->tcp.expires_never();
}

void Channel::handshake(Done done) {
  layers_->tls->async_handshake(asio::ssl::stream_base::server, std::move(done));
}

void Channel::shutdown_tls(Done done) {
  layers_->tls->async_shutdown(std::move(done));
}

void Channel::finish_sending() {
  beast::error_code ignored;
  layers_->tcp.socket().shutdown(Tcp::socket::shutdown_send, ignored);
}

void Channel::close() {
  layers_->tcp.close();
}

void Channel::read(const ChannelBuffers<asio::mutable_buffer>& buffers, ChannelHandler handler) {
  if (layers_->tls)
    layers_->tls->async_read_some(buffers, std::move(handler));
  else
    layers_->tcp.async_read_some(buffers, std::move(handler));
}

void Channel::write(const ChannelBuffers<asio::const_buffer>& buffers, ChannelHandler handler) {
  if (layers_->tls)
    layers_->tls->async_write_some(buffers, std::move(handler));
  else
    layers_->tcp.async_write_some(buffers, std::move(handler));
}

}  // namespace spanlight::serve
