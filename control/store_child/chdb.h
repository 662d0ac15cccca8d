#pragma once
// libchdb, ClickHouse as a shared library: loaded at run time, so that Spanlight builds without it, and told
// only what it was measured to do well. One Library for the process, which must outlive its sessions; one
// Session is one connection of the library: it runs one statement at a time, for one thread at a time. The
// declarations are of the C interface of 26.5.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spanlight::store_child {

// What ClickHouse said: "Code: 60. DB::Exception: …".
struct ChdbError : std::runtime_error {
  using std::runtime_error::runtime_error;
  int code() const;  // 0 where there is none
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

class Library {
 public:
  // Throws std::runtime_error with a sentence if the library is not there or is not what it should be.
  explicit Library(const std::string& path);
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

 private:
  friend class Session;
  struct Result;
  struct Connection;

  void (*set_signal_handlers_enabled_)(int) = nullptr;
  Connection** (*connect_)(int, char**) = nullptr;
  void (*close_)(Connection**) = nullptr;
  Result* (*query_)(Connection*, const char*, std::size_t, const char*, std::size_t, const char* const*,
                    const std::size_t*, const char* const*, const std::size_t*, std::size_t) = nullptr;
  Result* (*stream_)(Connection*, const char*, std::size_t, const char*, std::size_t, const char* const*,
                     const std::size_t*, const char* const*, const std::size_t*, std::size_t) = nullptr;
  Result* (*fetch_)(Connection*, Result*) = nullptr;
  void (*cancel_)(Connection*, Result*) = nullptr;
  void (*destroy_)(Result*) = nullptr;
  const char* (*buffer_)(Result*) = nullptr;
  std::size_t (*length_)(Result*) = nullptr;
  const char* (*error_)(Result*) = nullptr;
};

class Session {
 public:
  using OnPiece = std::function<bool(std::string_view)>;  // false: enough

  // `options`: "--path=…" and server settings; those of the first session of the process count.
  Session(const Library& library, const std::vector<std::string>& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Runs a statement to its end; its answer in one piece. For all that is not a question.
  std::string run(std::string_view sql, const std::string& format, const Pairs& parameters = {});
  // Runs a question; its answer in pieces as they are made.
  void ask(std::string_view sql, const std::string& format, const Pairs& parameters, const OnPiece& on_piece);

 private:
  void check(Library::Result* result) const;

  const Library& library_;
  Library::Connection** connection_;
};

}  // namespace spanlight::store_child
