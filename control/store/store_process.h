#pragma once
// Keeps the child process spanlight-store running: starts it, hears what it says and whether its heart beats
// (store_child/heart.h), and starts it anew when it has ended or hangs, with growing pauses. A child that is
// busy beats on. One for the process, on a thread of its own, which is also the child's parent in the
// kernel's eyes: the child dies with it.

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace spanlight {

struct StoreProcessOptions {
  std::string program;    // spanlight-store; empty: beside this program, or where the front looks
  std::string directory;  // of the data; the socket is in it
  std::uint32_t memory_mb = 2'048;
  std::chrono::milliseconds pause_least{200}, pause_most{10'000};  // before it is started again
  std::chrono::milliseconds start_patience{60'000};                // a large store opens its parts
  std::chrono::milliseconds hang_patience{60'000};                 // without a beat, once it was ready
  std::chrono::milliseconds end_patience{20'000};                  // then it is killed
};

class StoreProcess {
 public:
  using Log = std::function<void(const std::string&)>;

  StoreProcess(StoreProcessOptions options, Log log);
  ~StoreProcess();  // ends the child

  const std::string& socket() const { return socket_; }
  bool healthy() const { return healthy_; }
  std::uint64_t starts() const { return starts_; }
  std::uint64_t hangs() const { return hangs_; }  // times that it was killed because it gave no sign of life
  pid_t pid() const { return pid_; }              // 0: it is not running
  std::string trouble() const;                    // why it is not healthy
  bool wait_healthy(std::chrono::milliseconds patience);

 private:
  void run(const std::stop_token& stop);
  bool start();
  void watch(const std::stop_token& stop);
  void hear(bool all);
  bool hear_beats() const;
  void let_go_of_pipes();
  void say_line(const std::string& line);
  bool answers() const;
  void set_healthy(bool healthy);
  void end();

  const StoreProcessOptions options_;
  const Log log_;
  const std::string socket_;
  std::atomic<bool> healthy_ = false;
  std::atomic<std::uint64_t> starts_ = 0, hangs_ = 0;
  std::atomic<pid_t> pid_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string trouble_;
  int words_ = -1;  // the child's standard error
  int beats_ = -1;  // and its heart
  std::string line_;
  std::jthread thread_;
};

}  // namespace spanlight
