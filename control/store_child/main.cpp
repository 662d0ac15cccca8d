// spanlight-store: holds the embedded ClickHouse and speaks its HTTP interface on a unix socket. A program of
// its own because libchdb ends a process when it fails, brings a hundred threads, and takes the memory of
// whoever loads it.

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <list>
#include <optional>

#include "cli/options.h"
#include "cli/standard_streams.h"
#include "store_child/heart.h"
#include "store_child/library_path.h"
#include "store_child/session.h"

namespace spanlight::store_child {
namespace {

constexpr int kConnectionsMax = 64;  // clients beyond that wait in the kernel's queue
constexpr int kLookForParentMs = 500;
constexpr int kNice = 5;  // the live view goes first where both want the same core
constexpr int kExitFailed = 1;
constexpr int kExitInUse = 3;  // the supervisor need not try again soon

struct Arguments {
  std::string directory = "/var/lib/spanlight";
  std::string socket;
  std::string library;
  std::uint64_t memory_mb = 2'048;
  std::uint64_t questions = 4;
  std::uint64_t parent = 0;
  std::uint64_t beats = 0;
};

cli::Manual manual() {
  return {
      .name = "spanlight-store",
      .summary = "keep calls in an embedded ClickHouse",
      .synopsis = {"--directory DIR --socket PATH [--memory-mb N] [--parent PID]"},
      .description =
          {"Started by the control process; by hand only to look at its data: it speaks ClickHouse's HTTP "
           "interface on a unix socket.",
           "  curl --unix-socket PATH http://store/ -d 'SELECT count() FROM spanlight.calls'"},
      .examples = {},
      .exit_status = {{"0", "It was told to end, or its parent is gone."},
                      {"1", "The directory, the socket or libchdb cannot be used."},
                      {"3", "The directory is used by another spanlight-store."}},
      .see_also = {"spanlight control"}};
}

std::string words_of(int error) {
  return std::generic_category().message(error);
}

// An exclusive lock on the directory, held until the process ends. -1: another has it.
int lock_directory(const std::string& directory) {
  std::filesystem::create_directories(directory);
  const std::string path = directory + "/spanlight-store.lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) throw std::runtime_error("cannot open " + path + ": " + words_of(errno));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

int listen_on(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    throw std::runtime_error("--socket wants a path of at most " +
                             std::to_string(sizeof address.sun_path - 1) + " bytes");
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  unlink(path.c_str());  // of a store that was killed: the lock says that nobody uses it
  const mode_t before = umask(0177);
  const bool bound = fd >= 0 && bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int error = errno;
  umask(before);
  if (!bound || listen(fd, SOMAXCONN) != 0)
    throw std::runtime_error("cannot listen on " + path + ": " + words_of(bound ? errno : error));
  return fd;
}

// One connection and its thread.
struct Client {
  Channel channel;
  std::atomic<bool> done = false;
  std::jthread thread;
};

class Clients {
 public:
  explicit Clients(House& house) : house_(house) {}
  ~Clients() {
    for (Client& client : clients_) client.channel.interrupt();
  }
  bool full() {
    clients_.remove_if([](const Client& client) { return client.done.load(); });
    return clients_.size() >= kConnectionsMax;
  }
  void add(int fd) {
    Client& client = clients_.emplace_back();
    client.channel.adopt(fd);
    client.thread = std::jthread([this, &client] {
      serve(house_, client.channel);
      client.channel.close();
      client.done = true;
    });
  }

 private:
  House& house_;
  std::list<Client> clients_;
};

bool orphaned(const Arguments& arguments) {
  return arguments.parent != 0 && static_cast<std::uint64_t>(getppid()) != arguments.parent;
}

// Until a signal says so or the parent is gone.
void accept_clients(const Arguments& arguments, int listening, int signals, Clients& clients) {
  while (!orphaned(arguments)) {
    // Full: whoever comes waits in the kernel's queue until somebody has gone.
    const bool full = clients.full();
    pollfd polled[2] = {{signals, POLLIN, 0}, {full ? -1 : listening, POLLIN, 0}};
    if (poll(polled, 2, full ? 20 : kLookForParentMs) < 0 && errno != EINTR)
      throw std::runtime_error("poll: " + words_of(errno));
    if (polled[0].revents != 0) return;
    if (polled[1].revents == 0) continue;
    const int fd = accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      clients.add(fd);
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      std::fprintf(stderr, "spanlight-store: accepting a client: %s\n", words_of(errno).c_str());
      poll(nullptr, 0, 100);  // out of descriptors: they come back when clients go
    }
  }
}

int run(const Arguments& arguments) {
  // Dies with its parent, also when that is killed. Asked for by the thread that started us, so that one must
  // live as long as it wants us; getppid() finds out in any case.
  if (arguments.parent != 0) prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (orphaned(arguments)) return 0;
  // Before libchdb makes its threads: they inherit what is blocked.
  sigset_t mask;
  sigemptyset(&mask);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) sigaddset(&mask, signal);
  sigprocmask(SIG_BLOCK, &mask, nullptr);
  sigdelset(&mask, SIGPIPE);
  const int signals = signalfd(-1, &mask, SFD_CLOEXEC);
  setpriority(PRIO_PROCESS, 0, std::max(getpriority(PRIO_PROCESS, 0), kNice));  // of those threads too
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;  // a column is a file, and a part has a hundred
    setrlimit(RLIMIT_NOFILE, &files);
  }

