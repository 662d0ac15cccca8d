#include "publish/publisher.h"

#include <pthread.h>
#include <sched.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <csignal>
#include <mutex>
#include <thread>

#include "publish/batch_sender.h"
#include "publish/curve_gate.h"
#include "publish/endpoint.h"
#include "publish/messages.h"
#include "publish/publisher_stats.h"
#include "publish/socket.h"
#include "publish/subscribers.h"
#include "publish/topics.h"

namespace spanlight {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kBatchesPerPoolAndTurn = 16;  // then the sockets are looked at
constexpr int kEventsPerTurnMax = 1'024;
constexpr int kBusyPollMs = 1;  // a turn just after traffic
constexpr int kIdlePollMs = 4;  // when nothing has come for kIdleTurns: 250 wake-ups a second
constexpr unsigned kIdleTurns = 64;
constexpr milliseconds kHelloPeriod{100};  // a peer that subscribes in a loop gets no more hellos than this
constexpr milliseconds kDrainMax{300};     // of stop(): what the workers left
constexpr milliseconds kStopMax{500};      // of stop(): all of it, then what is unsent is given up
constexpr std::int64_t kUpstreamBytesMax = 1'024;  // subscriptions; a peer that sends more is cut off

TimeNs system_time() {
  return static_cast<TimeNs>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                 std::chrono::system_clock::now().time_since_epoch())
                                 .count());
}

std::vector<std::string> all_topics(std::vector<std::string> records) {
  records.emplace_back(kHelloTopic);
  records.emplace_back(kStatsTopic);
  return records;
}

}  // namespace

class Publisher::Impl {
 public:
  Impl(const Settings& settings, SensorIdentity identity, const std::vector<BatchPool*>& pools,
       Collect collect, PublisherOptions options)
      : settings_(settings),
        identity_(std::move(identity)),
        collect_(std::move(collect)),
        options_(std::move(options)),
        topics_(options_.topics.empty() ? record_topics() : options_.topics),
        subscriptions_(all_topics(topics_)),
        sender_(options_.copied_bytes_max),
        hello_(encode_hello(identity_)) {
    for (BatchPool* pool : pools) lanes_.push_back({pool, std::vector<std::uint64_t>(topics_.size(), 0)});
  }

  std::string open();
  std::string attach(AttachedService& service);
  void start();
  void stop();

  const std::string& endpoint() const { return endpoint_; }
  const SensorIdentity& identity() const { return identity_; }
  StatsSnapshot latest() const {
    const std::lock_guard lock(mutex_);
    return latest_;
  }
  PublisherCounters counters() const {
    const std::lock_guard lock(mutex_);
    return shared_counters_;
  }

 private:
  struct Lane {
    BatchPool* pool;
    std::vector<std::uint64_t> next;  // per topic: the sequence number after the last one seen
  };

  void run();
  bool drain();
  void send(Lane& lane, Batch* batch);
  bool poll(int timeout_ms);
  void read_subscriptions();
  void say_hello(Clock::time_point now);
  void publish_stats();
  bool send_message(std::string_view topic, const std::vector<std::uint8_t>& bytes);
  void share_counters();
  void finish();
  void close(int linger_ms);

  const Settings settings_;
  const SensorIdentity identity_;
  const Collect collect_;
  const PublisherOptions options_;
  const std::vector<std::string> topics_;

  void* context_ = nullptr;
  void* socket_ = nullptr;
  std::string endpoint_;
  CurveGate gate_;
  ConnectionMonitor monitor_;
  std::vector<AttachedService*> services_;
  std::vector<zmq_pollitem_t> items_;  // records, monitor, gate

  std::vector<Lane> lanes_;
  Subscriptions subscriptions_;
  BatchSender sender_;
  const std::vector<std::uint8_t> hello_;
  bool hello_due_ = false;
  Clock::time_point hello_last_{};
  std::uint64_t stats_sequence_ = 0;
  PublisherCounters counters_;

  std::thread thread_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  StatsSnapshot latest_;
  PublisherCounters shared_counters_;
};

