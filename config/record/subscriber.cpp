#include "record/subscriber.h"

#include <malloc.h>
#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace spanlight {
namespace {

constexpr std::string_view kHelloTopic = "hello.", kStatsTopic = "stats.", kRecordTopic = "record.";
constexpr std::size_t kTopicBytesMax = 128;
constexpr int kReconnectMs = 100, kReconnectMaxMs = 1'000;
constexpr int kHeartbeatMs = 5'000, kHeartbeatTimeoutMs = 15'000;  // a peer that is gone without a word
constexpr std::size_t kKeyTextBytes = 40;                          // Z85 of 32 bytes

bool set_number(void* socket, int option, int value) {
  return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}
bool set_text(void* socket, int option, const std::string& value) {
  return zmq_setsockopt(socket, option, value.data(), value.size()) == 0;
}

// Protocols are named as in topics: what has a dot or a space would subscribe to something else, or to
// nothing.
bool is_protocol_name(const std::string& name) {
  return !name.empty() && name.size() <= kTopicBytesMax / 2 &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

std::string set_keys(void* socket, const SubscriberSettings& settings) {
  if (settings.curve_server_key.empty()) return {};
  std::string public_key = settings.curve_public_key, secret_key = settings.curve_secret_key;
  if (public_key.empty() && secret_key.empty()) {
    char public_text[kKeyTextBytes + 1], secret_text[kKeyTextBytes + 1];
    if (zmq_curve_keypair(public_text, secret_text) != 0) {
      return "This ZeroMQ library was built without CURVE: encrypted records cannot be read.";
    }
    public_key = public_text;
    secret_key = secret_text;
  }
  const auto set_key = [socket](int option, const std::string& key) {
    return key.size() == kKeyTextBytes && zmq_setsockopt(socket, option, key.c_str(), key.size() + 1) == 0;
  };
  if (!set_key(ZMQ_CURVE_SERVERKEY, settings.curve_server_key)) {
    return "The sensor's public key is not a CURVE key: it has 40 characters (Z85).";
  }
  if (!set_key(ZMQ_CURVE_PUBLICKEY, public_key) || !set_key(ZMQ_CURVE_SECRETKEY, secret_key)) {
    return "The public and secret keys are not CURVE keys: each has 40 characters (Z85).";
  }
  return {};
}

bool set_options(void* socket, const SubscriberSettings& settings) {
  return set_number(socket, ZMQ_LINGER, 0) && set_number(socket, ZMQ_RCVHWM, settings.high_water_mark) &&
         set_number(socket, ZMQ_IPV6, 1) && set_number(socket, ZMQ_RECONNECT_IVL, kReconnectMs) &&
         set_number(socket, ZMQ_RECONNECT_IVL_MAX, kReconnectMaxMs) &&
         set_number(socket, ZMQ_HEARTBEAT_IVL, kHeartbeatMs) &&
         set_number(socket, ZMQ_HEARTBEAT_TIMEOUT, kHeartbeatTimeoutMs);
}

bool limit_message(void* socket) {
  const auto bytes = std::int64_t{kWireBytesMax};  // a longer one ends the connection before it is stored
  return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes, sizeof(bytes)) == 0;
}

}  // namespace

void keep_memory_of_messages() {
  constexpr int kKeptBytes = 64 << 20;
  // Beyond the largest message: in the heap, not in a mapping of its own.
  constexpr int kMappedBytes = 2 * static_cast<int>(kWireBytesMax);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  mallopt(M_MMAP_THRESHOLD, kMappedBytes);
}

