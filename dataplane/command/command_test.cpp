// The command channel over real sockets, with a handler that publishes on a TargetBoard as the sensor's does.

#include "command/command.h"

#include <gtest/gtest.h>

#include <mutex>
#include <span>
#include <thread>

#include "command/targets.h"
#include "publish/fakes.h"
#include "schema/command_generated.h"

namespace spanlight {
namespace {

class BoardHandler final : public CommandHandler {
 public:
  explicit BoardHandler(TargetBoard& board) : board_(board) {}
  std::string set_targets(const TargetRequest& request) override {
    if (request.bpf == "not a filter") return "bpf: syntax error";
    if (!board_.publish(std::make_unique<TargetSet>(request.only, request.addresses)))
      return "busy: try again";
    return {};
  }
  TargetState targets() const override {
    return {.generation = board_.generation(),
            .only = board_.latest().only(),
            .addresses = board_.latest().size(),
            .bpf = {}};
  }
  std::string packets(const PacketsRequest& request, const std::atomic<bool>& stop,
                      PacketsFile& file) override {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    if (request.conn_ids[0] == kNoRing) return "no packets are kept";
    while (request.conn_ids[0] == kSlow && !stop.load())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    file.pcapng.assign(request.bytes_max, 0xa5);
    file.count = 3;
    file.truncated = true;
    file.oldest = 17;
    return {};
  }

  static constexpr std::uint64_t kNoRing = 1, kSlow = 2;
  std::vector<PacketsRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  TargetBoard& board_;
  mutable std::mutex mutex_;
  std::vector<PacketsRequest> requests_;
};

struct Reply {
  bool came = false;
  std::uint64_t id = 0;
  bool ok = false;
  std::string error;
  std::string sensor;
  std::uint64_t epoch = 0;
  std::uint64_t generation = 0;
  std::uint64_t received = 0, time = 0;
  bool only = false;
  std::uint64_t addresses = 0, mark = 0;
  bool has_packets = false, truncated = false;
  std::uint64_t count = 0, oldest = 0;
  std::size_t pcapng_bytes = 0;
};

class Client {
 public:
  Client(void* context, const std::string& endpoint) : socket_(zmq_socket(context, ZMQ_REQ)) {
    fakes::set_option(socket_, ZMQ_LINGER, 0);
    fakes::set_option(socket_, ZMQ_REQ_RELAXED, 1);  // asks again although an answer never came
    fakes::set_option(socket_, ZMQ_REQ_CORRELATE, 1);
    EXPECT_EQ(zmq_connect(socket_, endpoint.c_str()), 0);
  }
  ~Client() { zmq_close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Reply ask(const std::vector<std::vector<std::uint8_t>>& frames,
            std::chrono::milliseconds patience = fakes::kPatience) {
    for (std::size_t i = 0; i < frames.size(); ++i)
      EXPECT_GE(
          zmq_send(socket_, frames[i].data(), frames[i].size(), i + 1 < frames.size() ? ZMQ_SNDMORE : 0), 0);
    fakes::set_option(socket_, ZMQ_RCVTIMEO, static_cast<int>(patience.count()));
    zmq_msg_t message;
    zmq_msg_init(&message);
    Reply out;
    if (zmq_msg_recv(&message, socket_, 0) < 0) return out;
    std::vector<std::uint64_t> aligned(zmq_msg_size(&message) / 8 + 1);
    std::memcpy(aligned.data(), zmq_msg_data(&message), zmq_msg_size(&message));
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(aligned.data()), zmq_msg_size(&message));
    zmq_msg_close(&message);
    flatbuffers::Verifier verifier(bytes.data(), bytes.size());
    EXPECT_TRUE(verifier.VerifyBuffer<wire::Reply>(nullptr));
    const auto* reply = flatbuffers::GetRoot<wire::Reply>(bytes.data());
    out = {true,
           reply->id(),
           reply->ok(),
           reply->error() != nullptr ? reply->error()->str() : "",
           reply->sensor()->str(),
           reply->sensor_epoch(),
           reply->targets_generation(),
           reply->received(),
           reply->time(),
           reply->targets_only(),
           reply->targets_addresses(),
           reply->targets_mark()};
    if (const wire::Packets* packets = reply->packets(); packets != nullptr) {
      out.has_packets = true;
      out.truncated = packets->truncated();
      out.count = packets->count();
      out.oldest = packets->oldest();
      out.pcapng_bytes = packets->pcapng()->size();
      for (const std::uint8_t byte : *packets->pcapng()) EXPECT_EQ(byte, 0xa5);
    }
    return out;
  }

