#pragma once
// Keeps the history of names with the store: what the map learned goes there every few seconds, and comes
// back at start. A thread of its own, since it waits for the store.

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "names/timeline.h"
#include "settings/control.h"
#include "store/store.h"

namespace spanlight {

class NamesKeeper {
 public:
  using Say = std::function<void(LogLevel, const std::string&)>;

  NamesKeeper(Timeline& timeline, Store& store, Say say)
      : timeline_(timeline), store_(store), say_(std::move(say)) {}
  ~NamesKeeper() { stop(); }

  // What was known within `history_s`, if the store is ready in time.
  std::vector<Interval> read_back(std::uint32_t history_s, std::chrono::milliseconds patience);
  void start();
  void stop();  // keeps what is left first

 private:
  void run(const std::stop_token& stop);
  void keep();
  bool write(const std::vector<Interval>& intervals);
  void say_losses();
  void say_once(const std::string& fault);

  Timeline& timeline_;
  Store& store_;
  const Say say_;
  std::vector<Interval> waiting_;  // fetched, and the store did not take them; the rest waits in the timeline
  std::uint64_t losses_said_ = 0;
  std::string said_;
  std::jthread thread_;
};

}  // namespace spanlight
