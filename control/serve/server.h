#pragma once
// The HTTP server of the control process: HTTP/1.1 and WebSocket, with or without TLS. One network thread
// does the sockets and waits for nothing else; handlers run on workers. Owned by main(), which starts and
// stops it and tells it to reload; the table and what the handlers use must live longer.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "serve/assets.h"
#include "serve/audit.h"
#include "serve/backend.h"
#include "serve/counts.h"
#include "serve/route.h"
#include "settings/control.h"

namespace spanlight::serve {

// Bounds that are not settings. Tests make them small.
struct ServerLimits {
  std::uint32_t head_bytes_max = 16'384;
  std::size_t connections_max = 1'024;
  std::size_t connections_per_client_max =
      256;  // of one address; trusted proxies and loopback are not held to it
  std::size_t streams_max = 128;
  std::size_t waiting_requests_max = 256;  // for a worker
  std::size_t long_answers_max = 3;        // exports and the like at once; half of `slow_workers`
  unsigned quick_workers = 2;              // for what asks memory alone
  unsigned slow_workers = 6;               // for what asks the store
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds idle{75'000};         // between requests
  std::chrono::milliseconds head{10'000};         // for a request's head, from its first byte
  std::chrono::milliseconds body{30'000};         // for its body
  std::chrono::milliseconds write{30'000};        // for 256 KiB of an answer
  std::chrono::milliseconds stream_idle{40'000};  // a live client that answers no ping for so long is gone
  std::chrono::milliseconds stream_pause{20};     // between two batches to a live client
  std::chrono::milliseconds reread{5'000};        // certificates and tokens are looked at so often
  std::chrono::milliseconds grace{5'000};         // for what is under way when the server stops
};

using LogLine = std::function<void(LogLevel, std::string_view)>;

class Server {
 public:
  // Throws std::runtime_error with a sentence where the settings would open the API to strangers (access.h),
  // or where a file of tokens, certificate or audit log cannot be used.
  Server(const ControlSettings& settings, const ServerLimits& limits, const RouteTable& table,
         const Backend& backend, ServerCounts& counts, LogLine log);
  ~Server();  // stops. NOLINT(bugprone-exception-escape): see server.cpp
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens; throws std::runtime_error with a sentence where it cannot. After bind() the process may give its
  // privileges up; start() begins to answer.
  void bind();
  void start();
  // No new connections; what is under way has `grace` to end. Returns when all threads have ended.
  void stop();

  std::uint16_t port() const;
  std::string address() const;  // "http://127.0.0.1:8899"

  // Any thread. Requests from now on see the new files.
  void set_assets(std::shared_ptr<const Assets> assets);
  // For SIGHUP: the audit log is opened anew, certificates and tokens are read again.
  void reload();
  // Of settings that were read again: `access`, `proxy` and the limits of requests. What would open the API
  // to people who should not have it, or names a token that cannot be read, is refused in the log.
  void change(const ControlSettings& fresh);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace spanlight::serve
