#pragma once
// Keeps the history of names with the store: what the map learned goes there every few seconds, and comes
// back at start. A thread of its own, since it waits for the store.

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "program/cluster_side.h"
#include "store/store.h"

namespace spanlight {

class NamesKeeper {
 public:
  using Say = ClusterSide::Say;

  NamesKeeper(ClusterSide& cluster, Store& store, Say say)
      : cluster_(cluster), store_(store), say_(std::move(say)) {}
  ~NamesKeeper() { stop(); }

  // Gives the map what was known within `history_s`, if the store is ready in time. Before the cluster is
  // followed.
  void restore(std::uint32_t history_s, std::chrono::milliseconds patience);
  void start();
  void stop();  // keeps what is left first

 private:
  void run(const std::stop_token& stop);
  void keep();
  void say_once(const std::string& fault);

  ClusterSide& cluster_;
  Store& store_;
  const Say say_;
  std::vector<Interval> waiting_;  // drained, not stored yet
  std::string said_;
  std::jthread thread_;
};

}  // namespace spanlight
