#include "core/call_queue.h"

#include <gtest/gtest.h>

namespace spanlight {
namespace {

using Mode = CallQueue::Mode;
using Verdict = CallQueue::Verdict;
using Fate = CallQueue::Fate;

TEST(CallQueue, OrderedIsFirstInFirstOut) {
  CallQueue q;
  OpenRequest a, b;
  EXPECT_EQ(q.before_push({.client_acked = 0}), Fate::stay);
  ASSERT_TRUE(q.push(a, {.offset = 0, .client_acked = 0}));
  EXPECT_EQ(q.before_push({.client_acked = 0}), Fate::stay);
  ASSERT_TRUE(q.push(b, {.offset = 10, .client_acked = 0}));
  EXPECT_FALSE(a.pipelined);
  EXPECT_TRUE(b.pipelined);
  EXPECT_EQ(q.match(0, 10, 0).request, &a);
  q.answer_ended();
  EXPECT_EQ(q.match(5, 20, 0).request, &b);
  q.answer_ended();
  EXPECT_EQ(q.match(9, 20, 0).verdict, Verdict::no_request);
}

TEST(CallQueue, LateAnswerOfAGivenUpRequestIsNobodys) {
  CallQueue q;
  OpenRequest a, b;
  q.push(a, {.offset = 0, .client_acked = 0});
  q.give_up(a);
  q.push(b, {.offset = 10, .client_acked = 0});
  EXPECT_EQ(q.match(0, 20, 0).verdict, Verdict::given_up);
  EXPECT_EQ(q.match(5, 20, 0).request, &b);
}

TEST(CallQueue, BehindAHoleAnExactTurnPairsAgain) {
  CallQueue q;
  OpenRequest a, b;
  q.push(a, {.offset = 0, .client_acked = 0});
  q.disturb(Direction::s2c, 50, GapCause::mirror);  // a's answer
  EXPECT_EQ(q.mode(), Mode::searching);
  EXPECT_TRUE(a.touched);
  EXPECT_EQ(q.before_push({.client_acked = 50}), Fate::lost);
  q.remove(a);
  ASSERT_TRUE(q.push(b, {.offset = 10, .client_acked = 50}));
  EXPECT_TRUE(b.trusted);
  EXPECT_EQ(q.match(50, 20, 0).request, &b);
  EXPECT_EQ(q.mode(), Mode::ordered);
}

TEST(CallQueue, BehindAHoleNothingButAnExactTurnPairs) {
  struct Case {
    const char* name;
    std::uint64_t start, server_acked;
    Verdict verdict;
  };
  for (const Case& c :
       {Case{"starts later", 51, 20, Verdict::uncertain}, Case{"starts earlier", 49, 20, Verdict::no_request},
        Case{"server had not heard", 50, 10, Verdict::no_request},
        Case{"nothing is known of the server", 50, 0, Verdict::uncertain}}) {
    CallQueue q;
    OpenRequest b;
    q.disturb(Direction::s2c, 50, GapCause::mirror);
    ASSERT_TRUE(q.push(b, {.offset = 10, .client_acked = 50}));
    const CallQueue::Match m = q.match(c.start, c.server_acked, 0);
    EXPECT_EQ(m.verdict, c.verdict) << c.name;
    EXPECT_EQ(m.request, nullptr) << c.name;
  }
}

TEST(CallQueue, ARequestFoundOutsideOfATurnIsNotTrusted) {
  CallQueue q;
  OpenRequest found;
  q.saw(Direction::s2c, 50, 10, 0);
  q.disturb(Direction::c2s, 30, GapCause::mirror);
  ASSERT_TRUE(q.push(
      found, {.offset = 30, .client_acked = 50}));  // the server had heard up to 10 only when it spoke last
  EXPECT_FALSE(found.trusted);
  EXPECT_EQ(q.match(50, 60, 0).verdict, Verdict::uncertain);
}

TEST(CallQueue, SeveralOutstandingAtAHoleAreUncertain) {
  CallQueue q;
  OpenRequest a, b, c;
  q.push(a, {.offset = 0, .client_acked = 0});
  q.push(b, {.offset = 10, .client_acked = 0});
  q.disturb(Direction::s2c, 50, GapCause::sensor);
  EXPECT_EQ(q.mode(), Mode::uncertain);
  EXPECT_EQ(q.cause(), GapCause::sensor);
  q.remove(a);
  q.remove(b);
  EXPECT_EQ(q.match(50, 20, 0).verdict, Verdict::uncertain);
  EXPECT_EQ(q.before_push({.client_acked = 60}), Fate::uncertain);
  EXPECT_FALSE(q.push(c, {.offset = 20, .client_acked = 60}));
  EXPECT_EQ(q.match(60, 30, 0).verdict, Verdict::uncertain);
  EXPECT_EQ(q.match(70, 30, 0).verdict, Verdict::uncertain);
  EXPECT_EQ(q.mode(), Mode::uncertain);
}

TEST(CallQueue, RequestsHiddenBehindTheMatchedOneKeepItSearching) {
  CallQueue q;
  OpenRequest a;
  q.push(a, {.offset = 0, .client_acked = 0});
  q.disturb(Direction::c2s, 30, GapCause::mirror);
  EXPECT_EQ(q.match(0, 10, 0).request, &a);
  q.answer_ended();
  EXPECT_EQ(q.mode(), Mode::searching);
}

TEST(CallQueue, GivenUpWhileSearchingIsUncertain) {
  CallQueue q;
  OpenRequest a;
  q.disturb(Direction::s2c, 5, GapCause::mirror);
  q.push(a, {.offset = 0, .client_acked = 5});
  q.give_up(a);
  EXPECT_EQ(q.mode(), Mode::uncertain);
}

// What the server had acknowledged when it answered tells that the client had sent more, in a hole.
TEST(CallQueue, AnAnswerThatAcknowledgesAHoleBehindItsRequestProvesPipelining) {
  for (const std::uint64_t server_acked : {20u, 21u}) {
    CallQueue q;
    OpenRequest a;
    ASSERT_TRUE(q.push(a, {.offset = 0, .client_acked = 0}));
    EXPECT_FALSE(q.request_ended(a, 20));
    q.disturb(Direction::c2s, 40, GapCause::mirror);
    const auto match = q.match(0, server_acked, 0);
    EXPECT_EQ(match.verdict, server_acked > 20 ? Verdict::uncertain : Verdict::answer);
    EXPECT_EQ(q.mode(), server_acked > 20 ? CallQueue::Mode::uncertain : CallQueue::Mode::searching);
    if (a.queued) q.remove(a);
  }
}

TEST(CallQueue, ASecondAnswerDirectlyBehindAPairProvesPipelining) {
  CallQueue q;
  OpenRequest a;
  q.disturb(Direction::c2s, 40, GapCause::mirror);
  EXPECT_EQ(q.match(0, 40, 0).verdict, Verdict::no_request);
  q.saw(Direction::s2c, 50, 40, 0);
  ASSERT_TRUE(q.push(a, {.offset = 40, .client_acked = 50}));
  EXPECT_EQ(q.match(50, 60, 0).verdict, Verdict::answer);
  q.answer_ended();
  EXPECT_EQ(q.match(90, 60, 0).verdict, Verdict::uncertain);
  EXPECT_EQ(q.mode(), CallQueue::Mode::uncertain);
}

// [hole: a request] [request] [request], all sent before the first answer: only text in a body could stand
// where the second one does, and no whole request follows such a text.
TEST(CallQueue, TwoWholeRequestsBehindAHoleWithoutAnAnswerToItProvePipelining) {
  for (const std::uint64_t second_at : {50u, 51u}) {
    CallQueue q;
    OpenRequest a, b;
    q.disturb(Direction::c2s, 30, GapCause::mirror);
    ASSERT_TRUE(q.push(a, {.offset = 30}));
    EXPECT_TRUE(a.unawaited);
    EXPECT_FALSE(q.request_ended(a, 50));
    EXPECT_EQ(q.match(0, 50, 0).verdict, Verdict::uncertain);
    q.answer_ended();
    q.remove(a);
    q.saw(Direction::s2c, 40, second_at, 0);
    ASSERT_TRUE(q.push(b, {.offset = second_at, .client_acked = 40}));
    EXPECT_EQ(q.request_ended(b, 70), second_at == 50);
    if (b.queued) q.remove(b);
  }
}

// A connection that is uncertain behind one batch more than `batches`, with all said and acknowledged up to
// 100 of c2s and 200 of s2c at second 10.
CallQueue uncertain_at_rest(std::uint32_t batches, DurationNs answer) {
  CallQueue q;
  OpenRequest a, b;
  for (std::uint32_t i = 0; i < batches; ++i) {
    q.push(a, {.time = kSecondNs});
    q.push(b, {.time = kSecondNs});
    for (int answers = 0; answers < 2; ++answers) {
      q.match(0, 0, kSecondNs + answer);
      q.answer_ended();
    }
  }
  q.push(a, {.offset = 80, .client_acked = 150});
  q.push(b, {.offset = 90, .client_acked = 150});
  q.disturb(Direction::s2c, 180, GapCause::mirror);
  q.remove(a);
  q.remove(b);
  q.match(180, 100, 10 * kSecondNs);
  q.answer_ended();
  q.saw(Direction::s2c, 200, 100, 10 * kSecondNs);
  EXPECT_EQ(q.mode(), Mode::uncertain);
  return q;
}

TEST(CallQueue, TheQueueHasDrainedWhen) {
  struct Case {
    const char* name;
    std::uint32_t batches;
    DurationNs answer, silence;
    std::uint64_t offset, client_acked;
    bool drained;
  };
  for (const Case& c : {
           Case{"nothing says so", 1, 0, 0, 100, 200, false},
           Case{"both were silent for long", 1, 0, kSecondNs, 100, 200, true},
           Case{"silent, but answers took long", 1, kSecondNs, 3 * kSecondNs, 100, 200, false},
           Case{"silent for longer than answers took", 1, kSecondNs, 4 * kSecondNs, 100, 200, true},
           Case{"silent, the client lacks an answer", 1, 0, kSecondNs, 100, 199, false},
           Case{"silent, the client has what was not seen", 1, 0, kSecondNs, 100, 201, false},
           Case{"silent, the server had not heard all", 1, 0, kSecondNs, 101, 200, false},
           Case{"it waited for each of many batches", 15, 0, 0, 100, 200, true},
           Case{"of many batches, the server had not heard all", 15, 0, 0, 101, 200, false},
           Case{"of too few", 14, 0, 0, 100, 200, false},
       }) {
    CallQueue q = uncertain_at_rest(c.batches, c.answer);
    OpenRequest r;
    const RequestStart start{
        .offset = c.offset, .client_acked = c.client_acked, .time = 10 * kSecondNs + c.silence};
    EXPECT_EQ(q.before_push(start) == Fate::stay, c.drained) << c.name;
    EXPECT_EQ(q.push(r, start), c.drained) << c.name;
    EXPECT_EQ(q.mode(), c.drained ? Mode::ordered : Mode::uncertain) << c.name;
    if (!c.drained) continue;
    EXPECT_EQ(q.match(200, 120, start.time).request, &r) << c.name;
    q.answer_ended();
    // One answer too many: it had not, and its client is not believed again.
    EXPECT_EQ(q.match(220, 120, start.time).verdict, Verdict::uncertain) << c.name;
  }
}

TEST(CallQueue, AClientThatAsksAgainWhileItWaitsIsNotOneOfBatches) {
  CallQueue q = uncertain_at_rest(0, 0);
  OpenRequest a, b, c;
  const RequestStart rested{.offset = 100, .client_acked = 200, .time = 20 * kSecondNs};
  ASSERT_EQ(q.before_push(rested), Fate::stay);
  q.push(a, rested);
  q.push(b, rested);
  q.match(200, 120, rested.time);
  q.answer_ended();
  q.push(c, {.offset = 140, .client_acked = 210});
  q.remove(b);
  q.remove(c);
  for (int i = 0; i < 20; ++i) {
    q.push(a, {.offset = 200, .client_acked = 300});
    q.push(b, {.offset = 200, .client_acked = 300});
    q.remove(a);
    q.remove(b);
  }
  q.push(a, {.offset = 210, .client_acked = 300});
  q.push(b, {.offset = 220, .client_acked = 300});
  q.disturb(Direction::s2c, 400, GapCause::mirror);
  q.remove(a);
  q.remove(b);
  q.saw(Direction::s2c, 410, 230, rested.time);
  EXPECT_EQ(q.before_push({.offset = 230, .client_acked = 410, .time = rested.time}), Fate::uncertain);
}

}  // namespace
}  // namespace spanlight
