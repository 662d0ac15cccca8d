// The publisher with real sockets: what a subscriber sees, and what it does not.

#include "publish/publisher.h"

#include <gtest/gtest.h>

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
        publisher(settings, fakes::identity(), {&pool},
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
  EXPECT_EQ(read->protocols()->Get(0)->name()->str(), "http");

  sensor.submit(0, 0);
  Subscriber late(context.get(), settings.records_endpoint, {""});  // everything
  ASSERT_TRUE(late.receive_topic("hello."));
  ASSERT_TRUE(first.receive_topic("hello."));  // XPUB cannot address the newcomer alone
  EXPECT_GE(sensor.publisher.counters().hellos_sent, 2u);
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

// A peer may send anything upstream: unsubscriptions of what it never subscribed to, and bytes that mean nothing.
TEST(Publisher, AHostilePeerTakesNothingFromOthers) {
  const fakes::TempDirectory directory;
  const fakes::Context context;
  Settings settings;
  settings.records_endpoint = directory.ipc("records.sock");
  Sensor sensor(settings, 8);
  sensor.open_and_start();
  Subscriber healthy(context.get(), settings.records_endpoint, {"record.http."});
  ASSERT_TRUE(sensor.subscribed(1));
  void* hostile = zmq_socket(context.get(), ZMQ_XSUB);
  fakes::set_option(hostile, ZMQ_LINGER, 0);
  ASSERT_EQ(zmq_connect(hostile, settings.records_endpoint.c_str()), 0);
  for (const std::string& junk : {std::string("\0record.http.", 13), std::string("\x07junk"), std::string("\1", 1),
                                  std::string("\1") + std::string(600, 'x'), std::string("\0", 1)})
    ASSERT_GE(zmq_send(hostile, junk.data(), junk.size(), 0), 0);
  const std::string too_long = "\1" + std::string(100'000, 'y');  // cuts this peer off, and no other
  zmq_send(hostile, too_long.data(), too_long.size(), 0);
  for (std::uint64_t i = 0; i < 50; ++i) {
    sensor.submit(0, i);
    const auto message = healthy.receive();
    ASSERT_TRUE(message) << i;
    EXPECT_EQ(message->mark().sequence, i);
  }
  zmq_close(hostile);
}

}  // namespace
}  // namespace spanlight
