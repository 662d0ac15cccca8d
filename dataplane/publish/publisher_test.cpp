// The publisher with real sockets: what a subscriber sees, and what it does not.

#include "publish/publisher.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <map>

#include "publish/fakes.h"
#include "schema/hello_generated.h"
#include "schema/stats_generated.h"

namespace spanlight {
namespace {

using fakes::eventually;
using fakes::Subscriber;

// A publisher over one pool, and the worker's side of it.
class Sensor {
 public:
  Sensor(const Settings& settings, std::size_t batches, std::size_t buffer_bytes = 4'096,
         PublisherOptions options = fakes::options())
      : pool(3, buffer_bytes, batches),
        publisher(
            settings, fakes::identity(), {&pool},
            [] {
              StatsSnapshot snapshot;
              snapshot.ports.push_back({"eth1", {{"port_received_total", "", 9}}});
              snapshot.workers.push_back({3, {{"packets_total", "", 8}, {"drops_total", "ring", 7}}});
              return snapshot;
            },
            std::move(options)) {}

  void open_and_start() {
    ASSERT_EQ(publisher.open(), "");
    publisher.start();
  }
  // Waits for a buffer: for tests where the worker's own drops are not the question.
  void submit(std::uint16_t topic, std::uint64_t sequence, std::size_t bytes = 1'000) {
    Batch* batch = nullptr;
    ASSERT_TRUE(eventually([&] { return (batch = pool.take()) != nullptr; }));
    fakes::fill(batch, topic, sequence, bytes);
    pool.submit(batch);
  }
  bool subscribed(std::uint64_t subscriptions) {
    return eventually([&] { return publisher.counters().subscriptions >= subscriptions; });
  }

