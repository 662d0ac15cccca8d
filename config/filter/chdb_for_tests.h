#pragma once
// ClickHouse for tests: libchdb in a child process of its own, since it starts a hundred threads and does not
// get along with sanitizers. Made before the test starts threads. Not part of any program.

#include <sys/types.h>

#include <memory>
#include <string>

namespace spanlight::filter {

class Chdb {
 public:
  // nullptr and a sentence in `why` where there is no libchdb.
  static std::unique_ptr<Chdb> start(std::string& why);
  ~Chdb();
  Chdb(const Chdb&) = delete;
  Chdb& operator=(const Chdb&) = delete;

  // The answer as TabSeparated; throws std::runtime_error with ClickHouse's words.
  std::string query(const std::string& sql);

 private:
  Chdb(pid_t child, int socket) : child_(child), socket_(socket) {}

  pid_t child_;
  int socket_;
};

}  // namespace spanlight::filter
