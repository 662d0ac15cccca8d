#include "store/store_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "store/clickhouse.h"

namespace spanlight {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookEvery{500};
constexpr std::chrono::milliseconds kAskPatience{5'000};
constexpr std::chrono::milliseconds kBeatPatience{5'000};  // then it is not well, and perhaps only slow
// Between two looks no more than this counts as the child's silence: the rest was ours (a stopped machine).
constexpr Clock::duration kSilenceOfLookMax = std::chrono::seconds(6);
constexpr int kBeatsOfChild = STDERR_FILENO + 1;  // where the child finds its pipe
constexpr std::chrono::seconds kGoodRun{60};      // after that long, the pause is short again
constexpr std::size_t kLineBytesMax = 4'096;

// As the front looks for programs: $SPANLIGHT_EXEC_PATH, beside this one, ../libexec/spanlight.
std::string find_program(const std::string& named) {
  namespace fs = std::filesystem;
  if (!named.empty()) return named;
  std::error_code error;
  const fs::path own = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<fs::path> folders = {own, own.parent_path() / "libexec" / "spanlight"};
  if (const char* const path = std::getenv("SPANLIGHT_EXEC_PATH"); path != nullptr && *path != 0)
    folders.insert(folders.begin(), path);
  for (const fs::path& folder : folders)
    if (access((folder / "spanlight-store").c_str(), X_OK) == 0) return folder / "spanlight-store";
  return "spanlight-store";
}

std::string words_of_end(int status) {
  if (WIFEXITED(status)) return "ended with status " + std::to_string(WEXITSTATUS(status));
  return std::string("was killed by ") + strsignal(WTERMSIG(status));
}

}  // namespace

StoreProcess::StoreProcess(StoreProcessOptions options, Log log)
    : options_(std::move(options)), log_(std::move(log)), socket_(options_.directory + "/store.sock") {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

StoreProcess::~StoreProcess() {
  thread_.request_stop();
  changed_.notify_all();
}

std::string StoreProcess::trouble() const {
  const std::lock_guard lock(mutex_);
  return healthy_ ? std::string{} : trouble_;
}

void StoreProcess::set_healthy(bool healthy) {
  {
    const std::lock_guard lock(mutex_);
    healthy_ = healthy;
  }
  changed_.notify_all();
}

bool StoreProcess::wait_healthy(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [this] { return healthy_.load(); });
}

// The child gets its own process group, so that Ctrl-C in a terminal reaches it through us, after we have
// flushed.
bool StoreProcess::start() {
  int pipe_ends[2], beat_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
    say_line("cannot make a pipe: " + std::generic_category().message(errno));
    return false;
  }
  if (pipe2(beat_ends, O_CLOEXEC) != 0) {
    say_line("cannot make a pipe: " + std::generic_category().message(errno));
    for (const int end : pipe_ends) close(end);
    return false;
  }
  std::vector<std::string> words = {find_program(options_.program),
                                    "--directory",
                                    options_.directory,
                                    "--socket",
                                    socket_,
                                    "--memory-mb",
                                    std::to_string(options_.memory_mb),
                                    "--parent",
                                    std::to_string(getpid()),
                                    "--beats",
                                    std::to_string(kBeatsOfChild)};
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, beat_ends[1], kBeatsOfChild);
  // Not the API's port: a new control process could not listen while the child of a killed one still ends.
  posix_spawn_file_actions_addclosefrom_np(&actions, kBeatsOfChild + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, words[0].c_str(), &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(pipe_ends[1]);
  close(beat_ends[1]);
  words_ = pipe_ends[0];
  beats_ = beat_ends[0];
  for (const int fd : {words_, beats_}) fcntl(fd, F_SETFL, O_NONBLOCK);
  if (error != 0) {
    let_go_of_pipes();
    say_line("cannot start " + words[0] + ": " + std::generic_category().message(error));
    return false;
  }
  pid_ = pid;
  ++starts_;
  return true;
}

void StoreProcess::say_line(const std::string& line) {
  {
    const std::lock_guard lock(mutex_);
    trouble_ = line;
  }
  if (log_) log_("store: " + line);
}

// Lines of the child's standard error become lines of our log.
void StoreProcess::hear(bool all) {
  char piece[1'024];
  for (ssize_t got = 0; words_ >= 0 && (got = read(words_, piece, sizeof piece)) > 0;) {
    for (const char c : std::string_view(piece, static_cast<std::size_t>(got))) {
      if (c != '\n') line_ += c;
      if (c == '\n' || line_.size() >= kLineBytesMax) say_line(std::exchange(line_, {}));
    }
  }
  if (all && !line_.empty()) say_line(std::exchange(line_, {}));
}

bool StoreProcess::answers() const {
  ClickHouse::Options options;
  options.socket = socket_;
  options.silence = kAskPatience;
  try {
    return ClickHouse(options).ask({.sql = "SELECT 1 FORMAT TabSeparated", .in_database = false}) == "1\n";
  } catch (const StoreError&) {
    return false;
  }
}

bool StoreProcess::hear_beats() const {
  char piece[256];
  bool beat = false;
  while (read(beats_, piece, sizeof piece) > 0) beat = true;
  return beat;
}

void StoreProcess::let_go_of_pipes() {
  for (int* const fd : {&words_, &beats_})
    if (*fd >= 0) close(std::exchange(*fd, -1));
}

// Ready: it has answered a statement that came as all statements do. From then on its heart tells: questions
// may all be taken for minutes, and it is well.
void StoreProcess::watch(const std::stop_token& stop) {
  Clock::time_point looked = Clock::now();
  Clock::duration silence{0};
  bool ready = false, killed = false;
  int status = 0;
  while (!stop.stop_requested() && waitpid(pid_, &status, WNOHANG) == 0) {
    const bool just_ready = !ready && answers();
    ready = ready || just_ready;
    if (just_ready && log_) log_("store: ready, its data is in " + options_.directory);
    const auto now = Clock::now();
    const bool beat = hear_beats();
    silence = just_ready || (ready && beat) ? Clock::duration{0}
                                            : silence + std::min(now - looked, kSilenceOfLookMax);
    looked = now;
    hear(false);
    const bool well = ready && silence < kBeatPatience;
    if (healthy_ && !well) say_line("spanlight-store gives no sign of life");
    set_healthy(well);
    if (silence > (ready ? options_.hang_patience : options_.start_patience) && !killed) {
      say_line("spanlight-store does not answer; it is started anew");
      kill(pid_, SIGKILL);
      ++hangs_;
      killed = true;
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, ready ? kLookEvery : std::chrono::milliseconds(20), [] { return false; });
  }
  if (stop.stop_requested()) return;
  pid_ = 0;
  set_healthy(false);
  hear(true);
  if (log_) log_("store: spanlight-store " + words_of_end(status));
  const std::lock_guard lock(mutex_);
  if (trouble_.empty()) trouble_ = "spanlight-store " + words_of_end(status);
}

void StoreProcess::run(const std::stop_token& stop) {
  std::chrono::milliseconds pause = options_.pause_least;
  while (!stop.stop_requested()) {
    const auto begun = Clock::now();
    if (start()) watch(stop);
    if (stop.stop_requested()) break;
    let_go_of_pipes();
    if (Clock::now() - begun > kGoodRun) pause = options_.pause_least;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, pause, [] { return false; });
    pause = std::min(pause * 2, options_.pause_most);
  }
  end();
}

void StoreProcess::end() {
  if (pid_ == 0) return;
  kill(pid_, SIGTERM);
  const auto until = Clock::now() + options_.end_patience;
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    hear(false);
    if (Clock::now() > until) {
      say_line("spanlight-store does not end; it is killed");
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
      break;
    }
    poll(nullptr, 0, 10);
  }
  pid_ = 0;
  set_healthy(false);
  hear(true);
  let_go_of_pipes();
}

}  // namespace spanlight
