#include "records_sink.h"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "core/transaction.h"
#include "publish/publisher.h"
#include "record/subscriber.h"
#include "thread_times.h"

namespace spanlight::bench {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::microseconds kNap{50};

void look_at(const wire::RecordBatch& batch, Found& found) {
  for (const wire::Record* record : *batch.records()) {
    ++found.looked_at;
    const bool complete = record->state() == wire::State::complete;
    found.incomplete += complete ? 0 : 1;
    found.touched += complete && (record->flags() & kFlagGap) != 0 ? 1 : 0;
  }
}

class NullSink final : public RecordsSink {
 public:
  NullSink(std::vector<BatchPool*> pools, std::uint64_t look_every)
      : pools_(std::move(pools)), look_every_(look_every) {}
  ~NullSink() override { end(); }

  std::string start() override {
    thread_ = std::thread([this] {
      while (!stop_.load(std::memory_order_acquire))
        if (!drain()) std::this_thread::sleep_for(kNap);
      drain();
      found_.cpu_ns = thread_cpu_ns();
    });
    return {};
  }

  Found finish(std::uint64_t) override {
    end();
    return found_;
  }

 private:
  void end() {
    stop_.store(true, std::memory_order_release);
    if (thread_.joinable()) thread_.join();
  }

  bool drain() {
    bool any = false;
    for (BatchPool* pool : pools_) {
      while (Batch* batch = pool->next()) {
        any = true;
        found_.records += batch->records;
        if (look_every_ != 0 && found_.batches % look_every_ == 0) open_and_look(*batch);
        ++found_.batches;
        pool->release(batch);
      }
    }
    return any;
  }

  void open_and_look(const Batch& batch) {
    const auto opened = open_batch({batch.storage + batch.data_offset, batch.data_bytes});
    if (opened)
      look_at(*opened, found_);
    else
      found_.unreadable += batch.records;
  }

  std::vector<BatchPool*> pools_;
  const std::uint64_t look_every_;
  std::thread thread_;
  std::atomic<bool> stop_{false};
  Found found_;
};

class WireSink final : public RecordsSink {
 public:
  WireSink(const Settings& settings, std::vector<BatchPool*> pools)
      : settings_(settings), pools_(std::move(pools)) {}
  ~WireSink() override {
    end();
    publisher_.reset();
    std::error_code ignored;
    if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
  }

  std::string start() override {
    std::string directory = (std::filesystem::temp_directory_path() / "spanlight-replay-XXXXXX").string();
    if (mkdtemp(directory.data()) == nullptr)
      return directory + " cannot be made: is the temporary directory writable?";
    directory_ = directory;
    settings_.records_endpoint = "ipc://" + directory_ + "/records.sock";
    settings_.command_endpoint.clear();
    const Threads before = threads_of_process();
    publisher_ = std::make_unique<Publisher>(
        settings_, SensorIdentity{"replay", 1, "0", 0, static_cast<std::uint16_t>(pools_.size())}, pools_,
        Publisher::Collect{});
    if (std::string fault = publisher_->open(); !fault.empty()) return fault;
    publisher_->start();
    publishing_ = without(threads_of_process(), before);
    std::string fault;
    subscriber_ = Subscriber::connect({.endpoint = settings_.records_endpoint}, fault);
    if (subscriber_ == nullptr) return fault;
    thread_ = std::thread([this] { receive(); });
    const Clock::time_point patience = Clock::now() + std::chrono::seconds(5);
    while (publisher_->counters().subscriptions == 0) {
      if (Clock::now() > patience) return "the subscriber does not reach the publisher";
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return {};
  }

  // Until everything is there, or nothing has come for a while.
  Found finish(std::uint64_t expected) override {
    std::uint64_t last = 0;
    Clock::time_point since = Clock::now();
    while (received_.load() < expected && Clock::now() - since < std::chrono::seconds(2)) {
      if (received_.load() != last) since = Clock::now();
      last = received_.load();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    end();
    found_.publisher_cpu_ns = cpu_ns_of(publishing_);
    publisher_->stop();
    found_.missed = subscriber_->loss().missed();
    return found_;
  }

 private:
  void end() {
    stop_.store(true, std::memory_order_release);
    if (thread_.joinable()) thread_.join();
  }

  void receive() {
    while (!stop_.load(std::memory_order_acquire)) {
      const Received got = subscriber_->receive(std::chrono::milliseconds(1));
      if (got.kind == Received::Kind::records) {
        found_.records += got.batch->records()->size();
        ++found_.batches;
        look_at(*got.batch, found_);
        received_.store(found_.records);
      }
      // PUB drops beyond the high-water marks; held back well below them, all arrives.
      const std::uint64_t behind = publisher_->counters().batches_sent - found_.batches;
      hold.store(behind > settings_.high_water_mark / 2, std::memory_order_relaxed);
    }
    found_.cpu_ns = thread_cpu_ns();
  }

  Settings settings_;
  std::vector<BatchPool*> pools_;
  std::string directory_;
  std::unique_ptr<Publisher> publisher_;
  Threads publishing_;
  std::unique_ptr<Subscriber> subscriber_;
  std::thread thread_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> received_{0};
  Found found_;
};

}  // namespace

std::unique_ptr<RecordsSink> make_null_sink(std::vector<BatchPool*> pools, std::uint64_t look_every) {
  return std::make_unique<NullSink>(std::move(pools), look_every);
}

std::unique_ptr<RecordsSink> make_wire_sink(const Settings& settings, std::vector<BatchPool*> pools) {
  return std::make_unique<WireSink>(settings, std::move(pools));
}

}  // namespace spanlight::bench
