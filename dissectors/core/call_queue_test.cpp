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
  EXPECT_EQ(q.before_push(0), Fate::stay);
  ASSERT_TRUE(q.push(a, 0, 0));
  EXPECT_EQ(q.before_push(0), Fate::stay);
  ASSERT_TRUE(q.push(b, 10, 0));
  EXPECT_FALSE(a.pipelined);
  EXPECT_TRUE(b.pipelined);
  EXPECT_EQ(q.match(0, 10).request, &a);
  q.answer_ended();
  EXPECT_EQ(q.match(5, 20).request, &b);
  q.answer_ended();
  EXPECT_EQ(q.match(9, 20).verdict, Verdict::no_request);
}

TEST(CallQueue, LateAnswerOfAGivenUpRequestIsNobodys) {
  CallQueue q;
  OpenRequest a, b;
  q.push(a, 0, 0);
  q.give_up(a);
  q.push(b, 10, 0);
  EXPECT_EQ(q.match(0, 20).verdict, Verdict::given_up);
  EXPECT_EQ(q.match(5, 20).request, &b);
}

TEST(CallQueue, BehindAHoleAnExactTurnPairsAgain) {
  CallQueue q;
  OpenRequest a, b;
  q.push(a, 0, 0);
  q.disturb(Direction::s2c, 50, GapCause::mirror);  // a's answer
  EXPECT_EQ(q.mode(), Mode::searching);
  EXPECT_TRUE(a.touched);
  EXPECT_EQ(q.before_push(50), Fate::lost);
  q.remove(a);
  ASSERT_TRUE(q.push(b, 10, 50));
  EXPECT_TRUE(b.trusted);
  EXPECT_EQ(q.match(50, 20).request, &b);
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
    ASSERT_TRUE(q.push(b, 10, 50));
    const CallQueue::Match m = q.match(c.start, c.server_acked);
    EXPECT_EQ(m.verdict, c.verdict) << c.name;
    EXPECT_EQ(m.request, nullptr) << c.name;
  }
}

TEST(CallQueue, ARequestFoundOutsideOfATurnIsNotTrusted) {
  CallQueue q;
  OpenRequest found;
  q.saw(Direction::s2c, 50, 10);
  q.disturb(Direction::c2s, 30, GapCause::mirror);
  ASSERT_TRUE(q.push(found, 30, 50));  // the server had heard up to 10 only when it spoke last
  EXPECT_FALSE(found.trusted);
  EXPECT_EQ(q.match(50, 60).verdict, Verdict::uncertain);
}

TEST(CallQueue, SeveralOutstandingAtAHoleAreUncertainForGood) {
  CallQueue q;
  OpenRequest a, b, c;
  q.push(a, 0, 0);
  q.push(b, 10, 0);
  q.disturb(Direction::s2c, 50, GapCause::sensor);
  EXPECT_EQ(q.mode(), Mode::uncertain);
  EXPECT_EQ(q.cause(), GapCause::sensor);
  q.remove(a);
  q.remove(b);
  EXPECT_EQ(q.match(50, 20).verdict, Verdict::uncertain);
  EXPECT_EQ(q.before_push(60), Fate::uncertain);
  EXPECT_FALSE(q.push(c, 20, 60));
  EXPECT_EQ(q.match(60, 30).verdict, Verdict::uncertain);
  EXPECT_EQ(q.match(70, 30).verdict, Verdict::uncertain);
  EXPECT_EQ(q.mode(), Mode::uncertain);
}

TEST(CallQueue, RequestsHiddenBehindTheMatchedOneKeepItSearching) {
  CallQueue q;
  OpenRequest a;
  q.push(a, 0, 0);
  q.disturb(Direction::c2s, 30, GapCause::mirror);
  EXPECT_EQ(q.match(0, 10).request, &a);
  q.answer_ended();
  EXPECT_EQ(q.mode(), Mode::searching);
}

TEST(CallQueue, GivenUpWhileSearchingIsUncertain) {
  CallQueue q;
  OpenRequest a;
  q.disturb(Direction::s2c, 5, GapCause::mirror);
  q.push(a, 0, 5);
  q.give_up(a);
  EXPECT_EQ(q.mode(), Mode::uncertain);
}

// What the server had acknowledged when it answered tells that the client had sent more, in a hole.
TEST(CallQueue, AnAnswerThatAcknowledgesAHoleBehindItsRequestProvesPipelining) {
  for (const std::uint64_t server_acked : {20u, 21u}) {
    CallQueue q;
    OpenRequest a;
    ASSERT_TRUE(q.push(a, 0, 0));
    EXPECT_FALSE(q.request_ended(a, 20));
    q.disturb(Direction::c2s, 40, GapCause::mirror);
    const auto match = q.match(0, server_acked);
    EXPECT_EQ(match.verdict, server_acked > 20 ? Verdict::uncertain : Verdict::answer);
    EXPECT_EQ(q.mode(), server_acked > 20 ? CallQueue::Mode::uncertain : CallQueue::Mode::searching);
    if (a.queued) q.remove(a);
  }
}

TEST(CallQueue, ASecondAnswerDirectlyBehindAPairProvesPipelining) {
  CallQueue q;
  OpenRequest a;
  q.disturb(Direction::c2s, 40, GapCause::mirror);
  EXPECT_EQ(q.match(0, 40).verdict, Verdict::no_request);
  q.saw(Direction::s2c, 50, 40);
  ASSERT_TRUE(q.push(a, 40, 50));
  EXPECT_EQ(q.match(50, 60).verdict, Verdict::answer);
  q.answer_ended();
  EXPECT_EQ(q.match(90, 60).verdict, Verdict::uncertain);
  EXPECT_EQ(q.mode(), CallQueue::Mode::uncertain);
}

}  // namespace
}  // namespace spanlight
