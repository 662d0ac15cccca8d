#include "store/channel.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <stdexcept>

namespace spanlight {
namespace {

std::string words_of(int error) {
  return std::generic_category().message(error);
}

std::string tls_words() {
  const unsigned long code = ERR_get_error();
  char text[256] = "the other side closed the connection";
  if (code != 0) ERR_error_string_n(code, text, sizeof text);
  return text;
}

}  // namespace

struct Channel::Tls {
  SSL_CTX* context = nullptr;
  SSL* session = nullptr;
  Tls() = default;
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;
  ~Tls() {
    SSL_free(session);
    SSL_CTX_free(context);
  }
};

Channel::Channel() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Channel::~Channel() {
  close();
  ::close(wake_);
}

void Channel::close() {
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Channel::adopt(int fd) {
  fd_ = fd;
}

void Channel::interrupt() {
  interrupted_.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  // Full means that it is readable already, which is all that is wanted.
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

std::size_t Channel::fail(ChannelFault fault) {
  if (fault_ == ChannelFault::none) fault_ = fault;
  return 0;
}

bool Channel::wait_for(short events) {
  for (;;) {
    if (interrupted()) return fail(ChannelFault::interrupted) != 0;
    int patience_ms = -1;
    if (deadline_ != Clock::time_point::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
      if (left <= 0) return fail(ChannelFault::timed_out) != 0;
      patience_ms = static_cast<int>(std::min<long long>(left, INT_MAX));
    }
    pollfd polled[2] = {{fd_, events, 0}, {wake_, POLLIN, 0}};
    const int ready = poll(polled, 2, patience_ms);
    if (ready < 0 && errno != EINTR) return fail(ChannelFault::failed) != 0;
    if (ready > 0 && polled[1].revents == 0) return true;
  }
}

void Channel::connect_fd(const void* address, unsigned size) {
  if (::connect(fd_, static_cast<const sockaddr*>(address), size) == 0) return;
  if (errno != EINPROGRESS) throw std::runtime_error(words_of(errno));
  if (!wait_for(POLLOUT))
    throw std::runtime_error(fault_ == ChannelFault::timed_out ? "no answer in time" : "interrupted");
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) throw std::runtime_error(words_of(error));
}

void Channel::connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw std::runtime_error("the path of the socket is too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  try {
    if (fd_ < 0) throw std::runtime_error(words_of(errno));
    connect_fd(&address, sizeof address);
  } catch (const std::runtime_error& error) {
    close();
    throw std::runtime_error("cannot connect to " + path + ": " + error.what());
  }
}

void Channel::connect_tcp(const TcpTarget& target) {
  const std::string name = target.host + ":" + target.port;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &list); error != 0)
    throw std::runtime_error("cannot find the address of " + name + ": " + gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(list, freeaddrinfo);
  std::string said = "it has no address";
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    close();
    fd_ = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    try {
      if (fd_ < 0) throw std::runtime_error(words_of(errno));
      connect_fd(at->ai_addr, at->ai_addrlen);
      const int one = 1;
      setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      if (target.tls) start_tls(target);
      return;
    } catch (const std::runtime_error& error) {
      said = error.what();
      close();
      if (fault_ != ChannelFault::none) break;
    }
  }
  throw std::runtime_error("cannot connect to " + name + ": " + said);
}

void Channel::start_tls(const TcpTarget& target) {
  ERR_clear_error();
  tls_ = std::make_unique<Tls>();
  tls_->context = SSL_CTX_new(TLS_client_method());
  if (tls_->context == nullptr) throw std::runtime_error("TLS: " + tls_words());
  SSL_CTX_set_min_proto_version(tls_->context, TLS1_2_VERSION);
  SSL_CTX_set_verify(tls_->context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_default_verify_paths(tls_->context);
  if (!target.ca_file.empty() &&
      SSL_CTX_load_verify_locations(tls_->context, target.ca_file.c_str(), nullptr) != 1)
    throw std::runtime_error("TLS: cannot read certificates from " + target.ca_file);
  tls_->session = SSL_new(tls_->context);
  if (tls_->session == nullptr || SSL_set_fd(tls_->session, fd_) != 1)
    throw std::runtime_error("TLS: " + tls_words());
  // An address stands in the certificate as an address, a name as a name.
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_->session), target.host.c_str()) != 1) {
    // SSL_set_tlsext_host_name() without the cast of its macro.
    SSL_ctrl(tls_->session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(target.host.c_str()));
    SSL_set1_host(tls_->session, target.host.c_str());
  }
  for (;;) {
    const int result = SSL_connect(tls_->session);
    if (result == 1) return;
    if (tls_wants_more(result)) continue;
    const long verified = SSL_get_verify_result(tls_->session);
    throw std::runtime_error("TLS: " + (verified == X509_V_OK
                                            ? tls_words()
                                            : std::string(X509_verify_cert_error_string(verified))));
  }
}

// False with a fault unless the call that gave `result` is to be made again.
bool Channel::tls_wants_more(int result) {
  switch (SSL_get_error(tls_->session, result)) {
    case SSL_ERROR_WANT_READ:
      return wait_for(POLLIN);
    case SSL_ERROR_WANT_WRITE:
      return wait_for(POLLOUT);
    case SSL_ERROR_ZERO_RETURN:
      return fail(ChannelFault::closed) != 0;
    default:
      return fail(ChannelFault::failed) != 0;
  }
}

std::size_t Channel::receive(void* to, std::size_t size) {
  if (size == 0) return 0;
  const int wanted = static_cast<int>(std::min<std::size_t>(size, INT_MAX));
  while (tls_ != nullptr) {
    if (interrupted()) return fail(ChannelFault::interrupted);
    ERR_clear_error();
    const int got = SSL_read(tls_->session, to, wanted);
    if (got > 0) return static_cast<std::size_t>(got);
    if (!tls_wants_more(got)) return 0;
  }
  for (;;) {
    if (!wait_for(POLLIN)) return 0;
    const ssize_t got = recv(fd_, to, size, 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0 || errno == ECONNRESET) return fail(ChannelFault::closed);
    if (errno != EAGAIN && errno != EINTR) return fail(ChannelFault::failed);
  }
}

std::size_t Channel::send(const void* from, std::size_t size) {
  if (size == 0) return 0;
  const int wanted = static_cast<int>(std::min<std::size_t>(size, INT_MAX));
  while (tls_ != nullptr) {
    if (interrupted()) return fail(ChannelFault::interrupted);
    ERR_clear_error();
    const int put = SSL_write(tls_->session, from, wanted);
    if (put > 0) return static_cast<std::size_t>(put);
    if (!tls_wants_more(put)) return 0;
  }
  for (;;) {
    if (!wait_for(POLLOUT)) return 0;
    const ssize_t put = ::send(fd_, from, size, MSG_NOSIGNAL);
    if (put > 0) return static_cast<std::size_t>(put);
    if (put < 0 && (errno == EPIPE || errno == ECONNRESET)) return fail(ChannelFault::closed);
    if (put < 0 && errno != EAGAIN && errno != EINTR) return fail(ChannelFault::failed);
  }
}

}  // namespace spanlight
