#include "publish/curve_gate.h"

#include <zmq.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "publish/socket.h"

namespace spanlight {

namespace {

// Request frames, in order: version, request id, domain, address, identity, mechanism, then the mechanism's
// credentials; CURVE has one, the client's key.
enum Frame : std::size_t { version, request_id, domain, address, identity, mechanism, key, frame_count };
constexpr std::size_t kFrameBytesMax = 256;
constexpr int kRequestsPerTurnMax = 64;

struct Request {
  std::array<std::array<std::uint8_t, kFrameBytesMax>, frame_count> bytes{};
  std::array<std::size_t, frame_count> sizes{};
  std::size_t frames = 0;
  bool well_formed = true;

  std::string_view text(Frame frame) const {
    return {reinterpret_cast<const char*>(bytes[frame].data()), sizes[frame]};
  }
};

// False: nothing waits.
bool receive(void* socket, Request& request) {
  int more = 1;
  while (more != 0) {
    std::array<std::uint8_t, kFrameBytesMax> frame{};
    const int n = zmq_recv(socket, frame.data(), frame.size(), ZMQ_DONTWAIT);
    if (n < 0) return false;
    const auto size = static_cast<std::size_t>(n);
    if (request.frames < frame_count && size <= kFrameBytesMax) {
      request.bytes[request.frames] = frame;
      request.sizes[request.frames] = size;
    } else {
      request.well_formed = false;
    }
    ++request.frames;
    std::size_t more_bytes = sizeof(more);
    if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_bytes) != 0) return false;
  }
  request.well_formed = request.well_formed && request.frames == frame_count;
  return true;
}

void answer(void* socket, const Request& request, bool welcome) {
  const std::string_view status = welcome ? "200" : "400";
  const std::string_view text = welcome ? "OK" : "key not in the list of clients";
  const std::array<std::string_view, 6> frames = {"1.0", request.text(request_id), status, text, "", ""};
  for (std::size_t i = 0; i < frames.size(); ++i)
    zmq_send(socket, frames[i].data(), frames[i].size(),
             ZMQ_DONTWAIT | (i + 1 < frames.size() ? ZMQ_SNDMORE : 0));
}

}  // namespace

std::string CurveGate::open(void* zmq_context, const std::vector<std::string>& clients) {
  for (const std::string& text : clients) {
    Key key{};
    if (text.size() != kZ85KeyChars || zmq_z85_decode(key.data(), text.c_str()) == nullptr)
      return "CURVE client '" + text + "' is not a public key: it has 40 characters of Z85";
    clients_.push_back(key);
  }
  socket_ = zmq_socket(zmq_context, ZMQ_REP);
  if (socket_ == nullptr || zmq_bind(socket_, "inproc://zeromq.zap.01") != 0) {
    std::string sentence = std::string("cannot check CURVE clients (") + zmq_strerror(zmq_errno()) + ")";
    close();
    return sentence;
  }
  return {};
}

bool CurveGate::knows(const std::uint8_t* key, std::size_t bytes) const {
  return bytes == sizeof(Key) && std::any_of(clients_.begin(), clients_.end(), [key](const Key& client) {
           return std::memcmp(client.data(), key, sizeof(Key)) == 0;
         });
}

void CurveGate::serve() {
  for (int i = 0; i < kRequestsPerTurnMax; ++i) {
    Request request;
    if (!receive(socket_, request)) return;
    const bool welcome = request.well_formed && request.text(version) == "1.0" &&
                         request.text(mechanism) == "CURVE" &&
                         knows(request.bytes[key].data(), request.sizes[key]);
    if (!welcome) ++refused_;
    answer(socket_, request, welcome);
  }
}

void CurveGate::close() {
  if (socket_ != nullptr) zmq_close(socket_);
  socket_ = nullptr;
}

}  // namespace spanlight
