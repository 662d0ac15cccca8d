// The contract between the pipeline and a dissector, each Want by itself: a dissector whose answers the test
// writes.

#include "inspect/inspector.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace spanlight {
namespace {

using Want = Answer::Want;

// What the dissector was told, as text, and what it answers next.
struct Script {
  Handover handover;  // of who answers `identify`
  std::vector<std::string> log;
  std::deque<Answer> answers;  // for on_data and on_gap; when empty: everything is consumed
  TimeNs deadline = kNever;
  bool tells_times = false;
  bool parks = false;
  unsigned parked = 0;
};
Script* g_script = nullptr;

std::string side(Direction d) {
  return d == Direction::c2s ? ">" : "<";
}

class Scripted final : public Dissector {
 public:
  explicit Scripted(Workshop& workshop) : workshop_(workshop) {}
  void take_over(const Handover& handover) override {
    g_script->log.push_back("take over " + std::to_string(handover.get<std::uint32_t>()));
  }
  Answer on_data(Direction from, const Window& w, Sink&) override {
    const std::string when = g_script->tells_times ? "@" + std::to_string(w.time) : "";
    g_script->log.push_back(side(from) + std::to_string(w.offset) + ":" + std::string(as_text(w.bytes)) +
                            when);
    return next(w.bytes.size());
  }
  void on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) override {
    const std::string when = g_script->tells_times ? "@" + std::to_string(last_byte) : "";
    g_script->log.push_back(side(from) + "skipped " + std::to_string(seen) + "+" + std::to_string(missing) +
                            when);
  }
  Answer on_gap(Direction from, std::uint64_t missing, GapCause, TimeNs, Sink&) override {
    g_script->log.push_back(side(from) + "gap " + std::to_string(missing));
    return next(0);
  }
  void on_end(Direction from, End, TimeNs, Sink&) override { g_script->log.push_back(side(from) + "end"); }
  void on_close(End, TimeNs, Sink&) override { g_script->log.push_back("close"); }
  void on_time(TimeNs, Sink&) override { g_script->log.push_back("time"); }
  TimeNs next_deadline() const override { return g_script->deadline; }
  bool park(const Position& at, Memo& memo) const override {
    if (!g_script->parks) return false;
    memo.fill(static_cast<std::uint8_t>(++g_script->parked));
    g_script->log.push_back("park" + text_of(at));
    return true;
  }
  void resume(const Position& at, const Memo& memo) override {
    g_script->log.push_back("resume " + std::to_string(memo.back()) + text_of(at));
  }

 private:
  static std::string text_of(const Position& at) {
    return " >" + std::to_string(at.end[0]) + " <" + std::to_string(at.end[1]);
  }

  Answer next(std::size_t all) {
    if (g_script->answers.empty()) return {.consumed = all};
    if (g_script->answers.front().want == Answer::Want::identify) workshop_.handover = g_script->handover;
    const Answer answer = g_script->answers.front();
    g_script->answers.pop_front();
    return answer;
  }

  Workshop& workshop_;
};

// "Q…" is a client's, "A…" a server's; the second byte must be ':'.
Verdict probe(Bytes own, Bytes) {
  if (own[0] != 'Q' && own[0] != 'A') return Verdict::no;
  if (own.size() < 2) return Verdict::more;
  return own[1] != ':' ? Verdict::no : own[0] == 'Q' ? Verdict::client : Verdict::server;
}

Sync sync(Direction from, Bytes window) {
  const std::string_view mark = from == Direction::c2s ? "Q:" : "A:";
  const std::size_t at = as_text(window).find(mark);
  if (at != std::string_view::npos) return {.skip = at, .found = true};
  const bool half = !window.empty() && window.back() == static_cast<std::uint8_t>(mark[0]);
  return {.skip = window.size() - half};
}

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Scripted(workshop);
}

constexpr Descriptor kToy{
    .name = "toy", .head_bytes_max = 8, .probe = probe, .sync = sync, .slot_bytes = 64, .create = create};
constexpr const Descriptor* kToys[] = {&kToy};

// Believes in ten signs of equality.
constexpr Descriptor kSlow{
    .name = "slow",
    .head_bytes_max = 8,
    .probe = probe,
    .begins = [](Direction, Bytes window) { return window.size() < 10 ? Look::more : Look::yes; },
    .signs =
        [](Direction) {
          static constexpr Signs kSigns[] = {Signs(ByteSet::of("="))};
          return std::span<const Signs>(kSigns);
        },
    .slot_bytes = 64,
    .create = create};
constexpr const Descriptor* kSlows[] = {&kSlow};

class InspectorTest : public testing::Test {
 protected:
  InspectorTest() {
    g_script = &script_;
    flow_.key.protocol = 6;
  }
  ~InspectorTest() override {
    inspector_.close(flow_, End::fin, 0);
    EXPECT_EQ(state_.used_bytes(), 0u) << "every slab is given back";
  }