  if (lock_directory(arguments.directory) < 0) {
    std::fprintf(stderr,
                 "spanlight-store: %s is used by another spanlight-store; give each its own directory\n",
                 arguments.directory.c_str());
    return kExitInUse;
  }
  {
    Engine engine({.library = arguments.library.empty() ? find_library() : arguments.library,
                   .directory = arguments.directory + "/clickhouse",
                   .memory_mb = arguments.memory_mb,
                   .questions = static_cast<unsigned>(arguments.questions)});
    const int listening = listen_on(arguments.socket);
    Watcher watcher(engine);
    House house{engine, watcher};
    std::optional<Heart> heart;
    if (arguments.beats != 0) heart.emplace(engine, static_cast<int>(arguments.beats));
    {
      Clients clients(house);
      accept_clients(arguments, listening, signals, clients);
      close(listening);
      unlink(arguments.socket.c_str());
      watcher.kill_all();
    }  // waits for the clients' threads
  }
  return 0;
}

}  // namespace
}  // namespace spanlight::store_child

int main(int argc, char** argv) {
  spanlight::cli::fill_standard_streams();
  using namespace spanlight;
  store_child::Arguments arguments;
  cli::Options options(store_child::manual());
  options.text(0, "directory", "DIR", &arguments.directory, "Where the data is; made if it is not there.")
      .text(0, "socket", "PATH", &arguments.socket, "The unix socket to listen on, mode 0600.")
      .text(0, "library", "FILE", &arguments.library,
            "libchdb.so. Default: $SPANLIGHT_LIBCHDB, beside this program, or where scripts/setup put it.")
      .number(0, "memory-mb", "N", &arguments.memory_mb, 256, 1'048'576, "What ClickHouse may take, in MiB.")
      .number(0, "questions", "N", &arguments.questions, 1, 64, "Questions that are answered at once.")
      .number(0, "parent", "PID", &arguments.parent, 1, cli::kAnyNumber,
              "End when this is no longer the parent.")
      .number(0, "beats", "FD", &arguments.beats, 3, 1'023,
              "A pipe that gets a byte twice a second while all is well.");
  if (const auto status = options.parse(argc, argv)) return *status;
  int status = store_child::kExitFailed;
  try {
    status = store_child::run(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "spanlight-store: %s\n", error.what());
  }
  std::fflush(nullptr);
  _exit(status);  // libchdb's exit handlers crash now and then, when all of its data is safe already
}
