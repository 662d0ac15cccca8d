#include "command/command.h"

#include <flatbuffers/flatbuffers.h>
#include <zmq.h>

#include <cassert>
#include <cstring>

#include "publish/endpoint.h"
#include "publish/socket.h"
#include "schema/command_generated.h"

namespace spanlight {

namespace {

constexpr int kCommandsPerTurnMax = 16;  // then batches are sent again
constexpr int kQueuedCommandsMax = 16;   // per peer
// A command is a flat thing: a table in a table. The verifier turns deeper ones away.
constexpr flatbuffers::uoffset_t kDepthMax = 8;
constexpr flatbuffers::uoffset_t kTablesMax = 16;

// High half first, network byte order: the numbers of the schema are big-endian readings of the address.
IpAddress address_of(const wire::CommandAddress& in) {
  IpAddress out;
  for (unsigned i = 0; i < 8; ++i) {
    out.bytes[i] = static_cast<std::uint8_t>(in.high() >> (56 - 8 * i));
    out.bytes[8 + i] = static_cast<std::uint8_t>(in.low() >> (56 - 8 * i));
  }
  return out;
}

TargetRequest request_of(const wire::SetTargets& in) {
  TargetRequest request;
  request.only = in.only();
  if (in.addresses() != nullptr) {
    request.addresses.reserve(in.addresses()->size());
    for (const wire::CommandAddress* address : *in.addresses())
      request.addresses.push_back(address_of(*address));
  }
  if (in.bpf() != nullptr) request.bpf = in.bpf()->str();
  return request;
}

}  // namespace

class CommandChannel::Impl {
 public:
  Impl(const Settings& settings, SensorIdentity identity, CommandHandler& handler)
      : settings_(settings), identity_(std::move(identity)), handler_(handler) {}
  ~Impl() { close(0); }

  std::string open(void* zmq_context);
  void close(int linger_ms);
  void serve();
  void* socket() const { return socket_; }
  CommandHandler& handler() const { return handler_; }
  const std::string& endpoint() const { return endpoint_; }
  CommandCounters counters() const;

 private:
  bool serve_one();
  std::string execute(zmq_msg_t& message, std::uint64_t& id);
  void reply(std::uint64_t id, const std::string& error);

