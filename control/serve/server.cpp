#include "serve/server.h"

#include <sys/stat.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <stdexcept>
#include <thread>

#include "serve/core.h"

namespace spanlight::serve {
namespace {

namespace ssl = asio::ssl;

std::shared_ptr<ssl::context> tls_context(const ControlSettings& settings) {
  if (settings.tls_certificate.empty()) return nullptr;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                       ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | ssl::context::no_compression);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  beast::error_code fault;
  context->use_certificate_chain_file(settings.tls_certificate, fault);
  if (fault)
    throw std::runtime_error("serve.tls: the certificate " + settings.tls_certificate +
                             " cannot be used: " + fault.message());
  context->use_private_key_file(settings.tls_key, ssl::context::pem, fault);
  if (fault || SSL_CTX_check_private_key(context->native_handle()) != 1)
    throw std::runtime_error("serve.tls: the key " + settings.tls_key +
                             " cannot be used with the certificate " + settings.tls_certificate +
                             (fault ? ": " + fault.message() : std::string{}));
  return context;
}

std::int64_t changed_ns(const std::string& path) {
  struct stat info {};
  if (path.empty() || stat(path.c_str(), &info) != 0) return 0;
  return info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
}

Ip ip_of(const asio::ip::address& address) {
  Ip ip;
  const auto v6 =
      address.is_v6() ? address.to_v6() : asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4());
  ip.bytes = v6.to_bytes();
  return ip;
}

ControlSettings checked(const ControlSettings& settings) {
  const std::string unsafe = unsafe_access(settings);
  if (!unsafe.empty()) throw std::runtime_error(unsafe);
  return settings;
}

}  // namespace

Core::Core(const ControlSettings& from, const ServerLimits& bounds, const RouteTable& routes,
           const Backend& behind, ServerCounts& counters, LogLine to_log)
    : settings(checked(from)),
      limits(bounds),
      table(routes),
      backend(behind),
      counts(counters),
      log(std::move(to_log)),
      gate(std::make_unique<Gate>(settings)),
      rate(settings.requests_per_second),
      audit(
          settings.audit_log,
          [this](std::string_view line) { log(LogLevel::info, "audit " + std::string(line)); },
          [this](std::string_view sentence) { log(LogLevel::error, sentence); }),
      on_loopback(parse_listen(settings.listen)->address.is_loopback()),
      quick(bounds.quick_workers),
      slow(bounds.slow_workers),
      assets_(std::make_shared<Assets>()) {}

std::shared_ptr<const Assets> Core::assets() {
  const std::lock_guard lock(assets_mutex_);
  return assets_;
}

void Core::set_assets(std::shared_ptr<const Assets> files) {
  const std::lock_guard lock(assets_mutex_);
  assets_ = std::move(files);
}

struct Server::Parts {
  Parts(const ControlSettings& settings, const ServerLimits& limits, const RouteTable& table,
        const Backend& backend, ServerCounts& counts, LogLine log)
      : core(settings, limits, table, backend, counts, std::move(log)),
        tls(tls_context(settings)),
        acceptor(core.io),
        again(core.io),
        reread_timer(core.io),
        grace(core.io) {
    note_files();
  }

  void accept();
  void take(Tcp::socket socket, const Tcp::endpoint& peer);
  void reread_later();
  void reread();
  void take_settings(const ControlSettings& fresh);
  void note_files();
  void ask_all_to_end();
  void end_politely();
  void end_when_empty(int rounds_left);

  Core core;
  std::shared_ptr<ssl::context> tls;  // of new connections; those that are open keep theirs
  std::int64_t certificate_ns = 0, key_ns = 0;
  Tcp::acceptor acceptor;
  asio::steady_timer again, reread_timer, grace;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::thread network;
  std::uint16_t port = 0;
};

void Server::Parts::note_files() {
  certificate_ns = changed_ns(core.settings.tls_certificate);
  key_ns = changed_ns(core.settings.tls_key);
}

void Server::Parts::accept() {
  auto peer = std::make_shared<Tcp::endpoint>();
  acceptor.async_accept(*peer, [this, peer](beast::error_code error, Tcp::socket socket) {
    if (core.stopping || error == asio::error::operation_aborted) return;
    if (!error) {
      take(std::move(socket), *peer);
      accept();
      return;
    }
    ++core.counts.accept_faults;  // out of file descriptors, mostly: some will be given back
    again.expires_after(std::chrono::milliseconds(100));
    again.async_wait([this](beast::error_code stopped) {
      if (!stopped) accept();
    });
  });
}

void Server::Parts::take(Tcp::socket socket, const Tcp::endpoint& peer) {
  ++core.counts.connections;
  const Ip from = ip_of(peer.address());
  if (core.open.size() >= core.limits.connections_max) {
    ++core.counts.connections_refused_full;
    return;  // the socket closes
  }
  const auto client = core.by_client.find(from.text());
  const std::size_t have = client == core.by_client.end() ? 0 : client->second;
  if (have >= core.limits.connections_per_client_max && !from.is_loopback() && !core.gate->from_proxy(from)) {
    ++core.counts.connections_refused_client;
    return;
  }
  beast::error_code ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  serve_connection(core, std::move(socket), tls, from);
}

void Server::Parts::reread_later() {
  reread_timer.expires_after(core.limits.reread);
  reread_timer.async_wait([this](beast::error_code stopped) {
    if (stopped) return;
    reread();
    reread_later();
  });
}

