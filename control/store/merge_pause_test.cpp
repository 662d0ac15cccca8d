#include "store/merge_pause.h"

#include "store/store_fixture.h"

namespace spanlight {
namespace {

class MergePauseTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) return;
    store_ = open(settings_in(folder_));
    for (std::uint64_t part = 0; part < 4; ++part) add_part();
  }
  void add_part() {
    ASSERT_TRUE(store_->writer().offer(batch_of(batch(parts_++ * 10, 10))));
    ASSERT_TRUE(store_->writer().flush(kPatience));
  }
  // The store's own word: what is asked for by hand is refused as well.
  bool merges() {
    try {
      ask(*store_, "OPTIMIZE TABLE calls FINAL");
      return true;
    } catch (const StoreError& error) {
      EXPECT_NE(std::string(error.what()).find("ancel"), std::string::npos) << error.what();
      return false;
    }
  }

  std::unique_ptr<Store> store_;
  std::uint64_t parts_ = 0;
  const MergePause::Clock::time_point begin_ = MergePause::Clock::now();
};

TEST_F(MergePauseTest, WhileCallsWaitAndAWhileLonger) {
  MergePause pause(store_->client());
  pause.look(0.2, begin_, {});
  EXPECT_FALSE(pause.paused()) << "an ordinary insert's worth";
  pause.look(0.3, begin_, {});
  EXPECT_TRUE(pause.paused());
  EXPECT_FALSE(merges());
  pause.look(0, begin_ + 9s, {});
  EXPECT_TRUE(pause.paused()) << "what was stopped begins again: not each second";
  pause.look(0.1, begin_ + 11s, {});
  EXPECT_TRUE(pause.paused()) << "some still wait";
  pause.look(0, begin_ + 11s, {});
  EXPECT_FALSE(pause.paused());
  EXPECT_TRUE(merges());
  EXPECT_EQ(pause.pauses(), 1u);
}

TEST_F(MergePauseTest, NotBeyondSoManyParts) {
  MergePause pause(store_->client(), {.parts_most = 6});
  pause.look(1, begin_, {});
  EXPECT_TRUE(pause.paused());
  add_part();
  add_part();
  pause.look(1, begin_ + 1s, {});
  EXPECT_TRUE(pause.paused()) << "not looked at yet";
  pause.look(1, begin_ + 6s, {});
  EXPECT_FALSE(pause.paused());
  pause.look(1, begin_ + 12s, {});
  EXPECT_FALSE(pause.paused()) << "not before half of them are gone";
  EXPECT_TRUE(merges());
  pause.look(1, begin_ + 18s, {});
  EXPECT_TRUE(pause.paused());
  EXPECT_EQ(pause.pauses(), 2u);
}

TEST_F(MergePauseTest, AStoreThatWasStartedAnewIsToldAgain) {
  MergePause pause(store_->client());
  pause.look(1, begin_, {});
  const std::uint64_t starts = store_->process()->starts();
  kill(store_->process()->pid(), SIGKILL);
  ASSERT_TRUE(
      comes_true([&] { return store_->process()->starts() > starts && store_->process()->healthy(); }));
  EXPECT_TRUE(comes_true([&] {
    try {
      return merges();
    } catch (const StoreError&) {
      return false;
    }
  })) << "it has forgotten";
  add_part();
  pause.look(1, begin_ + 6s, {});
  add_part();
  EXPECT_FALSE(merges());
  EXPECT_EQ(pause.pauses(), 1u);
}

TEST_F(MergePauseTest, TheWriterPausesThemWhenItsQueueFillsAndForgetsNobody) {
  StoreWriter writer(store_->client(),
                     {.batch_rows = 100,
                      .batch_ms = 1,
                      .queue_bytes = std::size_t{4} << 20,
                      .merge_pause = MergePauseOptions{.pause_from = 0.1, .least = 20ms}},
                     log_to_stderr());
  std::uint64_t calls = 0;
  EXPECT_TRUE(comes_true([&] {
    for (int more = 0; more < 20; ++more, calls += 100)
      EXPECT_TRUE(writer.offer_patiently(batch_of(batch(10'000 + calls, 100)), {}));
    return writer.counters().merge_pauses > 0;
  }));
  ASSERT_TRUE(writer.flush(kPatience));
  EXPECT_TRUE(comes_true([&] { return !writer.counters().merges_paused; }))
      << "though no call comes any more";
  EXPECT_TRUE(merges());
  EXPECT_EQ(writer.counters().stored, calls);
  EXPECT_EQ(ask(*store_, "SELECT count() FROM calls WHERE record_id >= 10000"), std::to_string(calls) + "\n");
}

}  // namespace
}  // namespace spanlight