std::string Publisher::Impl::open() {
  assert(context_ == nullptr);
  context_ = options_.zmq_context != nullptr ? options_.zmq_context : zmq_ctx_new();
  if (context_ == nullptr) return "ZeroMQ does not start: out of memory";
  std::string sentence;
  if (!settings_.curve_clients.empty()) sentence = gate_.open(context_, settings_.curve_clients);
  if (sentence.empty()) {
    socket_ = zmq_socket(context_, ZMQ_XPUB);
    if (socket_ == nullptr) sentence = std::string("ZeroMQ makes no socket: ") + zmq_strerror(zmq_errno());
  }
  if (sentence.empty()) {
    set_int(socket_, ZMQ_XPUB_VERBOSER, 1);  // each newcomer is told of, and each that leaves
    set_int(socket_, ZMQ_SNDHWM,
            static_cast<int>(std::clamp<std::uint32_t>(settings_.high_water_mark, 1, 1u << 20)));
    set_int(socket_, ZMQ_SNDTIMEO, 0);
    set_int(socket_, ZMQ_LINGER, 0);
    zmq_setsockopt(socket_, ZMQ_MAXMSGSIZE, &kUpstreamBytesMax, sizeof(kUpstreamBytesMax));
    sentence = monitor_.open(context_, socket_);
  }
  if (sentence.empty())
    sentence = bind_endpoint(socket_, settings_, "records endpoint", settings_.records_endpoint, endpoint_);
  if (!sentence.empty()) close(0);
  return sentence;
}

std::string Publisher::Impl::attach(AttachedService& service) {
  assert(context_ != nullptr && !thread_.joinable());
  std::string sentence = service.open(context_);
  if (sentence.empty()) services_.push_back(&service);
  return sentence;
}

void Publisher::Impl::start() {
  assert(socket_ != nullptr && !thread_.joinable());
  items_.push_back({socket_, 0, ZMQ_POLLIN, 0});
  items_.push_back({monitor_.socket(), 0, ZMQ_POLLIN, 0});
  if (gate_.socket() != nullptr) items_.push_back({gate_.socket(), 0, ZMQ_POLLIN, 0});
  // Signals are the main thread's: the new thread inherits a full mask.
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  for (AttachedService* service : services_) service->start();
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  pthread_setname_np(thread_.native_handle(), "publish");
  if (settings_.main_cpu >= 0) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(static_cast<unsigned>(settings_.main_cpu), &cpus);
    pthread_setaffinity_np(thread_.native_handle(), sizeof(cpus),
                           &cpus);  // refused: it runs anywhere, which works too
  }
}

void Publisher::Impl::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  if (thread_.joinable())
    thread_.join();
  else
    close(0);
  if (context_ != nullptr && options_.zmq_context == nullptr)
    while (zmq_ctx_term(context_) != 0 && zmq_errno() == EINTR) {
    }
  context_ = nullptr;
}

void Publisher::Impl::run() {
  unsigned idle_turns = 0;
  Clock::time_point stats_next = Clock::now();
  while (!stopping_.load(std::memory_order_relaxed)) {
    const bool moved = drain();
    idle_turns = moved ? 0 : idle_turns + 1;
    if (!poll(moved ? 0 : idle_turns < kIdleTurns ? kBusyPollMs : kIdlePollMs)) break;
    const Clock::time_point now = Clock::now();
    if (hello_due_) say_hello(now);
    if (now >= stats_next) {
      publish_stats();
      stats_next = std::max(stats_next + milliseconds(options_.stats_period_ms), now);
    }
    share_counters();
  }
  finish();
}

// One round over the pools; true if there was anything.
bool Publisher::Impl::drain() {
  bool moved = false;
  for (Lane& lane : lanes_) {
    for (int i = 0; i < kBatchesPerPoolAndTurn; ++i) {
      Batch* batch = lane.pool->next();
      if (batch == nullptr) break;
      send(lane, batch);
      moved = true;
    }
  }
  return moved;
}

void Publisher::Impl::send(Lane& lane, Batch* batch) {
  if (batch->topic >= topics_.size()) {
    ++counters_.batches_bad_topic;
    batch->pool->release(batch);
    return;
  }
  const std::string& topic = topics_[batch->topic];
  const std::uint64_t records = batch->records;
  const std::uint64_t bytes = batch->data_bytes;
  lane.next[batch->topic] = batch->sequence + 1;
  const BatchSender::Result result = sender_.send(socket_, topic, batch);
  if (result.copied) ++counters_.batches_copied;
  switch (result.outcome) {
    case BatchSender::Outcome::sent:
      ++counters_.batches_sent;
      counters_.records_sent += records;
      counters_.bytes_sent += bytes;
      break;
    case BatchSender::Outcome::unsent:
      ++(subscriptions_.wanted(topic) ? counters_.batches_high_water : counters_.batches_no_subscriber);
      break;
    case BatchSender::Outcome::no_memory:
      ++counters_.batches_no_memory;
      break;
  }
}

// False when the context is gone.
bool Publisher::Impl::poll(int timeout_ms) {
  const int ready = zmq_poll(items_.data(), static_cast<int>(items_.size()), timeout_ms);
  if (ready < 0) return zmq_errno() == EINTR;
  if (ready == 0) return true;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if ((items_[i].revents & ZMQ_POLLIN) == 0) continue;
    if (i == 0)
      read_subscriptions();
    else if (i == 1)
      monitor_.serve();
    else
      gate_.serve();
  }
  return true;
}

