// Real sockets: publishers as sensors have them, and what the sinks get.

#include "ingest/ingest.h"

#include <gtest/gtest.h>
#include <zmq.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "process/clock.h"
#include "record/reader.h"
#include "record/sample.h"

namespace spanlight {
namespace {

class Publisher {
 public:
  explicit Publisher(std::string endpoint = "tcp://127.0.0.1:*")
      : context_(zmq_ctx_new()), socket_(zmq_socket(context_, ZMQ_XPUB)) {
    EXPECT_EQ(zmq_bind(socket_, endpoint.c_str()), 0);
    char bound[128];
    std::size_t size = sizeof(bound);
    EXPECT_EQ(zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, bound, &size), 0);
    endpoint_ = bound;
  }
  ~Publisher() {
    const int none = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof(none));
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  void await_subscriber() {
    char message[128];
    for (int i = 0; i < 3; ++i) ASSERT_GT(zmq_recv(socket_, message, sizeof(message), 0), 0);
  }
  void send(const std::string& topic, const void* bytes, std::size_t size) {
    zmq_send(socket_, topic.data(), topic.size(), ZMQ_SNDMORE);
    zmq_send(socket_, bytes, size, 0);
  }
  void send_calls(std::uint64_t sequence, int calls, std::uint8_t src_host = 1) {
    sample::Batch batch;
    batch.sequence = sequence;
    sample::Record record = sample::usual_call();
    record.src = sample::ipv4(10, 244, 0, src_host);
    record.timestamp = wall_clock_ns();
    batch.records.assign(static_cast<std::size_t>(calls), record);
    const sample::Bytes bytes = sample::build(batch);
    send("record.http.", bytes.data(), bytes.size());
  }

 private:
  void* context_;
  void* socket_;
  std::string endpoint_;
};

class Collector final : public CallSink {
 public:
  void take(const std::shared_ptr<const NamedBatch>& batch) override {
    const std::lock_guard held(lock_);
    calls_ += batch->calls.size();
    batches_.push_back(batch);
  }
  std::size_t calls() const {
    const std::lock_guard held(lock_);
    return calls_;
  }
  std::vector<std::shared_ptr<const NamedBatch>> batches() const {
    const std::lock_guard held(lock_);
    return batches_;
  }

 private:
  mutable std::mutex lock_;
  std::size_t calls_ = 0;
  std::vector<std::shared_ptr<const NamedBatch>> batches_;
};

// One pod, which the map hears of when told to.
class OnePod final : public Naming {
 public:
  struct State final : NameState {
    explicit State(bool known) : known_(known) {}
    CallEnd end_of(const wire::Address& address, std::uint16_t, std::uint64_t) const override {
      return {known_ && is_pod(address) ? &party_ : nullptr, {}};
    }
    bool may_still_come(const wire::Address& address, std::uint64_t) const override {
      return !known_ && is_pod(address);
    }
    static bool is_pod(const wire::Address& address) {
      return address.low() == sample::ipv4(10, 244, 0, 1).low();
    }
    bool known_;
    Party party_{.name = "pod-1", .name_space = "shop"};
  };
  std::shared_ptr<const NameState> current() const override {
    const std::lock_guard held(lock_);
    return state_;
  }
  void appear() {
    const std::lock_guard held(lock_);
    state_ = std::make_shared<const State>(true);
  }

