#include "serve/client_for_tests.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace spanlight::serve {
namespace {

constexpr int kDeadlineS = 60;  // generous: a machine under load must not fail a test

}  // namespace

struct TestClient::Tls {
  SSL_CTX* context = nullptr;
  SSL* session = nullptr;
  ~Tls() {
    SSL_free(session);
    SSL_CTX_free(context);
  }
};

TestClient::TestClient(std::uint16_t port, bool tls) {
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{kDeadlineS, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
    close(socket_);
    socket_ = -1;
    return;
  }
  if (!tls) return;
  tls_ = std::make_unique<Tls>();
  tls_->context = SSL_CTX_new(TLS_client_method());
  tls_->session = SSL_new(tls_->context);
  SSL_set_fd(tls_->session, socket_);
  if (SSL_connect(tls_->session) != 1) {
    close(socket_);
    socket_ = -1;
  }
}

TestClient::~TestClient() {
  if (tls_ != nullptr && socket_ >= 0) SSL_shutdown(tls_->session);
  if (socket_ >= 0) close(socket_);
}

bool TestClient::send(std::string_view bytes) {
  while (!bytes.empty() && socket_ >= 0) {
    const ssize_t sent = tls_ != nullptr
                             ? SSL_write(tls_->session, bytes.data(), static_cast<int>(bytes.size()))
                             : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return socket_ >= 0;
}

void TestClient::finish_sending() {
  shutdown(socket_, SHUT_WR);
}

void TestClient::reset() {
  const linger now{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  close(socket_);
  socket_ = -1;
}

bool TestClient::fill() {
  std::array<char, 16'384> bytes;
  const ssize_t got = tls_ != nullptr ? SSL_read(tls_->session, bytes.data(), static_cast<int>(bytes.size()))
                                      : recv(socket_, bytes.data(), bytes.size(), 0);
  if (got <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

bool TestClient::has_input(int wait_ms) {
  if (!buffer_.empty()) return true;
  pollfd waiting{socket_, POLLIN, 0};
  return poll(&waiting, 1, wait_ms) == 1;
}

std::optional<std::string> TestClient::line() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == buffer_.npos)
    if (!fill()) return std::nullopt;
  std::string out = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return out;
}

bool TestClient::take(std::size_t bytes, std::string& out) {
  while (buffer_.size() < bytes)
    if (!fill()) break;
  const std::size_t got = std::min(bytes, buffer_.size());
  out.append(buffer_, 0, got);
  buffer_.erase(0, got);
  return got == bytes;
}

Answer TestClient::read(bool head_only) {
  Answer answer;
  const std::optional<std::string> first = line();
  if (!first || first->size() < 12) return answer;
  answer.status = std::atoi(first->c_str() + 9);
  while (const std::optional<std::string> header = line()) {
    if (header->empty()) break;
    const std::size_t colon = header->find(':');
    std::string name = header->substr(0, colon);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    answer.headers[name] = header->substr(colon + 2);
  }
  if (answer.status == 100) return read(head_only);
  const auto length = answer.headers.find("content-length");
  if (head_only || answer.status == 101 || answer.status == 204 || answer.status == 304) {
    answer.whole = true;
  } else if (length != answer.headers.end()) {
    answer.whole = take(static_cast<std::size_t>(std::stoull(length->second)), answer.body);
  } else if (answer.headers.contains("transfer-encoding")) {
    while (const std::optional<std::string> size_line = line()) {
      std::size_t size = 0;
      std::from_chars(size_line->data(), size_line->data() + size_line->size(), size, 16);
      if (!take(size, answer.body)) return answer;
      line();
      if (size == 0) {
        answer.whole = true;
        break;
      }
    }
  } else {
    while (fill()) continue;
    answer.body = std::move(buffer_);
    buffer_.clear();
    answer.whole = true;
  }
  return answer;
}

Answer TestClient::ask(std::string_view method, std::string_view target, std::string_view headers,
                       std::string_view body) {
  std::string bytes = std::string(method) + ' ' + std::string(target) + " HTTP/1.1\r\n";
  if (headers.find("Host:") == headers.npos) bytes += "Host: localhost\r\n";
  bytes += headers;
  if (!body.empty()) {
    if (headers.find("Content-Type:") == headers.npos) bytes += "Content-Type: application/json\r\n";
    bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  bytes += "\r\n";
  bytes += body;
  if (!send(bytes)) return {};
  return read(method == "HEAD");
}

bool TestClient::closed_by_server() {
  while (fill()) continue;
  return true;
}

std::string TestClient::certificate_name() const {
  X509* const certificate = SSL_get1_peer_certificate(tls_->session);
  std::array<char, 128> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), name.size());
  X509_free(certificate);
  return name.data();
}

Answer TestClient::open_socket(std::string_view target, std::string_view headers) {
  return ask("GET", target,
             "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                 std::string(headers));
}

bool TestClient::send_frame(std::uint8_t opcode, std::string_view payload, bool last, bool masked) {
  std::string bytes(1, static_cast<char>((last ? 0x80 : 0) | opcode));
  const auto mask_bit = static_cast<unsigned>(masked ? 0x80 : 0);
  if (payload.size() < 126) {
    bytes += static_cast<char>(mask_bit | payload.size());
  } else if (payload.size() < 65'536) {
    bytes += static_cast<char>(mask_bit | 126);
    bytes += static_cast<char>(payload.size() >> 8);
    bytes += static_cast<char>(payload.size());
  } else {
    bytes += static_cast<char>(mask_bit | 127);
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(payload.size() >> shift);
  }
  if (masked) bytes.append(4, '\0');  // a mask of zeros
  bytes += payload;
  return send(bytes);
}

TestClient::Frame TestClient::read_frame() {
  std::string head;
  if (!take(2, head)) return {255, {}};
  Frame frame;
  frame.opcode = static_cast<std::uint8_t>(head[0] & 0x0f);
  std::uint64_t size = static_cast<unsigned char>(head[1]) & 0x7f;
  if (size >= 126) {
    std::string more;
    if (!take(size == 126 ? 2 : 8, more)) return {255, {}};
    size = 0;
    for (const char c : more) size = size << 8 | static_cast<unsigned char>(c);
  }
  if (!take(static_cast<std::size_t>(size), frame.payload)) return {255, {}};
  return frame;
}

std::string TestClient::read_text() {
  while (true) {
    Frame frame = read_frame();
    if (frame.opcode == 1) return std::move(frame.payload);
    if (frame.opcode == 9) send_frame(10, frame.payload);
    if (frame.opcode == 8 || frame.opcode == 255) return {};
  }
}

}  // namespace spanlight::serve
