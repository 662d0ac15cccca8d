#include "program/names_keeper.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "process/clock.h"
#include "store/names_table.h"

namespace spanlight {
namespace {

constexpr std::chrono::seconds kEvery{5};
constexpr std::size_t kWaitingMax = 131'072;  // what the store does not take; the oldest are given up

}  // namespace

void NamesKeeper::restore(std::uint32_t history_s, std::chrono::milliseconds patience) {
  if (!store_.wait_ready(patience))
    return say_once("the store is not ready: names of before are not known yet");
  try {
    const std::uint64_t now = wall_clock_ns();
    std::vector<Interval> intervals;
    for (const NamedInterval& kept :
         read_names(store_.client(), now - std::uint64_t{history_s} * 1'000'000'000)) {
      intervals.push_back({address_of(kept.address), kept.port, kept.from_ns, kept.until_ns,
                           std::make_shared<const Party>(kept.party)});
    }
    // Who was still there when we ended may be gone since: whoever has the address now wins from its own
    // beginning.
    cluster_.restore(intervals, now);
    if (!intervals.empty())
      say_(LogLevel::info, std::to_string(intervals.size()) + " names of before are known again");
  } catch (const std::exception& error) {
    say_once(std::string("names of before could not be read: ") + error.what());
  }
}

void NamesKeeper::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void NamesKeeper::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  keep();
}

void NamesKeeper::run(const std::stop_token& stop) {
  std::mutex lock;
  std::condition_variable_any never;
  while (!stop.stop_requested()) {
    std::unique_lock held(lock);
    never.wait_for(held, stop, kEvery, [] { return false; });
    if (!stop.stop_requested()) keep();
  }
}

void NamesKeeper::keep() {
  std::vector<Interval> drained = cluster_.timeline().drain();
  waiting_.insert(waiting_.end(), std::make_move_iterator(drained.begin()),
                  std::make_move_iterator(drained.end()));
  if (waiting_.size() > kWaitingMax)
    waiting_.erase(waiting_.begin(), waiting_.end() - static_cast<std::ptrdiff_t>(kWaitingMax));
  if (waiting_.empty() || !store_.status().ready) return;
  std::vector<NamedInterval> rows;
  for (const Interval& interval : waiting_)
    rows.push_back({wire::Address(interval.address.high, interval.address.low), interval.port,
                    interval.from_ns, interval.until_ns, *interval.party});
  try {
    write_names(store_.client(), rows);
    waiting_.clear();
    said_.clear();
  } catch (const std::exception& error) {
    say_once(std::string("names could not be kept: ") + error.what());
  }
}

void NamesKeeper::say_once(const std::string& fault) {
  if (fault == said_) return;
  said_ = fault;
  say_(LogLevel::warning, fault);
}

}  // namespace spanlight
