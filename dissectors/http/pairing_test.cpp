// No request is ever paired with another's response. A model of a client and a server on one keep-alive
// connection, with the acknowledgements that TCP would carry; random segments are lost, in any direction.

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "core/testing/harness.h"
#include "http/http.h"

namespace spanlight::http {
namespace {

using testing::Conversation;
using testing::Outcome;
using testing::Segment;

struct Model {
  Conversation segments;
  std::vector<std::vector<std::size_t>> of_call;  // indices of a call's segments
};

std::string digits(std::size_t id) {
  return std::to_string(100'000 + id);
}

class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  // `depth` requests at most outstanding; 1 = sequential.
  Model make(std::size_t calls, std::size_t depth) {
    model_.of_call.resize(calls);
    std::size_t asked = 0, answered = 0;
    while (answered < calls) {
      const std::size_t outstanding = asked - answered;
      const bool ask = asked < calls && outstanding < depth && (outstanding == 0 || random_() % 3 != 0);
      if (ask) {
        segments(Direction::c2s, request(asked), asked);
        ++asked;
      } else {
        segments(Direction::s2c, response(answered), answered);
        ++answered;
      }
    }
    return std::move(model_);
  }

 private:
  std::string request(std::size_t id) {
    const std::string head = " /" + digits(id) + " HTTP/1.1\r\nHost: h\r\nX-Id: " + digits(id) + "\r\n";
    if (random_() % 3 == 0) {
      const std::string body(random_() % 400, 'q');
      return "POST" + head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    return "GET" + head + "\r\n";
  }

  std::string response(std::size_t id) {
    const std::string head = "HTTP/1.1 200 OK\r\nX-Id: " + digits(id) + "\r\n";
    // Bodies that look like messages: the search for the next one must not be led astray.
    std::string body(random_() % 500, 'r');
    if (random_() % 4 == 0) body += "HTTP/1.1 200 OK\r\nX-Id: 999999\r\nContent-Length: 0\r\n\r\n";
    if (random_() % 2 == 0)
      return head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    std::string out = head + "Transfer-Encoding: chunked\r\n\r\n";
    while (!body.empty()) {
      const std::size_t n = 1 + random_() % std::min<std::size_t>(body.size(), 200);
      char size[20];
      snprintf(size, sizeof(size), "%zx\r\n", n);
      out += size + body.substr(0, n) + "\r\n";
      body.erase(0, n);
    }
    return out + "0\r\n\r\n";
  }

  void segments(Direction from, std::string bytes, std::size_t call) {
    while (!bytes.empty()) {
      const std::size_t n = std::min<std::size_t>(bytes.size(), 60 + random_() % 200);
      model_.of_call[call].push_back(model_.segments.size());
      model_.segments.push_back({.from = from, .bytes = bytes.substr(0, n)});
      bytes.erase(0, n);
    }
  }

  std::mt19937 random_;
  Model model_;
};

std::string id_in(const std::string& headers) {
  const std::size_t at = headers.find("X-Id: ");
  return at == std::string::npos ? "" : headers.substr(at + 6, 6);
}

struct Tally {
  std::size_t survived = 0, complete = 0, uncertain = 0;
};

// Every pair is a true pair, and every call that lost bytes says so.
void check_pairs(const Model& model, const Outcome& o, std::uint32_t seed) {
  for (const testing::Call& c : o.calls) {
    if (c.state != State::complete) {
      EXPECT_NE(c.flags & kFlagGap, 0u) << "unpaired and not flagged, seed " << seed << " " << c.text();
      continue;
    }
    const std::string asked = c.url.substr(1);
    const std::string answered = id_in(c.response_headers);
    if (!answered.empty()) {
      EXPECT_EQ(asked, answered) << "WRONG PAIR, seed " << seed;
    }
    bool lost = false;
    const std::size_t id = std::stoul(asked) - 100'000;
    ASSERT_LT(id, model.of_call.size());
    for (const std::size_t s : model.of_call[id]) lost = lost || model.segments[s].lost;
    if (lost) {
      EXPECT_NE(c.flags & kFlagGap, 0u) << "touched and not flagged, seed " << seed;
    }
  }
}

Tally run(std::uint32_t seed, std::size_t depth, unsigned loss_percent, bool warm_up) {
  constexpr std::size_t kCalls = 40;
  Model model = Maker(seed).make(kCalls, depth);
  std::mt19937 random(seed * 7919 + 1);
  // A pipelining client is known by its pipelining: it is seen once before anything is lost.
  const std::size_t first = warm_up ? model.of_call[10].front() : 0;
  for (std::size_t i = first; i < model.segments.size(); ++i)
    model.segments[i].lost = random() % 100 < loss_percent;
  testing::Play how;
  how.limits.body_preview_bytes = seed % 3 == 0 ? 0 : seed % 3 == 1 ? 50 : 16'384;
  how.cut_bytes = seed % 5 == 0 ? 1 : 0;
  const Outcome o = play(kDescriptor, model.segments, how);
  EXPECT_TRUE(o.violations.empty()) << o.violations.front() << " seed " << seed;
  EXPECT_EQ(o.used_bytes, 0u);
  check_pairs(model, o, seed);
  Tally tally;
  for (std::size_t id = 0; id < kCalls; ++id) {
    bool lost = false;
    for (const std::size_t s : model.of_call[id]) lost = lost || model.segments[s].lost;
    if (lost) continue;
    ++tally.survived;
    bool complete = false;
    for (const testing::Call& c : o.calls) {
      const bool mine = c.url == "/" + digits(id) && c.state == State::complete;
      complete = complete ||
                 (mine && id_in(c.response_headers) == digits(id) && id_in(c.request_headers) == digits(id));
      if (mine) {
        EXPECT_EQ(c.flags & ~std::uint32_t{kFlagTruncatedBody}, 0u)
            << "survived and flagged, seed " << seed << " " << c.text();
      }
    }
    tally.complete += complete;
    if (depth == 1) {
      EXPECT_TRUE(complete) << "survived and not complete: " << id << " seed " << seed;
    }
  }
  for (const testing::Call& c : o.calls) tally.uncertain += (c.flags & kFlagUncertain) != 0;
  return tally;
}

TEST(Pairing, OneRequestAtATime) {
  Tally all;
  for (std::uint32_t seed = 1; seed <= 600 && !::testing::Test::HasFailure(); ++seed) {
    const Tally t = run(seed, 1, seed % 4 == 0 ? 20 : seed % 4, false);
    all.survived += t.survived;
    all.complete += t.complete;
  }
  EXPECT_GT(all.survived, 10'000u);
  EXPECT_EQ(all.complete, all.survived);
}

TEST(Pairing, PipelinedIsNeverWrong) {
  Tally all;
  for (std::uint32_t seed = 1; seed <= 600 && !::testing::Test::HasFailure(); ++seed) {
    const Tally t = run(seed, 2 + seed % 4, 1 + seed % 5, true);
    all.survived += t.survived;
    all.complete += t.complete;
    all.uncertain += t.uncertain;
  }
  EXPECT_GT(all.complete, all.survived / 4);  // before the first hole
  EXPECT_GT(all.uncertain, 0u);
}

}  // namespace
}  // namespace spanlight::http