 private:
  void* socket_;
};

std::vector<std::uint8_t> finished(flatbuffers::FlatBufferBuilder& builder, std::uint64_t id, wire::Body type,
                                   flatbuffers::Offset<void> body) {
  wire::FinishCommandBuffer(builder, wire::CreateCommand(builder, id, type, body));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::vector<std::uint8_t> ping(std::uint64_t id) {
  flatbuffers::FlatBufferBuilder builder;
  return finished(builder, id, wire::Body::Ping, wire::CreatePing(builder).Union());
}

std::vector<std::uint8_t> set_targets(std::uint64_t id, bool only,
                                      const std::vector<wire::CommandAddress>& addresses,
                                      const char* bpf = nullptr, std::uint64_t mark = 0) {
  flatbuffers::FlatBufferBuilder builder;
  const auto list = builder.CreateVectorOfStructs(addresses);
  const auto filter = bpf != nullptr ? builder.CreateString(bpf) : 0;
  return finished(builder, id, wire::Body::SetTargets,
                  wire::CreateSetTargets(builder, only, list, filter, mark).Union());
}

std::vector<std::uint8_t> get_packets(std::uint64_t id, const std::vector<std::uint64_t>& conn_ids,
                                      std::uint64_t max_bytes = 0, std::uint64_t until = 0) {
  flatbuffers::FlatBufferBuilder builder;
  const auto ids = builder.CreateVector(conn_ids);
  return finished(builder, id, wire::Body::GetPackets,
                  wire::CreateGetPackets(builder, ids, 5, until, max_bytes).Union());
}

std::uint64_t system_time() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

class CommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_.records_endpoint = directory_.ipc("records.sock");
    settings_.command_endpoint = directory_.ipc("command.sock");
    channel_ = std::make_unique<CommandChannel>(settings_, fakes::identity(), handler_);
    publisher_ = std::make_unique<Publisher>(settings_, fakes::identity(), std::vector<BatchPool*>{},
                                             Publisher::Collect{}, fakes::options());
    ASSERT_EQ(publisher_->open(), "");
    ASSERT_EQ(publisher_->attach(*channel_), "");
    publisher_->start();
    client_ = std::make_unique<Client>(context_.get(), settings_.command_endpoint);
  }
  void TearDown() override {
    client_.reset();
    publisher_->stop();
  }

  fakes::TempDirectory directory_;
  fakes::Context context_;
  Settings settings_;
  TargetBoard board_{1};
  BoardHandler handler_{board_};
  std::unique_ptr<CommandChannel> channel_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<Client> client_;
};

TEST_F(CommandTest, Ping) {
  const Reply reply = client_->ask({ping(42)});
  ASSERT_TRUE(reply.came);
  EXPECT_EQ(reply.id, 42u);
  EXPECT_TRUE(reply.ok) << reply.error;
  EXPECT_EQ(reply.sensor, "rack12");
  EXPECT_EQ(reply.epoch, 77u);
  EXPECT_EQ(reply.generation, 0u);
  EXPECT_EQ(channel_->counters().served, 1u);
}

TEST_F(CommandTest, SetTargetsReachesTheWorkers) {
  TargetReader reader = board_.reader(0);
  reader.online();
  // 10.244.1.7 as ::ffff:10.244.1.7, and 2001:db8::1
  const std::vector<wire::CommandAddress> addresses = {{0, 0x0000ffff0af40107ULL},
                                                       {0x20010db800000000ULL, 1}};
  const Reply reply = client_->ask({set_targets(7, true, addresses)});
  ASSERT_TRUE(reply.came);
  EXPECT_TRUE(reply.ok) << reply.error;
  EXPECT_EQ(reply.generation, 1u);
  IpAddress pod, v6, other;
  pod.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 244, 1, 7};
  v6.bytes = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  other.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 244, 1, 8};
  EXPECT_TRUE(pod.is_v4());
  EXPECT_TRUE(reader.current().admits(pod, other));
  EXPECT_TRUE(reader.current().admits(other, v6));
  EXPECT_FALSE(reader.current().admits(other, other));
  EXPECT_EQ(reader.current().size(), 2u);
  reader.quiescent();
  EXPECT_EQ(client_->ask({set_targets(8, false, {})}).generation, 2u);
  EXPECT_TRUE(reader.current().admits(other, other));
  reader.offline();
}

