#include "filter/chdb_for_tests.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace spanlight::filter {
namespace {

std::string library() {
  if (const char* const named = std::getenv("SPANLIGHT_LIBCHDB"); named != nullptr && *named != 0)
    return named;
  return LIBCHDB_OF_TREE;
}

bool send_all(int socket, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t sent = send(socket, at, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_all(int socket, void* data, std::size_t size) {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = recv(socket, at, size, 0);
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

struct Head {
  std::uint64_t bytes;
  std::uint64_t failed;
};

bool send_text(int socket, const std::string& text, bool failed) {
  const Head head{text.size(), failed ? 1u : 0u};
  return send_all(socket, &head, sizeof head) && send_all(socket, text.data(), text.size());
}

bool receive_text(int socket, std::string& text, bool& failed) {
  Head head{};
  if (!receive_all(socket, &head, sizeof head)) return false;
  failed = head.failed != 0;
  text.resize(head.bytes);
  return receive_all(socket, text.data(), text.size());
}

// What of libchdb's interface is needed here.
struct Library {
  using Connection = void**;
  void (*set_signal_handlers)(int) = nullptr;
  Connection (*connect)(int, char**) = nullptr;
  void* (*query)(void*, const char*, std::size_t, const char*, std::size_t) = nullptr;
  char* (*buffer)(void*) = nullptr;
  std::size_t (*length)(void*) = nullptr;
  const char* (*error)(void*) = nullptr;
  void (*destroy)(void*) = nullptr;

  bool load(const std::string& path) {
    void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return false;
    const auto find = [handle](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle, name));
      return function != nullptr;
    };
    return find(set_signal_handlers, "chdb_set_signal_handlers_enabled") && find(connect, "chdb_connect") &&
           find(query, "chdb_query_n") && find(buffer, "chdb_result_buffer") &&
           find(length, "chdb_result_length") && find(error, "chdb_result_error") &&
           find(destroy, "chdb_destroy_query_result");
  }
};

// The child: answers until the other end is closed. Leaves without destructors: libchdb's crash.
[[noreturn]] void serve(int socket) {
  // An INSERT would read on from standard input.
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0) _exit(1);
  Library chdb;
  if (!chdb.load(library())) {
    const char* const why = dlerror();
    send_text(socket, why == nullptr ? "libchdb lacks a function" : why, true);
    _exit(1);
  }
  chdb.set_signal_handlers(0);
  char name[] = "clickhouse";
  char* arguments[] = {name};
  const Library::Connection connection = chdb.connect(1, arguments);
  if (connection == nullptr || *connection == nullptr) {
    send_text(socket, "chdb_connect failed", true);
    _exit(1);
  }
  send_text(socket, "", false);
  std::string sql;
  for (bool ignored = false; receive_text(socket, sql, ignored);) {
    constexpr std::string_view kFormat = "TabSeparated";
    void* const result = chdb.query(*connection, sql.data(), sql.size(), kFormat.data(), kFormat.size());
    const char* const error = chdb.error(result);
    const std::string answer =
        error != nullptr ? std::string(error) : std::string(chdb.buffer(result), chdb.length(result));
    send_text(socket, answer, error != nullptr);
    chdb.destroy(result);
  }
  _exit(0);
}

}  // namespace

std::unique_ptr<Chdb> Chdb::start(std::string& why) {
  std::error_code error;
  if (!std::filesystem::exists(library(), error)) {
    why = library() + " is not there: scripts/setup loads it";
    return nullptr;
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("socketpair");
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    close(ends[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    serve(ends[1]);
  }
  close(ends[1]);
  std::unique_ptr<Chdb> chdb(new Chdb(child, ends[0]));
  bool failed = true;
  std::string said;
  if (!receive_text(ends[0], said, failed) || failed)
    throw std::runtime_error("libchdb did not start: " + said);
  return chdb;
}

Chdb::~Chdb() {
  close(socket_);
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
}

std::string Chdb::query(const std::string& sql) {
  bool failed = true;
  std::string answer;
  if (!send_text(socket_, sql, false) || !receive_text(socket_, answer, failed))
    throw std::runtime_error("the child with libchdb is gone; it was asked " + sql.substr(0, 2'000));
  if (failed) throw std::runtime_error(answer);
  return answer;
}

}  // namespace spanlight::filter
