// A real worker that gets more than it can take: nothing is unaccounted for, no record claims what is not so,
// and everything comes back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "lcore/worker_for_tests.h"
#include "port/eal_for_tests.h"

namespace spanlight::test {
namespace {

constexpr std::uint8_t kFin = 1, kSyn = 2, kPush = 8, kAck = 16;
constexpr std::size_t kBodyBytes = 1'200;
constexpr unsigned kCalls = 8;  // of each connection

// Clients that talk for ever: a connection, its calls, its end, the next connection from another port.
class Talk {
 public:
  explicit Talk(std::uint16_t port) : port_(port) { begin(); }

  void next(rte_mbuf* mbuf, TimeNs now) {
    const std::string path = "/" + std::to_string(port_) + "/" + std::to_string(call_);
    switch (step_++) {
      case 0:
        return say(mbuf, now, true, kSyn, {});
      case 1:
        return say(mbuf, now, false, kSyn | kAck, {});
      case 2:
        return say(mbuf, now, true, kAck, {});
      case 3:
        return say(mbuf, now, true, kPush | kAck, "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
      case 4:
        return say(mbuf, now, false, kAck,
                   "HTTP/1.1 200 OK\r\nX-Asked: " + path + "\r\nContent-Length: " +
                       std::to_string(kBodyBytes) + "\r\n\r\n" + std::string(kBodyBytes / 2, 'b'));
      case 5:
        return say(mbuf, now, false, kPush | kAck, std::string(kBodyBytes - kBodyBytes / 2, 'c'));
      case 6:
        step_ = ++call_ < kCalls ? 3 : 7;
        return say(mbuf, now, true, kAck, {});
      case 7:
        return say(mbuf, now, true, kFin | kAck, {});
      case 8:
        return say(mbuf, now, false, kFin | kAck, {});
      default:
        say(mbuf, now, true, kAck, {});
        port_ = static_cast<std::uint16_t>(port_ + kClients);
        begin();
    }
  }

  static constexpr std::uint16_t kFirstPort = 1'024, kClients = 512;

 private:
  void begin() {
    seq_[0] = port_ * 7'919U;
    seq_[1] = port_ * 104'729U;
    step_ = call_ = 0;
  }

  void say(rte_mbuf* mbuf, TimeNs now, bool client, int flags, std::string_view payload) {
    const unsigned side = client ? 0 : 1;
    write_frame(mbuf,
                {.client_port = port_,
                 .from_client = client,
                 .seq = seq_[side],
                 .ack = (flags & kAck) != 0 ? seq_[1 - side] : 0,
                 .flags = static_cast<std::uint8_t>(flags),
                 .ip_id = ++ip_id_},
                payload, now);
    seq_[side] += static_cast<std::uint32_t>(payload.size()) + ((flags & (kSyn | kFin)) != 0 ? 1 : 0);
  }

  std::uint16_t port_;
  std::uint16_t ip_id_ = 0;
  std::uint32_t seq_[2];
  unsigned step_ = 0, call_ = 0;
};

// Always more than can be taken, until enough was left out; then little, until the worker has recovered and a
// while longer.
class TooMuch final : public RxQueue {
 public:
  TooMuch(const OneWorker& worker, std::string_view outcome, std::uint64_t enough, bool loses)
      : worker_(worker), outcome_(outcome), enough_(enough), loses_(loses) {
    for (std::uint16_t i = 0; i < Talk::kClients; ++i)
      talks_.emplace_back(static_cast<std::uint16_t>(Talk::kFirstPort + i));
  }

  std::uint16_t receive(rte_mbuf** out, std::uint16_t n, TimeNs now) override {
    if (++polls_ % 64 == 0) look();
    if (state_.load() == QueueState::ended) return 0;
    constexpr std::uint16_t kLittle = 4;
    const std::uint16_t wanted = phase_ == Phase::too_much ? n : kLittle;
    // A device that has no room any more loses what comes then.
    if (phase_ == Phase::too_much && loses_ && polls_ % 16 == 0) lose(wanted);
    for (std::uint16_t i = 0; i < wanted; ++i) {
      out[i] = rte_pktmbuf_alloc(test_mbufs());
      if (out[i] == nullptr) return i;
      talk(out[i], now);
    }
    given_ += wanted;
    return wanted;
  }
  QueueState state() const override { return state_.load(); }

  std::uint64_t given() const { return given_; }
  std::uint64_t given_after() const { return given_after_; }

 private:
  enum class Phase { too_much, little, recovered };

  // What the worker has published, each 100 ms.
  void look() {
    const std::uint64_t level = worker_.count("shedding_level");
    if (phase_ == Phase::too_much && worker_.count("packets_total", outcome_) >= enough_)
      phase_ = Phase::little;
    if (phase_ == Phase::little && level == 0) {
      phase_ = Phase::recovered;
      given_after_ = given_;
    }
    constexpr std::uint64_t kAfterwards = 30'000;
    if (phase_ == Phase::recovered && given_ > given_after_ + kAfterwards) state_ = QueueState::ended;
  }

