#pragma once
// The store's data and the sessions on it. Sessions are lent, one for each statement: libchdb runs the
// statements of a session one after the other, so inserts have one of their own and never wait for a
// question. For any thread.

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store_child/chdb.h"

namespace spanlight::store_child {

class Engine {
 public:
  struct Options {
    std::string library;
    std::string directory;
    std::uint64_t memory_mb = 2'048;
    unsigned questions = 4;  // at once; further ones wait
  };
  enum class Use : std::uint8_t { question, insert };

  // Throws std::runtime_error with a sentence.
  explicit Engine(const Options& options);
  ~Engine();

  class Lease {
   public:
    Lease(Engine& engine, Use use, std::unique_ptr<Session> session)
        : engine_(engine), use_(use), session_(std::move(session)) {}
    ~Lease() { engine_.give_back(use_, std::move(session_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Session& operator*() { return *session_; }
    Session* operator->() { return session_.get(); }

   private:
    Engine& engine_;
    Use use_;
    std::unique_ptr<Session> session_;
  };
  // Waits for a free session, at most kLeasePatience; nothing if there was none.
  std::unique_ptr<Lease> lease(Use use);

  // After a statement with settings of its own: back to those of the house.
  void restore(Session& session, const std::string& set_defaults) const;

  // A statement of nothing, on a session that nobody else uses.
  void beat();

  // Ends the statement that begins with mark_of(number), if it runs.
  void kill(std::uint64_t number);
  static std::string mark_of(std::uint64_t number);

 private:
  friend class Lease;
  void give_back(Use use, std::unique_ptr<Session> session);
  std::unique_ptr<Session> open();
  void set_up(Session& session) const;
  static int make_configuration();

  Library library_;
  const int configuration_;  // a file in memory, for as long as there are sessions
  std::vector<std::string> session_options_;
  std::uint64_t question_memory_bytes_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Session>> free_[2];  // by Use
  std::mutex killing_;
  std::unique_ptr<Session> killer_;
  std::unique_ptr<Session> heart_;
};

}  // namespace spanlight::store_child
