// One subscriber that never reads, one that does. The healthy one misses nothing and the worker always finds
// a buffer, however far the stalled one is behind; and what hung in its queue comes back when it goes.

#include <gtest/gtest.h>

#include <atomic>

#include "publish/fakes.h"
#include "publish/publisher.h"

namespace spanlight {
namespace {

using fakes::eventually;
using fakes::Subscriber;

constexpr std::uint32_t kHighWaterMark = 100;
constexpr std::size_t kBuffers = 16;  // far fewer than a stalled queue holds
constexpr std::size_t kBatchBytes = 65'536;
constexpr std::uint64_t kBatches = std::uint64_t{10} * kHighWaterMark;
constexpr std::uint64_t kAheadMax =
    4;  // the worker waits for the healthy one, so that only the stalled one lags

struct Seen {
  std::atomic<std::uint64_t> batches{0};
  std::uint64_t holes = 0;
  bool intact = true;
};

void never_reads(void* socket) {
  fakes::set_option(socket, ZMQ_RCVHWM, 1);
  fakes::set_option(socket, ZMQ_RCVBUF, 4'096);  // then the kernel's window is full soon
}

struct Outcome {
  PublisherCounters counters;
  std::uint64_t worker_drops = 0;
  std::uint64_t healthy_holes = 0;
  std::uint64_t healthy_batches = 0;
  bool intact = false;
  std::uint64_t stalled_batches = 0;
  std::uint64_t stalled_first = 0;
};

// Reads until `last` has come or nothing comes any more.
void read_all(Subscriber& subscriber, Seen& seen, std::uint64_t last) {
  std::uint64_t expected = 0;
  while (expected <= last) {
    const auto message = subscriber.receive(std::chrono::seconds(5));
    if (!message) return;
    seen.holes += message->mark().sequence - expected;
    expected = message->mark().sequence + 1;
    seen.intact = seen.intact && message->intact();
    seen.batches.store(expected);
  }
}

void run(const std::string& endpoint, std::uint64_t copied_bytes_max, Outcome& out) {
  const fakes::Context context;
  Settings settings;
  settings.records_endpoint = endpoint;
  settings.high_water_mark = kHighWaterMark;
  BatchPool pool(0, kBatchBytes, kBuffers);
  PublisherOptions options = fakes::options();
  options.copied_bytes_max = copied_bytes_max;
  Publisher publisher(settings, fakes::identity(), {&pool}, {}, options);
  ASSERT_EQ(publisher.open(), "");
  publisher.start();
  Subscriber stalled(context.get(), publisher.endpoint(), {"record."}, never_reads);
  Subscriber healthy(context.get(), publisher.endpoint(), {"record."});
  ASSERT_TRUE(eventually([&] { return publisher.counters().subscriptions == 2; }));

  Seen seen;
  std::thread reader([&] { read_all(healthy, seen, kBatches - 1); });
  for (std::uint64_t sequence = 0; sequence < kBatches; ++sequence) {
    // What is lost is never seen: then go on after a moment.
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::seconds(copied_bytes_max == 0 ? 0 : 10);
    while (sequence >= seen.batches.load() + kAheadMax && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    eventually([&] { return pool.waiting() < 2; });
    Batch* batch = pool.take();
    if (batch == nullptr) {
      ++out.worker_drops;
      continue;
    }
    fakes::fill(batch, 0, sequence, kBatchBytes);
    pool.submit(batch);
  }
  reader.join();
  out.healthy_holes = seen.holes + (kBatches - seen.batches.load());
  out.healthy_batches = seen.batches.load();
  out.intact = seen.intact;
  // A message may arrive before its sender has counted it.
  EXPECT_TRUE(eventually([&] {
    out.counters = publisher.counters();
    return out.counters.batches_sent + out.counters.batches_no_memory + out.counters.batches_high_water ==
           kBatches - out.worker_drops;
  }));

  // The stalled one wakes up: what its queue held is whole, what did not fit is gone.
  if (const auto first = stalled.receive(std::chrono::seconds(5))) {
    out.stalled_first = first->mark().sequence;
    ++out.stalled_batches;
    while (const auto message = stalled.receive(std::chrono::milliseconds(500))) {
      out.intact = out.intact && message->intact();
      ++out.stalled_batches;
    }
  }
  stalled.close();
  healthy.close();
  EXPECT_TRUE(eventually([&] { return pool.lent() == 0 && pool.available() == kBuffers; }));
  EXPECT_TRUE(eventually([&] { return publisher.counters().copied_bytes == 0; }));
}

void expect_no_harm(const std::string& endpoint) {
  Outcome outcome;
  run(endpoint, PublisherOptions{}.copied_bytes_max, outcome);
  EXPECT_EQ(outcome.worker_drops, 0u);
  EXPECT_EQ(outcome.healthy_holes, 0u);
  EXPECT_EQ(outcome.healthy_batches, kBatches);
  EXPECT_TRUE(outcome.intact);
  EXPECT_EQ(outcome.counters.batches_sent, kBatches);
  EXPECT_EQ(outcome.counters.batches_no_memory, 0u);
  EXPECT_GT(outcome.counters.batches_copied, 0u);
  // Bounded: no more than its queue (the marks of both ends) and the kernel's buffers.
  EXPECT_LE(outcome.counters.copied_bytes, (kHighWaterMark + kBuffers + 8) * kBatchBytes);
  EXPECT_GE(outcome.stalled_batches, kHighWaterMark / 2);
  EXPECT_LT(outcome.stalled_batches, kBatches / 2);
  EXPECT_EQ(outcome.stalled_first, 0u);
}

TEST(StalledSubscriber, HarmsNobodyOverIpc) {
  const fakes::TempDirectory directory;
  expect_no_harm(directory.ipc("records.sock"));
}

TEST(StalledSubscriber, HarmsNobodyOverTcp) {
  expect_no_harm("tcp://127.0.0.1:*");
}

// The control: without copies the stalled queue takes half of the pool and the healthy one loses; counted,
// and even then the worker finds its buffers.
TEST(StalledSubscriber, WithoutRoomForCopiesTheLossIsCounted) {
  const fakes::TempDirectory directory;
  Outcome outcome;
  run(directory.ipc("records.sock"), 0, outcome);
  EXPECT_EQ(outcome.worker_drops, 0u);
  EXPECT_GT(outcome.counters.batches_no_memory, 0u);
  EXPECT_GT(outcome.healthy_holes, 0u);
  EXPECT_EQ(outcome.counters.batches_copied, 0u);
  EXPECT_TRUE(outcome.intact);
}

TEST(StalledSubscriber, DoesNotHoldUpTheEnd) {
  const fakes::TempDirectory directory;
  const fakes::Context context;
  Settings settings;
  settings.records_endpoint = directory.ipc("records.sock");
  BatchPool pool(0, kBatchBytes, kBuffers);
  Publisher publisher(settings, fakes::identity(), {&pool}, {}, fakes::options());
  ASSERT_EQ(publisher.open(), "");
  publisher.start();
  Subscriber stalled(context.get(), publisher.endpoint(), {"record."}, never_reads);
  ASSERT_TRUE(eventually([&] { return publisher.counters().subscriptions == 1; }));
  for (std::uint64_t i = 0; i < 200; ++i) {
    Batch* batch = nullptr;
    ASSERT_TRUE(eventually([&] { return (batch = pool.take()) != nullptr; }));
    fakes::fill(batch, 0, i, kBatchBytes);
    pool.submit(batch);
  }
  const auto begin = std::chrono::steady_clock::now();
  publisher.stop();
  const auto spent = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(spent, std::chrono::seconds(3));  // 0.5 s by itself; room for a loaded machine
  EXPECT_EQ(pool.available(), kBuffers);
}

}  // namespace
}  // namespace spanlight
