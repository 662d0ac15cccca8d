#pragma once
// Who looked at what and changed what: a JSON line for each answer, in a file or handed to the log. Never
// holds tokens, headers or bodies. Any thread. A line that cannot be written is counted and told once, and
// does not stop the answer.

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "serve/http.h"

namespace spanlight::serve {

struct AuditEntry {
  std::uint64_t time_ns = 0;
  std::string who, how, from;  // `who` is empty where nobody was known
  std::string method, path;
  int status = 0;
  AuditNote note;
  std::uint64_t elapsed_us = 0;
};

class AuditLog {
 public:
  using Tell = std::function<void(std::string_view)>;

  // An empty path: lines go to `to_log`. Otherwise the file is opened (0600 where it is made) and appended
  // to; throws std::runtime_error with a sentence where it cannot be. `complain` is told when writing fails.
  AuditLog(std::string path, Tell to_log, Tell complain);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  void write(const AuditEntry& entry);
  // After the file was moved away: the next line begins a new one. For SIGHUP.
  void reopen();

  std::uint64_t lines() const { return lines_; }
  std::uint64_t lost() const { return lost_; }

 private:
  bool open_locked();
  void append_locked(std::string_view line);

  std::string path_;
  Tell to_log_;
  Tell complain_;
  std::mutex mutex_;
  int file_ = -1;
  bool complained_ = false;
  std::atomic<std::uint64_t> lines_ = 0;
  std::atomic<std::uint64_t> lost_ = 0;
};

constexpr std::size_t kAuditFilterBytesMax = 1'024;
constexpr std::size_t kAuditIdsMax = 100;

}  // namespace spanlight::serve
