// A live client's WebSocket: frames, pings and limits of time. What is said over it stands in
// live_talk.cpp.

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "serve/connection.h"
#include "serve/live_talk.h"

namespace spanlight::serve {
namespace {

namespace websocket = beast::websocket;

constexpr std::size_t kWishesPerSecondMax = 10;  // beyond it the client is closed: it is broken

class StreamSession final : public Open, public std::enable_shared_from_this<StreamSession> {
 public:
  StreamSession(Core& core, std::unique_ptr<Channel> channel, const Ip& from)
      : core_(core),
        channel_(std::move(channel)),
        socket_(*channel_),
        pause_(core.io),
        write_limit_(core.io),
        from_(from) {
    core_.open.insert(this);
    ++core_.streams;
    ++core_.counts.streams;
    ++core_.counts.streams_open;
    began_ns_ = now_ns();
  }
  ~StreamSession() override {
    core_.open.erase(this);
    --core_.streams;
    --core_.counts.streams_open;
  }

  void start(http::request<http::string_body> request, Principal principal);
  void ask_to_end() override { close(websocket::close_code::going_away); }
  void end_now() override { finish(); }

 private:
  void read();
  void on_message(std::size_t bytes);
  void answer(LiveTalk::Heard heard);
  void wake();
  void send_next();
  void write_out();
  void on_written(beast::error_code error, std::size_t bytes);
  void close(websocket::close_code code);
  void say_goodbye(websocket::close_code code);
  void finish();
  bool wishes_too_fast();
  void note(std::string_view what);