  const Settings settings_;
  const SensorIdentity identity_;
  CommandHandler& handler_;
  void* socket_ = nullptr;
  std::string endpoint_;
  std::atomic<std::uint64_t> served_{0}, refused_{0}, malformed_{0};  // written by the publishing thread
};

std::string CommandChannel::Impl::open(void* zmq_context) {
  assert(socket_ == nullptr);
  socket_ = zmq_socket(zmq_context, ZMQ_REP);
  if (socket_ == nullptr) return std::string("ZeroMQ makes no socket: ") + zmq_strerror(zmq_errno());
  set_int(socket_, ZMQ_LINGER, 0);
  set_int(socket_, ZMQ_SNDTIMEO, 0);
  set_int(socket_, ZMQ_RCVHWM, kQueuedCommandsMax);
  set_int(socket_, ZMQ_SNDHWM, kQueuedCommandsMax);
  zmq_setsockopt(socket_, ZMQ_MAXMSGSIZE, &kCommandBytesMax, sizeof(kCommandBytesMax));
  std::string sentence =
      bind_endpoint(socket_, settings_, "command endpoint", settings_.command_endpoint, endpoint_);
  if (!sentence.empty()) close(0);
  return sentence;
}

void CommandChannel::Impl::close(int linger_ms) {
  if (socket_ == nullptr) return;
  set_int(socket_, ZMQ_LINGER, linger_ms);
  zmq_close(socket_);
  socket_ = nullptr;
}

void CommandChannel::Impl::serve() {
  for (int i = 0; i < kCommandsPerTurnMax; ++i)
    if (!serve_one()) return;
}

// False: nothing waits. A REP socket answers each request before it takes the next, and drops the answer to a
// peer that is gone or does not read.
bool CommandChannel::Impl::serve_one() {
  zmq_msg_t message;
  zmq_msg_init(&message);
  if (zmq_msg_recv(&message, socket_, ZMQ_DONTWAIT) < 0) {
    zmq_msg_close(&message);
    return false;
  }
  bool many_frames = false;
  while (zmq_msg_more(&message) != 0) {  // libzmq has the whole message or nothing
    many_frames = true;
    if (zmq_msg_recv(&message, socket_, ZMQ_DONTWAIT) < 0) break;
  }
  std::uint64_t id = 0;
  std::string error;
  if (many_frames) {
    malformed_.fetch_add(1, std::memory_order_relaxed);
    error = "a command has one frame";
  } else {
    error = execute(message, id);
  }
  zmq_msg_close(&message);
  reply(id, error);
  return true;
}

// Counts, and returns what is wrong; empty = done.
std::string CommandChannel::Impl::execute(zmq_msg_t& message, std::uint64_t& id) {
  // ZeroMQ hands out views into its receive buffer, at any address; FlatBuffers are read where they are
  // aligned.
  const std::size_t size = zmq_msg_size(&message);
  std::vector<std::uint64_t> aligned(size / sizeof(std::uint64_t) + 1);
  std::memcpy(aligned.data(), zmq_msg_data(&message), size);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(aligned.data());
  flatbuffers::Verifier verifier(bytes, size, kDepthMax, kTablesMax);
  if (!wire::VerifyCommandBuffer(verifier)) {
    malformed_.fetch_add(1, std::memory_order_relaxed);
    return "this is not a Command of command.fbs";
  }
  const wire::Command* command = wire::GetCommand(bytes);
  id = command->id();
  std::string error;
  if (command->body_as_Ping() != nullptr)
    error = {};
  else if (const wire::SetTargets* targets = command->body_as_SetTargets(); targets != nullptr)
    error = handler_.set_targets(request_of(*targets));
  else
    error = "this sensor (version " + identity_.version + ") does not know that command";
  (error.empty() ? served_ : refused_).fetch_add(1, std::memory_order_relaxed);
  return error;
}

void CommandChannel::Impl::reply(std::uint64_t id, const std::string& error) {
  flatbuffers::FlatBufferBuilder builder;
  const auto text = error.empty() ? 0 : builder.CreateString(error);
  const auto sensor = builder.CreateString(identity_.sensor);
  builder.Finish(wire::CreateReply(builder, id, error.empty(), text, sensor, identity_.epoch,
                                   handler_.targets_generation()));
  zmq_send(socket_, builder.GetBufferPointer(), builder.GetSize(), ZMQ_DONTWAIT);
}

CommandCounters CommandChannel::Impl::counters() const {
  return {served_.load(std::memory_order_relaxed), refused_.load(std::memory_order_relaxed),
          malformed_.load(std::memory_order_relaxed)};
}

CommandChannel::CommandChannel(const Settings& settings, SensorIdentity identity, CommandHandler& handler)
    : impl_(std::make_unique<Impl>(settings, std::move(identity), handler)) {}
CommandChannel::~CommandChannel() = default;

std::string CommandChannel::open(void* zmq_context) {
  return impl_->open(zmq_context);
}
void* CommandChannel::socket() {
  return impl_->socket();
}
void CommandChannel::serve() {
  impl_->serve();
}
void CommandChannel::tick() {
  impl_->handler().tick();
}
void CommandChannel::close(int linger_ms) {
  impl_->close(linger_ms);
}
std::string CommandChannel::endpoint() const {
  return impl_->endpoint();
}
CommandCounters CommandChannel::counters() const {
  return impl_->counters();
}

void CommandChannel::report(std::vector<CounterValue>& out) const {
  const CommandCounters counters = impl_->counters();
  out.push_back({"commands_total", "served", counters.served});
  out.push_back({"commands_total", "refused", counters.refused});
  out.push_back({"commands_total", "malformed", counters.malformed});
}

std::vector<MetricInfo> command_metric_infos() {
  return {{"commands_total", "outcome",
           "Commands received: served, refused with a sentence, or not understood."}};
}

}  // namespace spanlight
