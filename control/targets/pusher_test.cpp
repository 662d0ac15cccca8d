#include "targets/pusher.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zmq.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "schema/command_generated.h"

namespace spanlight {
namespace {

using std::chrono::milliseconds;

// A command socket as a sensor has it, with a sensor's memory. What goes wrong is chosen by the test.
class FakeSensor {
 public:
  enum class Mood : std::uint8_t { well, silent, refusing, babbling, two_frames };

  explicit FakeSensor(std::string endpoint) : endpoint_(std::move(endpoint)) { start(); }
  ~FakeSensor() { stop(); }
  FakeSensor(const FakeSensor&) = delete;
  FakeSensor& operator=(const FakeSensor&) = delete;

  void encrypt(std::string secret_key) {
    stop();
    secret_key_ = std::move(secret_key);
    start();
  }
  // As after a crash: another epoch, no targets.
  void restart() {
    stop();
    ++epoch;
    generation = 0;
    addresses = 0;
    mark = 0;
    start();
  }
  void stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    thread_.join();
  }

  std::atomic<Mood> mood{Mood::well};
  std::atomic<std::uint64_t> epoch{1}, generation{0}, addresses{0}, asked{0}, mark{0};

 private:
  void start() {
    stopping_ = false;
    thread_ = std::thread([this] { serve(); });
  }
  void serve() {
    void* const context = zmq_ctx_new();
    void* const socket = zmq_socket(context, ZMQ_ROUTER);  // silence is allowed
    const int none = 0, server = 1;
    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none));
    if (!secret_key_.empty()) {
      zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &server, sizeof(server));
      zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key_.c_str(), secret_key_.size() + 1);
    }
    EXPECT_EQ(zmq_bind(socket, endpoint_.c_str()), 0) << zmq_strerror(zmq_errno());
    while (!stopping_) {
      zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
      if (zmq_poll(&item, 1, 10) > 0) serve_one(socket);
    }
    zmq_close(socket);
    zmq_ctx_term(context);
  }
  void serve_one(void* socket) {
    std::vector<std::vector<std::uint8_t>> frames;
    int more = 1;
    std::size_t more_size = sizeof(more);
    while (more != 0) {
      std::vector<std::uint8_t> frame(1 << 16);
      const int size = zmq_recv(socket, frame.data(), frame.size(), 0);
      ASSERT_GE(size, 0);
      frame.resize(static_cast<std::size_t>(size));
      frames.push_back(std::move(frame));
      zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_size);
    }
    ++asked;
    const std::vector<std::uint8_t>& body = frames.back();
    flatbuffers::Verifier verifier(body.data(), body.size());
    ASSERT_TRUE(wire::VerifyCommandBuffer(verifier));
    const wire::Command* command = wire::GetCommand(body.data());
    if (mood == Mood::silent) return;
    const bool refuse = mood == Mood::refusing && command->body_as_SetTargets() != nullptr;
    if (const wire::SetTargets* set = command->body_as_SetTargets(); set != nullptr && !refuse) {
      addresses = set->addresses()->size();
      mark = set->mark();
      ++generation;
    }
    flatbuffers::FlatBufferBuilder builder;
    const auto error = builder.CreateString(refuse ? "not now" : "");
    const auto name = builder.CreateString("fake");
    builder.Finish(wire::CreateReply(builder, command->id(), !refuse, error, name, epoch, generation, 0, 0, 0,
                                     false, 0, 0, 0, mark));
    frames.pop_back();
    for (const auto& frame : frames) zmq_send(socket, frame.data(), frame.size(), ZMQ_SNDMORE);
    if (mood == Mood::two_frames) zmq_send(socket, "x", 1, ZMQ_SNDMORE);
    if (mood == Mood::babbling)
      zmq_send(socket, "nonsense", 8, 0);
    else
      zmq_send(socket, builder.GetBufferPointer(), builder.GetSize(), 0);
  }

  const std::string endpoint_;
  std::string secret_key_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

class Pusher : public ::testing::Test {
 protected:
  Pusher()
      : endpoint_("ipc:///tmp/spanlight-pusher-" + std::to_string(getpid()) + ".sock"),
        sensor_(std::make_unique<FakeSensor>(endpoint_)) {
    options_.ping = milliseconds(20);
    options_.answer_max = milliseconds(200);
    options_.backoff_first = milliseconds(5);
    options_.backoff_max = milliseconds(50);
  }

