// Batches of 64 KiB through one ipc socket to one subscriber thread: from the worker's take() to the
// subscriber's receive. The worker waits for a buffer here, so that every batch arrives and the rate is that
// of the whole way.

#include <benchmark/benchmark.h>
#include <zmq.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "publish/batch_pool.h"
#include "publish/publisher.h"

namespace spanlight {
namespace {

constexpr std::size_t kBatchBytes = 65'536;
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

void publish_over_ipc(benchmark::State& state) {
  std::string directory = (std::filesystem::temp_directory_path() / "spanlight-bench-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) return state.SkipWithError("no temporary directory");
  Settings settings;
  settings.records_endpoint = "ipc://" + directory + "/records.sock";
  settings.command_endpoint.clear();
  BatchPool pool(0, kBatchBytes, static_cast<std::size_t>(state.range(0)));
  PublisherOptions options;
  options.topics = {"record.http."};
  Publisher publisher(settings, {"bench", 1, "0", 0, 1}, {&pool}, {}, options);
  if (const std::string sentence = publisher.open(); !sentence.empty())
    return state.SkipWithError(sentence.c_str());
  publisher.start();
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
  std::filesystem::remove_all(directory);
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

BENCHMARK_MAIN();
