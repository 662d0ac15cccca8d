// Writes the seeds of http2_fuzz: http2_seeds DIRECTORY. One file for each conversation.

#include <cstdio>
#include <string>
#include <vector>

#include "http2/wire_for_tests.h"

using namespace spanlight::http2;
using namespace spanlight::http2::testing;

namespace {

int failures = 0;

// The input of http2_fuzz: set-up, memory, then control, length, bytes.
class Seed {
 public:
  explicit Seed(int setup = 0, int memory = 0) : out_{static_cast<char>(setup), static_cast<char>(memory)} {}
  Seed& ask(std::string_view bytes, int control = 0) { return say(bytes, control); }
  Seed& answer(std::string_view bytes, int control = 0) { return say(bytes, control | 1); }
  void write(const std::string& directory, const std::string& name) const {
    std::FILE* file = std::fopen((directory + "/" + name).c_str(), "wb");
    if (file == nullptr || std::fwrite(out_.data(), 1, out_.size(), file) != out_.size()) ++failures;
    if (file != nullptr) std::fclose(file);
  }

 private:
  Seed& say(std::string_view bytes, int control) {
    constexpr std::size_t kPieceMax = 255;
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, kPieceMax);
      out_ += static_cast<char>(control);
      out_ += static_cast<char>(piece.size());
      out_ += piece;
      bytes.remove_prefix(piece.size());
    }
    return *this;
  }
  std::string out_;
};

constexpr int kLost = 6, kEnds = 64;

struct Ends {
  Peer client, server;
};

Seed opened(int setup = 0, int memory = 0) {
  Seed out(setup, memory);
  out.ask(std::string(kPreface) + settings(std::string("\0\3\0\0\0\x64", 6)) + window_update(0));
  out.answer(settings() + settings_ack());
  return out;
}

std::string pushed(Ends& ends) {
  return frame(FrameType::push_promise, kEndHeaders, 1, big_endian(2, 4) + ends.server.block(get("/a.css")));
}

