#pragma once
// A TCP connection with or without TLS, as one type. What is asked of it is handed on without its type, so
// that the machinery below (TLS over TCP with limits of time) is compiled once, in channel.cpp, and not again
// in every operation of HTTP and WebSocket: that was most of this room's compile time. Owned by a connection;
// used on the network thread. Only for the .cpp files of this room that speak to sockets.

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/role.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace spanlight::serve {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Tcp = asio::ip::tcp;

// A handler whose type is forgotten; called once at most. std::function wants copies, which handlers cannot
// make.
class ChannelHandler {
 public:
  template <typename Handler>
  explicit ChannelHandler(Handler handler) : held_(std::make_unique<Holds<Handler>>(std::move(handler))) {}
  // Freed before it is called: what it holds may begin the next operation, or end the connection.
  void operator()(beast::error_code error, std::size_t bytes) {
    std::exchange(held_, nullptr)->call(error, bytes);
  }

 private:
  struct Held {
    Held() = default;
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    virtual ~Held() = default;
    virtual void call(beast::error_code error, std::size_t bytes) = 0;
  };
  template <typename Handler>
  struct Holds final : Held {
    explicit Holds(Handler handler) : handler_(std::move(handler)) {}
    void call(beast::error_code error, std::size_t bytes) override { std::move(handler_)(error, bytes); }
    Handler handler_;
  };
  std::unique_ptr<Held> held_;
};

// The first buffers of a sequence: reading and writing "some" need not take all.
template <typename Buffer>
class ChannelBuffers {
 public:
  using value_type = Buffer;
  using const_iterator = const Buffer*;

  template <typename Sequence>
  explicit ChannelBuffers(const Sequence& sequence) {
    const auto last = asio::buffer_sequence_end(sequence);
    for (auto at = asio::buffer_sequence_begin(sequence); at != last && count_ < kMost; ++at) {
      const Buffer buffer(*at);
      if (buffer.size() > 0) buffers_[count_++] = buffer;
    }
  }
  const_iterator begin() const { return buffers_.data(); }
  const_iterator end() const { return buffers_.data() + count_; }

 private:
  static constexpr std::size_t kMost = 16;
  std::array<Buffer, kMost> buffers_{};
  std::size_t count_ = 0;
};

class Channel {
 public:
  using executor_type = asio::any_io_executor;
  using Done = std::function<void(beast::error_code)>;

  Channel(Tcp::socket&& socket, std::shared_ptr<asio::ssl::context> tls);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  executor_type get_executor();
  bool is_tls() const;
  int native_handle();

  // Limit of time for what begins from now on; an operation that hits it ends with beast::error::timeout.
  void expires_after(std::chrono::milliseconds after);
  void expires_never();
  void handshake(Done done);  // TLS only
  void shutdown_tls(Done done);
  void finish_sending();  // half of the close, without TLS
  void close();

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    read(ChannelBuffers<asio::mutable_buffer>(buffers),
         ChannelHandler(std::decay_t<Handler>(std::forward<Handler>(handler))));
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    write(ChannelBuffers<asio::const_buffer>(buffers),
          ChannelHandler(std::decay_t<Handler>(std::forward<Handler>(handler))));
  }

 private:
  void read(const ChannelBuffers<asio::mutable_buffer>& buffers, ChannelHandler handler);
  void write(const ChannelBuffers<asio::const_buffer>& buffers, ChannelHandler handler);

  struct Layers;
  std::unique_ptr<Layers> layers_;
};

// What a WebSocket asks of its transport at its end. The TCP connection is closed either way, which ends TLS
// too.
inline void beast_close_socket(Channel& channel) {
  channel.close();
}
inline void teardown(beast::role_type, Channel& channel, beast::error_code& error) {
  channel.close();
  error = {};
}
template <typename Handler>
void async_teardown(beast::role_type, Channel& channel, Handler&& handler) {
  channel.close();
  asio::post(channel.get_executor(),
             beast::bind_front_handler(std::forward<Handler>(handler), beast::error_code{}));
}

}  // namespace spanlight::serve
