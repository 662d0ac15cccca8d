#pragma once
// Ends the statements of clients that have gone: libchdb does not look at sockets. One thread for the
// process; watch() and forget() are for any.

#include <cstdint>
#include <map>
#include <mutex>
#include <thread>

#include "store_child/engine.h"

namespace spanlight::store_child {

class Watcher {
 public:
  explicit Watcher(Engine& engine);
  ~Watcher();

  // While a Watch lives, the connection of `fd` is looked at; once the client is gone, statement `number` is
  // killed.
  class Watch {
   public:
    Watch(Watcher& watcher, std::uint64_t number, int fd);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    Watcher& watcher_;
    std::uint64_t number_;
  };
  void kill_all();  // at the end: every statement that is watched

 private:
  void run(const std::stop_token& stop);
  void wake() const;

  Engine& engine_;
  int wake_;
  std::mutex mutex_;
  std::map<std::uint64_t, int> watched_;
  bool ending_ = false;
  std::jthread thread_;
};

}  // namespace spanlight::store_child
