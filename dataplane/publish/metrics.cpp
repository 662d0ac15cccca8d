#include "publish/metrics.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>

namespace spanlight {

namespace {

constexpr unsigned kConnectionsMax = 16;
constexpr unsigned kConnectionTimeoutS = 10;
constexpr std::size_t kConnectionBytesMax = 32 << 10;
constexpr TimeNs kStaleNs = 10 * kSecondNs;  // a picture older than this: the publishing thread is stuck

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;
  bool loopback = false;
};

bool parse_port(std::string_view text, std::uint16_t& port) {
  unsigned value = 0;
  if (text.empty() || text.size() > 5) return false;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  port = static_cast<std::uint16_t>(value);
  return value <= 65'535;
}

bool parse_address(const std::string& text, SocketAddress& out) {
  const std::size_t colon = text.rfind(':');
  std::uint16_t port = 0;
  if (colon == std::string::npos || !parse_port(std::string_view(text).substr(colon + 1), port)) return false;
  std::string host = text.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out.bytes = sizeof(*v6);
    if (inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6->sin6_addr) != 1) return false;
    out.loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    return true;
  }
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  v4->sin_family = AF_INET;
  v4->sin_port = htons(port);
  out.bytes = sizeof(*v4);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) != 1) return false;
  out.loopback = (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
  return true;
}

// A listening socket, or -1 with errno. Made here and not by libmicrohttpd, so that the reason of a failure
// is known.
int listen_on(const SocketAddress& address) {
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.bytes) == 0 &&
      listen(fd, static_cast<int>(kConnectionsMax)) == 0)
    return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

std::string listen_sentence(const std::string& address, int error) {
  const std::string prefix = "metrics address " + address + ": ";
  switch (error) {
    case EADDRINUSE:
      return prefix + "another program listens there: choose another port, or leave it empty to go without";
    case EADDRNOTAVAIL:
      return prefix + "this machine has no such address: use 127.0.0.1";
    case EACCES:
      return prefix + "not permitted: choose a port above 1023";
    default:
      return prefix + "cannot listen there (" + std::strerror(error) + ")";
  }
}

MHD_Result respond(MHD_Connection* connection, unsigned status, const std::string& body, const char* type) {
  // MHD_RESPMEM_MUST_COPY leaves the body alone; the cast is for a C signature.
  MHD_Response* response =
      MHD_create_response_from_buffer(body.size(), const_cast<char*>(body.data()), MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  const MHD_Result result = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return result;
}

constexpr const char* kPlain = "text/plain; charset=utf-8";

}  // namespace

class MetricsServer::Impl {
 public:
  Impl(SensorIdentity identity, std::vector<MetricInfo> infos, std::function<StatsSnapshot()> latest)
      : identity_(std::move(identity)), infos_(std::move(infos)), latest_(std::move(latest)) {}

  std::string start(const std::string& address);
  void stop();
  const std::string& warning() const { return warning_; }
  std::uint16_t port() const { return port_; }

 private:
  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url, const char* method,
                               const char* version, const char* upload, std::size_t* upload_bytes,
                               void** state);
  MHD_Result answer(MHD_Connection* connection, std::string_view url, std::string_view method) const;

  const SensorIdentity identity_;
  const std::vector<MetricInfo> infos_;
  const std::function<StatsSnapshot()> latest_;
  MHD_Daemon* daemon_ = nullptr;
  std::uint16_t port_ = 0;
  std::string warning_;
};

MHD_Result MetricsServer::Impl::on_request(void* self, MHD_Connection* connection, const char* url,
                                           const char* method, const char*, const char*,
                                           std::size_t* upload_bytes, void**) {
  if (*upload_bytes != 0) {  // the body of a POST that is refused below: read past
    *upload_bytes = 0;
    return MHD_YES;
  }
  return static_cast<const Impl*>(self)->answer(connection, url, method);
}

MHD_Result MetricsServer::Impl::answer(MHD_Connection* connection, std::string_view url,
                                       std::string_view method) const {
  if (url != "/metrics" && url != "/healthz")
    return respond(connection, MHD_HTTP_NOT_FOUND, "Here are /metrics and /healthz.\n", kPlain);
  if (method != "GET" && method != "HEAD")
    return respond(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD.\n", kPlain);
  const StatsSnapshot snapshot = latest_();
  if (url == "/metrics")
    return respond(connection, MHD_HTTP_OK, prometheus_text(snapshot, identity_, infos_),
                   "text/plain; version=0.0.4; charset=utf-8");
  const auto now = static_cast<TimeNs>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                           std::chrono::system_clock::now().time_since_epoch())
                                           .count());
  const bool fresh = snapshot.time != 0 && (now < snapshot.time || now - snapshot.time < kStaleNs);
  return fresh ? respond(connection, MHD_HTTP_OK, "ok\n", kPlain)
               : respond(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                         "The publishing thread has no fresh stats.\n", kPlain);
}

std::string MetricsServer::Impl::start(const std::string& text) {
  if (text.empty()) return {};
  SocketAddress address;
  if (!parse_address(text, address))
    return "metrics address " + text +
           ": write ADDRESS:PORT, as in 127.0.0.1:9464 or [::1]:9464, or leave it empty";
  const int fd = listen_on(address);
  if (fd < 0) return listen_sentence(text, errno);
  socklen_t bytes = sizeof(address.storage);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &bytes);
  port_ = ntohs(address.storage.ss_family == AF_INET6
                    ? reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port
                    : reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
  // Signals are the main thread's: the server's thread inherits a full mask.
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  daemon_ = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, nullptr, nullptr, &on_request,
                             this, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, kConnectionsMax,
                             MHD_OPTION_CONNECTION_TIMEOUT, kConnectionTimeoutS,
                             MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionBytesMax, MHD_OPTION_END);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  if (daemon_ == nullptr) {
    close(fd);
    port_ = 0;
    return "metrics address " + text + ": the HTTP server does not start";
  }
  if (!address.loopback)
    warning_ =
        "metrics address " + text + ": readable from other machines, without a password; 127.0.0.1 is not";
  return {};
}

void MetricsServer::Impl::stop() {
  if (daemon_ != nullptr) MHD_stop_daemon(daemon_);  // closes the listening socket too
  daemon_ = nullptr;
  port_ = 0;
}

MetricsServer::MetricsServer(SensorIdentity identity, std::vector<MetricInfo> infos,
                             std::function<StatsSnapshot()> latest)
    : impl_(std::make_unique<Impl>(std::move(identity), std::move(infos), std::move(latest))) {}

MetricsServer::~MetricsServer() {
  stop();
}

std::string MetricsServer::start(const std::string& address) {
  return impl_->start(address);
}
void MetricsServer::stop() {
  impl_->stop();
}
std::string MetricsServer::warning() const {
  return impl_->warning();
}
std::uint16_t MetricsServer::port() const {
  return impl_->port();
}

}  // namespace spanlight
