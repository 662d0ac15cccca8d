// After start-up a worker takes nothing from the system allocator, no lock and no system call. Proved, not
// asserted: a worker's thread runs the whole pipeline behind a seccomp filter that kills the process at any
// system call, with malloc and pthread_mutex_lock replaced by versions that end the process when they are
// called on that thread.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <rte_mbuf.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <thread>
#include <vector>

#include "lcore/worker.h"
#include "port/eal.h"
#include "trace.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SPANLIGHT_SANITIZED 1
#else
#define SPANLIGHT_SANITIZED 0
#endif

namespace {

__thread bool g_quiet = false;  // on the worker's thread, from its start on

[[noreturn]] void broken(const char* what) {
  [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, what, std::strlen(what));
  _exit(3);
}

}  // namespace

#if !SPANLIGHT_SANITIZED
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t n, std::size_t bytes);
void* __libc_realloc(void* old, std::size_t bytes);

void* malloc(std::size_t bytes) {
  if (g_quiet) broken("the worker called malloc\n");
  return __libc_malloc(bytes);
}
void* calloc(std::size_t n, std::size_t bytes) {
  if (g_quiet) broken("the worker called calloc\n");
  return __libc_calloc(n, bytes);
}
void* realloc(void* old, std::size_t bytes) {
  if (g_quiet) broken("the worker called realloc\n");
  return __libc_realloc(old, bytes);
}
int pthread_mutex_lock(pthread_mutex_t* mutex) {
  using Lock = int (*)(pthread_mutex_t*);
  static const Lock real = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  if (g_quiet) broken("the worker took a lock\n");
  return real(mutex);
}
}
#endif

namespace spanlight::bench {
namespace {

constexpr unsigned kLaps = 20;

// The trace's frames, lap after lap; raises `stop` with its last burst, so that the worker never idles.
class Laps final : public RxQueue {
 public:
  Laps(const Trace& trace, rte_mempool* pool, std::atomic<bool>& stop) : trace_(trace), stop_(stop) {
    for (std::size_t i = 0; i < trace.frames.size(); ++i) {
      rte_mbuf* frame = rte_pktmbuf_alloc(pool);
      if (frame == nullptr) broken("no mbuf for the trace\n");
      std::memcpy(rte_pktmbuf_append(frame, trace.frames[i].length), trace.frame(i).data(),
                  trace.frames[i].length);
      frames_.push_back(frame);
    }
  }

  std::uint16_t receive(rte_mbuf** out, std::uint16_t n, TimeNs now) override {
    std::uint16_t given = 0;
    for (; given < n && lap_ < kLaps; ++given) {
      rte_mbuf* frame = frames_[next_];
      const TraceFrame& info = trace_.frames[next_];
      renew(rte_pktmbuf_mtod(frame, std::uint8_t*), info.from_client, info.has_ack, step_);
      rte_mbuf_refcnt_update(frame, 1);
      frame_info(frame) = {.time = now, .wire_bytes = rte_pktmbuf_pkt_len(frame)};
      out[given] = frame;
      if (++next_ == frames_.size()) {
        next_ = 0;
        ++lap_;
        step_ = LapStep::between(static_cast<std::uint16_t>(lap_ - 1), lap_);
      }
    }
    if (lap_ == kLaps) stop_.store(true);
    return given;
  }
  QueueState state() const override { return QueueState::live; }

