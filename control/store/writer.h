#pragma once
// Takes calls in and stores them, on a thread of its own. offer() is for the ingest: it never waits. What
// waits to be stored is bounded in bytes; what does not fit is dropped and counted, the newest first, so that
// what was accepted stays. While the store is away, full or overloaded, what was accepted is tried again and
// again, always as the same insert under the same token, so that none is stored twice; under another one
// where the store kept the token and not the rows.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "record/call.h"
#include "store/call_block.h"
#include "store/clickhouse.h"
#include "store/merge_pause.h"

namespace spanlight {

// Calls of one message, with what keeps them alive. Immutable and shared: the live view reads the same.
struct StoredBatch {
  std::shared_ptr<const void> message;  // the bytes of the verified batch
  std::size_t message_bytes = 0;
  const wire::RecordBatch* batch = nullptr;
  std::vector<Call> calls;
  std::shared_ptr<const void> parties;  // whatever keeps the calls' parties and DNS names
  std::string source = "live";          // or an import's name
  // Of whoever wants to know what became of his batches: calls that the store did not take. Counted before
  // flush() comes back.
  std::shared_ptr<std::atomic<std::uint64_t>> dropped;
};

struct WriterOptions {
  std::uint32_t batch_rows = 50'000;
  std::uint32_t batch_ms = 500;
  std::size_t queue_bytes = std::size_t{256} << 20;
  std::chrono::milliseconds retry_least{100}, retry_most{5'000};
  std::chrono::milliseconds flush_patience{10'000};  // of stop()
  // A table that is not replicated notes an insert's token before it has its rows: killed between the two, it
  // takes the same insert, sent again, for done. So after trouble it is asked whether the rows are there.
  bool asks_after_trouble = true;
  // Of a store that is ours alone; a server's merges are its own affair.
  std::optional<MergePauseOptions> merge_pause;
};

// Calls; each one that was offered ends in exactly one of stored, dropped_* or waiting.
struct WriterCounters {
  std::uint64_t offered = 0;
  std::uint64_t stored = 0;
  std::uint64_t waiting = 0;
  std::uint64_t dropped_full = 0;     // the queue was full: the store is too slow, or away
  std::uint64_t dropped_refused = 0;  // the store will not have them, whatever is done
  std::uint64_t dropped_end = 0;      // the program ended before the store took them
  std::uint64_t inserts = 0;
  std::uint64_t retries = 0;
  std::uint64_t merge_pauses = 0;
  bool merges_paused = false;  // calls wait, so merges do
  std::uint64_t waiting_bytes = 0;
  std::uint64_t header_spans_skipped = 0;
  bool disk_full = false;
  std::string trouble;  // what the store said last; empty while all is well
};

class StoreWriter {
 public:
  using Log = std::function<void(const std::string&)>;

  // `client` must outlive the writer. `log`: sentences for people, when trouble begins and ends.
  StoreWriter(const ClickHouse& client, const WriterOptions& options, Log log);
  ~StoreWriter();  // stop()

  // For any thread. False: dropped, and counted.
  bool offer(std::shared_ptr<const StoredBatch> batch);
  // For an import, which may wait: as offer(), but waits for room. False if the writer stops or `stop` says
  // so.
  bool offer_patiently(std::shared_ptr<const StoredBatch> batch, const std::stop_token& stop);
  // True once all that was accepted until now was stored or dropped, whatever comes meanwhile; false at the
  // deadline.
  bool flush(std::chrono::milliseconds patience);
  // Stores what waits, for as long as the options say; then drops it. Idempotent.
  void stop();

  WriterCounters counters() const;

 private:
  using Clock = std::chrono::steady_clock;
  // An insert under way: its calls never change until it was stored or given up.
  struct Insert {
    std::vector<std::shared_ptr<const StoredBatch>> batches;
    std::size_t rows = 0;
    std::size_t bytes = 0;
    std::string token;
    bool may_be_noted = false;  // an attempt failed on the way
  };

  static std::size_t cost_of(const StoredBatch& batch);
  bool push(std::shared_ptr<const StoredBatch> batch, std::unique_lock<std::mutex>& lock);
  void run(const std::stop_token& stop);
  std::optional<Insert> next_insert(const std::stop_token& stop);
  bool due() const;
  void store(Insert& insert);
  void mind_merges();
  std::string_view encode(const Insert& insert);
  bool try_once(Insert& insert, std::string_view block, unsigned& refusals);
  bool has_rows() const;
  void done(const Insert& insert, std::uint64_t WriterCounters::*ending);
  void tell_trouble(const std::string& sentence, bool disk_full);
  void tell_end_of_trouble();

  const ClickHouse& client_;
  const WriterOptions options_;
  const Log log_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::pair<Clock::time_point, std::shared_ptr<const StoredBatch>>> queue_;
  std::size_t queue_rows_ = 0;
  WriterCounters counters_;
  // Places in the queue, which is first in, first out: so many calls were ever accepted, and so many of them
  // do not wait for company.
  std::uint64_t accepted_ = 0, due_until_ = 0;
  bool ending_ = false;
  std::stop_source give_up_;  // ends an insert that is under way

  CallBlock block_;                 // of the thread, as are the following
  std::vector<const Call*> order_;  // of the insert under way
  std::string token_head_;
  std::uint64_t inserts_made_ = 0;
  std::optional<MergePause> merges_;
  std::string merges_trouble_;
  std::jthread thread_;
};

}  // namespace spanlight