  void talk(rte_mbuf* mbuf, TimeNs now) { talks_[random_() % talks_.size()].next(mbuf, now); }

  void lose(std::uint16_t frames) {
    rte_mbuf* lost = rte_pktmbuf_alloc(test_mbufs());
    ASSERT_NE(lost, nullptr);
    for (std::uint16_t i = 0; i < frames; ++i) {
      talk(lost, 1);
      rte_pktmbuf_reset(lost);
    }
    rte_pktmbuf_free(lost);
  }

  const OneWorker& worker_;
  const std::string_view outcome_;
  const std::uint64_t enough_;
  const bool loses_;
  std::vector<Talk> talks_;
  std::mt19937 random_{1};
  Phase phase_ = Phase::too_much;
  std::uint64_t polls_ = 0, given_ = 0, given_after_ = 0;
  std::atomic<QueueState> state_{QueueState::live};
};

Settings overloaded() {
  Settings settings;
  settings.remove_duplicates = false;
  settings.state_memory_mb = 64;
  settings.held_bytes_max = 1U << 20;
  return settings;
}

// What must hold of any record, whatever was left out.
void expect_true_claims(const std::vector<Said>& said) {
  std::uint64_t wrong_pairs = 0, unanswered = 0, unsaid = 0;
  for (const Said& call : said) {
    const bool both = !call.path.empty() && !call.asked.empty();
    wrong_pairs += both && call.path != call.asked ? 1 : 0;
    wrong_pairs +=
        !call.path.empty() && !call.path.starts_with("/" + std::to_string(call.port) + "/") ? 1 : 0;
    unanswered += call.reason == wire::Reason::unanswered ? 1 : 0;
    const bool cut = call.state == wire::State::complete && call.shown < call.body;
    unsaid += cut && (call.flags & (kFlagShedBody | kFlagGap)) == 0 ? 1 : 0;
  }
  EXPECT_EQ(wrong_pairs, 0U);
  EXPECT_EQ(unanswered, 0U);  // everybody was answered
  EXPECT_EQ(unsaid, 0U);
}

std::uint64_t count_if_lost_in_mirror(const std::vector<Said>& said) {
  std::uint64_t n = 0;
  for (const Said& call : said) n += call.reason == wire::Reason::lost_in_mirror ? 1 : 0;
  return n;
}

std::uint64_t complete(const std::vector<Said>& said, std::uint32_t without) {
  std::uint64_t n = 0;
  for (const Said& call : said)
    n += call.state == wire::State::complete && (call.flags & without) == 0 ? 1 : 0;
  return n;
}

void expect_accounted(const OneWorker& worker, const TooMuch& queue) {
  EXPECT_EQ(worker.count("received_packets_total"), queue.given());
  EXPECT_EQ(worker.outcomes(), queue.given());
  EXPECT_EQ(worker.count("shedding_level"), 0U);
  EXPECT_EQ(worker.count("shedding_kept_flows_permille"), 1'000U);
  EXPECT_EQ(worker.count("memory_bytes", "state"), 0U);
  EXPECT_EQ(worker.count("memory_bytes", "preview"), 0U);
}

TEST(Overload, flows_are_left_out_whole_and_come_back) {
  OneWorker worker(overloaded());
  worker.shared().wasted_pauses = 100;
  TooMuch queue(worker, "shed_flow", 200'000, false);
  const std::vector<Said> said = worker.run(queue);
  expect_accounted(worker, queue);
  expect_true_claims(said);
  EXPECT_EQ(count_if_lost_in_mirror(said), 0U);  // nothing was lost but by us
  EXPECT_GT(worker.count("flows_total", "shed"), 0U);
  EXPECT_GT(worker.count("records_altered_total", "body_shed"), 0U);
  EXPECT_GT(worker.count("shedding_milliseconds_total", "previews"), 0U);
  EXPECT_EQ(worker.count("shedding_milliseconds_total", "protocols"), 0U);  // there are none
  EXPECT_GT(worker.count("shedding_milliseconds_total", "flows"), 0U);
  // And afterwards whole calls again: of 20,000 packets all calls but those that were under way.
  EXPECT_GT(complete(said, ~std::uint32_t{0}), 20'000U / 6);
}

// The device loses packets beside what the worker leaves out: still nothing is paired that does not belong.
TEST(Overload, with_losses_of_the_device_too) {
  OneWorker worker(overloaded());
  worker.shared().wasted_pauses = 100;
  TooMuch queue(worker, "shed_flow", 200'000, true);
  const std::vector<Said> said = worker.run(queue);
  expect_accounted(worker, queue);
  expect_true_claims(said);
  EXPECT_GT(worker.count("gaps_total"), 0U);
}

TEST(Overload, protocols_of_low_priority_are_left_out_before_flows) {
  Settings settings = overloaded();
  settings.low_priority = {"http"};
  OneWorker worker(settings);
  worker.shared().wasted_pauses = 100;
  TooMuch queue(worker, "shed_protocol", 20'000, false);
  const std::vector<Said> said = worker.run(queue);
  expect_accounted(worker, queue);
  expect_true_claims(said);
  EXPECT_EQ(count_if_lost_in_mirror(said), 0U);
  EXPECT_GT(worker.count("inspect_total", "shed"), 0U);
  EXPECT_GT(worker.count("shedding_milliseconds_total", "protocols"), 0U);
  EXPECT_GT(complete(said, ~std::uint32_t{0}), 20'000U / 6);
}

TEST(Overload, switched_off_nothing_is_left_out) {
  Settings settings = overloaded();
  settings.shedding_enabled = false;
  OneWorker worker(settings);
  TooMuch queue(worker, "stream", 200'000, false);
  const std::vector<Said> said = worker.run(queue);
  expect_accounted(worker, queue);
  expect_true_claims(said);
  EXPECT_EQ(worker.count("packets_total", "shed_flow"), 0U);
  EXPECT_EQ(worker.count("shedding_steps_total", "up"), 0U);
  EXPECT_EQ(worker.count("packets_total", "stream"), queue.given());
}

// ---- flows that nobody reads --------------------------------------------------------------------

class Script final : public RxQueue {
 public:
  struct Line {
    Segment4 segment;
    std::string payload;
  };
  explicit Script(std::vector<Line> lines) : lines_(std::move(lines)) {}

  std::uint16_t receive(rte_mbuf** out, std::uint16_t n, TimeNs now) override {
    std::uint16_t given = 0;
    for (; given < n && at_ < lines_.size(); ++given, ++at_) {
      out[given] = rte_pktmbuf_alloc(test_mbufs());
      write_frame(out[given], lines_[at_].segment, lines_[at_].payload, now);
    }
    if (at_ == lines_.size()) state_ = QueueState::ended;
    return given;
  }
  QueueState state() const override { return state_.load(); }

 private:
  std::vector<Line> lines_;
  std::size_t at_ = 0;
  std::atomic<QueueState> state_{QueueState::live};
};

std::vector<Script::Line> encrypted_connection(std::uint16_t port, std::uint8_t last,
                                               std::uint32_t from = 0) {
  std::string hello("\x16\x03\x01", 3);
  hello.resize(100, 'x');
  const std::string more(1'000, 'y');
  std::uint16_t id = 0;
  const auto say = [&](bool client, std::uint32_t seq, std::uint32_t ack, int flags, std::string payload) {
    return Script::Line{{.client_port = port,
                         .from_client = client,
                         .seq = from + seq,
                         .ack = from + ack,
                         .flags = static_cast<std::uint8_t>(flags),
                         .ip_id = ++id},
                        std::move(payload)};
  };
  return {say(true, 99, 0, kSyn, {}),
          say(false, 499, 100, kSyn | kAck, {}),
          say(true, 100, 500, kAck, hello),
          say(false, 500, 200, kAck, more),
          say(false, 2'500, 200, kAck, more),  // out of order: nobody waits for what is in between
          say(false, 1'500, 200, kAck, more),
          say(true, 200, 3'500, last | kAck, {}),
          say(false, 3'500, 201, last | kAck, {})};
}

TEST(Unread, an_encrypted_flow_costs_no_memory_and_still_ends) {
  constexpr std::uint8_t kReset = 4;
  for (const std::uint8_t last : {kFin, kReset}) {
    for (const bool followed : {false, true}) {
      OneWorker worker(overloaded());
      worker.shared().follows_unread = followed;
      std::vector<Script::Line> lines = encrypted_connection(5'000, last);
      const std::vector<Script::Line> again =
          encrypted_connection(5'000, last, 70'000);  // the same ports, used again
      lines.insert(lines.end(), again.begin(), again.end());
      Script queue(lines);
      EXPECT_TRUE(worker.run(queue).empty());
      EXPECT_EQ(worker.outcomes(), lines.size());
      EXPECT_EQ(worker.count("inspect_total", "encrypted"), 2U);
      EXPECT_EQ(worker.count("encrypted_bytes_total"), 2U * 3'100);
      EXPECT_EQ(worker.count("flows_total", "closed"), 2U);
      EXPECT_EQ(worker.count("flows_total", "reopened"), 1U);
      EXPECT_EQ(worker.count("reassembly_total", "out_of_order"), followed ? 2U : 0U);
      EXPECT_EQ(worker.count("memory_bytes", "state"), 0U);
    }
  }
}

}  // namespace
}  // namespace spanlight::test