void Publisher::Impl::read_subscriptions() {
  std::array<std::uint8_t, kUpstreamBytesMax> frame{};
  for (int i = 0; i < kEventsPerTurnMax; ++i) {
    const int n = zmq_recv(socket_, frame.data(), frame.size(), ZMQ_DONTWAIT);
    if (n < 0) break;
    const std::size_t size = std::min(static_cast<std::size_t>(n), frame.size());
    hello_due_ = subscriptions_.on_event(Bytes(frame.data(), size)) || hello_due_;
  }
}

// To everybody who listens to `hello.`: XPUB cannot address one subscriber.
void Publisher::Impl::say_hello(Clock::time_point now) {
  if (now - hello_last_ < kHelloPeriod) return;
  hello_due_ = false;
  hello_last_ = now;
  if (send_message(kHelloTopic, hello_)) ++counters_.hellos_sent;
}

void Publisher::Impl::publish_stats() {
  StatsSnapshot snapshot;
  if (collect_) snapshot = collect_();
  snapshot.time = system_time();
  snapshot.sequence = stats_sequence_++;
  snapshot.next_sequences.clear();
  for (const Lane& lane : lanes_)
    for (std::size_t topic = 0; topic < topics_.size(); ++topic)
      if (lane.next[topic] != 0)
        snapshot.next_sequences.push_back({lane.pool->worker(), topics_[topic], lane.next[topic]});
  share_counters();
  append_publisher_counters(counters_, snapshot.publisher);
  for (const Lane& lane : lanes_) append_pool_gauges(*lane.pool, snapshot.publisher);
  for (const AttachedService* service : services_) service->report(snapshot.publisher);
  if (send_message(kStatsTopic, encode_stats(identity_, snapshot))) ++counters_.stats_sent;
  const std::lock_guard lock(mutex_);
  latest_ = std::move(snapshot);
}

bool Publisher::Impl::send_message(std::string_view topic, const std::vector<std::uint8_t>& bytes) {
  return zmq_send(socket_, topic.data(), topic.size(), ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 &&
         zmq_send(socket_, bytes.data(), bytes.size(), ZMQ_DONTWAIT) >= 0;
}

void Publisher::Impl::share_counters() {
  counters_.copied_bytes = sender_.copied_bytes();
  counters_.subscriptions = subscriptions_.count();
  counters_.connections = monitor_.connections();
  counters_.handshakes_failed = monitor_.handshakes_failed();
  counters_.clients_refused = gate_.refused();
  const std::lock_guard lock(mutex_);
  shared_counters_ = counters_;
}

void Publisher::Impl::finish() {
  const Clock::time_point begin = Clock::now();
  while (drain() && Clock::now() - begin < kDrainMax) {
  }
  for (Lane& lane : lanes_) {
    while (Batch* batch = lane.pool->next()) {
      ++counters_.batches_left;
      batch->pool->release(batch);
    }
  }
  publish_stats();  // tells every subscriber the last sequence numbers
  share_counters();
  const auto spent = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
  close(static_cast<int>(std::max(kStopMax - spent, milliseconds(0)).count()));
}

void Publisher::Impl::close(int linger_ms) {
  for (AttachedService* service : services_) service->stop(linger_ms);
  services_.clear();
  items_.clear();
  monitor_.close();
  if (socket_ != nullptr) {
    set_int(socket_, ZMQ_LINGER, linger_ms);
    zmq_close(socket_);
    socket_ = nullptr;
  }
  gate_.close();
}

Publisher::Publisher(const Settings& settings, SensorIdentity identity, const std::vector<BatchPool*>& pools,
                     Collect collect, PublisherOptions options)
    : impl_(std::make_unique<Impl>(settings, std::move(identity), pools, std::move(collect),
                                   std::move(options))) {}

Publisher::~Publisher() {
  impl_->stop();
}

std::string Publisher::open() {
  return impl_->open();
}
std::string Publisher::attach(AttachedService& service) {
  return impl_->attach(service);
}
void Publisher::start() {
  impl_->start();
}
void Publisher::stop() {
  impl_->stop();
}
std::string Publisher::endpoint() const {
  return impl_->endpoint();
}
StatsSnapshot Publisher::latest() const {
  return impl_->latest();
}
PublisherCounters Publisher::counters() const {
  return impl_->counters();
}
const SensorIdentity& Publisher::identity() const {
  return impl_->identity();
}

}  // namespace spanlight
