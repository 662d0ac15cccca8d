#include "program/names_keeper.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "process/clock.h"
#include "store/names_table.h"

namespace spanlight {
namespace {

constexpr std::chrono::seconds kEvery{5};

}  // namespace

std::vector<Interval> NamesKeeper::read_back(std::uint32_t history_s, std::chrono::milliseconds patience) {
  std::vector<Interval> intervals;
  if (!store_.wait_ready(patience)) {
    say_once("the store is not ready: names of before are not known yet");
    return intervals;
  }
  try {
    const std::uint64_t since = wall_clock_ns() - std::uint64_t{history_s} * 1'000'000'000;
    for (const NamedInterval& kept : read_names(store_.client(), since)) {
      intervals.push_back({address_of(kept.address), kept.port, kept.from_ns, kept.until_ns,
                           std::make_shared<const Party>(kept.party)});
    }
    if (!intervals.empty())
      say_(LogLevel::info, std::to_string(intervals.size()) + " names of before are known again");
  } catch (const std::exception& error) {
    say_once(std::string("names of before could not be read: ") + error.what());
  }
  return intervals;
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

// What the store cannot take is not fetched: the timeline bounds what waits, and counts what that costs.
void NamesKeeper::keep() {
  say_losses();
  while (store_.status().ready) {
    if (waiting_.empty()) waiting_ = timeline_.drain();
    if (waiting_.empty() || !write(waiting_)) return;
    waiting_.clear();
  }
}

bool NamesKeeper::write(const std::vector<Interval>& intervals) {
  std::vector<NamedInterval> rows;
  for (const Interval& interval : intervals)
    rows.push_back({wire::Address(interval.address.high, interval.address.low), interval.port,
                    interval.from_ns, interval.until_ns, *interval.party});
  try {
    write_names(store_.client(), rows);
    said_.clear();
    return true;
  } catch (const std::exception& error) {
    say_once(std::string("names could not be kept: ") + error.what());
    return false;
  }
}

// Once for each time that the store takes nothing for too long.
void NamesKeeper::say_losses() {
  const std::uint64_t lost = timeline_.counters().undrained_lost;
  if (lost == losses_said_) return;
  losses_said_ = lost;
  say_once(
      "the store takes no names, and more wait for it than are kept: some will be missing after a restart");
}

void NamesKeeper::say_once(const std::string& fault) {
  if (fault == said_) return;
  said_ = fault;
  say_(LogLevel::warning, fault);
}

}  // namespace spanlight
