// Through one ipc socket to one subscriber thread, where the worker waits, so that everything arrives and the
// rate is that of the whole way: calls, from RecordWriter::write() to a batch that was verified and whose
// records were all looked at; and ready batches of 64 KiB, which cost the socket alone.

#include <benchmark/benchmark.h>
#include <zmq.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <thread>

#include "encode/record_writer.h"
#include "publish/batch_pool.h"
#include "publish/publisher.h"
#include "record/subscriber.h"
#include "sample_call.h"

namespace spanlight {
namespace {

constexpr std::size_t kBatchBytes = 65'536;  // of ready batches
constexpr std::size_t kRecordBytes = 250;
constexpr std::size_t kRecordsPerBatch = kBatchBytes / kRecordBytes;
constexpr std::uint64_t kAheadMax =
    256;  // below the high-water mark: nothing is lost, so that all is measured

void receive_all(void* context, const std::string& endpoint, std::atomic<std::uint64_t>& received,
                 const std::atomic<bool>& stop) {
  void* socket = zmq_socket(context, ZMQ_SUB);
  const int patience_ms = 20;
  zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience_ms, sizeof(patience_ms));
  zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "record.", 7);
  zmq_connect(socket, endpoint.c_str());
  zmq_msg_t frame;
  zmq_msg_init(&frame);
  while (!stop.load(std::memory_order_relaxed)) {
    if (zmq_msg_recv(&frame, socket, 0) < 0 || zmq_msg_more(&frame) != 0) continue;
    received.fetch_add(1, std::memory_order_release);
  }
  zmq_msg_close(&frame);
  zmq_close(socket);
}

// A publisher with one pool on a socket of its own.
class Way {
 public:
  Way(std::size_t buffer_bytes, std::size_t buffers)
      : directory_((std::filesystem::temp_directory_path() / "spanlight-bench-XXXXXX").string()),
        pool(0, buffer_bytes, buffers),
        publisher(settings(), {"bench", 1, "0", 0, 1}, {&pool}, {}, options()) {
    fault = publisher.open();
    if (fault.empty()) publisher.start();
  }
  ~Way() {
    publisher.stop();
    std::filesystem::remove_all(directory_);
  }
  Way(const Way&) = delete;
  Way& operator=(const Way&) = delete;

 private:
  Settings settings() {
    if (mkdtemp(directory_.data()) == nullptr) std::abort();
    Settings settings;
    settings.records_endpoint = "ipc://" + directory_ + "/records.sock";
    settings.command_endpoint.clear();
    return settings;
  }
  static PublisherOptions options() {
    PublisherOptions options;
    options.topics = {"record.http."};
    return options;
  }
  std::string directory_;

 public:
  BatchPool pool;
  Publisher publisher;
  std::string fault;
};

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Arrived {
  std::atomic<std::uint64_t> batches{0}, records{0};
  std::atomic<bool> stop{false};
  double cpu_seconds = 0;
};