// By which two controllers see that they want the same.
TEST_F(CommandTest, GivesBackTheMarkOfTheTargetsInForce) {
  EXPECT_EQ(client_->ask({ping(1)}).mark, 0u);
  EXPECT_EQ(client_->ask({set_targets(2, true, {{0, 1}}, nullptr, 77)}).mark, 77u);
  EXPECT_EQ(client_->ask({set_targets(3, true, {}, "not a filter", 78)}).mark, 77u);
  EXPECT_EQ(client_->ask({ping(4)}).mark, 77u);
  EXPECT_EQ(client_->ask({set_targets(5, false, {})}).mark, 0u);
}

// How far the clocks are apart: here they are one.
TEST_F(CommandTest, TellsTheTime) {
  const std::uint64_t asked = system_time();
  const Reply reply = client_->ask({ping(1)});
  const std::uint64_t heard = system_time();
  EXPECT_LE(asked, reply.received);
  EXPECT_LE(reply.received, reply.time);
  EXPECT_LE(reply.time, heard);
}

// A controller that comes back, or a sensor that does, sees at once what is in force.
TEST_F(CommandTest, AnyReplyTellsWhatIsInForce) {
  EXPECT_EQ(client_->ask({ping(1)}).generation, 0u);
  ASSERT_TRUE(client_->ask({set_targets(2, true, {{0, 1}, {0, 2}})}).ok);
  for (const auto& command : {ping(3), std::vector<std::uint8_t>{0xff}}) {
    const Reply reply = client_->ask({command});
    EXPECT_EQ(reply.generation, 1u);
    EXPECT_TRUE(reply.only);
    EXPECT_EQ(reply.addresses, 2u);
  }
  ASSERT_TRUE(fakes::eventually([&] {
    std::uint64_t mode = 0, addresses = 0;
    for (const CounterValue& counter : publisher_->latest().publisher) {
      if (counter.name == "targets_mode") mode = counter.value;
      if (counter.name == "targets_addresses") addresses = counter.value;
    }
    return mode == 1 && addresses == 2;
  }));
}

