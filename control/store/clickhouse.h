#pragma once
// ClickHouse's HTTP interface, from the asking side: the same for the child process (a unix socket) and for a
// server (http:// or https://). Blocking; for any thread at once, since each statement has a connection of
// its own for as long as it lasts: connecting costs microseconds beside any statement, and a lost connection
// then concerns nobody else. A stop token ends a statement at once, also in the store.

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/channel.h"

namespace spanlight {

class StoreError : public std::runtime_error {
 public:
  enum class Kind : std::uint8_t {
    unreachable,  // nothing of the statement has arrived
    broken,       // the connection was lost on the way: it may have been done, or not
    refused,      // the store answered that it did not do it; code() says why
    interrupted,  // by the stop token; as with `broken` it may have been done
  };
  StoreError(Kind kind, int code, const std::string& sentence)
      : std::runtime_error(sentence), kind_(kind), code_(code) {}
  Kind kind() const { return kind_; }
  int code() const { return code_; }  // ClickHouse's number of the error; 0 where it gave none

 private:
  Kind kind_;
  int code_;
};

// ClickHouse's numbers of errors that something depends on (src/Common/ErrorCodes.cpp there).
namespace store_code {
constexpr int kUnknownTable = 60, kUnknownDatabase = 81, kTimeoutExceeded = 159, kTooManyQueries = 202;
constexpr int kTooSlow = 160, kTooManyRows = 158, kTooManyBytes = 307, kMemoryLimit = 241;
constexpr int kNotEnoughSpace = 243, kCannotWrite = 75, kTooManyParts = 252, kQueryWasCancelled = 394;
constexpr int kReadOnly = 242, kKeeper = 999;
}  // namespace store_code

class ClickHouse {
 public:
  struct Options {
    std::string socket;         // of the child; where it is empty,
    std::string url;            // "http://host:8123", "https://host:8443"
    std::string user;           // empty: the server's default
    std::string password_file;  // read anew for each statement: passwords change
    std::string ca_file;
    std::string database = "spanlight";
    std::chrono::milliseconds silence{120'000};  // of the store, until the connection counts as lost
  };
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  struct Statement {
    std::string sql;
    std::string_view data = {};  // what an INSERT … FORMAT … inserts
    Pairs parameters = {};       // of {name:Type} in the statement
    Pairs settings = {};
    std::string query_id = {};
    bool in_database = true;  // false: the statement names its own, or makes it
  };
  using OnData = std::function<bool(std::string_view)>;  // false: enough; the statement is given up

  // Throws std::runtime_error with a sentence where the options cannot be understood.
  explicit ClickHouse(Options options);

  // The answer as a whole, at most kAnswerBytesMax.
  std::string ask(const Statement& statement, const std::stop_token& stop = {}) const;
  // The answer in pieces, as they come. Exceptions of `on_data` pass through.
  void stream(const Statement& statement, const OnData& on_data, const std::stop_token& stop = {}) const;

  const std::string& database() const { return options_.database; }
  std::string target() const;  // for people: where statements go

  static constexpr std::size_t kAnswerBytesMax = std::size_t{64} << 20;

 private:
  void connect(Channel& channel, const std::stop_token& stop) const;
  std::string path_of(const Statement& statement) const;

  Options options_;
  TcpTarget tcp_;
};

// ' " \ and what is not printable, escaped, with quotation marks: a string literal of ClickHouse's SQL.
std::string sql_text(std::string_view text);
// `name` as an identifier of ClickHouse's SQL, in backticks.
std::string sql_name(std::string_view name);

}  // namespace spanlight
