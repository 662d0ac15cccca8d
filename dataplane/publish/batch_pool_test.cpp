#include "publish/batch_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <set>
#include <thread>

namespace spanlight {
namespace {

TEST(BatchPool, HoldsExactlySoManyBuffers) {
  for (const std::size_t count : {1u, 2u, 3u, 7u, 8u, 63u, 64u, 65u}) {
    BatchPool pool(5, 1'000, count);
    EXPECT_EQ(pool.count(), count);
    std::set<Batch*> taken;
    for (std::size_t i = 0; i < count; ++i) {
      Batch* batch = pool.take();
      ASSERT_NE(batch, nullptr) << i << " of " << count;
      taken.insert(batch);
    }
    EXPECT_EQ(taken.size(), count);
    EXPECT_EQ(pool.take(), nullptr);
    EXPECT_EQ(pool.available(), 0u);
    for (Batch* batch : taken) pool.submit(batch);
    EXPECT_EQ(pool.waiting(), count);
  }
}

TEST(BatchPool, BuffersAreAlignedAndApart) {
  BatchPool pool(5, 1'000, 8);
  std::set<std::uintptr_t> starts;
  for (Batch* batch = pool.take(); batch != nullptr; batch = pool.take()) {
    const auto start = reinterpret_cast<std::uintptr_t>(batch->storage);
    EXPECT_EQ(start % 64, 0u);
    EXPECT_EQ(batch->storage_bytes, 1'024u);
    EXPECT_EQ(batch->worker, 5);
    std::memset(batch->storage, 0xab, batch->storage_bytes);
    if (!starts.empty()) {
      const auto after = starts.upper_bound(start);
      if (after != starts.end()) {
        EXPECT_GE(*after - start, 1'024u);
      }
      if (after != starts.begin()) {
        EXPECT_GE(start - *std::prev(after), 1'024u);
      }
    }
    starts.insert(start);
  }
  EXPECT_EQ(starts.size(), 8u);
}

TEST(BatchPool, KeepsOrderAndClearsOnRelease) {
  BatchPool pool(0, 64, 4);
  for (std::uint64_t i = 0; i < 3; ++i) {
    Batch* batch = pool.take();
    batch->sequence = i;
    batch->data_bytes = 10;
    batch->records = 2;
    pool.submit(batch);
  }
  for (std::uint64_t i = 0; i < 3; ++i) {
    Batch* batch = pool.next();
    ASSERT_NE(batch, nullptr);
    EXPECT_EQ(batch->sequence, i);
    pool.release(batch);
    EXPECT_EQ(batch->data_bytes, 0u);
    EXPECT_EQ(batch->records, 0u);
  }
  EXPECT_EQ(pool.next(), nullptr);
  EXPECT_EQ(pool.available(), 4u);
}

TEST(BatchPool, CountsWhatIsLent) {
  BatchPool pool(0, 64, 2);
  Batch* batch = pool.take();
  pool.lend();
  EXPECT_EQ(pool.lent(), 1u);
  pool.give_back(batch);
  EXPECT_EQ(pool.lent(), 0u);
  EXPECT_EQ(pool.available(), 2u);
}

// The three parties at once: a worker, a sender, and a third thread that gives half of the buffers back.
TEST(BatchPool, ThreeThreads) {
  constexpr std::uint64_t kBatches = 20'000;
  BatchPool pool(0, 64, 16);
  BatchPool hand_over(0, 64, 16);  // its full ring carries batches from the sender to the third thread
  std::thread worker([&] {
    for (std::uint64_t i = 0; i < kBatches;) {
      Batch* batch = pool.take();
      if (batch == nullptr) {
        std::this_thread::yield();
        continue;
      }
      batch->sequence = i;
      std::memcpy(batch->storage, &i, sizeof(i));
      pool.submit(batch);
      ++i;
    }
  });
  std::atomic<bool> sent_all{false};
  std::atomic<std::uint64_t> wrong{0};
  std::thread third([&] {
    while (true) {
      const bool last = sent_all.load();
      Batch* note = hand_over.next();
      if (note == nullptr) {
        if (last) return;
        std::this_thread::yield();
        continue;
      }
      Batch* batch = nullptr;
      std::memcpy(&batch, note->storage, sizeof(void*));
      hand_over.release(note);
      pool.give_back(batch);
    }
  });
  for (std::uint64_t expected = 0; expected < kBatches;) {
    Batch* batch = pool.next();
    if (batch == nullptr) {
      std::this_thread::yield();
      continue;
    }
    std::uint64_t stored = 0;
    std::memcpy(&stored, batch->storage, sizeof(stored));
    if (batch->sequence != expected || stored != expected) ++wrong;
    ++expected;
    Batch* note = (expected & 1) != 0 ? hand_over.take() : nullptr;
    pool.lend();
    if (note == nullptr) {
      pool.give_back(batch);
      continue;
    }
    std::memcpy(note->storage, &batch, sizeof(void*));
    hand_over.submit(note);
  }
  sent_all = true;
  worker.join();
  third.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(pool.available(), pool.count());
  EXPECT_EQ(pool.lent(), 0u);
}

}  // namespace
}  // namespace spanlight
