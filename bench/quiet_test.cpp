// After start-up a worker takes nothing from the system allocator, no lock and no system call. Proved, not
// asserted: a worker's thread runs the whole pipeline behind a seccomp filter that kills the process at any
// system call, with malloc and pthread_mutex_lock replaced by versions that end the process when they are
// called on that thread.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pcap/pcap.h>
#include <rte_mbuf.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "lcore/worker.h"
#include "port/eal.h"
#include "trace.h"

#ifndef SPANLIGHT_SANITIZED
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

// Frames of real ends, once, in order.
class Captured final : public RxQueue {
 public:
  Captured(const std::string& path, rte_mempool* pool, std::atomic<bool>& stop) : stop_(stop) {
    char fault[PCAP_ERRBUF_SIZE];
    pcap_t* const capture =
        pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, fault);
    if (capture == nullptr || pcap_datalink(capture) != DLT_EN10MB) broken("no capture of Ethernet\n");
    pcap_pkthdr* head = nullptr;
    const std::uint8_t* bytes = nullptr;
    while (pcap_next_ex(capture, &head, &bytes) == 1) {
      rte_mbuf* frame = rte_pktmbuf_alloc(pool);
      char* const room =
          frame == nullptr ? nullptr : rte_pktmbuf_append(frame, static_cast<std::uint16_t>(head->caplen));
      if (room == nullptr) broken("no mbuf for the capture\n");
      std::memcpy(room, bytes, head->caplen);
      const auto at =
          static_cast<TimeNs>(head->ts.tv_sec) * kSecondNs + static_cast<TimeNs>(head->ts.tv_usec);
      frame_info(frame) = {.time = at, .wire_bytes = head->len};
      frames_.push_back(frame);
    }
    pcap_close(capture);
  }
  std::uint16_t receive(rte_mbuf** out, std::uint16_t n, TimeNs) override {
    std::uint16_t given = 0;
    while (given < n && next_ < frames_.size()) out[given++] = frames_[next_++];
    if (next_ == frames_.size()) stop_.store(true);
    return given;
  }
  QueueState state() const override { return QueueState::live; }
  std::size_t frames() const { return frames_.size(); }

 private:
  std::atomic<bool>& stop_;
  std::vector<rte_mbuf*> frames_;
  std::size_t next_ = 0;
};

