#include "publish/subscribers.h"

#include <zmq.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "publish/topics.h"

namespace spanlight {

bool Subscriptions::on_event(Bytes event) {
  if (event.empty() || event[0] > 1) return false;  // a message that some peer sent upstream: nothing to us
  const std::string_view prefix = as_text(event.subspan(1));
  const bool ours = std::any_of(topics_.begin(), topics_.end(),
                                [prefix](const std::string& topic) { return topic.starts_with(prefix); });
  if (!ours) return false;
  auto at = prefixes_.find(prefix);
  if (event[0] == 0) {
    if (at == prefixes_.end()) return false;
    --count_;
    if (--at->second == 0) prefixes_.erase(at);
    return false;
  }
  if (at == prefixes_.end()) at = prefixes_.emplace(std::string(prefix), 0).first;
  ++at->second;
  ++count_;
  return kHelloTopic.starts_with(prefix);
}

bool Subscriptions::wanted(std::string_view topic) const {
  return std::any_of(prefixes_.begin(), prefixes_.end(),
                     [topic](const auto& prefix) { return topic.starts_with(prefix.first); });
}

std::string ConnectionMonitor::open(void* zmq_context, void* watched) {
  // One name per monitor: a context of the caller may hold several publishers.
  std::array<char, 64> name{};
  std::snprintf(name.data(), name.size(), "inproc://monitor-%p", watched);
  const int events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
  if (zmq_socket_monitor(watched, name.data(), events) != 0)
    return std::string("cannot watch connections (") + zmq_strerror(zmq_errno()) + ")";
  watched_ = watched;
  socket_ = zmq_socket(zmq_context, ZMQ_PAIR);
  // ZeroMQ's I/O thread blocks on a monitor that is full. Events come no faster than connections open and are
  // drained each turn, so this queue has no bound.
  const int unlimited = 0;
  if (socket_ != nullptr) zmq_setsockopt(socket_, ZMQ_RCVHWM, &unlimited, sizeof(unlimited));
  if (socket_ == nullptr || zmq_connect(socket_, name.data()) != 0)
    return std::string("cannot watch connections (") + zmq_strerror(zmq_errno()) + ")";
  return {};
}

void ConnectionMonitor::serve() {
  std::array<std::uint8_t, 256> frame{};
  while (zmq_recv(socket_, frame.data(), frame.size(), ZMQ_DONTWAIT) >= 2) {
    std::uint16_t event = 0;  // then a 32-bit value; host byte order
    std::memcpy(&event, frame.data(), sizeof(event));
    zmq_recv(socket_, frame.data(), frame.size(), ZMQ_DONTWAIT);  // the address: not needed
    switch (event) {
      case ZMQ_EVENT_ACCEPTED:
        ++connections_;
        break;
      case ZMQ_EVENT_DISCONNECTED:
        connections_ -= connections_ > 0 ? 1 : 0;
        break;
      default:
        ++handshakes_failed_;
        break;
    }
  }
}

void ConnectionMonitor::close() {
  if (watched_ != nullptr) zmq_socket_monitor(watched_, nullptr, 0);
  if (socket_ != nullptr) zmq_close(socket_);
  watched_ = nullptr;
  socket_ = nullptr;
}

}  // namespace spanlight
