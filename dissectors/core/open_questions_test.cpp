#include "core/open_questions.h"

#include <gtest/gtest.h>

#include <string>

namespace spanlight {
namespace {

constexpr Direction kC = Direction::c2s, kS = Direction::s2c;

class OpenQuestionsTest : public testing::Test {
 protected:
  OpenQuestion* open(Direction from, std::uint64_t id, TimeNs time, std::string_view bytes = "asked") {
    return calls_.open(
        workshop_, from, id,
        {.bytes = as_bytes(bytes), .first_byte = time, .last_byte = time, .size = bytes.size()});
  }
  void TearDown() override {
    while (OpenQuestion* call = calls_.front()) calls_.close(workshop_, *call);
    EXPECT_EQ(state_.used_bytes(), 0u);
    EXPECT_EQ(calls_.size(), 0u);
  }

  SlabPool state_{1u << 20}, previews_{1u << 20};
  Limits limits_;
  DissectorCounters counters_;
  Workshop workshop_{state_, previews_, limits_, counters_};
  OpenQuestions calls_;
};

TEST_F(OpenQuestionsTest, TheOldestOfAnIdIsFoundFirst) {
  OpenQuestion* first = open(kC, 7, 1);
  OpenQuestion* second = open(kC, 7, 2);
  OpenQuestion* theirs = open(kS, 7, 3);
  EXPECT_EQ(calls_.find(kC, 7), first);
  EXPECT_EQ(calls_.find(kS, 7), theirs);
  EXPECT_EQ(calls_.find(kC, 8), nullptr);
  calls_.close(workshop_, *first);
  EXPECT_EQ(calls_.find(kC, 7), second);
  EXPECT_EQ(calls_.front(kS), theirs);
}

TEST_F(OpenQuestionsTest, AnAnswerIsToWhatHadBegunBefore) {
  OpenQuestion* first = open(kC, 7, 1);
  first->turn = 5;
  EXPECT_EQ(calls_.find(kC, 7, {.turn = 4}), nullptr);
  EXPECT_EQ(calls_.find(kC, 7, {.turn = 6}), first);
}

TEST_F(OpenQuestionsTest, WhoWasHeardOfWaitsOn) {
  limits_.answer_timeout_ns = 10;
  OpenQuestion* first = open(kC, 1, 1);
  OpenQuestion* second = open(kC, 2, 2);
  calls_.heard(*first, 5);
  EXPECT_EQ(calls_.next_deadline(limits_), 12u);
  EXPECT_EQ(calls_.overdue(limits_, 11), nullptr);
  EXPECT_EQ(calls_.overdue(limits_, 12), second);
  calls_.close(workshop_, *second);
  EXPECT_EQ(calls_.next_deadline(limits_), 15u);
  calls_.close(workshop_, *first);
  EXPECT_EQ(calls_.next_deadline(limits_), kNever);
}

TEST_F(OpenQuestionsTest, AHoleMayHoldTheAnswersOfTheOtherSide) {
  OpenQuestion* ours = open(kC, 1, 1);
  OpenQuestion* theirs = open(kS, 2, 2);
  calls_.saw_hole(kS, GapCause::sensor);
  EXPECT_EQ(ours->why(Reason::closed), Reason::lost_in_sensor);
  EXPECT_EQ(ours->flags, std::uint32_t{kFlagGap});
  EXPECT_EQ(theirs->why(Reason::closed), Reason::closed);
  EXPECT_EQ(theirs->flags, 0u);
  calls_.saw_hole(kC, GapCause::content);
  EXPECT_EQ(theirs->why(Reason::closed), Reason::malformed);
}

TEST_F(OpenQuestionsTest, BytesAndMemoryAreBounded) {
  OpenQuestion* large = open(kC, 1, 1, std::string(20'000, 'x'));
  EXPECT_EQ(large->bytes().size(), OpenQuestions::kKeptBytesMax);
  EXPECT_EQ(large->size, 20'000u);
  EXPECT_FALSE(large->question().whole());
  SlabPool none{0};
  Workshop poor{none, previews_, limits_, counters_};
  EXPECT_EQ(calls_.open(poor, kC, 2, {}), nullptr);
  EXPECT_EQ(counters_.state_exhausted, 1u);
}

TEST(Holes, WhoseAndWhy) {
  Holes holes;
  EXPECT_EQ(holes.flag(kC), 0u);
  holes.saw(kC, GapCause::sensor);
  EXPECT_TRUE(holes.any(kC));
  EXPECT_FALSE(holes.any(kS));
  EXPECT_EQ(holes.loss(kC), Reason::lost_in_sensor);
  EXPECT_EQ(holes.flag(kC), std::uint32_t{kFlagGap});
  EXPECT_EQ(silence_of(Reason::lost_in_sensor), "");
  EXPECT_EQ(silence_of(Reason::reset), "no response: connection reset");
}

}  // namespace
}  // namespace spanlight
