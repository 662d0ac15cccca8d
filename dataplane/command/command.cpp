#include "command/command.h"

#include <flatbuffers/flatbuffers.h>
#include <zmq.h>

#include <pthread.h>

#include <cassert>
#include <chrono>
#include <cstring>
#include <thread>

#include "publish/endpoint.h"
#include "publish/socket.h"
#include "schema/command_generated.h"

namespace spanlight {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kQueuedCommandsMax = 16;  // per peer
constexpr int kPollMs = 50;             // an end is heard after so long at the latest
constexpr std::chrono::seconds kTickPeriod{1};
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

PacketsRequest request_of(const wire::GetPackets& in) {
  PacketsRequest request;
  if (in.conn_ids() != nullptr) request.conn_ids.assign(in.conn_ids()->begin(), in.conn_ids()->end());
  request.from = in.from();
  if (in.until() != 0) request.until = in.until();
  if (in.max_bytes() != 0 && in.max_bytes() < kPacketsBytesMax) request.bytes_max = in.max_bytes();
  return request;
}

TimeNs system_time() {
  return static_cast<TimeNs>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                 std::chrono::system_clock::now().time_since_epoch())
                                 .count());
}

// What is said of one command.
struct Answer {
  std::uint64_t id = 0;
  TimeNs received = 0;
  std::string error;  // empty: done
  std::unique_ptr<PacketsFile> packets;
};

// Frees what zmq_msg_init_data() was given.
void free_buffer(void*, void* buffer) {
  delete static_cast<flatbuffers::DetachedBuffer*>(buffer);
}

}  // namespace

class CommandChannel::Impl {
 public:
  Impl(const Settings& settings, SensorIdentity identity, CommandHandler& handler)
      : settings_(settings), identity_(std::move(identity)), handler_(handler) {}
  ~Impl() { stop(0); }

  std::string open(void* zmq_context);
  void start();
  void stop(int linger_ms);
  void report(std::vector<CounterValue>& out) const;
  const std::string& endpoint() const { return endpoint_; }
  CommandCounters counters() const;

 private:
  void run();
  bool serve_one();
  void execute(zmq_msg_t& message, Answer& answer);
  std::string obey(const wire::Command& command, Answer& answer);
  void reply(const Answer& answer);
  void share_targets();
  void close(int linger_ms);

  const Settings settings_;
  const SensorIdentity identity_;
  CommandHandler& handler_;
  void* socket_ = nullptr;
  std::string endpoint_;
  std::thread thread_;
  std::uint64_t targets_mark_ = 0;  // the command thread's
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> served_{0}, refused_{0}, malformed_{0};  // written by the command thread
  std::atomic<std::uint64_t> packets_served_{0}, packet_bytes_served_{0};
  std::atomic<std::uint64_t> targets_generation_{0}, targets_addresses_{0}, targets_mode_{0};
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

void CommandChannel::Impl::start() {
  assert(socket_ != nullptr && !thread_.joinable());
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "command");
}

void CommandChannel::Impl::stop(int linger_ms) {
  stopping_.store(true, std::memory_order_relaxed);
  if (thread_.joinable()) thread_.join();
  close(linger_ms);
}

void CommandChannel::Impl::run() {
  Clock::time_point tick = Clock::now();
  while (!stopping_.load(std::memory_order_relaxed)) {
    zmq_pollitem_t item{socket_, 0, ZMQ_POLLIN, 0};
    if (zmq_poll(&item, 1, kPollMs) < 0 && zmq_errno() != EINTR) return;  // the context is gone
    while (!stopping_.load(std::memory_order_relaxed) && serve_one()) {
    }
    if (Clock::now() < tick) continue;
    tick = Clock::now() + kTickPeriod;
    handler_.tick();
  }
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
  Answer answer{.received = system_time()};
  if (many_frames) {
    malformed_.fetch_add(1, std::memory_order_relaxed);
    answer.error = "a command has one frame";
  } else {
    execute(message, answer);
  }
  zmq_msg_close(&message);
  share_targets();
  reply(answer);
  return true;
}

void CommandChannel::Impl::execute(zmq_msg_t& message, Answer& answer) {
  // ZeroMQ hands out views into its receive buffer, at any address; FlatBuffers are read where they are
  // aligned.
  const std::size_t size = zmq_msg_size(&message);
  std::vector<std::uint64_t> aligned(size / sizeof(std::uint64_t) + 1);
  std::memcpy(aligned.data(), zmq_msg_data(&message), size);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(aligned.data());
  flatbuffers::Verifier verifier(bytes, size, kDepthMax, kTablesMax);
  if (!wire::VerifyCommandBuffer(verifier)) {
    malformed_.fetch_add(1, std::memory_order_relaxed);
    answer.error = "this is not a Command of command.fbs";
    return;
  }
  const wire::Command* command = wire::GetCommand(bytes);
  answer.id = command->id();
  answer.error = obey(*command, answer);
  (answer.error.empty() ? served_ : refused_).fetch_add(1, std::memory_order_relaxed);
}

