#pragma once
// The store as the control process holds it: the child process or a server, its tables kept as they should
// be, what is too old or too much taken away, and the writer. One for the process.

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "store/clickhouse.h"
#include "store/names_table.h"
#include "store/schema.h"
#include "store/store_process.h"
#include "store/writer.h"

namespace spanlight {

struct ControlSettings;

struct StoreStatus {
  bool ready = false;               // it is there, with its tables: questions and inserts can go
  std::string trouble;              // why it is not, or what goes wrong; empty while all is well
  std::uint64_t child_starts = 0;   // of spanlight-store; 0 where it is a server
  std::uint64_t child_hangs = 0;    // times that it was killed because it hung
  std::uint64_t bytes = 0;          // on disk, of calls; seen last
  std::uint64_t parts_dropped = 0;  // for room
};

class Store {
 public:
  using Log = std::function<void(const std::string&)>;

  // Comes back at once: what is offered waits until the store is ready. Throws std::runtime_error where the
  // settings name no store that could be. `program`: spanlight-store, where it is not beside this program.
  Store(const ControlSettings& settings, Log log, const std::string& program = {});
  ~Store();  // stores what waits, then ends the child

  const ClickHouse& client() const { return *client_; }
  StoreWriter& writer() { return *writer_; }
  const StoreProcess* process() const { return process_.get(); }  // nullptr: a server
  StoreStatus status() const;
  bool wait_ready(std::chrono::milliseconds patience);

 private:
  void keep_house(const std::stop_token& stop);
  bool make_tables(const std::stop_token& stop);
  void make_room(const std::stop_token& stop);
  void set_well();
  void set_trouble(const std::string& sentence);

  const Layout layout_;
  const Log log_;
  std::unique_ptr<StoreProcess> process_;
  std::unique_ptr<ClickHouse> client_;
  std::unique_ptr<StoreWriter> writer_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  StoreStatus status_;
  std::jthread thread_;
};

}  // namespace spanlight