class Subscriber::Frame {
 public:
  Frame() { zmq_msg_init(&message_); }
  ~Frame() { zmq_msg_close(&message_); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  bool receive(void* socket) { return zmq_msg_recv(&message_, socket, ZMQ_DONTWAIT) >= 0; }
  bool more() const { return zmq_msg_more(&message_) != 0; }
  std::span<const std::uint8_t> bytes() {
    return {static_cast<const std::uint8_t*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
  }

 private:
  zmq_msg_t message_;
};

// One message's bytes. ZeroMQ hands them out at any address; FlatBuffers wants them aligned.
struct Subscriber::Message {
  Frame frame;
  std::vector<std::uint64_t> aligned;

  std::span<const std::uint8_t> bytes() {
    const std::span<const std::uint8_t> received = frame.bytes();
    if (reinterpret_cast<std::uintptr_t>(received.data()) % kWireAlignment == 0) return received;
    aligned.resize((received.size() + kWireAlignment - 1) / kWireAlignment);
    std::memcpy(aligned.data(), received.data(), received.size());
    return {reinterpret_cast<const std::uint8_t*>(aligned.data()), received.size()};
  }
};

struct Subscriber::Sockets {
  void* context = zmq_ctx_new();
  void* records = zmq_socket(context, ZMQ_SUB);
  void* events = zmq_socket(context, ZMQ_PAIR);
  char topic[kTopicBytesMax] = {};
  std::shared_ptr<Message> message = std::make_shared<Message>();

  Sockets() = default;
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;
  ~Sockets() {
    zmq_socket_monitor(records, nullptr, 0);
    zmq_close(events);
    zmq_close(records);
    zmq_ctx_term(context);
  }
};

Subscriber::Subscriber(std::unique_ptr<Sockets> sockets) : sockets_(std::move(sockets)) {}
Subscriber::~Subscriber() = default;

std::unique_ptr<Subscriber> Subscriber::connect(const SubscriberSettings& settings, std::string& fault) {
  auto sockets = std::make_unique<Sockets>();
  void* const socket = sockets->records;
  if (sockets->context == nullptr || socket == nullptr || sockets->events == nullptr) {
    fault = std::string("No ZeroMQ socket: ") + zmq_strerror(zmq_errno()) + ".";
    return nullptr;
  }
  if (settings.high_water_mark <= 0) {
    fault = "The high-water mark must be at least 1: without one a slow reader would fill the memory.";
    return nullptr;
  }
  std::vector<std::string> topics;
  for (const std::string& protocol : settings.protocols) {
    if (!is_protocol_name(protocol)) {
      fault =
          "\"" + protocol + "\" is not a protocol's name: lower-case letters, digits, - and _, as in http.";
      return nullptr;
    }
    if (settings.records) topics.push_back(std::string(kRecordTopic) + protocol + ".");
  }
  if (settings.records && settings.protocols.empty()) topics.emplace_back(kRecordTopic);
  topics.emplace_back(kHelloTopic);
  topics.emplace_back(kStatsTopic);

  bool ready = set_options(socket, settings) && limit_message(socket);
  for (const std::string& topic : topics) ready = ready && set_text(socket, ZMQ_SUBSCRIBE, topic);
  constexpr int kEvents = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                          ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                          ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
  ready = ready && zmq_socket_monitor(socket, "inproc://events", kEvents) == 0 &&
          zmq_connect(sockets->events, "inproc://events") == 0;
  if (!ready) {
    fault = std::string("The ZeroMQ socket cannot be set up: ") + zmq_strerror(zmq_errno()) + ".";
    return nullptr;
  }
  fault = set_keys(socket, settings);
  if (!fault.empty()) return nullptr;
  if (zmq_connect(socket, settings.endpoint.c_str()) != 0) {
    fault = "\"" + settings.endpoint + "\" is not an endpoint (" + zmq_strerror(zmq_errno()) +
            "): ipc:///run/spanlight/records.sock or tcp://10.0.0.5:7411 would be.";
    return nullptr;
  }
  std::unique_ptr<Subscriber> subscriber(new Subscriber(std::move(sockets)));
  subscriber->topics_ = std::move(topics);
  return subscriber;
}

Received Subscriber::receive(std::chrono::milliseconds timeout) {
  // Messages first: what a sensor sent before it went away is read before its going is told. And without
  // asking the kernel while there are some.
  Frame topic;
  if (connections_ > 0 && topic.receive(sockets_->records)) return take_message(topic);
  zmq_pollitem_t items[] = {{sockets_->events, 0, ZMQ_POLLIN, 0}, {sockets_->records, 0, ZMQ_POLLIN, 0}};
  if (zmq_poll(items, 2, static_cast<long>(timeout.count())) <= 0) return {};
  if ((items[1].revents & ZMQ_POLLIN) != 0 && (connections_ > 0 || (items[0].revents & ZMQ_POLLIN) == 0))
    return topic.receive(sockets_->records) ? take_message(topic) : Received{};
  return take_event();
}

std::shared_ptr<const void> Subscriber::keep() const {
  return sockets_->message;
}

Received Subscriber::take_event() {
  Frame frame;
  if (!frame.receive(sockets_->events)) return {};
  std::uint16_t event = 0;
  if (frame.bytes().size() >= sizeof(event)) std::memcpy(&event, frame.bytes().data(), sizeof(event));
  while (frame.more() && frame.receive(sockets_->events)) {
  }
  Received received;
  switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      ++connections_;
      received.kind = Received::Kind::connected;
      break;
    case ZMQ_EVENT_DISCONNECTED:
      // Also told of connections that never came to a handshake.
      if (connections_ == 0) break;
      --connections_;
      received.kind = Received::Kind::disconnected;
      break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      received.kind = Received::Kind::refused;
      break;
    default:
      break;
  }
  return received;
}

// Two frames, topic and message, are one record batch, hello or stats; anything else is not ours.
Received Subscriber::take_message(Frame& topic) {
  if (sockets_->message.use_count() > 1)
    sockets_->message = std::make_shared<Message>();  // kept by the caller
  Frame& message = sockets_->message->frame;
  bool two_frames = topic.more() && message.receive(sockets_->records);
  Frame rest;
  for (bool more = two_frames && message.more(); more; more = rest.more()) {
    two_frames = false;
    if (!rest.receive(sockets_->records)) break;
  }
  const std::span<const std::uint8_t> name = topic.bytes();
  if (!two_frames || name.size() > kTopicBytesMax) return malformed(ReadFault::malformed);
  std::memcpy(sockets_->topic, name.data(), name.size());
  const std::span<const std::uint8_t> bytes = sockets_->message->bytes();
  Received received = open({sockets_->topic, name.size()}, bytes);
  received.bytes = bytes.size();
  return received;
}

Received Subscriber::malformed(ReadFault fault) {
  ++counters_.malformed;
  Received received;
  received.kind = Received::Kind::malformed;
  received.fault = fault;
  return received;
}

Received Subscriber::open(std::string_view topic, std::span<const std::uint8_t> bytes) {
  if (topic.starts_with(kRecordTopic)) return open_records(topic, bytes);
  Received received;
  received.topic = topic;
  LossTracker::Seen seen;
  if (topic == kHelloTopic) {
    const Opened<wire::Hello> hello = open_hello(bytes);
    if (!hello) return malformed(hello.fault);
    ++counters_.hellos;
    received.kind = Received::Kind::hello;
    received.hello = hello.root;
    seen = loss_.on_hello(text_of(hello->sensor()), hello->sensor_epoch());
  } else if (topic == kStatsTopic) {
    const Opened<wire::Stats> stats = open_stats(bytes);
    if (!stats) return malformed(stats.fault);
    ++counters_.stats;
    received.kind = Received::Kind::stats;
    received.stats = stats.root;
    seen = loss_.on_stats(*stats, topics_);
  } else {
    return malformed(ReadFault::wrong_identifier);
  }
  received.missed = seen.missed;
  received.restarted = seen.restarted;
  return received;
}

Received Subscriber::open_records(std::string_view topic, std::span<const std::uint8_t> bytes) {
  const Opened<wire::RecordBatch> batch = open_batch(bytes);
  if (!batch) return malformed(batch.fault);
  // What it is filed under must be what it says it is: the number is counted under this name.
  if (text_of(batch->topic()) != topic) return malformed(ReadFault::malformed);
  ++counters_.batches;
  counters_.records += size_of(batch->records());
  const LossTracker::Seen seen = loss_.on_batch(text_of(batch->sensor()), batch->sensor_epoch(),
                                                batch->worker(), topic, batch->sequence());
  Received received;
  received.kind = Received::Kind::records;
  received.topic = topic;
  received.batch = batch.root;
  received.missed = seen.missed;
  received.restarted = seen.restarted;
  return received;
}

}  // namespace spanlight
