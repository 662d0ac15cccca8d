#pragma once
// Live calls from one sensor to standard output; what is to be said about them to standard error.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "live_filter.h"
#include "options.h"
#include "record/json.h"
#include "record/subscriber.h"
#include "record/table.h"

namespace spanlight {

// Raised by signal handlers.
struct TailSignals {
  std::atomic<bool> stop = false;
  std::atomic<bool> resized = false;
};

class Tail {
 public:
  Tail(const TailOptions& options, TailSignals& signals);

  // Until the count is reached, the reader of standard output is gone, or signals.stop. Returns the exit
  // status.
  int run();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Output : std::uint8_t { open, reader_gone, failed, stopped, refused };

  bool connect();
  void take(const Received& received);
  void take_hello(const Received& received);
  bool learn(const wire::Hello& hello);
  bool wanted(const wire::RecordBatch& batch, const wire::Record& record);
  void show(const wire::RecordBatch& batch);
  void say(const std::string& sentence) const;
  void say_waiting();
  void say_missed();
  void say_summary() const;
  bool done() const { return output_ != Output::open || (options_.count != 0 && shown_ >= options_.count); }
  void flush();
  Output write_out(std::string_view text) const;
  bool reader_gone() const;

  const TailOptions options_;
  TailSignals& signals_;
  std::unique_ptr<Subscriber> subscriber_;
  std::optional<LiveFilter> filter_;
  JsonWriter json_;
  TableWriter table_;
  Output output_ = Output::open;
  bool was_connected_ = false;
  bool said_waiting_ = false;
  bool hello_said_ = false;
  Clock::time_point waiting_since_{};
  Clock::time_point missed_said_{};
  std::uint64_t missed_unsaid_ = 0;
  std::uint64_t shown_ = 0;
  std::uint64_t looked_at_ = 0;  // by the filter
  std::uint64_t too_early_ = 0;  // for a filter that waits for the hello
};

}  // namespace spanlight