  void say(unsigned sender, std::string_view text, TimeNs time = 1'000) {
    const std::uint64_t offset = offset_[sender];
    move(sender, text.size());
    inspector_.on_chunk(flow_, sender, {.bytes = as_bytes(text), .offset = offset, .time = time});
  }
  void lose(unsigned sender, std::uint64_t n) {
    move(sender, n);
    inspector_.on_gap(flow_, sender, {.missing = n, .time = 1'000});
  }
  // As the reassembler does it: before it tells.
  void move(unsigned sender, std::uint64_t n) {
    flow_.conversation.stream[sender].offset = offset_[sender] += n;
  }
  std::vector<MutableBytes> take_all_state() {
    std::vector<MutableBytes> all;
    for (MutableBytes b = state_.take(256); !b.empty(); b = state_.take(256)) all.push_back(b);
    return all;
  }
  void answer(Answer a) { script_.answers.push_back(a); }
  using Log = std::vector<std::string>;

  Script script_;
  std::string fault_;
  std::unique_ptr<Identifier> identifier_ = Identifier::make({}, fault_, kToys);
  SlabPool state_{SlabPool::kPageBytes * 64};
  SlabPool previews_{SlabPool::kPageBytes};
  Limits limits_;
  DissectorCounters dissector_counters_;
  Workshop workshop_{state_, previews_, limits_, dissector_counters_};
  BatchPool pool_{0, 1 << 20, 7};
  std::unique_ptr<Redactor> redactor_ = std::move(std::get<0>(Redactor::create(Settings{})));
  EncodeCounters encode_;
  RecordWriter writer_{0, "test", 1, pool_, *redactor_, {}, encode_, kToys};
  InspectCounters counters_;
  Inspector inspector_{*identifier_, workshop_, writer_, counters_};
  Flow flow_;
  std::uint64_t offset_[2]{};
};

TEST_F(InspectorTest, AHeadCutAnywhereIsIdentifiedTheSame) {
  say(0, "Q");
  EXPECT_TRUE(script_.log.empty());
  say(0, ":1");
  say(1, "A:1");
  EXPECT_EQ(script_.log, (Log{">0:Q", ">1::1", "<0:A:1"}));
  EXPECT_EQ(counters_.identified, 1u);
}

TEST_F(InspectorTest, TheServersHeadMayComeFirstAndTurnsTheRolesRound) {
  flow_.client = 0;
  say(0, "A:hello");
  say(1, "Q:1");
  EXPECT_EQ(flow_.client, 1);
  EXPECT_EQ(script_.log, (Log{"<0:A:hello", ">0:Q:1"}));
}

TEST_F(InspectorTest, AKeptHeadOfTheOtherSideIsReplayedFirst) {
  say(1, "A");
  say(0, "Q:1");
  EXPECT_EQ(script_.log, (Log{"<0:A", ">0:Q:1"}));
}

TEST_F(InspectorTest, WhereAPortHintsAtAProtocolItMayBelieveMore) {
  static constexpr std::uint16_t kPorts[] = {53};
  static constexpr Descriptor kHinted{.name = "hinted",
                                      .ports = kPorts,
                                      .head_bytes_max = 8,
                                      .probe = probe,
                                      .slot_bytes = 64,
                                      .create = create,
                                      .hinted_probe = [](Transport, Bytes) { return Verdict::client; }};
  static constexpr const Descriptor* kAll[] = {&kHinted};
  const auto identifier = Identifier::make({}, fault_, kAll);
  Inspector inspector(*identifier, workshop_, writer_, counters_);
  for (const std::uint16_t port : {std::uint16_t{53}, std::uint16_t{54}}) {
    Flow flow;
    flow.key.protocol = 6;
    flow.key.port[1] = port;
    inspector.on_chunk(flow, 0, {.bytes = as_bytes("odd"), .time = 1'000});
    EXPECT_EQ(script_.log, Log{">0:odd"}) << port;
    inspector.close(flow, End::fin, 0);
    if (port == 53) script_.log.pop_back();
  }
}

TEST_F(InspectorTest, WhatNobodyClaimsTurnsOpaqueOnceBothSidesAreRuledOut) {
  say(0, "zzz");
  EXPECT_FALSE(flow_.opaque);
  say(1, "zzz");
  EXPECT_TRUE(flow_.opaque);
  EXPECT_EQ(counters_.unknown, 1u);
  say(0, "Q:too late");
  EXPECT_TRUE(script_.log.empty());
}

TEST_F(InspectorTest, ATlsHandshakeIsEncryptedNotUnknown) {
  say(0, std::string_view("\x16\x03\x01\x02", 4));
  EXPECT_TRUE(flow_.encrypted);
  EXPECT_TRUE(flow_.opaque);
  say(1, "12345");
  EXPECT_EQ(counters_.encrypted_bytes, 9u);
  EXPECT_EQ(counters_.unknown, 0u);
}

// Reads what begins with a TLS handshake, if an exclamation mark follows.
Verdict probe_sealed(Bytes own, Bytes) {
  if (own[0] != 0x16) return Verdict::no;
  if (own.size() < 4) return Verdict::more;
  return own[3] == '!' ? Verdict::client : Verdict::no;
}
Look begins_sealed(Direction, Bytes window) {
  return window.size() < 2 ? Look::more : window[1] == '#' ? Look::yes : Look::no;
}
std::span<const Signs> sealed_signs(Direction) {
  static constexpr Signs kSigns[] = {Signs(ByteSet::of("#"))};
  return kSigns;
}
constexpr Descriptor kSealedToy{.name = "sealed",
                                .head_bytes_max = 8,
                                .probe = probe_sealed,
                                .begins = begins_sealed,
                                .signs = sealed_signs,
                                .slot_bytes = 64,
                                .create = create,
                                .reads_encrypted = true};
constexpr const Descriptor* kSealedToys[] = {&kToy, &kSealedToy};

class SealedInspectorTest : public InspectorTest {
 protected:
  ~SealedInspectorTest() override { reads_.close(flow_, End::fin, 0); }
  void say(unsigned sender, std::string_view text) {
    const std::uint64_t offset = offset_[sender];
    move(sender, text.size());
    reads_.on_chunk(flow_, sender, {.bytes = as_bytes(text), .offset = offset, .time = 1'000});
  }
  std::unique_ptr<Identifier> both_ = Identifier::make({}, fault_, kSealedToys);
  Inspector reads_{*both_, workshop_, writer_, counters_};
};

TEST_F(SealedInspectorTest, AHandshakeIsShownToWhoReadsIt) {
  say(0, std::string_view("\x16\x03", 2));
  say(0, std::string_view("\x01", 1));
  EXPECT_FALSE(flow_.opaque);
  answer({.consumed = 5});
  answer({.consumed = 3, .want = Want::stop});
  say(0, "!a");
  say(1, "b:c");
  EXPECT_EQ(script_.log.back(), "close");
  EXPECT_TRUE(flow_.opaque) << "what stops is left alone";
  say(1, "12345");
  EXPECT_EQ(counters_.identified, 1u);
  EXPECT_EQ(counters_.encrypted, 1u);
  EXPECT_EQ(counters_.encrypted_bytes, 5u + 3 + 5);
}

TEST_F(SealedInspectorTest, AHandshakeThatIsNobodysEndsTheLooking) {
  say(0, std::string_view("\x16\x03\x01?", 4));
  EXPECT_TRUE(flow_.opaque);
  EXPECT_EQ(counters_.encrypted, 1u);
  EXPECT_EQ(counters_.encrypted_bytes, 4u);
  EXPECT_EQ(counters_.unknown, 0u);
}

TEST_F(SealedInspectorTest, FoundMidstreamItIsLeftAlone) {
  flow_.midstream = true;
  say(0, "rest of a record##12345");
  EXPECT_TRUE(flow_.opaque);
  EXPECT_TRUE(flow_.encrypted);
  EXPECT_TRUE(script_.log.empty()) << "there is nothing to read";
  EXPECT_EQ(counters_.encrypted, 1u);
  EXPECT_EQ(counters_.unknown, 0u);
  EXPECT_EQ(state_.used_bytes(), 0u);
}

TEST_F(SealedInspectorTest, BehindAHoleTheSearchBeginsAnew) {
  flow_.midstream = true;
  say(0, "restQ");  // may become a message
  reads_.on_gap(flow_, 0, {.missing = 10});
  offset_[0] += 10;
  say(0, "##12345");
  EXPECT_TRUE(flow_.encrypted) << "nothing of it was looked at before";
}

TEST_F(SealedInspectorTest, OthersAreFoundAsBefore) {
  say(0, "Q:1");
  EXPECT_EQ(script_.log, (Log{">0:Q:1"}));
  EXPECT_EQ(counters_.encrypted, 0u);
}

TEST_F(InspectorTest, DataLeftUnconsumedComesAgainBeforeWhatIsNew) {
  answer({.consumed = 2});
  say(0, "Q:ab");
  say(0, "cd");
  EXPECT_EQ(script_.log, (Log{">0:Q:ab", ">2:abcd"}));
}

TEST_F(InspectorTest, WaitIsNotAskedAgainBeforeTheWindowHoldsEnough) {
  answer({.consumed = 1, .want = Want::wait, .n = 6});
  say(0, "Q:a");
  say(0, "bc");
  say(0, "d");
  EXPECT_EQ(script_.log.size(), 1u);
  say(0, "e");
  EXPECT_EQ(script_.log, (Log{">0:Q:a", ">1::abcde"}));
}

TEST_F(InspectorTest, ASkipPassesByCounterAndGoesOnInTheSameWindow) {
  answer({.consumed = 2, .want = Want::skip, .n = 3});
  say(0, "Q:123next");
  EXPECT_EQ(script_.log, (Log{">0:Q:123next", ">skipped 3+0", ">5:next"}));
  EXPECT_EQ(counters_.skipped_bytes, 3u);
}

TEST_F(InspectorTest, AHoleInsideASkipIsPartOfIt) {
  answer({.consumed = 2, .want = Want::skip, .n = 100});
  say(0, "Q:12");
  lose(0, 90);
  say(0, "12345678next");
  EXPECT_EQ(script_.log, (Log{">0:Q:12", ">skipped 2+90", ">skipped 8+0", ">102:next"}));
}

TEST_F(InspectorTest, AHoleInsideASkipIsToldBeforeTheOtherSideEnds) {
  answer({.consumed = 2, .want = Want::skip, .n = 100});
  say(0, "Q:12");
  lose(0, 90);
  inspector_.on_end(flow_, 1, End::fin, 5);
  EXPECT_EQ(script_.log, (Log{">0:Q:12", ">skipped 2+90", "<end"}));
}

TEST_F(InspectorTest, WhatPassedKeepsItsTimeHoweverLateTheEndIs) {
  script_.tells_times = true;
  answer({.consumed = 2, .want = Want::skip, .n = 100});
  say(0, "Q:1", 5'000);
  say(0, "2", 6'000);
  inspector_.close(flow_, End::idle, 900 * kSecondNs);
  ASSERT_EQ(script_.log.size(), 3u);
  EXPECT_EQ(script_.log[1], ">skipped 2+0@6000");
}

TEST_F(InspectorTest, AHoleThatOutlastsASkipIsAGapForItsRest) {
  answer({.consumed = 2, .want = Want::skip, .n = 10});
  say(0, "Q:1234");
  lose(0, 8);
  EXPECT_EQ(script_.log, (Log{">0:Q:1234", ">skipped 4+6", ">gap 2"}));
}

TEST_F(InspectorTest, ASkipCutShortByTheEndTellsWhatPassed) {
  answer({.consumed = 2, .want = Want::skip, .n = 10});
  say(0, "Q:1234");
  inspector_.on_end(flow_, 0, End::fin, 5);
  EXPECT_EQ(script_.log, (Log{">0:Q:1234", ">skipped 4+0", ">end"}));
}

TEST_F(InspectorTest, HoldWaitsForTheOtherSide) {
  answer({.consumed = 3, .want = Want::hold});
  say(0, "Q:1held");
  say(0, " on");
  EXPECT_EQ(script_.log.size(), 1u);
  say(1, "A:1");
  EXPECT_EQ(script_.log, (Log{">0:Q:1held", "<0:A:1", ">3:held on"}));
}

TEST_F(InspectorTest, HoldIsAskedAgainWhenTheOtherSideEnds) {
  answer({.consumed = 3, .want = Want::hold});
  say(0, "Q:1held");
  inspector_.on_end(flow_, 1, End::fin, 5);
  EXPECT_EQ(script_.log, (Log{">0:Q:1held", "<end", ">3:held"}));
}

TEST_F(InspectorTest, AnEndWaitsBehindBytesThatAreHeld) {
  answer({.consumed = 3, .want = Want::hold});
  say(0, "Q:1held");
  inspector_.on_end(flow_, 0, End::fin, 5);
  EXPECT_EQ(script_.log, Log{">0:Q:1held"});
  say(1, "A:1");
  EXPECT_EQ(script_.log, (Log{">0:Q:1held", "<0:A:1", ">3:held", ">end"}));
}

TEST_F(InspectorTest, AnEndBeforeTheProtocolWasKnownIsToldAfterTheHead) {
  say(0, "Q");
  inspector_.on_end(flow_, 0, End::fin, 5);
  say(1, "A:1");
  EXPECT_EQ(script_.log, (Log{">0:Q", "<0:A:1", ">end"}));
}

TEST_F(InspectorTest, BehindAHoleASynKnowsTheClientBetterThanQuotedText) {
  flow_.client = 0;
  flow_.client_known = true;
  lose(1, 10);
  say(1, "a page about Q:uestions A:1");
  EXPECT_EQ(flow_.client, 0);
  EXPECT_EQ(script_.log.back(), "<34:A:1");
}

TEST_F(InspectorTest, ASkipOfNothingIsNoSkip) {
  answer({.consumed = 2, .want = Want::skip, .n = 0});
  say(0, "Q:ab");
  say(0, "cd");
  EXPECT_EQ(script_.log, (Log{">0:Q:ab", ">2:abcd"}));
}

TEST_F(InspectorTest, ResyncDropsBytesUntilAMessageStarts) {
  answer({.consumed = 3, .want = Want::resync});
  say(0, "Q:1");
  answer({.consumed = 0});
  say(0, "garbageQ");
  EXPECT_EQ(script_.log.size(), 1u);
  say(0, ":2");
  EXPECT_EQ(script_.log, (Log{">0:Q:1", ">10:Q:2"}));
}

TEST_F(InspectorTest, ADissectorThatIsLostAtAMessageStartMovesOn) {
  for (int i = 0; i < 3; ++i) answer({.consumed = 0, .want = Want::resync});
  say(0, "Q:Q:Q:");
  EXPECT_EQ(script_.log, (Log{">0:Q:Q:Q:", ">2:Q:Q:", ">4:Q:"}));
}

TEST_F(InspectorTest, AfterAGapWithResyncTheNextMessageIsFound) {
  say(0, "Q:1");
  answer({.consumed = 0, .want = Want::resync});
  lose(0, 50);
  say(0, "tail of itQ:2");
  EXPECT_EQ(script_.log, (Log{">0:Q:1", ">gap 50", ">63:Q:2"}));
}

TEST_F(InspectorTest, IdentifyGivesBothRestsToTheNextProtocol) {
  answer({.consumed = 3, .want = Want::hold});
  say(0, "Q:1Q:early");
  answer({.consumed = 3, .want = Want::identify});
  say(1, "A:1A:next");
  EXPECT_EQ(script_.log, (Log{">0:Q:1Q:early", "<0:A:1A:next", "close", ">3:Q:early", "<3:A:next"}));
  EXPECT_EQ(counters_.handovers, 1u);
  EXPECT_EQ(counters_.identified, 2u);
}

TEST_F(InspectorTest, ASuccessorThatIsNamedIsToldWhatItNeeds) {
  script_.handover.protocol = "toy";
  script_.handover.put(std::uint32_t{42});
  script_.handover.lost[1] = true;
  answer({.consumed = 3, .want = Want::identify});
  answer({.want = Want::resync});
  say(0, "Q:1not its own head");
  EXPECT_EQ(script_.log,
            (Log{">0:Q:1not its own head", "close", "take over 42", "<gap 0", ">3:not its own head"}));
  EXPECT_EQ(workshop_.handover.protocol, "");
  say(1, "xA:2");
  EXPECT_EQ(script_.log.back(), "<1:A:2") << "looked for: its beginning was lost";
}

TEST_F(InspectorTest, ASuccessorThatIsNotEnabledIsLookedFor) {
  script_.handover.protocol = "other";
  answer({.consumed = 3, .want = Want::identify});
  say(0, "Q:1Q:2");
  EXPECT_EQ(script_.log, (Log{">0:Q:1Q:2", "close", ">3:Q:2"}));
  EXPECT_EQ(workshop_.handover.protocol, "");
}

TEST_F(InspectorTest, WhoeverFollowsIsSearchedForWhereTheBeginningWasLost) {
  script_.handover.lost[0] = true;
  answer({.consumed = 3, .want = Want::identify});
  say(0, "Q:1xQ:2");
  EXPECT_EQ(script_.log, (Log{">0:Q:1xQ:2", "close", ">gap 0", ">4:Q:2"}));
}

TEST_F(InspectorTest, AFlowIsNotHandedOverForEver) {
  for (unsigned i = 0; i <= Inspector::kHandoversMax; ++i) {
    answer({.consumed = 2, .want = Want::identify});
    say(0, "Q:");
  }
  EXPECT_TRUE(flow_.opaque);
}

TEST_F(InspectorTest, StopGivesEverythingBackAtOnce) {
  answer({.consumed = 0, .want = Want::stop});
  say(0, "Q:1");
  EXPECT_TRUE(flow_.opaque);
  EXPECT_EQ(script_.log.back(), "close");
  EXPECT_EQ(state_.used_bytes(), 0u);
}

TEST_F(InspectorTest, AWindowThatOutgrowsItsBoundIsAGapOfTheSensors) {
  answer({.consumed = 0, .want = Want::wait, .n = 1'000'000});
  say(0, "Q:1");
  const std::string much(40'000, 'x');
  say(0, much);
  say(0, much);
  EXPECT_EQ(script_.log.back(), ">gap 80003");
  EXPECT_EQ(counters_.waiting_exceeded, 1u);
}

TEST_F(InspectorTest, JoinedMidstreamAMessageIsFoundOnEitherSide) {
  flow_.midstream = true;
  script_.answers = {Answer{.want = Want::resync}, Answer{.want = Want::resync}};
  say(1, "end of an answer, A");
  say(1, ":2");
  say(0, "restQ:3");
  EXPECT_EQ(script_.log, (Log{">gap 0", "<gap 0", "<18:A", "<19::2", ">4:Q:3"}));
}

TEST_F(InspectorTest, JoinedMidstreamADissectorMayLookForItself) {
  flow_.midstream = true;
  script_.answers = {Answer{}, Answer{}};
  say(1, "end of an answer, A");
  say(1, ":2");
  say(0, "restQ:3");
  EXPECT_EQ(script_.log, (Log{">gap 0", "<gap 0", "<18:A", "<19::2", ">0:restQ:3"}));
}

TEST_F(InspectorTest, WhatTheOtherSideSaidBeforeIsShownBefore) {
  flow_.midstream = true;
  script_.answers = {Answer{}, Answer{}};
  say(0, "restQ");  // may become a message
  say(1, "A:2");
  EXPECT_EQ(script_.log, (Log{">gap 0", "<gap 0", ">4:Q", "<0:A:2"}));
  say(0, ":3");
  EXPECT_EQ(script_.log.back(), ">5::3");
}

TEST_F(InspectorTest, WhatWaitedIsShownAsItCame) {
  flow_.midstream = true;
  script_.tells_times = true;
  script_.answers = {Answer{}, Answer{}};
  say(0, "restQ", 1'000);
  say(1, "restA", 2'000);
  say(1, ":2", 3'000);
  EXPECT_EQ(script_.log, (Log{">gap 0", "<gap 0", ">4:Q@1000", "<4:A@2000", "<5::2@3000"}));
}

// The first pieces are known apart: of the others, the time of the last.
TEST_F(InspectorTest, WhatWaitedInManyPiecesIsShownInEight) {
  flow_.midstream = true;
  script_.tells_times = true;
  flow_.client_known = true;
  flow_.client = 0;
  std::unique_ptr<Identifier> slow = Identifier::make({}, fault_, kSlows);
  Inspector inspector(*slow, workshop_, writer_, counters_);
  for (unsigned n = 0; n < 10; ++n) {
    const std::string_view piece = "=";
    inspector.on_chunk(flow_, 0, {.bytes = as_bytes(piece), .offset = n, .time = n});
  }
  ASSERT_EQ(script_.log.size(), 2u + 8u);
  EXPECT_EQ(script_.log[2], ">0:=@0");
  EXPECT_EQ(script_.log[8], ">6:=@6");
  EXPECT_EQ(script_.log[9], ">7:===@9");
  inspector.close(flow_, End::fin, 0);
}

TEST_F(InspectorTest, AHoleBeforeTheProtocolWasKnownIsToldToItsDissector) {
  lose(0, 40);
  say(0, "tailQ:2");
  say(1, "A:2");
  EXPECT_EQ(script_.log, (Log{">gap 40", ">44:Q:2", "<0:A:2"}));
}

TEST_F(InspectorTest, TheSearchForAMessageIsBounded) {
  flow_.midstream = true;
  const std::string much(60'000, 'x');
  for (int i = 0; i < 6; ++i) say(0, much);
  say(0, "Q:1");
  EXPECT_TRUE(script_.log.empty());
  say(1, "A:1");
  EXPECT_EQ(script_.log.back(), "<0:A:1") << "the other side may still show it";
}

TEST_F(InspectorTest, WithoutStateMemoryAFlowIsCountedAndLeftAlone) {
  const std::vector<MutableBytes> all = take_all_state();
  say(0, "Q:1");
  EXPECT_EQ(counters_.state_exhausted, 1u);
  EXPECT_TRUE(flow_.opaque);
  for (const MutableBytes b : all) state_.give(b);
}

TEST_F(InspectorTest, AParkedDissectorHoldsNoMemoryAndGoesOnWhereItWas) {
  say(0, "Q:1");
  EXPECT_FALSE(inspector_.rest(flow_)) << "the dissector does not want to";
  script_.parks = true;
  EXPECT_TRUE(inspector_.rest(flow_));
  EXPECT_FALSE(inspector_.rest(flow_)) << "it does already";
  EXPECT_EQ(state_.used_bytes(), 0u);
  EXPECT_TRUE(flow_.has_session());
  EXPECT_EQ(Inspector::next_deadline(flow_), kNever);
  say(1, "A:12");
  EXPECT_TRUE(inspector_.rest(flow_));
  say(0, "Q:2");
  say(1, "A:2");
  EXPECT_EQ(script_.log, (Log{">0:Q:1", "park >3 <0", "resume 1 >3 <0", "<0:A:12", "park >3 <4",
                              "resume 2 >3 <4", ">3:Q:2", "<4:A:2"}));
  EXPECT_EQ(counters_.parked, 2u);
  EXPECT_EQ(counters_.identified, 1u);
}

TEST_F(InspectorTest, HolesAndEndsWakeItAndClosingDoesNot) {
  script_.parks = true;
  say(0, "Q:1");
  inspector_.rest(flow_);
  lose(1, 5);
  inspector_.rest(flow_);
  inspector_.on_end(flow_, 0, End::fin, 9);
  EXPECT_FALSE(inspector_.rest(flow_)) << "one side ended: that is not in the memo";
  EXPECT_EQ(script_.log, (Log{">0:Q:1", "park >3 <0", "resume 1 >3 <0", "<gap 5", "park >3 <5",
                              "resume 2 >3 <5", ">end"}));
  inspector_.close(flow_, End::fin, 9);
  EXPECT_EQ(script_.log.back(), "close");

  script_ = {.parks = true};
  Flow other;
  other.key.protocol = 6;
  inspector_.on_chunk(other, 0, {.bytes = as_bytes("Q:1"), .time = 1});
  inspector_.rest(other);
  inspector_.close(other, End::fin, 2);
  EXPECT_EQ(script_.log.back(), "park >0 <0");
  EXPECT_FALSE(other.has_session());
}

TEST_F(InspectorTest, WhatWaitsIsPassedOrIsLookedForDoesNotRest) {
  for (const Answer& a : {Answer{.consumed = 2}, Answer{.consumed = 3, .want = Want::skip, .n = 4},
                          Answer{.consumed = 3, .want = Want::resync},
                          Answer{.consumed = 3, .want = Want::wait, .n = 9}, Answer{.want = Want::hold}}) {
    script_ = {.answers = {a}, .parks = true};
    flow_ = {};
    flow_.key.protocol = 6;
    offset_[0] = 0;
    say(0, "Q:1");
    EXPECT_FALSE(inspector_.rest(flow_)) << static_cast<int>(a.want);
    EXPECT_EQ(script_.parked, 0u);
    inspector_.close(flow_, End::fin, 0);
  }
}

TEST_F(InspectorTest, AFlowThatIsNotIdentifiedDoesNotRest) {
  script_.parks = true;
  EXPECT_FALSE(inspector_.rest(flow_));
  say(0, "Q");
  EXPECT_FALSE(inspector_.rest(flow_));
  say(0, ":1");
  EXPECT_TRUE(inspector_.rest(flow_));
}

TEST_F(InspectorTest, WithoutStateMemoryAParkedFlowIsCountedAndLeftAlone) {
  script_.parks = true;
  say(0, "Q:1");
  inspector_.rest(flow_);
  const std::vector<MutableBytes> all = take_all_state();
  state_.give(all.back());  // room for one block, where two are needed
  say(1, "A:1");
  EXPECT_EQ(counters_.state_exhausted, 1u);
  EXPECT_TRUE(flow_.opaque);
  EXPECT_FALSE(flow_.has_session());
  EXPECT_EQ(state_.used_bytes(), (all.size() - 1) * 256);
  for (std::size_t i = 0; i + 1 < all.size(); ++i) state_.give(all[i]);
}

TEST_F(InspectorTest, TheDissectorsTimerIsTheFlows) {
  EXPECT_EQ(Inspector::next_deadline(flow_), kNever);
  say(0, "Q:1");
  script_.deadline = 77;
  EXPECT_EQ(Inspector::next_deadline(flow_), 77u);
  inspector_.on_time(flow_, 77);
  EXPECT_EQ(script_.log.back(), "time");
}

TEST_F(InspectorTest, ProtocolsOfLowPriorityAreLeftOutWhileTheyAreShed) {
  const auto low = Identifier::make({.low_priority = {"toy"}}, fault_, kToys);
  Inspector inspector(*low, workshop_, writer_, counters_);
  const auto say = [&](Flow& flow, std::string_view text) {
    inspector.on_chunk(flow, 0, {.bytes = as_bytes(text), .offset = 0, .time = 1'000});
  };
  Flow old, fresh;
  old.key.protocol = fresh.key.protocol = 6;
  say(old, "Q:1");
  EXPECT_FALSE(inspector.sheds(old));
  inspector.shed_low_priority(true);
  EXPECT_TRUE(inspector.sheds(old));
  inspector.shed(old, 1'000);
  say(fresh, "Q:2");
  for (const Flow* flow : {&old, &fresh}) {
    EXPECT_TRUE(flow->shed);
    EXPECT_TRUE(flow->opaque);
    EXPECT_EQ(flow->inspection, nullptr);
  }
  EXPECT_EQ(counters_.shed, 2u);
  EXPECT_EQ(script_.log, (Log{">0:Q:1", "close"}));
  inspector.shed_low_priority(false);
  fresh.shed = fresh.opaque = false;
  say(fresh, "Q:3");
  EXPECT_EQ(script_.log.back(), ">0:Q:3");
  inspector.close(fresh, End::fin, 0);
}

// A protocol over both: what it says of datagrams is asked apart.
Verdict probe_datagram(Bytes own, Bytes) {
  return own[0] == 'U' ? Verdict::client : own[0] == 'V' ? Verdict::server : Verdict::no;
}
constexpr Descriptor kBoth{.name = "both",
                           .transport = Transport::both,
                           .head_bytes_max = 8,
                           .probe = probe,
                           .sync = sync,
                           .slot_bytes = 64,
                           .create = create,
                           .datagram_probe = probe_datagram,
                           .datagram_create = create};
constexpr const Descriptor* kBoths[] = {&kBoth};

class Datagrams : public InspectorTest {
 protected:
  Datagrams() { datagrams_.key.protocol = 17; }
  ~Datagrams() override { both_inspector_.close(datagrams_, End::fin, 0); }
  void send(unsigned sender, std::string_view text) {
    both_inspector_.on_datagram(datagrams_, sender, as_bytes(text), 0, 1'000);
  }

  std::unique_ptr<Identifier> both_ = Identifier::make({}, fault_, kBoths);
  Inspector both_inspector_{*both_, workshop_, writer_, counters_};
  Flow datagrams_;
};

TEST_F(Datagrams, AreShownAloneAndWhole) {
  answer({.consumed = 1});
  answer({.consumed = 0, .want = Want::wait, .n = 99});
  send(0, "U1");
  send(0, "anything");
  send(1, "back");
  EXPECT_EQ(script_.log, (Log{">0:U1", ">0:anything", "<0:back"}));
  EXPECT_EQ(counters_.identified, 1u);
}

TEST_F(Datagrams, TheOtherSideIsHeardWhateverItSaidBefore) {
  send(0, "X");
  send(0, "U is too late on this side");
  EXPECT_EQ(script_.log, Log{});
  send(1, "V1");
  EXPECT_EQ(datagrams_.client, 0u);
  send(0, "asks");
  EXPECT_EQ(script_.log, (Log{"<0:V1", ">0:asks"})) << "no hole is told, no start is looked for";
}

TEST_F(Datagrams, NobodysAreGivenUp) {
  send(0, "X");
  send(1, "Y");
  EXPECT_TRUE(datagrams_.opaque);
  EXPECT_EQ(counters_.unknown, 1u);
  EXPECT_EQ(state_.used_bytes(), 0u);
}

TEST_F(Datagrams, RestAndAreTakenUpAgain) {
  script_.parks = true;
  send(0, "U1");
  EXPECT_EQ(state_.used_bytes(), 0u) << "at once";
  EXPECT_EQ(counters_.parked, 1u);
  send(1, "back");
  EXPECT_EQ(script_.log, (Log{">0:U1", "park >0 <0", "resume 1 >0 <0", "<0:back", "park >0 <0"}));
}

TEST_F(Datagrams, WakeNobodyWhoDoesNotWantToBeWoken) {
  static constexpr Descriptor kSleeper{.name = "sleeper",
                                       .transport = Transport::udp,
                                       .head_bytes_max = 8,
                                       .probe = probe_datagram,
                                       .slot_bytes = 64,
                                       .create = create,
                                       .wakes = [](Bytes datagram) { return datagram[0] == 'U'; }};
  constexpr const Descriptor* kSleepers[] = {&kSleeper};
  const auto identifier = Identifier::make({}, fault_, kSleepers);
  Inspector inspector(*identifier, workshop_, writer_, counters_);
  Flow flow;
  flow.key.protocol = 17;
  script_.parks = true;
  for (const std::string_view text : {"U1", "back", "on", "U2"})
    inspector.on_datagram(flow, text == "back" ? 1 : 0, as_bytes(text), 0, 1'000);
  EXPECT_EQ(script_.log, (Log{">0:U1", "park >0 <0", "resume 1 >0 <0", ">0:U2", "park >0 <0"}));
  inspector.close(flow, End::fin, 0);
}

TEST_F(Datagrams, StreamsOfTheSameProtocolAreAskedTheOtherProbe) {
  Flow stream;
  stream.key.protocol = 6;
  both_inspector_.on_chunk(stream, 0, {.bytes = as_bytes("U1"), .offset = 0, .time = 1'000});
  EXPECT_EQ(script_.log, Log{});
  both_inspector_.on_chunk(stream, 1, {.bytes = as_bytes("A:1"), .offset = 0, .time = 1'000});
  EXPECT_EQ(script_.log.back(), "<0:A:1");
  both_inspector_.close(stream, End::fin, 0);
}

}  // namespace
}  // namespace spanlight
