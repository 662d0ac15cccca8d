#pragma once
// One HTTP connection: requests in turn, each read within its time limits, judged by its head, handed to a
// worker, and answered. Lives on the network thread; put() alone may be called from elsewhere.

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "serve/channel.h"
#include "serve/core.h"
#include "serve/exchange.h"
#include "serve/url.h"

namespace spanlight::serve {

namespace http = beast::http;

class Connection final : public Outlet, public Open, public std::enable_shared_from_this<Connection> {
 public:
  using Parser = http::request_parser<http::string_body>;

  Connection(Core& core, Tcp::socket&& socket, std::shared_ptr<asio::ssl::context> tls, const Ip& from);
  ~Connection() override;

  void start();
  void put(std::string bytes, Then then) override;
  void ask_to_end() override;
  void end_now() override;

 private:
  enum class Phase : std::uint8_t { handshake, idle, head, body, answering, lingering, ended };

  // connection.cpp: bytes
  void wait_for_request();
  void read_head();
  void on_head(beast::error_code error);
  void read_body();
  void send_next();
  void on_sent(beast::error_code error, std::size_t bytes);
  void after_answer();
  void linger();
  void finish();
  void watch_client();
  bool client_has_left();
  void broken(beast::error_code error);
  void expire(std::chrono::milliseconds after) { channel_->expires_after(after); }

  // request.cpp: what is asked
  void judge();
  void judge_route(const RequestHead& head, RouteTable::Match match);
  bool identify(const RequestHead& head, Principal& principal);
  void upgrade(const Route& route, Principal principal);
  void answer_asset();
  bool asks_for_long_answer() const;
  void run_handler();
  // A request in the hands of a worker.
  struct Job {
    std::shared_ptr<Connection> connection;
    std::shared_ptr<Flow> flow;
    const Route* route;
    bool is_long;
    Request request;
    ExchangeTerms terms;
    std::uint64_t began_ns;
  };
  static void run_job(Core& core, const Job& job);
  RequestHead head_of(const http::request<http::string_body>& request) const;
  ExchangeTerms terms_of(const http::request<http::string_body>& request) const;
  void refuse(int status, std::string code, const std::string& sentence, ExtraHeaders headers = {});
  void answer(int status, std::string_view content_type, std::string body, ExtraHeaders headers, bool is_api,
              bool gzipped = false);
  std::string_view header(http::field name) const;

  Core& core_;
  std::unique_ptr<Channel> channel_;  // given away when the connection becomes a WebSocket
  asio::steady_timer watch_;
  Ip from_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  Phase phase_ = Phase::handshake;

  // The request under way.
  std::uint64_t began_ns_ = 0;
  Target target_;
  const Route* route_ = nullptr;
  Request request_;
  bool has_body_ = false;
  std::shared_ptr<Flow> flow_;

  // Bytes on their way.
  std::deque<std::string> out_;
  std::size_t out_at_ = 0;  // of the first
  bool sending_ = false;
  Then then_ = Then::more;
  std::size_t lingered_bytes_ = 0;
};

constexpr std::size_t kSendBytes = std::size_t{256} << 10;       // one write, that has one time limit
constexpr std::size_t kLingerBytesMax = std::size_t{256} << 10;  // read and thrown away after a refusal

// stream.cpp: the connection goes on as a WebSocket.
void serve_stream(Core& core, std::unique_ptr<Channel> channel, http::request<http::string_body> request,
                  Principal principal, const Ip& from);

}  // namespace spanlight::serve
