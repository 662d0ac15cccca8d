#include "record/subscriber.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zmq.h>

#include <string>
#include <thread>

#include "record/sample.h"

namespace spanlight {
namespace {

using std::chrono::milliseconds;
using Kind = Received::Kind;

// A PUB socket that a sensor would have, in this process.
class Publisher {
 public:
  Publisher() : context_(zmq_ctx_new()), socket_(zmq_socket(context_, ZMQ_XPUB)) {}
  ~Publisher() {
    const int none = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof(none));
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  void encrypt(const char* secret_key) {
    const int on = 1;
    ASSERT_EQ(zmq_setsockopt(socket_, ZMQ_CURVE_SERVER, &on, sizeof(on)), 0);
    ASSERT_EQ(zmq_setsockopt(socket_, ZMQ_CURVE_SECRETKEY, secret_key, 41), 0);
  }
  std::string bind() {
    EXPECT_EQ(zmq_bind(socket_, "tcp://127.0.0.1:*"), 0);
    char endpoint[128];
    std::size_t size = sizeof(endpoint);
    EXPECT_EQ(zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
    return endpoint;
  }
  void await_subscriptions(int count) {
    char message[128];
    for (int i = 0; i < count; ++i) ASSERT_GT(zmq_recv(socket_, message, sizeof(message), 0), 0);
  }
  void send(std::string_view frame, bool more) {
    zmq_send(socket_, frame.data(), frame.size(), more ? ZMQ_SNDMORE : 0);
  }
  void send(std::string_view topic, const sample::Bytes& bytes) {
    send(topic, true);
    send({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, false);
  }

 private:
  void* context_;
  void* socket_;
};

sample::Bytes batch(std::uint64_t sequence, const std::string& topic = "record.http.") {
  sample::Batch made;
  made.sequence = sequence;
  made.topic = topic;
  made.records = {sample::usual_call()};
  return sample::build(made);
}

Received next(Subscriber& subscriber) {
  return subscriber.receive(milliseconds(5'000));
}

std::unique_ptr<Subscriber> connect(const SubscriberSettings& settings) {
  std::string fault;
  auto subscriber = Subscriber::connect(settings, fault);
  EXPECT_EQ(fault, "");
  return subscriber;
}

TEST(Subscriber, ReceivesVerifiesAndCounts) {
  Publisher publisher;
  const auto subscriber = connect({.endpoint = publisher.bind()});
  ASSERT_TRUE(subscriber);
  EXPECT_EQ(next(*subscriber).kind, Kind::connected);
  publisher.await_subscriptions(3);

  publisher.send("hello.", sample::build_hello("rack12", 0));
  const Received hello = next(*subscriber);
  ASSERT_EQ(hello.kind, Kind::hello);
  EXPECT_EQ(text_of(hello.hello->version()), "0.1.0");

  publisher.send("record.http.", batch(0));
  const Received first = next(*subscriber);
  ASSERT_EQ(first.kind, Kind::records);
  EXPECT_EQ(first.topic, "record.http.");
  EXPECT_EQ(text_of(first.batch->records()->Get(0)->method()), "GET");

  publisher.send("record.http.", batch(3));
  EXPECT_EQ(next(*subscriber).missed, 2u);
  publisher.send("stats.", sample::build_stats("rack12", 0, {{0, "record.http.", 5}}));
  const Received stats = next(*subscriber);
  ASSERT_EQ(stats.kind, Kind::stats);
  EXPECT_EQ(stats.missed, 1u);
  EXPECT_EQ(subscriber->loss().missed(), 3u);
  EXPECT_EQ(subscriber->counters().records, 2u);
  EXPECT_EQ(subscriber->receive(milliseconds(10)).kind, Kind::nothing);
}

TEST(Subscriber, GivesWhatWasReceivedAwayToWhoKeepsIt) {
  Publisher publisher;
  const auto subscriber = connect({.endpoint = publisher.bind()});
  ASSERT_TRUE(subscriber);
  EXPECT_EQ(next(*subscriber).kind, Kind::connected);
  publisher.await_subscriptions(3);
  for (std::uint64_t sequence = 0; sequence < 3; ++sequence) publisher.send("record.http.", batch(sequence));

  std::vector<std::pair<std::shared_ptr<const void>, const wire::RecordBatch*>> kept;
  for (int i = 0; i < 3; ++i) {
    const Received received = next(*subscriber);
    ASSERT_EQ(received.kind, Kind::records);
    kept.emplace_back(subscriber->keep(), received.batch);
  }
  for (std::uint64_t sequence = 0; sequence < 3; ++sequence) {
    EXPECT_EQ(kept[sequence].second->sequence(), sequence);
    EXPECT_EQ(text_of(kept[sequence].second->records()->Get(0)->protocol()), "http");
  }
}

TEST(Subscriber, SkipsWhatIsNotOursAndGoesOn) {
  Publisher publisher;
  const auto subscriber = connect({.endpoint = publisher.bind()});
  ASSERT_EQ(next(*subscriber).kind, Kind::connected);
  publisher.await_subscriptions(3);
  const auto expect = [&](ReadFault fault) {
    const Received got = next(*subscriber);
    EXPECT_EQ(got.kind, Kind::malformed);
    EXPECT_EQ(fault_name(got.fault), fault_name(fault));
  };
  publisher.send("record.http.", false);  // one frame
  expect(ReadFault::malformed);
  publisher.send("record.http.", true);  // three frames
  publisher.send("x", true);
  publisher.send("y", false);
  expect(ReadFault::malformed);
  publisher.send("record." + std::string(1'000, 'a') + ".", batch(0));
  expect(ReadFault::malformed);
  publisher.send("record.redis.", batch(0));  // filed under another topic
  expect(ReadFault::malformed);
  publisher.send("record.http.", sample::build_hello("rack12", 0));
  expect(ReadFault::wrong_identifier);
  publisher.send("stats.more.", sample::build_stats("rack12", 0, {}));
  expect(ReadFault::wrong_identifier);
  publisher.send("record.http.", batch(0));
  EXPECT_EQ(next(*subscriber).kind, Kind::records);
  EXPECT_EQ(subscriber->counters().malformed, 6u);
}

TEST(Subscriber, GetsOnlyTheProtocolsItAskedFor) {
  Publisher publisher;
  const auto subscriber = connect({.endpoint = publisher.bind(), .protocols = {"redis"}});
  ASSERT_EQ(next(*subscriber).kind, Kind::connected);
  publisher.await_subscriptions(3);
  publisher.send("record.http.", batch(0));
  publisher.send("record.redis.", batch(0, "record.redis."));
  EXPECT_EQ(next(*subscriber).topic, "record.redis.");
}

TEST(Subscriber, SaysWhenTheSensorGoes) {
  auto publisher = std::make_unique<Publisher>();
  const auto subscriber = connect({.endpoint = publisher->bind()});
  ASSERT_EQ(next(*subscriber).kind, Kind::connected);
  publisher.reset();
  EXPECT_EQ(next(*subscriber).kind, Kind::disconnected);
  EXPECT_FALSE(subscriber->connected());
}

TEST(Subscriber, ReadsEncryptedRecordsWithTheRightKeyAlone) {
  if (zmq_has("curve") == 0) GTEST_SKIP() << "ZeroMQ without CURVE";
  char public_key[41], secret_key[41], other_public[41], other_secret[41];
  ASSERT_EQ(zmq_curve_keypair(public_key, secret_key), 0);
  ASSERT_EQ(zmq_curve_keypair(other_public, other_secret), 0);
  Publisher publisher;
  publisher.encrypt(secret_key);
  const std::string endpoint = publisher.bind();
  const auto right = connect({.endpoint = endpoint, .curve_server_key = public_key});
  EXPECT_EQ(next(*right).kind, Kind::connected);
  publisher.await_subscriptions(3);
  publisher.send("record.http.", batch(0));
  EXPECT_EQ(next(*right).kind, Kind::records);

  const auto wrong = connect({.endpoint = endpoint, .curve_server_key = other_public});
  const auto plain = connect({.endpoint = endpoint});
  for (Subscriber* refused : {wrong.get(), plain.get()}) {
    for (int i = 0; i < 5; ++i) {
      const Kind kind = refused->receive(milliseconds(100)).kind;
      EXPECT_TRUE(kind == Kind::nothing || kind == Kind::refused);
    }
    EXPECT_FALSE(refused->connected());
  }
}

TEST(Subscriber, TellsWhatCannotBe) {
  const auto fault_of = [](const SubscriberSettings& settings) {
    std::string fault;
    EXPECT_EQ(Subscriber::connect(settings, fault), nullptr);
    return fault;
  };
  EXPECT_NE(fault_of({.endpoint = "nonsense"}).find("\"nonsense\" is not an endpoint"), std::string::npos);
  EXPECT_NE(fault_of({.protocols = {"a.b"}}).find("not a protocol's name"), std::string::npos);
  EXPECT_NE(fault_of({.high_water_mark = 0}).find("high-water mark"), std::string::npos);
  EXPECT_NE(fault_of({.curve_server_key = "short"}).find("public key is not a CURVE key"), std::string::npos);
}

}  // namespace
}  // namespace spanlight