std::string CommandChannel::Impl::obey(const wire::Command& command, Answer& answer) {
  if (command.body_as_Ping() != nullptr) return {};
  if (const wire::SetTargets* targets = command.body_as_SetTargets(); targets != nullptr) {
    std::string sentence = handler_.set_targets(request_of(*targets));
    if (sentence.empty()) targets_mark_ = targets->mark();
    return sentence;
  }
  const wire::GetPackets* get = command.body_as_GetPackets();
  if (get == nullptr) return "this sensor (version " + identity_.version + ") does not know that command";
  const std::size_t connections = get->conn_ids() == nullptr ? 0 : get->conn_ids()->size();
  if (connections == 0 || connections > kPacketsConnectionsMax)
    return "GetPackets names " + std::to_string(connections) + " connections; 1 to " +
           std::to_string(kPacketsConnectionsMax) + " are possible";
  answer.packets = std::make_unique<PacketsFile>();
  std::string sentence = handler_.packets(request_of(*get), stopping_, *answer.packets);
  if (!sentence.empty()) answer.packets.reset();
  if (answer.packets == nullptr) return sentence;
  packets_served_.fetch_add(answer.packets->count, std::memory_order_relaxed);
  packet_bytes_served_.fetch_add(answer.packets->pcapng.size(), std::memory_order_relaxed);
  return {};
}

// The reply's bytes go to ZeroMQ without a copy: a file of packets is large.
void CommandChannel::Impl::reply(const Answer& answer) {
  constexpr std::size_t kRestBytes = 4'096;
  const PacketsFile* file = answer.packets.get();
  flatbuffers::FlatBufferBuilder builder((file == nullptr ? 0 : file->pcapng.size()) + kRestBytes);
  flatbuffers::Offset<wire::Packets> packets;
  if (file != nullptr)
    packets = wire::CreatePackets(builder, builder.CreateVector(file->pcapng), file->count, file->truncated,
                                  file->oldest);
  const TargetState targets = handler_.targets();
  const auto text = answer.error.empty() ? 0 : builder.CreateString(answer.error);
  const auto sensor = builder.CreateString(identity_.sensor);
  const auto version = builder.CreateString(identity_.version);
  const auto bpf = targets.bpf.empty() ? 0 : builder.CreateString(targets.bpf);
  builder.Finish(wire::CreateReply(builder, answer.id, answer.error.empty(), text, sensor, identity_.epoch,
                                   targets.generation, answer.received, system_time(), version, targets.only,
                                   targets.addresses, bpf, packets, targets_mark_));
  auto* buffer = new flatbuffers::DetachedBuffer(builder.Release());
  zmq_msg_t message;
  if (zmq_msg_init_data(&message, buffer->data(), buffer->size(), free_buffer, buffer) != 0) {
    delete buffer;  // no memory: whoever asked hears nothing, and asks again
    return;
  }
  if (zmq_msg_send(&message, socket_, ZMQ_DONTWAIT) < 0) zmq_msg_close(&message);
}

// For report(), which another thread asks.
void CommandChannel::Impl::share_targets() {
  const TargetState targets = handler_.targets();
  targets_generation_.store(targets.generation, std::memory_order_relaxed);
  targets_addresses_.store(targets.addresses, std::memory_order_relaxed);
  targets_mode_.store(!targets.bpf.empty() ? 2 : targets.only ? 1 : 0, std::memory_order_relaxed);
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
void CommandChannel::start() {
  impl_->start();
}
void CommandChannel::stop(int linger_ms) {
  impl_->stop(linger_ms);
}
std::string CommandChannel::endpoint() const {
  return impl_->endpoint();
}
CommandCounters CommandChannel::counters() const {
  return impl_->counters();
}

void CommandChannel::report(std::vector<CounterValue>& out) const {
  impl_->report(out);
}

void CommandChannel::Impl::report(std::vector<CounterValue>& out) const {
  const auto value = [](const std::atomic<std::uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
  };
  out.push_back({"commands_total", "served", value(served_)});
  out.push_back({"commands_total", "refused", value(refused_)});
  out.push_back({"commands_total", "malformed", value(malformed_)});
  out.push_back({"packets_given_out_total", "", value(packets_served_)});
  out.push_back({"packet_bytes_given_out_total", "", value(packet_bytes_served_)});
  out.push_back({"targets_set_total", "", value(targets_generation_)});
  out.push_back({"targets_mode", "", value(targets_mode_)});
  out.push_back({"targets_addresses", "", value(targets_addresses_)});
}

std::vector<MetricInfo> command_metric_infos() {
  return {
      {"commands_total", "outcome", "Commands received: served, refused with a sentence, or not understood."},
      {"packets_given_out_total", "", "Packets of the packet rings that were given to whoever asked."},
      {"packet_bytes_given_out_total", "", "Bytes of the files in which they were given."},
      {"targets_set_total", "", "How often capture targets were set since the start."},
      {"targets_mode", "", "Capture targets: 0 everything, 1 a set of addresses, 2 a capture filter."},
      {"targets_addresses", "", "Addresses in the set of capture targets."}};
}

}  // namespace spanlight
