#include "targets/command_link.h"

#include <zmq.h>

#include <cstring>

#include "record/reader.h"
#include "schema/command_generated.h"

namespace spanlight {
namespace {

constexpr std::size_t kKeyTextBytes = 40;  // Z85 of 32 bytes
// A sensor that starts captures everything until it is told otherwise.
constexpr int kReconnectMs = 100, kReconnectMaxMs = 250;
constexpr int kHeartbeatMs = 2'000,
              kHeartbeatTimeoutMs = 6'000;  // a sensor's machine that is gone without a word
constexpr flatbuffers::uoffset_t kDepthMax = 8, kTablesMax = 16;

bool set_number(void* socket, int option, int value) {
  return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}

bool set_key(void* socket, int option, const std::string& key) {
  return key.size() == kKeyTextBytes && zmq_setsockopt(socket, option, key.c_str(), key.size() + 1) == 0;
}

std::string set_keys(void* socket, const std::string& server_key, const std::string& public_key,
                     const std::string& secret_key) {
  if (server_key.empty()) return {};
  std::string own_public = public_key, own_secret = secret_key;
  if (own_public.empty() && own_secret.empty()) {
    char public_text[kKeyTextBytes + 1], secret_text[kKeyTextBytes + 1];
    if (zmq_curve_keypair(public_text, secret_text) != 0)
      return "This ZeroMQ library was built without CURVE: sensors with keys cannot be spoken to.";
    own_public = public_text;
    own_secret = secret_text;
  }
  if (!set_key(socket, ZMQ_CURVE_SERVERKEY, server_key))
    return "A sensor's public key is not a CURVE key: it has 40 characters (Z85).";
  if (!set_key(socket, ZMQ_CURVE_PUBLICKEY, own_public) || !set_key(socket, ZMQ_CURVE_SECRETKEY, own_secret))
    return "The control process's public and secret keys are not CURVE keys: each has 40 characters (Z85).";
  return {};
}

std::vector<std::uint8_t> finished(flatbuffers::FlatBufferBuilder& builder, std::uint64_t id, wire::Body type,
                                   flatbuffers::Offset<void> body) {
  builder.Finish(wire::CreateCommand(builder, id, type, body), wire::CommandIdentifier());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

// FNV-1a, eight bytes a step; high bits come down again, which a product alone never does.
class Digest {
 public:
  void add(std::uint64_t word) {
    state_ = (state_ ^ word) * 0x100000001b3ULL;
    state_ ^= state_ >> 32;
  }
  std::uint64_t value() const { return state_ == 0 ? 1 : state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

}  // namespace

std::uint64_t mark_of(const Targets& targets) {
  Digest digest;
  digest.add(targets.only ? 1 : 0);
  for (const char c : targets.bpf) digest.add(static_cast<unsigned char>(c));
  digest.add(targets.addresses.size());
  for (const Address& address : targets.addresses) {
    digest.add(address.high);
    digest.add(address.low);
  }
  return digest.value();
}

std::vector<std::uint8_t> ping_command(std::uint64_t id) {
  flatbuffers::FlatBufferBuilder builder;
  const auto body = wire::CreatePing(builder);
  return finished(builder, id, wire::Body::Ping, body.Union());
}

std::vector<std::uint8_t> set_targets_command(std::uint64_t id, const Targets& targets) {
  flatbuffers::FlatBufferBuilder builder(targets.addresses.size() * sizeof(wire::CommandAddress) + 256);
  wire::CommandAddress* slots = nullptr;
  const auto addresses =
      builder.CreateUninitializedVectorOfStructs<wire::CommandAddress>(targets.addresses.size(), &slots);
  for (std::size_t i = 0; i < targets.addresses.size(); ++i)
    slots[i] = wire::CommandAddress(targets.addresses[i].high, targets.addresses[i].low);
  const auto bpf = targets.bpf.empty() ? 0 : builder.CreateString(targets.bpf);
  const auto body = wire::CreateSetTargets(builder, targets.only, addresses, bpf, mark_of(targets));
  return finished(builder, id, wire::Body::SetTargets, body.Union());
}

CommandAnswer read_reply(const std::uint8_t* bytes, std::size_t size) {
  std::vector<std::uint64_t> aligned(size / sizeof(std::uint64_t) + 1);
  if (size != 0) std::memcpy(aligned.data(), bytes, size);  // an empty message may have no bytes to point at
  return read_reply(aligned, size);
}

CommandAnswer read_reply(const std::vector<std::uint64_t>& aligned, std::size_t size) {
  CommandAnswer answer;
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(aligned.data()), size, kDepthMax,
                                 kTablesMax);
  if (!verifier.VerifyBuffer<wire::Reply>(nullptr)) return answer;
  const auto* reply = flatbuffers::GetRoot<wire::Reply>(aligned.data());
  answer.well_formed = true;
  answer.id = reply->id();
  answer.ok = reply->ok();
  answer.error = std::string(text_of(reply->error()));
  answer.sensor = std::string(text_of(reply->sensor()));
  answer.sensor_epoch = reply->sensor_epoch();
  answer.targets_generation = reply->targets_generation();
  answer.targets_mark = reply->targets_mark();
  return answer;
}

CommandLink CommandLink::connect(void* zmq_context, const std::string& endpoint,
                                 const std::string& server_key, const std::string& public_key,
                                 const std::string& secret_key, std::string& fault,
                                 std::int64_t reply_bytes_max) {
  CommandLink link(zmq_socket(zmq_context, ZMQ_REQ));
  void* const socket = link.socket_;
  // Relaxed and correlated: an answer that does not come does not lock the socket, and one that comes late is
  // not taken for another's. Immediate: nothing is queued for a sensor that is not there, to be obeyed when
  // it is stale.
  const bool ready = socket != nullptr && set_number(socket, ZMQ_LINGER, 0) &&
                     set_number(socket, ZMQ_REQ_RELAXED, 1) && set_number(socket, ZMQ_REQ_CORRELATE, 1) &&
                     set_number(socket, ZMQ_IMMEDIATE, 1) && set_number(socket, ZMQ_IPV6, 1) &&
                     set_number(socket, ZMQ_RECONNECT_IVL, kReconnectMs) &&
                     set_number(socket, ZMQ_RECONNECT_IVL_MAX, kReconnectMaxMs) &&
                     set_number(socket, ZMQ_HEARTBEAT_IVL, kHeartbeatMs) &&
                     set_number(socket, ZMQ_HEARTBEAT_TIMEOUT, kHeartbeatTimeoutMs) &&
                     zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &reply_bytes_max, sizeof(reply_bytes_max)) == 0;
  fault = ready ? set_keys(socket, server_key, public_key, secret_key)
                : std::string("No ZeroMQ socket: ") + zmq_strerror(zmq_errno()) + ".";
  if (fault.empty() && zmq_connect(socket, endpoint.c_str()) != 0)
    fault = "\"" + endpoint + "\" is not an endpoint (" + zmq_strerror(zmq_errno()) +
            "): ipc:///run/spanlight/command.sock or tcp://10.0.0.5:7412 would be.";
  return link;
}

CommandLink::~CommandLink() {
  if (socket_ != nullptr) zmq_close(socket_);
  if (arrivals_ != nullptr) zmq_close(arrivals_);
}

bool CommandLink::watch_arrivals(void* zmq_context) {
  const std::string name = "inproc://arrivals-" + std::to_string(reinterpret_cast<std::uintptr_t>(socket_));
  arrivals_ = zmq_socket(zmq_context, ZMQ_PAIR);
  return arrivals_ != nullptr && set_number(arrivals_, ZMQ_LINGER, 0) &&
         zmq_socket_monitor(socket_, name.c_str(), ZMQ_EVENT_HANDSHAKE_SUCCEEDED) == 0 &&
         zmq_connect(arrivals_, name.c_str()) == 0;
}

bool CommandLink::arrived() {
  bool any = false;
  char
      frame[sizeof(std::uint16_t) + sizeof(std::uint32_t)];  // what is in them is known: one event is watched
  while (zmq_recv(arrivals_, frame, sizeof(frame), ZMQ_DONTWAIT) >= 0) any = true;
  return any;
}

bool CommandLink::send(const std::vector<std::uint8_t>& command) {
  return zmq_send(socket_, command.data(), command.size(), ZMQ_DONTWAIT) >= 0;
}

bool CommandLink::receive(CommandAnswer& answer) {
  std::vector<std::uint64_t> aligned;
  std::size_t bytes = 0;
  const bool got = receive(aligned, bytes);
  answer = got ? read_reply(aligned, bytes) : CommandAnswer{};
  return got;
}

bool CommandLink::receive(std::vector<std::uint64_t>& aligned, std::size_t& bytes) {
  zmq_msg_t message;
  zmq_msg_init(&message);
  const bool got = zmq_msg_recv(&message, socket_, ZMQ_DONTWAIT) >= 0;
  bool many_frames = false;
  while (got && zmq_msg_more(&message) != 0) {
    many_frames = true;
    if (zmq_msg_recv(&message, socket_, ZMQ_DONTWAIT) < 0) break;
  }
  bytes = got && !many_frames ? zmq_msg_size(&message) : 0;
  aligned.resize(bytes / sizeof(std::uint64_t) + 1);
  std::memcpy(aligned.data(), zmq_msg_data(&message), bytes);
  zmq_msg_close(&message);
  return got;
}

}  // namespace spanlight