 private:
  mutable std::mutex lock_;
  std::shared_ptr<const NameState> state_ = std::make_shared<const State>(false);
};

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

ControlSettings settings_for(const std::vector<std::string>& endpoints) {
  ControlSettings settings;
  settings.sensors.clear();
  for (const std::string& endpoint : endpoints) settings.sensors.push_back({endpoint, {}, {}});
  settings.hold_ms = 60'000;
  return settings;
}

TEST(Ingest, hands_named_calls_of_all_sensors_on) {
  Publisher one, two;
  const ControlSettings settings = settings_for({one.endpoint(), two.endpoint()});
  SensorBoard board(settings.sensors);
  OnePod naming;
  naming.appear();
  Collector collector;
  Ingest ingest(settings, naming, board, {&collector});
  ingest.start();
  one.await_subscriber();
  two.await_subscriber();
  one.send_calls(0, 3);
  two.send_calls(0, 2, 9);
  ASSERT_TRUE(eventually([&] { return collector.calls() == 5; }));
  std::size_t named = 0;
  for (const auto& batch : collector.batches())
    for (const Call& call : batch->calls)
      named += call.src.party != nullptr && call.src.party->name == "pod-1";
  EXPECT_EQ(named, 3u);
  EXPECT_EQ(ingest.counters().calls, 5u);
  EXPECT_EQ(ingest.counters().unnamed, 2u);
  std::uint64_t counted = 0;
  for (const RedTable* red : ingest.red())
    for (const ServiceCounts& service : red->services(0)) counted += service.total.calls;
  EXPECT_EQ(counted, 5u);
}

TEST(Ingest, a_dns_answer_names_the_next_call) {
  Publisher publisher;
  const ControlSettings settings = settings_for({publisher.endpoint()});
  SensorBoard board(settings.sensors);
  OnePod naming;
  naming.appear();
  Collector collector;
  Ingest ingest(settings, naming, board, {&collector});
  ingest.start();
  publisher.await_subscriber();
  sample::Record answer;
  answer.protocol = "dns";
  answer.timestamp = answer.response_timestamp = wall_clock_ns();
  answer.src = sample::ipv4(10, 244, 0, 1);
  answer.dst = sample::ipv4(10, 0, 0, 53);
  answer.request.fields = {{.name = "name", .text = "db.example.org"}};
  answer.response.fields = {
      {.name = "answers",
       .kind = wire::FieldKind::list,
       .text = "json",
       .list = {R"({"name":"db.example.org","type":"A","ttl":60,"data":"10.244.0.77"})"}}};
  const sample::Bytes bytes = sample::build({.topic = "record.dns.", .records = {answer}});
  publisher.send("record.dns.", bytes.data(), bytes.size());
  publisher.send_calls(0, 2, 77);
  ASSERT_TRUE(eventually([&] { return collector.calls() == 3; }));
  const auto last = collector.batches().back();
  EXPECT_EQ(last->calls[1].src.dns, "db.example.org");
  EXPECT_EQ(last->calls[1].src.party, nullptr);
  EXPECT_EQ(ingest.counters().dns_named, 2u);
  EXPECT_EQ(ingest.counters().dns_addresses, 1u);
  EXPECT_EQ(ingest.counters().dns_learned, 1u);
}

TEST(Ingest, a_call_waits_for_the_name_of_its_pod) {
  Publisher publisher;
  const ControlSettings settings = settings_for({publisher.endpoint()});
  SensorBoard board(settings.sensors);
  OnePod naming;
  Collector collector;
  Ingest ingest(settings, naming, board, {&collector});
  ingest.start();
  publisher.await_subscriber();
  publisher.send_calls(0, 3);
  publisher.send_calls(1, 1, 9);
  ASSERT_TRUE(eventually([&] { return collector.calls() == 1; }));
  EXPECT_EQ(ingest.counters().waiting, 3u);
  naming.appear();
  ASSERT_TRUE(eventually([&] { return collector.calls() == 4; }));
  const auto last = collector.batches().back();
  ASSERT_EQ(last->calls.size(), 3u);
  EXPECT_EQ(last->calls[0].src.party->name, "pod-1");
  EXPECT_EQ(ingest.counters().hold.named_late, 3u);
}

TEST(Ingest, at_the_end_nothing_is_kept_back) {
  Publisher publisher;
  const ControlSettings settings = settings_for({publisher.endpoint()});
  SensorBoard board(settings.sensors);
  OnePod naming;
  Collector collector;
  Ingest ingest(settings, naming, board, {&collector});
  ingest.start();
  publisher.await_subscriber();
  publisher.send_calls(0, 3);
  ASSERT_TRUE(eventually([&] { return ingest.counters().waiting == 3; }));
  ingest.stop();
  EXPECT_EQ(collector.calls(), 3u);
  EXPECT_EQ(ingest.counters().waiting, 0u);
}

TEST(Ingest, counts_what_was_missed_and_what_was_broken) {
  Publisher publisher;
  const ControlSettings settings = settings_for({publisher.endpoint(), "nonsense"});
  SensorBoard board(settings.sensors);
  OnePod naming;
  Collector collector;
  Ingest ingest(settings, naming, board, {&collector});
  ingest.start();
  publisher.await_subscriber();
  const sample::Bytes hello = sample::build_hello("rack12", 0);
  publisher.send("hello.", hello.data(), hello.size());
  publisher.send_calls(0, 1);
  publisher.send_calls(4, 1);
  publisher.send("record.http.", "not a batch", 11);
  const sample::Bytes stats = sample::build_stats("rack12", 0, {{0, "record.http.", 7}});
  publisher.send("stats.", stats.data(), stats.size());
  ASSERT_TRUE(eventually([&] { return board.sensors()[0].missed_batches == 5; }));
  const std::vector<SensorState> sensors = board.sensors();
  EXPECT_EQ(sensors[0].link, SensorState::Link::connected);
  EXPECT_EQ(sensors[0].name, "rack12");
  EXPECT_EQ(sensors[0].malformed, 1u);
  EXPECT_EQ(sensors[0].records, 2u);
  ASSERT_TRUE(eventually([&] { return board.sensors()[1].link == SensorState::Link::wrong; }));
  EXPECT_NE(board.sensors()[1].trouble.find("nonsense"), std::string::npos);
}

TEST(Ingest, a_sensor_may_come_go_and_come_again) {
  auto publisher = std::make_unique<Publisher>();
  const std::string endpoint = publisher->endpoint();
  const ControlSettings settings = settings_for({endpoint});
  SensorBoard board(settings.sensors);
  OnePod naming;
  naming.appear();
  Collector collector;
  Ingest ingest(settings, naming, board, {&collector});
  ingest.start();
  publisher->await_subscriber();
  publisher->send_calls(0, 1);
  ASSERT_TRUE(eventually([&] { return collector.calls() == 1; }));
  publisher.reset();
  ASSERT_TRUE(eventually([&] { return board.sensors()[0].link == SensorState::Link::connecting; }));
  publisher = std::make_unique<Publisher>(endpoint);
  publisher->await_subscriber();
  publisher->send_calls(1, 1);
  ASSERT_TRUE(eventually([&] { return collector.calls() == 2; }));
  EXPECT_EQ(board.sensors()[0].link, SensorState::Link::connected);
  EXPECT_EQ(board.sensors()[0].disconnects, 1u);
}

}  // namespace
}  // namespace spanlight