  BatchPool pool;
  Publisher publisher;
};

// 200 batches on one topic, then the sequence numbers as they arrived.
void expect_no_holes(Sensor& sensor, void* context, const std::string& endpoint) {
  Subscriber subscriber(context, endpoint, {"record.http."});
  ASSERT_TRUE(sensor.subscribed(1));
  std::thread worker([&] {
    for (std::uint64_t i = 0; i < 200; ++i) {
      sensor.submit(0, i);
      sensor.submit(1, i);  // a topic nobody asked for
    }
  });
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto message = subscriber.receive();
    ASSERT_TRUE(message) << i;
    EXPECT_EQ(message->topic, "record.http.");
    EXPECT_EQ(message->mark().sequence, i);
    EXPECT_EQ(message->mark().worker, 3u);
    EXPECT_TRUE(message->intact());
  }
  worker.join();
  EXPECT_TRUE(eventually([&] { return sensor.publisher.counters().batches_no_subscriber == 200; }));
  EXPECT_EQ(sensor.publisher.counters().batches_sent, 200u);
  EXPECT_EQ(sensor.publisher.counters().records_sent, 200u);
  EXPECT_EQ(sensor.publisher.counters().bytes_sent, 200'000u);
  EXPECT_TRUE(eventually([&] { return sensor.pool.available() == sensor.pool.count(); }));
}

TEST(Publisher, NoHolesOverIpc) {
  const fakes::TempDirectory directory;
  const fakes::Context context;
  Settings settings;
  settings.records_endpoint = directory.ipc("records.sock");
  Sensor sensor(settings, 16);
  sensor.open_and_start();
  expect_no_holes(sensor, context.get(), sensor.publisher.endpoint());
}

TEST(Publisher, NoHolesOverTcp) {
  const fakes::Context context;
  Settings settings;
  settings.records_endpoint = "tcp://127.0.0.1:*";
  Sensor sensor(settings, 16);
  sensor.open_and_start();
  expect_no_holes(sensor, context.get(), sensor.publisher.endpoint());
}

TEST(Publisher, NoHolesWithinTheProcess) {
  const fakes::Context context;
  Settings settings;
  settings.records_endpoint = "inproc://records";
  PublisherOptions options = fakes::options();
  options.zmq_context = context.get();
  Sensor sensor(settings, 16, 4'096, options);
  sensor.open_and_start();
  expect_no_holes(sensor, context.get(), "inproc://records");
}

TEST(Publisher, EachNewcomerGetsAHello) {
  const fakes::TempDirectory directory;
  const fakes::Context context;
  Settings settings;
  settings.records_endpoint = directory.ipc("records.sock");
  Sensor sensor(settings, 4);
  sensor.open_and_start();
  Subscriber first(context.get(), settings.records_endpoint, {"hello."});
  const auto hello = first.receive();
  ASSERT_TRUE(hello);
  flatbuffers::Verifier verifier(hello->body.data(), hello->body.size());
  ASSERT_TRUE(wire::VerifyHelloBuffer(verifier));
  const wire::Hello* read = wire::GetHello(hello->body.data());
  EXPECT_EQ(read->sensor()->str(), "rack12");
  EXPECT_EQ(read->sensor_epoch(), 77u);
  EXPECT_EQ(read->version()->str(), "0.1.0");
  EXPECT_EQ(read->started(), 1'700'000'000'000'000'000ULL);
  ASSERT_NE(read->protocols(), nullptr);
  // HTTP/2's calls are told as HTTP's: one protocol with the fields of both, each once.
  const wire::Protocol* http = read->protocols()->Get(0);
  EXPECT_EQ(http->name()->str(), "http");
  std::map<std::string, int> fields;
  for (const wire::FieldSpec* field : *http->fields()) ++fields[field->name()->str()];
  EXPECT_EQ(fields["pipelined"], 1);
  EXPECT_EQ(fields["stream_id"], 1);
  EXPECT_EQ(fields["host"], 1);
  for (const wire::Protocol* protocol : *read->protocols()) EXPECT_NE(protocol->name()->str(), "http2");

  sensor.submit(0, 0);
  Subscriber late(context.get(), settings.records_endpoint, {""});  // everything
  ASSERT_TRUE(late.receive_topic("hello."));
  ASSERT_TRUE(first.receive_topic("hello."));  // XPUB cannot address the newcomer alone
  // A message may arrive before its sender has counted it.
  EXPECT_TRUE(eventually([&] { return sensor.publisher.counters().hellos_sent >= 2; }));
}

TEST(Publisher, StatsTellTheNextSequences) {
  const fakes::TempDirectory directory;
  const fakes::Context context;
  Settings settings;
  settings.records_endpoint = directory.ipc("records.sock");
  Sensor sensor(settings, 4);
  sensor.open_and_start();
  Subscriber subscriber(context.get(), settings.records_endpoint, {"stats."});
  ASSERT_TRUE(sensor.subscribed(1));
  for (std::uint64_t i = 0; i < 5; ++i) sensor.submit(1, i);
  std::optional<std::uint64_t> last;
  std::uint64_t next = 0;
  for (int i = 0; i < 200 && next != 5; ++i) {
    const auto message = subscriber.receive();
    ASSERT_TRUE(message);
    flatbuffers::Verifier verifier(message->body.data(), message->body.size());
    ASSERT_TRUE(wire::VerifyStatsBuffer(verifier));
    const wire::Stats* stats = wire::GetStats(message->body.data());
    if (last) {
      EXPECT_EQ(stats->sequence(), *last + 1);
    }
    last = stats->sequence();
    EXPECT_EQ(stats->sensor()->str(), "rack12");
    EXPECT_EQ(stats->ports()->Get(0)->port()->str(), "eth1");
    EXPECT_EQ(stats->workers()->Get(0)->counters()->Get(1)->label()->str(), "ring");
    EXPECT_EQ(stats->workers()->Get(0)->counters()->Get(1)->value(), 7u);
    EXPECT_GT(stats->publisher()->size(), 10u);
    if (stats->next_sequences()->size() == 1) {
      EXPECT_EQ(stats->next_sequences()->Get(0)->worker(), 3);
      EXPECT_EQ(stats->next_sequences()->Get(0)->topic()->str(), "record.redis.");
      next = stats->next_sequences()->Get(0)->next();
    }
  }
  EXPECT_EQ(next, 5u);
  EXPECT_EQ(sensor.publisher.latest().ports.at(0).port, "eth1");
}

TEST(Publisher, StopSendsWhatIsLeftAndTheLastSequences) {
  const fakes::TempDirectory directory;
  const fakes::Context context;
  Settings settings;
  settings.records_endpoint = directory.ipc("records.sock");
  Sensor sensor(settings, 64);
  sensor.open_and_start();
  Subscriber subscriber(context.get(), settings.records_endpoint, {"record.", "stats."});
  ASSERT_TRUE(sensor.subscribed(2));
  for (std::uint64_t i = 0; i < 40; ++i) sensor.submit(0, i);
  sensor.publisher.stop();
  std::uint64_t batches = 0;
  std::uint64_t next = 0;
  while (next != 40) {
    const auto message = subscriber.receive();
    ASSERT_TRUE(message) << "the last stats never came; batches: " << batches;
    if (message->topic == "record.http.") {
      EXPECT_EQ(message->mark().sequence, batches++);
      continue;
    }
    const auto* sequences = wire::GetStats(message->body.data())->next_sequences();
    next = sequences->size() == 0 ? 0 : sequences->Get(0)->next();
    EXPECT_EQ(next, batches);  // stats never run ahead of what was sent
  }
  EXPECT_EQ(batches, 40u);
  EXPECT_EQ(sensor.publisher.counters().batches_left, 0u);
  EXPECT_EQ(sensor.pool.available(), sensor.pool.count());
}

TEST(Publisher, WithoutSubscribersEverythingComesBack) {
  const fakes::TempDirectory directory;
  Settings settings;
  settings.records_endpoint = directory.ipc("records.sock");
  Sensor sensor(settings, 4);
  sensor.open_and_start();
  for (std::uint64_t i = 0; i < 100; ++i) sensor.submit(0, i);
  EXPECT_TRUE(eventually([&] { return sensor.publisher.counters().batches_no_subscriber == 100; }));
  EXPECT_EQ(sensor.publisher.counters().batches_sent, 0u);
  EXPECT_TRUE(eventually([&] { return sensor.pool.available() == 4; }));
}

TEST(Publisher, ATopicThatDoesNotExistIsCountedNotSent) {
  const fakes::TempDirectory directory;
  Settings settings;
  settings.records_endpoint = directory.ipc("records.sock");
  Sensor sensor(settings, 4);
  sensor.open_and_start();
  sensor.submit(9, 0);
  EXPECT_TRUE(eventually([&] { return sensor.publisher.counters().batches_bad_topic == 1; }));
  EXPECT_TRUE(eventually([&] { return sensor.pool.available() == 4; }));
}

// A peer by hand (ZMTP 3.0, RFC 23, NULL mechanism): it may send what libzmq's own sockets would not.
class BarePeer {
 public:
  explicit BarePeer(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    std::string greeting("\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL", 16);
    greeting.resize(64, '\0');
    say(greeting);
    say(std::string("\4\x19\5READY\xbSocket-Type\0\0\0\3SUB", 27));
    char byte = 0;
    for (int i = 0; i < 64; ++i) EXPECT_EQ(recv(fd_, &byte, 1, MSG_WAITALL), 1);  // its greeting
  }
  ~BarePeer() { close(fd_); }
  BarePeer(const BarePeer&) = delete;
  BarePeer& operator=(const BarePeer&) = delete;
  void frame(const std::string& body) { say(std::string(1, '\0') + static_cast<char>(body.size()) + body); }

 private:
  void say(const std::string& bytes) {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  int fd_;
};

// Subscriptions taken back that were never made, twice over, and bytes that mean nothing: whatever the counts
// say then, others get what they asked for.
TEST(Publisher, AHostilePeerTakesNothingFromOthers) {
  const fakes::TempDirectory directory;
  const fakes::Context context;
  Settings settings;
  settings.records_endpoint = directory.ipc("records.sock");
  Sensor sensor(settings, 8);
  sensor.open_and_start();
  Subscriber healthy(context.get(), settings.records_endpoint, {"record.http."});
  ASSERT_TRUE(sensor.subscribed(1));
  BarePeer hostile(directory.file("records.sock"));
  const std::string topic = "record.http.";
  for (const std::string& body : {'\0' + topic, '\0' + topic, '\0' + topic, std::string("\x7junk"),
                                  std::string(), '\1' + std::string(200, 'x'), std::string("\1hello.")})
    hostile.frame(body);
  ASSERT_TRUE(
      eventually([&] { return sensor.publisher.counters().hellos_sent == 1; }));  // all of it has been read
  EXPECT_LE(sensor.publisher.counters().subscriptions, 1u);  // the count is deceived, no more
  for (std::uint64_t i = 0; i < 50; ++i) {
    sensor.submit(0, i);
    const auto message = healthy.receive();
    ASSERT_TRUE(message) << i;
    EXPECT_EQ(message->mark().sequence, i);
  }
  EXPECT_TRUE(eventually([&] { return sensor.publisher.counters().batches_sent == 50; }));
}

// What no subscription needs cuts a peer off, and no other.
TEST(Publisher, AnOverlongSubscriptionEndsItsConnection) {
  const fakes::TempDirectory directory;
  const fakes::Context context;
  Settings settings;
  settings.records_endpoint = directory.ipc("records.sock");
  Sensor sensor(settings, 8);
  sensor.open_and_start();
  Subscriber healthy(context.get(), settings.records_endpoint, {"record.http."});
  ASSERT_TRUE(sensor.subscribed(1));
  Subscriber greedy(context.get(), settings.records_endpoint, {"record.http.", std::string(100'000, 'y')},
                    [](void* socket) { fakes::set_option(socket, ZMQ_RECONNECT_IVL, -1); });
  EXPECT_FALSE(greedy.receive(std::chrono::milliseconds(300)));
  EXPECT_TRUE(eventually([&] { return sensor.publisher.counters().connections == 1; }));
  sensor.submit(0, 0);
  EXPECT_TRUE(healthy.receive());
  EXPECT_FALSE(greedy.receive(std::chrono::milliseconds(50)));
}

}  // namespace
}  // namespace spanlight
