#include "store/writer.h"

#include <unistd.h>

#include <algorithm>
#include <random>

namespace spanlight {
namespace {

// So much of messages goes into one insert: the store needs memory for several times as much.
constexpr std::size_t kInsertBytesMax = std::size_t{64} << 20;
constexpr std::chrono::seconds kMindMergesEvery{1};  // while they are held back and no call comes
constexpr unsigned kRefusalsMax = 3;  // of one insert, for reasons that do not pass by themselves

enum class Trouble : std::uint8_t { passes, disk_full, stays };

Trouble trouble_of(const StoreError& error) {
  if (error.kind() != StoreError::Kind::refused) return Trouble::passes;
  const std::string_view said = error.what();
  if (error.code() == store_code::kNotEnoughSpace || said.find("No space left") != std::string_view::npos ||
      said.find("Disk quota exceeded") != std::string_view::npos)
    return Trouble::disk_full;
  switch (error.code()) {
    case store_code::kUnknownTable:  // being made
    case store_code::kUnknownDatabase:
    case store_code::kTimeoutExceeded:
    case store_code::kTooManyQueries:
    case store_code::kMemoryLimit:
    case store_code::kTooManyParts:
    case store_code::kQueryWasCancelled:
    case store_code::kReadOnly:
    case store_code::kKeeper:
      return Trouble::passes;
    default:
      return Trouble::stays;
  }
}

std::string random_name() {
  std::random_device random;
  std::string name = "spanlight-" + std::to_string(getpid());
  for (int part = 0; part < 4; ++part) name += "-" + std::to_string(random());
  return name;
}

}  // namespace

StoreWriter::StoreWriter(const ClickHouse& client, const WriterOptions& options, Log log)
    : client_(client), options_(options), log_(std::move(log)), token_head_(random_name()) {
  if (options_.merge_pause) merges_.emplace(client_, *options_.merge_pause);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

StoreWriter::~StoreWriter() {
  stop();
}

std::size_t StoreWriter::cost_of(const StoredBatch& batch) {
  return batch.message_bytes + batch.calls.size() * sizeof(Call) + sizeof(StoredBatch);
}

bool StoreWriter::push(std::shared_ptr<const StoredBatch> batch, std::unique_lock<std::mutex>& lock) {
  const std::size_t calls = batch->calls.size(), bytes = cost_of(*batch);
  // One batch that is larger than the queue is taken when there is nothing else.
  const bool full = counters_.waiting > 0 && counters_.waiting_bytes + bytes > options_.queue_bytes;
  counters_.offered += calls;
  if (ending_ || full) {
    (ending_ ? counters_.dropped_end : counters_.dropped_full) += calls;
    return false;
  }
  accepted_ += calls;
  counters_.waiting += calls;
  counters_.waiting_bytes += bytes;
  queue_rows_ += calls;
  queue_.emplace_back(Clock::now(), std::move(batch));
  const bool wake = queue_.size() == 1 || due();
  lock.unlock();
  if (wake) changed_.notify_all();
  return true;
}

bool StoreWriter::offer(std::shared_ptr<const StoredBatch> batch) {
  if (batch->calls.empty()) return true;
  std::unique_lock lock(mutex_);
  return push(std::move(batch), lock);
}

bool StoreWriter::offer_patiently(std::shared_ptr<const StoredBatch> batch, const std::stop_token& stop) {
  if (batch->calls.empty()) return true;
  std::unique_lock lock(mutex_);
  const bool room = changed_.wait(lock, stop, [&] {
    return ending_ || counters_.waiting == 0 ||
           counters_.waiting_bytes + cost_of(*batch) <= options_.queue_bytes;
  });
  return room && push(std::move(batch), lock);
}

bool StoreWriter::due() const {
  const std::uint64_t taken = accepted_ - queue_rows_;
  return taken < due_until_ || ending_ || queue_rows_ >= options_.batch_rows ||
         counters_.waiting_bytes >= std::min(kInsertBytesMax, options_.queue_bytes / 2) ||
         (!queue_.empty() &&
          Clock::now() >= queue_.front().first + std::chrono::milliseconds(options_.batch_ms));
}

std::optional<StoreWriter::Insert> StoreWriter::next_insert(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto comes = [this] { return !queue_.empty() || ending_; };
    if (merges_ && merges_->paused()) {
      if (!changed_.wait_for(lock, stop, kMindMergesEvery, comes) && !stop.stop_requested()) return Insert{};
    } else {
      changed_.wait(lock, stop, comes);
    }
    if (queue_.empty()) return std::nullopt;  // ending
    const auto at = queue_.front().first + std::chrono::milliseconds(options_.batch_ms);
    if (due() || changed_.wait_until(lock, stop, at, [this] { return due(); }) || stop.stop_requested())
      break;
  }
  Insert insert;
  insert.token = token_head_ + "-" + std::to_string(inserts_made_++);
  while (!queue_.empty()) {
    const auto& batch = queue_.front().second;
    const bool fits = insert.rows + batch->calls.size() <= options_.batch_rows &&
                      insert.bytes + cost_of(*batch) <= kInsertBytesMax &&
                      (insert.batches.empty() || batch->source == insert.batches.front()->source);
    if (!fits && !insert.batches.empty()) break;
    insert.rows += batch->calls.size();
    insert.bytes += cost_of(*batch);
    insert.batches.push_back(std::move(queue_.front().second));
    queue_.pop_front();
  }
  queue_rows_ -= insert.rows;
  return insert;
}

void StoreWriter::run(const std::stop_token& stop) {
  while (auto insert = next_insert(stop)) {
    if (insert->rows > 0) store(*insert);
    if (merges_) mind_merges();
  }
}

void StoreWriter::mind_merges() {
  double waiting = 0;
  {
    const std::lock_guard lock(mutex_);
    waiting = static_cast<double>(counters_.waiting_bytes) / static_cast<double>(options_.queue_bytes);
  }
  std::string trouble;
  try {
    merges_->look(waiting, Clock::now(), give_up_.get_token());
  } catch (const StoreError& error) {
    // One that is away says so of the next insert, and has forgotten the pause when it is back.
    if (error.kind() == StoreError::Kind::refused) trouble = error.what();
  }
  if (!trouble.empty() && trouble != merges_trouble_ && log_)
    log_("store: merges cannot be held back while calls wait: " + trouble);
  merges_trouble_ = trouble;
  const std::lock_guard lock(mutex_);
  counters_.merges_paused = merges_->paused();
  counters_.merge_pauses = merges_->pauses();
}

// In the table's order, so that ClickHouse need not sort them, from several workers and sensors.
std::string_view StoreWriter::encode(const Insert& insert) {
  order_.clear();
  for (const auto& batch : insert.batches)
    for (const Call& call : batch->calls) order_.push_back(&call);
  std::sort(order_.begin(), order_.end(), [](const Call* a, const Call* b) {
    const std::uint64_t time_a = order_time(*a->record), time_b = order_time(*b->record);
    if (time_a != time_b) return time_a < time_b;
    if (a->batch->sensor_epoch() != b->batch->sensor_epoch())
      return a->batch->sensor_epoch() < b->batch->sensor_epoch();
    return a->record->id() < b->record->id();
  });
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  block_.begin(static_cast<std::uint32_t>(now.count()), insert.batches.front()->source);
  for (const Call* call : order_) block_.add(*call);
  return block_.finish();
}

void StoreWriter::store(Insert& insert) {
  const std::string_view block = encode(insert);
  unsigned refusals = 0;
  std::chrono::milliseconds pause = options_.retry_least;
  while (!try_once(insert, block, refusals)) {
    if (refusals >= kRefusalsMax) return done(insert, &WriterCounters::dropped_refused);
    std::unique_lock lock(mutex_);
    // Nobody waits for this but the end of the program.
    const std::stop_token stop = give_up_.get_token();
    changed_.wait_for(lock, stop, pause, [] { return false; });
    if (stop.stop_requested()) {
      lock.unlock();
      return done(insert, &WriterCounters::dropped_end);
    }
    ++counters_.retries;
    pause = std::min(pause * 2, options_.retry_most);
  }
  tell_end_of_trouble();
  done(insert, &WriterCounters::stored);
}

// Rows of one insert are there together or not at all.
bool StoreWriter::has_rows() const {
  const Call& first = *order_.front();
  ClickHouse::Statement statement;
  statement.sql =
      "SELECT count() FROM calls WHERE time = fromUnixTimestamp64Nano({time:Int64}, 'UTC')"
      " AND epoch = {epoch:UInt64} AND record_id = {record:UInt64} FORMAT TabSeparated";
  statement.parameters = {{"time", std::to_string(order_time(*first.record))},
                          {"epoch", std::to_string(first.batch->sensor_epoch())},
                          {"record", std::to_string(first.record->id())}};
  return client_.ask(statement, give_up_.get_token()) != "0\n";
}

bool StoreWriter::try_once(Insert& insert, std::string_view block, unsigned& refusals) {
  ClickHouse::Statement statement;
  statement.sql = insert_calls_statement();
  statement.data = block;
  // The whole block becomes one part, which the store takes once and as a whole.
  statement.settings = {{"insert_deduplicate", "1"},           {"insert_deduplication_token", insert.token},
                        {"insert_distributed_sync", "1"},      {"max_threads", "1"},
                        {"max_insert_threads", "1"},           {"max_block_size", "10000000"},
                        {"max_insert_block_size", "10000000"}, {"min_insert_block_size_rows", "10000000"},
                        {"min_insert_block_size_bytes", "0"}};
  try {
    client_.ask(statement, give_up_.get_token());
    if (!insert.may_be_noted || !options_.asks_after_trouble || has_rows()) return true;
    insert.token += "-again";
    return false;
  } catch (const StoreError& error) {
    if (error.kind() == StoreError::Kind::interrupted) return false;
    insert.may_be_noted = insert.may_be_noted || error.kind() != StoreError::Kind::unreachable;
    const Trouble trouble = trouble_of(error);
    refusals = trouble == Trouble::stays ? refusals + 1 : 0;
    tell_trouble(error.what(), trouble == Trouble::disk_full);
    return false;
  }
}

void StoreWriter::done(const Insert& insert, std::uint64_t WriterCounters::*ending) {
  if (ending == &WriterCounters::dropped_refused && log_)
    log_("store: " + std::to_string(insert.rows) + " calls were dropped, since the store refused them");
  {
    const std::lock_guard lock(mutex_);
    counters_.*ending += insert.rows;
    counters_.waiting -= insert.rows;
    counters_.waiting_bytes -= insert.bytes;
    if (ending == &WriterCounters::stored) {
      ++counters_.inserts;
    } else {
      for (const auto& batch : insert.batches)
        if (batch->dropped != nullptr) *batch->dropped += batch->calls.size();
    }
    counters_.header_spans_skipped = block_.header_spans_skipped();
  }
  changed_.notify_all();
}

void StoreWriter::tell_trouble(const std::string& sentence, bool disk_full) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    news = counters_.trouble.empty() || counters_.disk_full != disk_full;
    counters_.trouble = sentence;
    counters_.disk_full = disk_full;
  }
  if (news && log_)
    log_("store: " + std::string(disk_full ? "the disk is full; calls wait" : "calls wait to be stored") +
         ": " + sentence);
}

void StoreWriter::tell_end_of_trouble() {
  {
    const std::lock_guard lock(mutex_);
    if (counters_.trouble.empty()) return;
    counters_.trouble.clear();
    counters_.disk_full = false;
  }
  if (log_) log_("store: calls are stored again");
}

bool StoreWriter::flush(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const std::uint64_t mark = accepted_;
  due_until_ = mark;
  changed_.notify_all();
  return changed_.wait_for(lock, patience, [&] { return accepted_ - counters_.waiting >= mark; });
}

void StoreWriter::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  if (!flush(options_.flush_patience)) give_up_.request_stop();
  changed_.notify_all();
  thread_.join();
}

WriterCounters StoreWriter::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace spanlight
