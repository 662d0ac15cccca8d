#pragma once
// For tests: an HTTP and WebSocket client over plain sockets, with or without TLS, that sends exactly the
// bytes it is told, also wrong ones.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace spanlight::serve {

struct Answer {
  int status = 0;                                           // 0: the connection ended before
  std::map<std::string, std::string, std::less<>> headers;  // lower case
  std::string body;
  bool whole = false;  // the body came to its end
};

class TestClient {
 public:
  explicit TestClient(std::uint16_t port, bool tls = false);
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  bool connected() const { return socket_ >= 0; }
  bool send(std::string_view bytes);
  void finish_sending();
  void reset();  // ends with RST
  // Reads one answer; `head_only`: to HEAD.
  Answer read(bool head_only = false);
  Answer ask(std::string_view method, std::string_view target, std::string_view headers = {},
             std::string_view body = {});
  bool closed_by_server();  // waits for it
  bool has_input(int wait_ms);
  std::string certificate_name() const;  // common name of the server's

  // WebSocket.
  Answer open_socket(std::string_view target, std::string_view headers = {});
  bool send_frame(std::uint8_t opcode, std::string_view payload, bool last = true, bool masked = true);
  struct Frame {
    std::uint8_t opcode = 0;  // 255: the connection ended
    std::string payload;
  };
  Frame read_frame();
  // The next text; pings are answered. Empty: closed.
  std::string read_text();

 private:
  bool fill();
  std::optional<std::string> line();
  bool take(std::size_t bytes, std::string& out);

  struct Tls;
  std::unique_ptr<Tls> tls_;
  int socket_ = -1;
  std::string buffer_;
};

}  // namespace spanlight::serve