// A worker that reads a queue to its end behind the filter, in a process of its own, and what came of it.
class QuietRun {
 public:
  explicit QuietRun(bool sheds) : sheds_(sheds) {
    settings_.hugepages = Hugepages::never;
    settings_.memory_mb = 128;
    settings_.shedding_enabled = sheds;
    settings_.shedding_patience_ms = 1;
    settings_.redact_json_keys = {"password"};
    settings_.redact_patterns = {"secret-[0-9]+"};
    if (start_eal(settings_, {0}).index() != 0) broken("no EAL\n");
    mbufs_ = rte_pktmbuf_pool_create("quiet", 16'383, 0, 0, kRoomBytes, SOCKET_ID_ANY);
  }

  rte_mempool* mbufs() { return mbufs_; }
  std::atomic<bool>& stop() { return stop_; }

  void read(RxQueue& queue, const char* filter = nullptr) {
    std::string fault;
    const auto identifier = Identifier::make({.user_patterns = {{"http", "^NEVER"}}}, fault);
    HandOver hand_over(1, 64);
    WorkerShared shared{
        .settings = settings_, .identifier = *identifier, .hand_over = hand_over, .sensor = "quiet"};
    shared.wasted_pauses = sheds_ ? 50 : 0;
    TargetBoard targets(1);
    PacketRing ring(std::size_t{8} << 20, 1'000);  // goes round many times
    ring.populate();
    BatchPool pool(0, settings_.batch_bytes + RecordWriter::record_bytes_max(settings_), 64);
    auto redactor = Redactor::create(settings_);
    auto worker =
        std::make_unique<Worker>(std::uint16_t{0}, shared, pool, *std::get<0>(redactor), targets.reader(0));
    worker->attach(queue, true);
    worker->keep_packets(ring);
    if (filter != nullptr) {
      const LinkType links[] = {LinkType::ethernet};
      auto made = TargetFilter::compile(filter, links);
      if (made.index() != 0) broken("no filter\n");
      targets.publish(
          std::make_unique<TargetSet>(false, std::span<const IpAddress>{}, std::move(std::get<0>(made))));
    }
    std::atomic<bool> done{false};
    std::thread thread([&] {
      g_quiet = true;
      forbid_system_calls();
      worker->run(stop_);
      done.store(true);
      syscall(SYS_exit, 0);  // the one call that is left to this thread
    });
    const auto take = [&] {
      while (Batch* batch = pool.next()) {
        records_ += batch->records;
        pool.release(batch);
      }
    };
    while (!done.load()) {
      take();
      std::this_thread::yield();
    }
    take();
    board_ = worker->board().read();
    thread.detach();  // it has ended without the library's knowledge
  }

  std::uint64_t records() const { return records_; }
  std::uint64_t lost() const { return value("records_dropped_total", "no_buffer"); }
  std::uint64_t kept_packets() const { return value("kept_packets_total", "kept"); }
  std::uint64_t shed_packets() const { return value("packets_total", "shed_flow"); }
  std::uint64_t outcomes() const {
    std::uint64_t sum = 0;
    for (const CounterValue& counter : board_)
      if (counter.name == "packets_total") sum += counter.value;
    return sum;
  }

 private:
  std::uint64_t value(std::string_view name, std::string_view label) const {
    for (const CounterValue& counter : board_)
      if (counter.name == name && counter.label == label) return counter.value;
    broken("no such counter\n");
  }

  static constexpr std::uint16_t kRoomBytes = 2'176;
  const bool sheds_;
  Settings settings_;
  rte_mempool* mbufs_ = nullptr;
  std::atomic<bool> stop_{false};
  std::uint64_t records_ = 0;
  std::vector<CounterValue> board_;
};

// 0: every call of every lap was found, and nothing but packets and memory was touched. The queue is always
// full: a worker that may shed does, and not every call is found.
[[noreturn]] void run_quietly(Mix mix, bool sheds, const char* filter = nullptr) {
  QuietRun run(sheds);
  const Trace trace = make_trace({.mix = mix, .connections = mix == Mix::bulk ? 2u : 8u});
  Laps queue(trace, run.mbufs(), run.stop());
  run.read(queue, filter);
  if (run.outcomes() != trace.frames.size() * kLaps) _exit(5);
  if (run.kept_packets() == 0) _exit(7);
  if (sheds) _exit(run.shed_packets() > 0 ? 0 : 6);
  // Every lap asks the same queries again, from the same ports: they are taken for retransmissions.
  if (mix == Mix::dns) _exit(run.records() >= trace.calls ? 0 : 4);
  _exit(run.records() + run.lost() == trace.calls * kLaps ? 0 : 4);
}

[[noreturn]] void read_quietly(const std::string& capture) {
  QuietRun run(false);
  Captured queue(capture, run.mbufs(), run.stop());
  run.read(queue);
  if (queue.frames() == 0 || run.outcomes() != queue.frames()) _exit(5);
  _exit(run.records() > 0 && run.lost() == 0 ? 0 : 4);
}

class Mixes : public testing::TestWithParam<Mix> {};

TEST_P(Mixes, TheWorkerTakesNoMemoryNoLockAndNoSystemCall) {
  if (SPANLIGHT_SANITIZED) GTEST_SKIP() << "a sanitizer allocates and calls the system itself";
  EXPECT_EXIT(run_quietly(GetParam(), false), testing::ExitedWithCode(0), "");
}

TEST_P(Mixes, NorWhileItShedsLoad) {
  if (GetParam() == Mix::dns) GTEST_SKIP() << "its flows are over before any is left out";
  if (SPANLIGHT_SANITIZED) GTEST_SKIP() << "a sanitizer allocates and calls the system itself";
  EXPECT_EXIT(run_quietly(GetParam(), true), testing::ExitedWithCode(0), "");
}

// Protocols that no mix has, with what they take of libraries: inflaters, ciphers, hashes.
class Captures : public testing::TestWithParam<const char*> {};

TEST_P(Captures, TheWorkerTakesNoMemoryNoLockAndNoSystemCall) {
  if (SPANLIGHT_SANITIZED) GTEST_SKIP() << "a sanitizer allocates and calls the system itself";
  const std::string path = std::string(SPANLIGHT_CAPTURES) + "/" + GetParam();
  EXPECT_EXIT(read_quietly(path), testing::ExitedWithCode(0), "");
}

// The filter lets all of it through, by its last term, so that it is run to its end.
TEST(Quiet, NorWithTargetsAndAPacketRing) {
  if (SPANLIGHT_SANITIZED) GTEST_SKIP() << "a sanitizer allocates and calls the system itself";
  EXPECT_EXIT(run_quietly(Mix::web, false, "udp port 53 or host 192.0.2.1 or tcp"),
              testing::ExitedWithCode(0), "");
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

INSTANTIATE_TEST_SUITE_P(Quiet, Mixes,
                         testing::Values(Mix::rpc, Mix::web, Mix::bulk, Mix::pipelined, Mix::chunked,
                                         Mix::grpc, Mix::dns, Mix::redis, Mix::postgresql, Mix::kafka));
INSTANTIATE_TEST_SUITE_P(Quiet, Captures,
                         testing::Values("lab-tls.pcap", "made-quic.pcap", "lab-ws.pcap", "lab-gql.pcap",
                                         "lab-http2.pcap", "lab-grpc.pcap", "lab-dns.pcap"));

}  // namespace
}  // namespace spanlight::bench
