#pragma once
// Who listens: subscriptions as the XPUB socket tells them, connections as its monitor tells them. Publishing
// thread only. What stands here is for counting and for the hello; whether a batch is sent is ZeroMQ's own
// decision, since a peer may also unsubscribe from what it never subscribed to.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace spanlight {

class Subscriptions {
 public:
  explicit Subscriptions(std::vector<std::string> topics) : topics_(std::move(topics)) {}

  // One message of the XPUB socket: 1 or 0, then a prefix. True when a hello is due: the newcomer would get
  // one.
  bool on_event(Bytes event);
  bool wanted(std::string_view topic) const;
  std::uint64_t count() const { return count_; }

 private:
  std::vector<std::string> topics_;  // only their prefixes are kept: what peers invent takes no memory here
  std::map<std::string, std::uint64_t, std::less<>> prefixes_;
  std::uint64_t count_ = 0;
};

// Connections of one socket (ipc and tcp; inproc has none).
class ConnectionMonitor {
 public:
  ~ConnectionMonitor() { close(); }

  std::string open(void* zmq_context, void* watched);  // a sentence, or empty
  void* socket() const { return socket_; }
  void serve();  // all events that wait
  void close();  // before the watched socket is closed

  std::uint64_t connections() const { return connections_; }
  std::uint64_t handshakes_failed() const { return handshakes_failed_; }

 private:
  void* watched_ = nullptr;
  void* socket_ = nullptr;
  std::uint64_t connections_ = 0;
  std::uint64_t handshakes_failed_ = 0;
};

}  // namespace spanlight