  void create(const std::string& server_key = "") { pusher_ = made(server_key); }
  std::unique_ptr<TargetPusher> made(const std::string& server_key = "") {
    std::string fault;
    auto pusher = TargetPusher::create(
        {{"", endpoint_, server_key}}, "", "", options_,
        [this](const std::string& sentence) {
          if (sentence.find("Somebody else") == 0) ++overrulings_said_;
        },
        fault);
    EXPECT_NE(pusher, nullptr) << fault;
    return pusher;
  }
  static std::shared_ptr<const Targets> some(std::size_t count) {
    auto targets = std::make_shared<Targets>();
    targets->only = true;
    for (std::size_t i = 0; i < count; ++i) targets->addresses.push_back({0, i + 1});
    return targets;
  }
  void set(std::size_t count) { pusher_->set(some(count)); }
  SensorTargets status() const { return pusher_->status().at(0); }
  template <typename Condition>
  void wait(Condition condition) {
    for (int i = 0; i < 6'000 && !condition(); ++i) std::this_thread::sleep_for(milliseconds(10));
    ASSERT_TRUE(condition()) << status().last_fault;
  }
  bool in_force(std::uint64_t number) const {
    return status().acknowledged == number && status().sent == number;
  }

  const std::string endpoint_;
  PusherOptions options_;
  std::atomic<unsigned> overrulings_said_{0};
  std::unique_ptr<FakeSensor> sensor_;
  std::unique_ptr<TargetPusher> pusher_;
};

TEST_F(Pusher, SendsOnceAndKeepsWatch) {
  create();
  wait([&] { return status().reachable; });
  EXPECT_EQ(sensor_->generation, 0U);  // nothing is said before something is known
  sensor_->mood = FakeSensor::Mood::refusing;
  set(3);
  EXPECT_EQ(status().sent, 1U);
  EXPECT_FALSE(in_force(1));
  sensor_->mood = FakeSensor::Mood::well;
  wait([&] { return in_force(1); });
  EXPECT_EQ(sensor_->addresses, 3U);
  const std::uint64_t asked = sensor_->asked;
  wait([&] { return sensor_->asked > asked + 5; });
  EXPECT_EQ(sensor_->generation, 1U);
  set(0);
  wait([&] { return in_force(2); });
  EXPECT_EQ(sensor_->addresses, 0U);
}

TEST_F(Pusher, ANewSensorIsToldAgain) {
  create();
  set(3);
  wait([&] { return in_force(1); });
  sensor_->restart();
  wait([&] { return sensor_->addresses == 3 && status().resent >= 1 && in_force(1); });
  ++sensor_->mark;  // somebody else
  sensor_->generation += 1;
  wait([&] { return status().overruled >= 1 && in_force(1); });
}

TEST_F(Pusher, TwoThatWantTheSameDoNotOverruleEachOther) {
  create();
  set(3);
  wait([&] { return in_force(1); });
  const auto other = made();
  other->set(some(3));
  wait([&] { return other->status()[0].acknowledged == 1; });
  wait([&] { return status().sensor_generation == sensor_->generation; });  // it has looked, and let it be
  EXPECT_EQ(status().overruled + other->status()[0].overruled, 0U);
  EXPECT_TRUE(in_force(1));
  EXPECT_EQ(overrulings_said_, 0U);

  other->set(some(4));
  wait([&] { return status().overruled >= 3 && other->status()[0].overruled >= 3; });
  EXPECT_EQ(overrulings_said_, 2U) << "each says it once";
}

TEST_F(Pusher, RefusalSilenceAndNonsenseAreSurvived) {
  create();
  sensor_->mood = FakeSensor::Mood::refusing;
  set(3);
  wait([&] { return status().refused >= 2; });
  EXPECT_NE(status().last_fault.find("not now"), std::string::npos);
  for (const auto mood :
       {FakeSensor::Mood::silent, FakeSensor::Mood::babbling, FakeSensor::Mood::two_frames}) {
    sensor_->mood = mood;
    const std::uint64_t unanswered = status().unanswered;
    wait([&] { return status().unanswered >= unanswered + 2; });
    EXPECT_FALSE(status().reachable);
  }
  EXPECT_GE(status().malformed, 1U);
  sensor_->mood = FakeSensor::Mood::well;
  wait([&] { return in_force(1); });
  EXPECT_EQ(status().last_fault, "");
}

TEST_F(Pusher, ASensorThatComesLater) {
  sensor_->stop();
  create();
  set(3);
  wait([&] { return status().unanswered >= 2; });
  EXPECT_NE(status().last_fault.find("is not there"), std::string::npos);
  sensor_->restart();
  wait([&] { return in_force(1); });
}

// Until it has its targets it captures everything: neither a back-off nor a lost question holds them up.
TEST_F(Pusher, ASensorThatComesIsToldAtOnce) {
  options_.answer_max = options_.backoff_first = options_.backoff_max = std::chrono::hours(1);
  sensor_->stop();
  create();
  set(3);
  wait([&] { return status().unanswered >= 1; });
  sensor_->restart();
  wait([&] { return in_force(1); });
  sensor_->mood = FakeSensor::Mood::silent;
  const std::uint64_t asked = sensor_->asked;
  wait([&] { return sensor_->asked > asked; });
  sensor_->stop();
  sensor_->mood = FakeSensor::Mood::well;
  sensor_->restart();
  wait([&] { return sensor_->addresses == 3 && in_force(1); });
}

TEST_F(Pusher, Encrypted) {
  char public_key[41], secret_key[41];
  ASSERT_EQ(zmq_curve_keypair(public_key, secret_key), 0);
  sensor_->encrypt(secret_key);
  create(public_key);
  set(3);
  wait([&] { return in_force(1); });
}

TEST_F(Pusher, WhatCannotBeRightIsRefused) {
  std::string fault;
  EXPECT_EQ(TargetPusher::create({{"", "nonsense", ""}}, "", "", {}, {}, fault), nullptr);
  EXPECT_NE(fault.find("not an endpoint"), std::string::npos);
  EXPECT_EQ(TargetPusher::create({{"", endpoint_, "short"}}, "", "", {}, {}, fault), nullptr);
  EXPECT_NE(fault.find("CURVE"), std::string::npos);
  fault.clear();
  EXPECT_NE(TargetPusher::create({{"ipc://records", "", ""}}, "", "", {}, {}, fault), nullptr);
}

}  // namespace
}  // namespace spanlight