void receive_records(const std::string& endpoint, Arrived& arrived) {
  SubscriberSettings settings;
  settings.endpoint = endpoint;
  std::string fault;
  const auto subscriber = Subscriber::connect(settings, fault);
  if (subscriber == nullptr) std::abort();
  std::uint64_t statuses = 0;
  while (!arrived.stop.load(std::memory_order_relaxed)) {
    const Received got = subscriber->receive(std::chrono::milliseconds(20));
    if (got.kind != Received::Kind::records) continue;
    for (const wire::Record* record : *got.batch->records())
      statuses += static_cast<std::uint64_t>(record->status_code()) + text_of(record->summary()).size();
    arrived.records.fetch_add(got.batch->records()->size(), std::memory_order_relaxed);
    arrived.batches.fetch_add(1, std::memory_order_release);
  }
  benchmark::DoNotOptimize(statuses);
  arrived.cpu_seconds = seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

void calls_over_ipc(benchmark::State& state, CallHeaders headers, std::size_t body_bytes) {
  constexpr int kCallsPerIteration = 100;
  // With what one iteration adds this is less than half of the pool: nothing needs to be copied.
  constexpr std::uint64_t kBatchesAheadMax = 16;
  auto made = Redactor::create(Settings{});
  Redactor& redactor = *std::get<std::unique_ptr<Redactor>>(made);
  EncodeOptions options;
  options.wait_for_buffer = true;
  Way way(options.batch_bytes + RecordWriter::record_bytes_max({}), Settings{}.batches_per_worker);
  if (!way.fault.empty()) return state.SkipWithError(way.fault.c_str());
  Arrived arrived;
  std::thread subscriber([&] { receive_records(way.publisher.endpoint(), arrived); });
  while (way.publisher.counters().subscriptions == 0) std::this_thread::yield();

  EncodeCounters counters;
  RecordWriter writer(0, "bench", 1, way.pool, redactor, options, counters, kProtocols);
  Call call;
  prepare(call, headers, body_bytes);
  const ConnectionInfo connection = connection_of_call();
  double waited = 0;  // processor time that is not building
  const auto wait = [&](std::uint64_t batches_behind) {
    const double before = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    while (counters.batches > arrived.batches.load(std::memory_order_acquire) + batches_behind)
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    waited += seconds_of(CLOCK_THREAD_CPUTIME_ID) - before;
  };
  const double process_before = seconds_of(CLOCK_PROCESS_CPUTIME_ID),
               worker_before = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  for (auto _ : state) {
    for (int i = 0; i < kCallsPerIteration; ++i) writer.write(call.transaction, connection, 0);
    wait(kBatchesAheadMax);
  }
  writer.flush();
  wait(0);
  const double worker = seconds_of(CLOCK_THREAD_CPUTIME_ID) - worker_before - waited,
               process = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - process_before - waited;
  arrived.stop = true;
  subscriber.join();
  if (arrived.records != counters.records) state.SkipWithError("records were lost");
  const auto records = static_cast<double>(counters.records);
  const double bytes = static_cast<double>(counters.record_bytes);
  state.SetItemsProcessed(static_cast<std::int64_t>(counters.records));
  state.counters["record_bytes"] = bytes / records;
  state.counters["build_ns"] = worker / records * 1e9;
  state.counters["receive_ns"] = arrived.cpu_seconds / records * 1e9;
  state.counters["all_ns"] = process / records * 1e9;
  state.counters["publish_receive_ns_per_byte"] = (process - worker) / bytes * 1e9;
  state.counters["copied"] = static_cast<double>(way.publisher.counters().batches_copied);
}
BENCHMARK_CAPTURE(calls_over_ipc, spine, CallHeaders::none, 0)
    ->Iterations(30'000)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(calls_over_ipc, headers_24, CallHeaders::raw, 0)
    ->Iterations(10'000)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(calls_over_ipc, headers_24_body_4k, CallHeaders::raw, 4'096)
    ->Iterations(3'000)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

void publish_over_ipc(benchmark::State& state) {
  Way way(kBatchBytes, static_cast<std::size_t>(state.range(0)));
  if (!way.fault.empty()) return state.SkipWithError(way.fault.c_str());
  BatchPool& pool = way.pool;
  Publisher& publisher = way.publisher;
  void* context = zmq_ctx_new();
  std::atomic<std::uint64_t> received{0};
  std::atomic<bool> stop{false};
  std::thread subscriber([&] { receive_all(context, publisher.endpoint(), received, stop); });
  while (publisher.counters().subscriptions == 0) std::this_thread::yield();

  std::uint64_t sent = 0;
  for (auto _ : state) {
    Batch* batch = nullptr;
    while (sent >= received.load(std::memory_order_acquire) + kAheadMax || (batch = pool.take()) == nullptr)
      std::this_thread::yield();
    batch->topic = 0;
    batch->sequence = sent++;
    batch->records = kRecordsPerBatch;
    batch->data_offset = 0;
    batch->data_bytes = kBatchBytes;
    pool.submit(batch);
  }
  while (received.load(std::memory_order_acquire) < sent) std::this_thread::yield();
  stop = true;
  subscriber.join();
  publisher.stop();
  zmq_ctx_term(context);
  const auto records = static_cast<double>(state.iterations()) * static_cast<double>(kRecordsPerBatch);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kBatchBytes));
  state.counters["batches/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  state.counters["s/record"] =
      benchmark::Counter(records, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["copied"] = static_cast<double>(publisher.counters().batches_copied);
}
BENCHMARK(publish_over_ipc)
    ->Arg(64)
    ->Arg(512)
    ->Iterations(20'000)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

// What the worker itself pays for a batch: the rings alone.
void pool_round_trip(benchmark::State& state) {
  BatchPool pool(0, kBatchBytes, 64);
  for (auto _ : state) {
    pool.submit(pool.take());
    pool.release(pool.next());
  }
}
BENCHMARK(pool_round_trip);

}  // namespace
}  // namespace spanlight

int main(int argc, char** argv) {
  spanlight::keep_memory_of_messages();  // as every program that subscribes
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
