#include "store_child/engine.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>

namespace spanlight::store_child {
namespace {

constexpr std::chrono::seconds kLeasePatience{30};
// Of the memory cap: one question may take half; inserts and merges need the rest to go on beside it.
constexpr std::uint64_t kQuestionShare = 2;
constexpr std::uint64_t kMarkCacheShare = 16;
// A merge begins only while those that run take less; by itself the engine would allow them half of the
// machine's memory.
constexpr std::uint64_t kMergesMemoryShare = 3;
// What comes in is merged soon, and compressed quickly until then. A part of this size is merged once more at
// most, or never (store.keepGb): well.
constexpr std::uint64_t kWellCompressedBytes = std::uint64_t{16} << 20;
// Merges can wait for whoever looks at calls, and for the sensor where it shares the machine.
constexpr int kMergeNice = 10;

}  // namespace

Engine::Engine(const Options& options)
    : library_(options.library),
      configuration_(make_configuration()),
      question_memory_bytes_((options.memory_mb << 20) / kQuestionShare) {
  const std::uint64_t bytes = options.memory_mb << 20;
  // Without a cap it would take most of the machine; the thread pool is 10,000 by default.
  session_options_ = {
      "--config-file=/proc/self/fd/" + std::to_string(configuration_),
      "--path=" + options.directory,
      "--max_server_memory_usage=" + std::to_string(bytes),
      "--merges_mutations_memory_usage_soft_limit=" + std::to_string(bytes / kMergesMemoryShare),
      "--mark_cache_size=" + std::to_string(bytes / kMarkCacheShare),
      "--background_pool_size=2",
      "--memory_worker_correct_memory_tracker=1",
      "--os_threads_nice_value_merge_mutate=" + std::to_string(kMergeNice),
      "--max_thread_pool_size=500"};
  killer_ = open();
  heart_ = open();
  free_[static_cast<int>(Use::insert)].push_back(open());
  for (unsigned count = 0; count < options.questions; ++count)
    free_[static_cast<int>(Use::question)].push_back(open());
}

Engine::~Engine() {
  close(configuration_);
}

// What cannot be said as an option. In memory: a full disk is no reason not to start.
int Engine::make_configuration() {
  const std::string text =
      "<clickhouse><compression><case><min_part_size>" + std::to_string(kWellCompressedBytes) +
      "</min_part_size><min_part_size_ratio>0</min_part_size_ratio><method>zstd</method><level>1</level>"
      "</case></compression></clickhouse>";
  const int fd = memfd_create("clickhouse.xml", MFD_CLOEXEC);
  if (fd < 0 || write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::system_error(errno, std::generic_category(), "keeping the configuration of libchdb");
  return fd;
}

std::unique_ptr<Session> Engine::open() {
  auto session = std::make_unique<Session>(library_, session_options_);
  set_up(*session);
  return session;
}

void Engine::set_up(Session& session) const {
  session.run("SET max_memory_usage = " + std::to_string(question_memory_bytes_), "TSV");
}

void Engine::restore(Session& session, const std::string& set_defaults) const {
  try {
    session.run(set_defaults, "TSV");
    set_up(session);
  } catch (const ChdbError&) {
    // A setting that does not exist was refused before, and told to the client; the others are in force at
    // worst.
    set_up(session);
  }
}

std::unique_ptr<Engine::Lease> Engine::lease(Use use) {
  auto& free = free_[static_cast<int>(use)];
  std::unique_lock lock(mutex_);
  if (!freed_.wait_for(lock, kLeasePatience, [&] { return !free.empty(); })) return nullptr;
  std::unique_ptr<Session> session = std::move(free.back());
  free.pop_back();
  return std::make_unique<Lease>(*this, use, std::move(session));
}

void Engine::give_back(Use use, std::unique_ptr<Session> session) {
  {
    const std::lock_guard lock(mutex_);
    free_[static_cast<int>(use)].push_back(std::move(session));
  }
  freed_.notify_all();
}

void Engine::beat() {
  heart_->run("SELECT 1", "TSV");
}

std::string Engine::mark_of(std::uint64_t number) {
  return "/*spanlight:" + std::to_string(number) + "*/ ";
}

void Engine::kill(std::uint64_t number) {
  const std::lock_guard lock(killing_);
  killer_->run("KILL QUERY WHERE startsWith(query, '" + mark_of(number) + "') ASYNC FORMAT Null", "TSV");
}

}  // namespace spanlight::store_child
