// A child that hangs is started anew; one that is busy is not.

#include <csignal>
#include <mutex>
#include <thread>
#include <vector>

#include "store/store_fixture.h"

namespace spanlight {
namespace {

class HangTest : public StoreTest {
 protected:
  StoreProcessOptions impatient() const {
    StoreProcessOptions options;
    options.program = program();
    options.directory = folder_.path();
    options.memory_mb = 1'024;
    options.hang_patience = 8s;
    options.pause_least = options.pause_most = 50ms;
    return options;
  }
  StoreProcess::Log keeping() {
    return [this](const std::string& line) {
      const std::lock_guard lock(mutex_);
      said_ += line + "\n";
      std::fprintf(stderr, "    %s\n", line.c_str());
    };
  }
  bool was_said(const std::string& words) {
    const std::lock_guard lock(mutex_);
    return said_.find(words) != std::string::npos;
  }
  static ClickHouse client_of(const StoreProcess& process) {
    ClickHouse::Options options;
    options.socket = process.socket();
    return ClickHouse(options);
  }

 private:
  std::mutex mutex_;
  std::string said_;
};

TEST_F(HangTest, AChildThatStandsStillIsStartedAnew) {
  StoreProcess process(impatient(), keeping());
  ASSERT_TRUE(process.wait_healthy(kPatience)) << process.trouble();
  const pid_t first = process.pid();
  ASSERT_EQ(kill(first, SIGSTOP), 0);
  EXPECT_TRUE(comes_true([&] { return !process.healthy(); }));  // told before it is killed
  EXPECT_TRUE(comes_true([&] { return process.starts() == 2 && process.healthy(); })) << process.trouble();
  EXPECT_NE(process.pid(), first);
  EXPECT_EQ(process.hangs(), 1u);
  EXPECT_TRUE(was_said("spanlight-store gives no sign of life"));
  EXPECT_TRUE(was_said("spanlight-store does not answer; it is started anew"));
  EXPECT_EQ(client_of(process).ask({.sql = "SELECT 1 FORMAT TabSeparated", .in_database = false}), "1\n");
}

TEST_F(HangTest, AShortStandstillIsBorne) {
  StoreProcess process(impatient(), keeping());
  ASSERT_TRUE(process.wait_healthy(kPatience)) << process.trouble();
  ASSERT_EQ(kill(process.pid(), SIGSTOP), 0);
  EXPECT_TRUE(comes_true([&] { return !process.healthy(); }));
  ASSERT_EQ(kill(process.pid(), SIGCONT), 0);
  EXPECT_TRUE(comes_true([&] { return process.healthy(); }));
  EXPECT_EQ(process.starts(), 1u);
  EXPECT_EQ(process.hangs(), 0u);
}

TEST_F(HangTest, AChildWithAllItsSessionsBusyIsWell) {
  StoreProcess process(impatient(), keeping());
  ASSERT_TRUE(process.wait_healthy(kPatience)) << process.trouble();
  const ClickHouse client = client_of(process);
  std::vector<std::jthread> askers;
  std::atomic<int> answered = 0;
  // More than there are sessions, for longer than a silence is borne.
  for (int asker = 0; asker < 6; ++asker)
    askers.emplace_back([&] {
      client.ask({.sql = "SELECT sum(sleepEachRow(1)) FROM numbers(10) FORMAT TabSeparated",
                  .settings = {{"max_block_size", "1"}},
                  .in_database = false});
      ++answered;
    });
  bool always = true;
  while (answered == 0) {
    always = always && process.healthy();
    std::this_thread::sleep_for(20ms);
  }
  askers.clear();
  EXPECT_TRUE(always);
  EXPECT_EQ(answered, 6);
  EXPECT_EQ(process.starts(), 1u);
  EXPECT_EQ(process.hangs(), 0u);
}

}  // namespace
}  // namespace spanlight