void write_all(const std::string& to) {
  const auto each = [&](const std::string& name, int setup, int memory, auto&& talk) {
    Ends ends;
    Seed seed = opened(setup, memory);
    talk(seed, ends);
    seed.write(to, name);
  };
  const auto call = [](Seed& s, Ends& e, std::uint32_t stream, int asked = 0, int answered = 0) {
    s.ask(e.client.headers(stream, get("/" + std::to_string(stream)), true), asked);
    s.answer(e.server.headers(stream, ok()) + data(stream, "hello", true), answered);
  };
  const auto grpc = [](Seed& s, Ends& e, std::uint32_t stream, int asked = 0, int answered = 0) {
    s.ask(e.client.headers(stream, grpc_call("/a.B/C")) + data(stream, grpc_message("x"), true), asked);
    s.answer(in_turn({e.server.headers(stream, grpc_ok()), data(stream, grpc_message("yy")),
                      e.server.headers(stream, grpc_trailers("5", "no%20such"), true)}),
             answered);
  };
  each("plain", 0, 0, [&](Seed& s, Ends& e) { call(s, e, 1), call(s, e, 3); });
  each("ended", 4, 0, [&](Seed& s, Ends& e) { call(s, e, 1, 0, kEnds); });
  each("grpc", 0, 0, [&](Seed& s, Ends& e) { grpc(s, e, 1), grpc(s, e, 3); });
  each("hole_request", 0, 0, [&](Seed& s, Ends& e) {
    for (std::uint32_t n = 1; n < 9; n += 2) grpc(s, e, n, n == 3 ? kLost : 0);
  });
  each("hole_response", 0, 0, [&](Seed& s, Ends& e) {
    for (std::uint32_t n = 1; n < 9; n += 2) call(s, e, n, 0, n == 3 ? kLost : 0);
  });
  each("hole_by_sensor", 0, 0, [&](Seed& s, Ends& e) {
    for (std::uint32_t n = 1; n < 9; n += 2) grpc(s, e, n, n == 3 ? kLost | 32 : 0, n == 5 ? kLost | 32 : 0);
  });
  each("hole_in_data", 1, 0, [&](Seed& s, Ends& e) {
    const std::string body = padded_data(1, std::string(200, 'b'), 20, true);
    s.ask(e.client.headers(1, get("/"), true));
    s.answer(e.server.headers(1, ok()) + body.substr(0, 50))
        .answer(body.substr(50, 50), kLost)
        .answer(body.substr(100));
  });
  each("skipped", 2, 0, [&](Seed& s, Ends& e) {
    const std::string body = data(1, std::string(700, 'b'), true),
                      more = data(3, grpc_message(std::string(700, 'c')), true);
    s.ask(e.client.headers(1, get("/", "POST")) + body.substr(0, 40)).ask(body.substr(40));
    s.ask(e.client.headers(3, grpc_call("/a.B/C")) + more.substr(0, 40)).ask(more.substr(40));
    s.ask(frame(static_cast<FrameType>(0x10), 0, 0, std::string(600, 'e')));
  });
  each("reset", 0, 0, [&](Seed& s, Ends& e) {
    s.ask(in_turn({e.client.headers(1, get("/a"), true), e.client.headers(3, get("/b")), rst_stream(1, 8)}));
    s.answer(e.server.headers(3, ok()) + rst_stream(3, 2));
  });
  each("goaway", 64, 0, [&](Seed& s, Ends& e) {
    s.ask(
        in_turn({e.client.headers(1, get("/a"), true), e.client.headers(3, get("/b"), true), goaway(0, 0)}));
    s.answer(goaway(1, 0)).answer(ping()).ask(ping());
  });
  each("push", 0, 0, [&](Seed& s, Ends& e) {
    s.ask(e.client.headers(1, get("/"), true));
    s.answer(
        in_turn({pushed(e), e.server.headers(1, ok(), true), e.server.headers(2, ok()), data(2, "a", true)}));
  });
  each("continuations", 32, 0, [&](Seed& s, Ends& e) {
    const std::string block = e.client.block(get("/long"));
    s.ask(frame(FrameType::headers, kPriority | kPadded, 1,
                "\2" + big_endian(0, 4) + "\x10" + block.substr(0, 9) + "zz"));
    s.ask(frame(FrameType::continuation, 0, 1, block.substr(9, 3)) +
          frame(FrameType::continuation, kEndHeaders, 1, block.substr(12)));
    std::string flood = frame(FrameType::headers, 0, 3, e.client.block(get("/flood")));
    for (int i = 0; i < 40; ++i) flood += frame(FrameType::continuation, 0, 3, "");
    s.ask(flood);
  });
  each("interim", 0, 0, [&](Seed& s, Ends& e) {
    s.ask(e.client.headers(1, get("/", "POST")));
    s.answer(e.server.headers(1, {{":status", "100"}})).ask(data(1, "body", true));
    s.answer(in_turn({e.server.headers(1, ok("404")), e.server.headers(1, {{"x-sum", "1"}}, true)}));
  });
  each("early", 64, 0, [&](Seed& s, Ends& e) {
    s.ask(e.client.headers(1, get("/", "POST")) + data(1, "some"));
    s.answer(e.server.headers(1, ok("413"), true)).ask(ping()).answer(ping());
  });
  each("answered_first", 0, 0, [&](Seed& s, Ends& e) {
    s.answer(e.server.headers(1, ok())).ask(e.client.headers(1, get("/"), true)).answer(data(1, "x", true));
    s.answer(e.server.headers(3, ok())).ask(data(3, "some"));
  });
  each("unanswered", 64, 0, [&](Seed& s, Ends& e) {
    s.ask(in_turn({e.client.headers(1, get("/"), true), e.client.headers(3, grpc_call("/a.B/C"), true)}));
    for (int i = 0; i < 6; ++i) s.ask(ping());
    s.answer(e.server.headers(1, ok(), true));
  });
  each("web", 0, 0, [&](Seed& s, Ends& e) {
    Pairs asked = grpc_call("/a.B/C"), answered = grpc_ok();
    asked[5].second = answered[1].second = "application/grpc-web";
    s.ask(e.client.headers(1, asked) + data(1, grpc_message("x"), true));
    s.answer(e.server.headers(1, answered) +
             data(1, grpc_message("y") + grpc_message("grpc-status: 0\r\nx\r\n", '\x80'), true));
  });
  each("malformed", 0, 0, [&](Seed& s, Ends& e) {
    s.ask(data(0, "x") + window_update(0) + window_update(1) + e.client.headers(1, get("/"), true));
    s.answer(frame(FrameType::continuation, kEndHeaders, 1, "x") + settings() + ping() +
             e.server.headers(1, ok(), true));
    s.ask(frame(FrameType::headers, kEndHeaders, 3, "\xff\xff\xff\xff\xff"));
    s.ask(e.client.headers(5, get("/"), true) + goaway(0, 1) + rst_stream(5, 1));
  });
  for (int memory : {1, 4, 8, 17, 32})
    each("memory_" + std::to_string(memory), 0, memory, [&](Seed& s, Ends& e) {
      for (std::uint32_t n = 1; n < 9; n += 2) grpc(s, e, n);
    });
  each("large_table", 0, 0, [&](Seed& s, Ends&) {
    Peer large(65'536);
    large.resize(65'536);
    s.ask(large.headers(1, get("/"), true)).ask(ping(), kLost);
    s.ask(large.headers(3, get("/"), true) + frame(FrameType::headers, kEndHeaders, 5, "\xff\x7f") +
          window_update(0));
  });
  // An index beyond the guess: the next guess, once time has passed, is a large table.
  each("large_guess", 64, 0, [&](Seed& s, Ends& e) {
    s.ask(e.client.headers(1, get("/"), true)).ask(ping(), kLost);
    s.ask(frame(FrameType::headers, kEndHeaders, 3, "\xff\x7f") + ping()).ask(ping());
    s.ask(e.client.headers(5, get("/"), true)).answer(e.server.headers(5, ok(), true));
  });
  // More calls open than the table has buckets at first.
  each("many", 0, 0, [&](Seed& s, Ends& e) {
    for (std::uint32_t n = 1; n < 41; n += 2) s.ask(e.client.headers(n, get("/"), true));
    for (std::uint32_t n = 1; n < 41; n += 2) s.answer(e.server.headers(n, ok(), true));
  });
  // WebSocket on a stream (RFC 8441): a masked text, its answer, a hole, the close.
  const auto socket = [](Seed& s, Ends& e) {
    const std::string masked("\x81\x82\1\2\3\4ik", 8), text("\x81\2hi", 4), close("\x88\2\3\xe8", 4);
    s.ask(e.client.headers(1, {{":method", "CONNECT"},
                               {":protocol", "websocket"},
                               {":scheme", "http"},
                               {":path", "/chat"},
                               {":authority", "shop"},
                               {"sec-websocket-version", "13"}}));
    s.answer(e.server.headers(1, {{":status", "200"}, {"sec-websocket-protocol", "chat"}}));
    s.ask(data(1, masked))
        .answer(data(1, text))
        .answer(data(1, text), kLost)
        .answer(data(1, text) + data(1, close, true));
    s.ask(data(1, masked, true));
  };
  each("socket", 0, 0, socket);
  each("socket_no_slab", 0, 2, socket);
  Ends ends;
  Seed upgraded;
  upgraded.answer(settings() + ends.server.headers(1, ok(), true)).ask(std::string(kPreface) + settings());
  upgraded.ask(ends.client.headers(3, get("/"), true)).write(to, "upgraded");
  Ends apart;
  Seed otherwise;  // the server spoke first, to a client of HTTP/1
  otherwise.answer(settings() + apart.server.headers(1, ok(), true));
  otherwise.ask("GET / HTTP/1.1\r\n\r\n").write(to, "otherwise");
  Seed midstream(64);
  midstream.ask("gone", kLost).answer("gone", kLost).answer(data(7, "event") + data(7, "event"));
  midstream.ask(ends.client.headers(9, get("/"), true)).answer(ends.server.headers(9, ok(), true) + ping());
  midstream.ask(ping()).answer(ping()).ask(ping()).write(to, "midstream");
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  write_all(arguments[1]);
  return failures == 0 ? 0 : 1;
}