TEST_F(CommandTest, GivesPackets) {
  const Reply some = client_->ask({get_packets(9, {77, 78}, 1'000, 42)});
  EXPECT_TRUE(some.ok) << some.error;
  EXPECT_EQ(some.id, 9u);
  ASSERT_TRUE(some.has_packets);
  EXPECT_EQ(some.pcapng_bytes, 1'000u);
  EXPECT_EQ(some.count, 3u);
  EXPECT_EQ(some.oldest, 17u);
  EXPECT_TRUE(some.truncated);
  const PacketsRequest request = handler_.requests().back();
  EXPECT_EQ(request.conn_ids, (std::vector<std::uint64_t>{77, 78}));
  EXPECT_EQ(request.from, 5u);
  EXPECT_EQ(request.until, 42u);
  // As much as ever is given, and no more whatever is asked for.
  EXPECT_EQ(client_->ask({get_packets(10, {77}, ~std::uint64_t{0})}).pcapng_bytes, kPacketsBytesMax);
  EXPECT_EQ(handler_.requests().back().until, kNever);
  EXPECT_FALSE(client_->ask({ping(11)}).has_packets);
}

TEST_F(CommandTest, RefusesPacketsOfNobodyAndOfTooMany) {
  for (const std::size_t n : {std::size_t{0}, kPacketsConnectionsMax + 1}) {
    const Reply reply = client_->ask({get_packets(1, std::vector<std::uint64_t>(n, 7))});
    EXPECT_FALSE(reply.ok);
    EXPECT_NE(reply.error.find("names " + std::to_string(n) + " connections"), std::string::npos)
        << reply.error;
  }
  EXPECT_TRUE(handler_.requests().empty());
  const Reply none = client_->ask({get_packets(2, {BoardHandler::kNoRing})});
  EXPECT_EQ(none.error, "no packets are kept");
  EXPECT_FALSE(none.has_packets);
  EXPECT_EQ(channel_->counters().refused, 3u);
}

// Somebody asks for what takes long: stats go on, and an end is not held up.
TEST_F(CommandTest, ASlowCommandHoldsUpNobodyElse) {
  std::thread asks([&] { EXPECT_TRUE(client_->ask({get_packets(1, {BoardHandler::kSlow}, 10)}).ok); });
  ASSERT_TRUE(fakes::eventually([&] { return !handler_.requests().empty(); }));
  const std::uint64_t sequence = publisher_->latest().sequence;
  EXPECT_TRUE(fakes::eventually([&] { return publisher_->latest().sequence > sequence + 3; }));
  publisher_->stop();  // and with it the channel; what there was by then was answered
  asks.join();
  EXPECT_EQ(channel_->counters().served, 1u);
}

TEST_F(CommandTest, WhatTheHandlerRefusesIsSaid) {
  const Reply reply = client_->ask({set_targets(9, true, {}, "not a filter")});
  ASSERT_TRUE(reply.came);
  EXPECT_EQ(reply.id, 9u);
  EXPECT_FALSE(reply.ok);
  EXPECT_EQ(reply.error, "bpf: syntax error");
  EXPECT_EQ(reply.generation, 0u);
  EXPECT_EQ(channel_->counters().refused, 1u);
}

TEST_F(CommandTest, MalformedIsAnsweredAndCounted) {
  const std::vector<std::uint8_t> good = set_targets(1, true, {{1, 2}, {3, 4}}, "tcp");
  std::uint64_t malformed = 0;
  const auto expect_malformed = [&](const std::vector<std::vector<std::uint8_t>>& frames,
                                    const char* sentence) {
    const Reply reply = client_->ask(frames);
    ASSERT_TRUE(reply.came);
    EXPECT_FALSE(reply.ok);
    EXPECT_EQ(reply.error, sentence);
    EXPECT_EQ(channel_->counters().malformed, ++malformed);
  };
  const char* not_a_command = "this is not a Command of command.fbs";
  expect_malformed({{}}, not_a_command);
  expect_malformed({{0xff}}, not_a_command);
  expect_malformed({std::vector<std::uint8_t>(1'000, 0xff)}, not_a_command);
  expect_malformed({std::vector<std::uint8_t>(1'000, 0)}, not_a_command);
  std::vector<std::uint8_t> other_identifier = good;
  other_identifier[4] = 'X';
  expect_malformed({other_identifier}, not_a_command);
  expect_malformed({good, good}, "a command has one frame");
  expect_malformed({{}, good, good}, "a command has one frame");
  for (std::size_t n = 0; n < good.size(); n += 3)
    expect_malformed({std::vector<std::uint8_t>(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n))},
                     not_a_command);
  EXPECT_EQ(board_.generation(), 0u);
  EXPECT_TRUE(client_->ask({ping(2)}).ok);
}

// Any byte changed: an answer comes, whatever it is. (Under the sanitizers this reads every path of the
// verifier.)
TEST_F(CommandTest, EveryBitFlippedIsSurvived) {
  const std::vector<std::uint8_t> good = set_targets(1, true, {{1, 2}}, "tcp");
  for (std::size_t bit = 0; bit < good.size() * 8; bit += 5) {
    std::vector<std::uint8_t> bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1u << (bit % 8)));
    ASSERT_TRUE(client_->ask({bad}).came) << bit;
  }
}

TEST_F(CommandTest, ACommandOfALaterVersionIsRefused) {
  flatbuffers::FlatBufferBuilder builder;
  const auto bytes = finished(builder, 11, static_cast<wire::Body>(99), wire::CreatePing(builder).Union());
  const Reply reply = client_->ask({bytes});
  ASSERT_TRUE(reply.came);
  EXPECT_FALSE(reply.ok);
  EXPECT_EQ(reply.id, 11u);
  EXPECT_NE(reply.error.find("does not know that command"), std::string::npos) << reply.error;
}

TEST_F(CommandTest, TooLargeIsCutOffAndOthersAreServed) {
  Client greedy(context_.get(), settings_.command_endpoint);
  const std::vector<std::uint8_t> large(static_cast<std::size_t>(kCommandBytesMax) + 1, 1);
  EXPECT_FALSE(greedy.ask({large}, std::chrono::milliseconds(300)).came);
  EXPECT_TRUE(client_->ask({ping(3)}).ok);
}

TEST_F(CommandTest, ReportsItsCounters) {
  ASSERT_TRUE(client_->ask({ping(1)}).ok);
  ASSERT_TRUE(fakes::eventually([&] {
    for (const CounterValue& counter : publisher_->latest().publisher)
      if (counter.name == "commands_total" && counter.label == "served") return counter.value == 1;
    return false;
  }));
}

TEST(CommandEndpoint, IsRefusedByTheSameRules) {
  const fakes::TempDirectory directory;
  Settings settings;
  settings.records_endpoint = directory.ipc("records.sock");
  settings.command_endpoint = "tcp://0.0.0.0:*";
  TargetBoard board(1);
  BoardHandler handler(board);
  CommandChannel channel(settings, fakes::identity(), handler);
  Publisher publisher(settings, fakes::identity(), {}, {}, fakes::options());
  ASSERT_EQ(publisher.open(), "");
  const std::string sentence = publisher.attach(channel);
  EXPECT_NE(
      sentence.find("command endpoint tcp://0.0.0.0:*: this reaches beyond the machine and needs CURVE keys"),
      std::string::npos)
      << sentence;
}

}  // namespace
}  // namespace spanlight