 private:
  const Trace& trace_;
  std::atomic<bool>& stop_;
  std::vector<rte_mbuf*> frames_;
  std::size_t next_ = 0;
  std::uint16_t lap_ = 0;
  LapStep step_ = LapStep::between(0, 0);
};

// Not seccomp's strict mode, which forbids reading the time stamp counter too. What is left is how a failure
// is told.
void forbid_system_calls() {
  sock_filter allowed[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{.len = sizeof(allowed) / sizeof(allowed[0]), .filter = allowed};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    broken("no seccomp\n");
}

bool every_frame_has_an_outcome(const CounterBoard& board, std::uint64_t frames) {
  std::uint64_t outcomes = 0;
  for (const CounterValue& counter : board.read())
    if (counter.name == "packets_total") outcomes += counter.value;
  return outcomes == frames;
}

// In a process of its own. 0: every call of every lap was found, and nothing but packets and memory was
// touched. The queue is always full: a worker that may shed does, and not every call is found.
[[noreturn]] void run_quietly(Mix mix, bool sheds) {
  Settings settings;
  settings.hugepages = Hugepages::never;
  settings.memory_mb = 128;
  settings.shedding_enabled = sheds;
  settings.shedding_patience_ms = 1;
  settings.redact_json_keys = {"password"};
  settings.redact_patterns = {"secret-[0-9]+"};
  if (start_eal(settings, {0}).index() != 0) broken("no EAL\n");
  const Trace trace = make_trace({.mix = mix, .connections = mix == Mix::bulk ? 2u : 8u});
  rte_mempool* mbufs = rte_pktmbuf_pool_create("quiet", 16'383, 0, 0, 2'176, SOCKET_ID_ANY);
  std::string fault;
  const auto identifier = Identifier::make({.user_patterns = {{"http", "^NEVER"}}}, fault);
  HandOver hand_over(1, 64);
  WorkerShared shared{
      .settings = settings, .identifier = *identifier, .hand_over = hand_over, .sensor = "quiet"};
  shared.wasted_pauses = sheds ? 50 : 0;
  TargetBoard targets(1);
  BatchPool pool(0, settings.batch_bytes + RecordWriter::record_bytes_max(settings), 64);
  auto redactor = Redactor::create(settings);
  auto worker =
      std::make_unique<Worker>(std::uint16_t{0}, shared, pool, *std::get<0>(redactor), targets.reader(0));
  std::atomic<bool> stop{false}, done{false};
  Laps queue(trace, mbufs, stop);
  worker->attach(queue, true);

  std::thread thread([&] {
    g_quiet = true;
    forbid_system_calls();
    worker->run(stop);
    done.store(true);
    syscall(SYS_exit, 0);  // the one call that is left to this thread
  });
  std::uint64_t records = 0;
  while (!done.load()) {
    while (Batch* batch = pool.next()) {
      records += batch->records;
      pool.release(batch);
    }
    std::this_thread::yield();
  }
  while (Batch* batch = pool.next()) {
    records += batch->records;
    pool.release(batch);
  }
  const std::uint64_t lost = worker->board().value("records_dropped_total", "no_buffer");
  if (!every_frame_has_an_outcome(worker->board(), trace.frames.size() * kLaps)) _exit(5);
  if (sheds) _exit(worker->board().value("packets_total", "shed_flow") > 0 ? 0 : 6);
  _exit(records + lost == trace.calls * kLaps ? 0 : 4);
}

class Quiet : public testing::TestWithParam<Mix> {};

TEST_P(Quiet, TheWorkerTakesNoMemoryNoLockAndNoSystemCall) {
  if (SPANLIGHT_SANITIZED) GTEST_SKIP() << "a sanitizer allocates and calls the system itself";
  EXPECT_EXIT(run_quietly(GetParam(), false), testing::ExitedWithCode(0), "");
}

TEST_P(Quiet, NorWhileItShedsLoad) {
  if (SPANLIGHT_SANITIZED) GTEST_SKIP() << "a sanitizer allocates and calls the system itself";
  EXPECT_EXIT(run_quietly(GetParam(), true), testing::ExitedWithCode(0), "");
}

TEST(QuietItself, AMallocOnAQuietThreadIsCaught) {
  if (SPANLIGHT_SANITIZED) GTEST_SKIP() << "malloc is the sanitizer's";
  EXPECT_EXIT(
      {
        g_quiet = true;
        std::vector<int> v(1'000);
        _exit(static_cast<int>(v[0]));
      },
      testing::ExitedWithCode(3), "malloc");
}

TEST(QuietItself, ASystemCallOnAQuietThreadIsCaught) {
  EXPECT_EXIT(
      {
        forbid_system_calls();
        syscall(SYS_getpid);
        _exit(0);
      },
      testing::KilledBySignal(SIGSYS), "");
}

INSTANTIATE_TEST_SUITE_P(Mixes, Quiet,
                         testing::Values(Mix::rpc, Mix::web, Mix::bulk, Mix::pipelined, Mix::chunked));

}  // namespace
}  // namespace spanlight::bench
