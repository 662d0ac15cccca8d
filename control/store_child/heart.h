#pragma once
// Tells the parent that libchdb still answers: a byte into a pipe after each small statement on a session of
// its own, which waits for no question, no insert and no connection. Whatever the statement's outcome, an
// error too: the heart beats as long as there is one. A thread of its own; the pipe is not closed here.

#include <condition_variable>
#include <mutex>
#include <thread>

#include "store_child/engine.h"

namespace spanlight::store_child {

class Heart {
 public:
  // Switches the pipe to non-blocking: a parent that does not listen is no reason to wait.
  Heart(Engine& engine, int pipe);

 private:
  void run(const std::stop_token& stop);

  Engine& engine_;
  const int pipe_;
  std::mutex mutex_;
  std::condition_variable_any never_;
  std::jthread thread_;
};

}  // namespace spanlight::store_child
