#pragma once
// What all connections of one server share. On the network thread, unless said otherwise. Only for the .cpp
// files of this room that speak to sockets.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "serve/access.h"
#include "serve/channel.h"
#include "serve/clock.h"
#include "serve/rate.h"
#include "serve/server.h"

namespace spanlight::serve {

// Something that is open and that the server can end.
class Open {
 public:
  virtual ~Open() = default;
  // Politely: a request under way is answered first.
  virtual void ask_to_end() = 0;
  virtual void end_now() = 0;
};

struct Core {
  Core(const ControlSettings& from, const ServerLimits& bounds, const RouteTable& routes,
       const Backend& behind, ServerCounts& counters, LogLine to_log);

  ControlSettings settings;
  ServerLimits limits;
  const RouteTable& table;
  const Backend& backend;
  ServerCounts& counts;
  LogLine log;                 // any thread
  std::unique_ptr<Gate> gate;  // never nullptr
  RateLimit rate;
  AuditLog audit;  // any thread
  bool on_loopback;
  bool stopping = false;
  std::set<Open*> open;
  std::map<std::string, std::size_t, std::less<>> by_client;
  std::atomic<std::size_t> waiting = 0;  // requests handed to workers and not yet ended
  std::size_t long_answers = 0;
  std::size_t streams = 0;

  std::shared_ptr<const Assets> assets();  // any thread
  void set_assets(std::shared_ptr<const Assets> files);

  // Declared last but one: workers end before what they use does.
  asio::io_context io{1};
  asio::thread_pool quick;
  asio::thread_pool slow;

 private:
  std::mutex assets_mutex_;
  std::shared_ptr<const Assets> assets_;
};

// Takes over a connection that was accepted.
void serve_connection(Core& core, Tcp::socket&& socket, std::shared_ptr<asio::ssl::context> tls,
                      const Ip& from);

}  // namespace spanlight::serve