  Core& core_;
  std::unique_ptr<Channel> channel_;
  websocket::stream<Channel&> socket_;
  asio::steady_timer pause_, write_limit_;
  Ip from_;
  Principal principal_;
  std::shared_ptr<LiveTalk> client_;
  beast::flat_buffer in_;
  std::optional<std::string> answer_;  // to the last wish; goes out before calls
  std::string out_;
  std::string filter_;
  std::uint64_t began_ns_ = 0;
  std::uint64_t second_ = 0;
  std::size_t wishes_in_second_ = 0;
  std::uint64_t writes_ = 0;
  bool accepted_ = false;
  bool sending_ = false;
  bool answering_ = false;  // what is being sent is the answer
  bool resting_ = false;    // between two batches
  bool wanted_ = false;     // calls wait
  bool closing_ = false;
  bool ended_ = false;
};

void StreamSession::start(http::request<http::string_body> request, Principal principal) {
  principal_ = principal;
  channel_->expires_never();  // the WebSocket has limits of its own
  websocket::stream_base::timeout timeout{core_.limits.handshake, core_.limits.stream_idle, true};
  socket_.set_option(timeout);
  socket_.read_message_max(kStreamMessageBytesMax);
  socket_.auto_fragment(false);
  const beast::string_view offered = request[http::field::sec_websocket_protocol];
  const bool names_protocol =
      offered.find(beast::string_view(kStreamProtocol.data(), kStreamProtocol.size())) !=
      beast::string_view::npos;
  socket_.set_option(websocket::stream_base::decorator([names_protocol](websocket::response_type& response) {
    if (names_protocol)
      response.set(http::field::sec_websocket_protocol,
                   beast::string_view(kStreamProtocol.data(), kStreamProtocol.size()));
  }));
  const std::weak_ptr<StreamSession> weak = weak_from_this();
  client_ =
      std::make_shared<LiveTalk>(core_.backend, core_.counts, std::move(principal), [weak, &io = core_.io] {
        asio::post(io, [weak] {
          if (const auto self = weak.lock()) self->wake();
        });
      });
  // The request lives until the answer is sent.
  auto kept = std::make_shared<http::request<http::string_body>>(std::move(request));
  socket_.async_accept(*kept, [self = shared_from_this(), kept](beast::error_code error) {
    if (error) {
      self->finish();
      return;
    }
    self->accepted_ = true;
    if (self->closing_)
      self->say_goodbye(websocket::close_code::going_away);
    else
      self->read();
  });
}

void StreamSession::read() {
  socket_.async_read(in_, [self = shared_from_this()](beast::error_code error, std::size_t bytes) {
    if (error) {
      if (error == websocket::error::message_too_big || error == websocket::error::buffer_overflow)
        ++self->core_.counts.stream_faults;
      self->finish();
      return;
    }
    self->on_message(bytes);
  });
}

bool StreamSession::wishes_too_fast() {
  const std::uint64_t second = now_ns() / 1'000'000'000;
  if (second != second_) wishes_in_second_ = 0;
  second_ = second;
  return ++wishes_in_second_ > kWishesPerSecondMax;
}

void StreamSession::on_message(std::size_t bytes) {
  std::string message(static_cast<const char*>(in_.data().data()), bytes);
  in_.consume(bytes);
  if (!socket_.got_text()) {
    ++core_.counts.stream_faults;
    close(websocket::close_code::unknown_data);
    return;
  }
  if (wishes_too_fast()) {
    ++core_.counts.stream_faults;
    close(websocket::close_code::policy_error);
    return;
  }
  // One at a time: the client's filter is the last it asked for. The pool has several threads, so the next
  // message is read when this one was answered.
  asio::post(core_.quick,
             [self = shared_from_this(), client = client_, message = std::move(message)]() mutable {
               LiveTalk::Heard heard = client->hear(message);
               client.reset();
               asio::io_context& io = self->core_.io;  // before `self` is given away
               asio::post(io, [self = std::move(self), heard = std::move(heard)]() mutable {
                 auto* const session = self.get();
                 session->answer(std::move(heard));
               });
             });
}

void StreamSession::answer(LiveTalk::Heard heard) {
  if (ended_) return;
  if (heard.filter) {
    filter_ = *heard.filter;
    note("live filter set");
  }
  if (heard.feed != nullptr) client_->use(std::move(heard.feed));
  wanted_ = true;  // it may have been woken before it had a feed
  answer_ = std::move(heard.answer);
  send_next();  // and then read(): who does not take the answers is not heard
}

void StreamSession::wake() {
  wanted_ = true;
  send_next();
}

void StreamSession::send_next() {
  if (sending_ || closing_ || ended_) return;
  if (answer_) {
    out_ = *std::move(answer_);
    answer_.reset();
    answering_ = true;
  } else {
    if (!wanted_ || resting_) return;
    bool more = false;
    std::optional<std::string> message = client_->next_message(more);
    wanted_ = more;
    if (!message) return;
    out_ = *std::move(message);
    if (!more) {
      // Calls that come one by one go out together; nobody's eye is faster.
      resting_ = true;
      pause_.expires_after(core_.limits.stream_pause);
      pause_.async_wait([self = shared_from_this()](beast::error_code) {
        self->resting_ = false;
        self->send_next();
      });
    }
  }
  write_out();
}

// A client that takes nothing may still send, which the limit for idle ones takes for a sign of life.
void StreamSession::write_out() {
  sending_ = true;
  write_limit_.expires_after(core_.limits.write * (1 + out_.size() / kSendBytes));
  // A limit that passes just when its write ends is stopped too late: the next write may be under way.
  write_limit_.async_wait([self = shared_from_this(), write = ++writes_](beast::error_code stopped) {
    if (stopped || !self->sending_ || self->writes_ != write) return;
    ++self->core_.counts.timed_out_write;
    self->finish();
  });
  socket_.text(true);
  socket_.async_write(asio::buffer(out_),
                      [self = shared_from_this()](beast::error_code error, std::size_t bytes) {
                        self->on_written(error, bytes);
                      });
}

void StreamSession::on_written(beast::error_code error, std::size_t bytes) {
  sending_ = false;
  write_limit_.cancel();
  core_.counts.bytes_sent += bytes;
  if (error) {
    finish();
    return;
  }
  if (std::exchange(answering_, false) && !closing_) read();
  send_next();
}

void StreamSession::close(websocket::close_code code) {
  if (closing_ || ended_) return;
  closing_ = true;
  if (accepted_) say_goodbye(code);  // otherwise once it is: the client may know of it already
}

void StreamSession::say_goodbye(websocket::close_code code) {
  socket_.async_close(code, [self = shared_from_this()](beast::error_code) { self->finish(); });
}

void StreamSession::note(std::string_view what) {
  AuditNote note;
  note.filter = filter_;
  note.calls = client_ == nullptr ? 0 : client_->calls_sent();
  note.payloads = client_ != nullptr && client_->with_payloads();
  note.what = what;
  core_.audit.write({now_ns(), principal_.name, principal_.how, from_.text(), "GET", "/api/stream", 101,
                     std::move(note), (now_ns() - began_ns_) / 1'000});
}

void StreamSession::finish() {
  if (ended_) return;
  ended_ = true;
  note("live ended");
  pause_.cancel();
  write_limit_.cancel();
  client_.reset();
  channel_->close();
}

}  // namespace

void serve_stream(Core& core, std::unique_ptr<Channel> channel, http::request<http::string_body> request,
                  Principal principal, const Ip& from) {
  std::make_shared<StreamSession>(core, std::move(channel), from)
      ->start(std::move(request), std::move(principal));
}

}  // namespace spanlight::serve