void Server::Parts::reread() {
  const Gate::Reread tokens = core.gate->reread();
  for (const std::string& fault : tokens.faults) {
    ++core.counts.reload_faults;
    core.log(LogLevel::error, fault);
  }
  if (tokens.tokens_changed) ask_all_to_end();  // a live stream would go on under the old one
  if (core.settings.tls_certificate.empty()) return;
  const bool changed = certificate_ns != changed_ns(core.settings.tls_certificate) ||
                       key_ns != changed_ns(core.settings.tls_key);
  if (!changed) return;
  note_files();
  try {
    tls = tls_context(core.settings);
    core.log(LogLevel::info, "the certificate " + core.settings.tls_certificate + " was read again");
  } catch (const std::runtime_error& fault) {
    ++core.counts.reload_faults;
    core.log(LogLevel::error, std::string(fault.what()) + "; the old one stays in use");
  }
}

// Who may come, and how much each may ask for. Who is here asks to come in anew: some may not any more.
void Server::Parts::take_settings(const ControlSettings& fresh) {
  ControlSettings next = core.settings;
  next.access = fresh.access;
  next.proxy_user_header = fresh.proxy_user_header;
  next.trusted_proxies = fresh.trusted_proxies;
  next.requests_per_second = fresh.requests_per_second;
  next.request_bytes_max = fresh.request_bytes_max;
  const bool others = next.access != core.settings.access ||
                      next.proxy_user_header != core.settings.proxy_user_header ||
                      next.trusted_proxies != core.settings.trusted_proxies;
  try {
    if (others) core.gate = std::make_unique<Gate>(checked(next));
  } catch (const std::runtime_error& fault) {
    ++core.counts.reload_faults;
    return core.log(LogLevel::error, std::string(fault.what()) + "; serve stays as it was");
  }
  if (next.requests_per_second != core.settings.requests_per_second)
    core.rate = RateLimit(next.requests_per_second);
  core.settings = std::move(next);
  if (others) ask_all_to_end();
}

void Server::Parts::ask_all_to_end() {
  const std::set<Open*> open = core.open;  // some leave while they are asked
  for (Open* const each : open)
    if (core.open.contains(each)) each->ask_to_end();
}

void Server::Parts::end_politely() {
  core.stopping = true;
  beast::error_code ignored;
  acceptor.close(ignored);
  again.cancel();
  reread_timer.cancel();
  ask_all_to_end();
  constexpr int kRounds = 50;
  end_when_empty(kRounds);
}

// Looked at again and again until everybody has gone or the grace is over.
void Server::Parts::end_when_empty(int rounds_left) {
  if (core.open.empty()) {
    work.reset();
    return;
  }
  if (rounds_left == 0) {
    const std::set<Open*> open = core.open;
    for (Open* const each : open)
      if (core.open.contains(each)) each->end_now();
    work.reset();
    return;
  }
  grace.expires_after(core.limits.grace / 50);
  grace.async_wait([this, rounds_left](beast::error_code) { end_when_empty(rounds_left - 1); });
}

Server::Server(const ControlSettings& settings, const ServerLimits& limits, const RouteTable& table,
               const Backend& backend, ServerCounts& counts, LogLine log)
    : parts_(std::make_unique<Parts>(settings, limits, table, backend, counts, std::move(log))) {}

// No memory left ends the process in any case.
Server::~Server() {  // NOLINT(bugprone-exception-escape)
  stop();
}

void Server::bind() {
  const std::optional<Listen> listen = parse_listen(parts_->core.settings.listen);
  asio::ip::address address;
  if (listen->address.is_v4()) {
    std::array<unsigned char, 4> bytes{};
    std::copy(listen->address.bytes.begin() + 12, listen->address.bytes.end(), bytes.begin());
    address = asio::ip::address_v4(bytes);
  } else {
    address = asio::ip::address_v6(listen->address.bytes);
  }
  const Tcp::endpoint endpoint(address, listen->port);
  beast::error_code fault;
  Tcp::acceptor& acceptor = parts_->acceptor;
  acceptor.open(endpoint.protocol(), fault);
  if (!fault) acceptor.set_option(Tcp::acceptor::reuse_address(true), fault);
  if (!fault) acceptor.bind(endpoint, fault);
  if (!fault) acceptor.listen(asio::socket_base::max_listen_connections, fault);
  if (fault)
    throw std::runtime_error("serve.listen: " + parts_->core.settings.listen +
                             " cannot be listened on: " + fault.message());
  parts_->port = acceptor.local_endpoint().port();
}

void Server::start() {
  parts_->work.emplace(asio::make_work_guard(parts_->core.io));
  asio::post(parts_->core.io, [parts = parts_.get()] {
    parts->accept();
    parts->reread_later();
  });
  parts_->network = std::thread([parts = parts_.get()] { parts->core.io.run(); });
}

void Server::stop() {
  if (!parts_->network.joinable()) return;
  asio::post(parts_->core.io, [parts = parts_.get()] { parts->end_politely(); });
  parts_->network.join();
  parts_->core.quick.join();
  parts_->core.slow.join();
  // What the workers handed back at the very end: their connections end on this thread.
  parts_->core.io.restart();
  parts_->core.io.run();
}

std::uint16_t Server::port() const {
  return parts_->port;
}

std::string Server::address() const {
  const ControlSettings& settings = parts_->core.settings;
  std::string host = settings.listen.substr(0, settings.listen.rfind(':'));
  if (host == "0.0.0.0" || host == "[::]") host = "localhost";
  return (parts_->tls == nullptr ? "http://" : "https://") + host + ':' + std::to_string(parts_->port);
}

void Server::set_assets(std::shared_ptr<const Assets> assets) {
  parts_->core.set_assets(std::move(assets));
}

void Server::reload() {
  parts_->core.audit.reopen();
  asio::post(parts_->core.io, [parts = parts_.get()] { parts->reread(); });
}

void Server::change(const ControlSettings& fresh) {
  asio::post(parts_->core.io, [parts = parts_.get(), fresh] { parts->take_settings(fresh); });
}

}  // namespace spanlight::serve
