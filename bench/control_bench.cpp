// What a record costs the control process, on one thread, from received bytes to all sinks but the store:
// verify, name both ends, count, match against the filters of live clients of which one record in a hundred
// is sent. Batches as sensors send them, 1.8 KB a record, more of them than caches hold.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "filter/filter.h"
#include "ingest/held_calls.h"
#include "live/live.h"
#include "record/reader.h"
#include "record/sample.h"
#include "red/red.h"

namespace spanlight {
namespace {

constexpr std::size_t kBatches = 1'024;
constexpr std::size_t kRecordsPerBatch = 140;  // 256 KiB
constexpr std::size_t kPods = 5'000;
constexpr std::uint64_t kNow = 1'795'407'600'123'456'789;

wire::Address pod_address(std::size_t pod) {
  return sample::ipv4(10, 244, static_cast<std::uint8_t>(pod / 250),
                      static_cast<std::uint8_t>(1 + pod % 250));
}

// 5,000 pods of 200 services.
class Pods final : public NameState {
 public:
  Pods() : parties_(kPods), slots_(16'384) {
    for (std::size_t i = 0; i < kPods; ++i) {
      const std::string service = "service-" + std::to_string(i % 200);
      parties_[i] = {.name = service + "-7d9f-" + std::to_string(i),
                     .name_space = "shop-" + std::to_string(i % 20),
                     .pod = service + "-7d9f-" + std::to_string(i),
                     .labels = {{"app", service}},
                     .service = service,
                     .workload_kind = "Deployment",
                     .workload = service,
                     .node = "worker-" + std::to_string(i % 100)};
      std::size_t at = slot_of(pod_address(i).low());
      while (slots_[at].party != nullptr) at = (at + 1) % slots_.size();
      slots_[at] = {pod_address(i).low(), &parties_[i]};
    }
  }
  CallEnd end_of(const wire::Address& address, std::uint16_t, std::uint64_t) const override {
    for (std::size_t at = slot_of(address.low()); slots_[at].party != nullptr; at = (at + 1) % slots_.size())
      if (slots_[at].low == address.low()) return {slots_[at].party, {}};
    return {};
  }
  bool may_still_come(const wire::Address&, std::uint64_t) const override { return false; }

 private:
  struct Slot {
    std::uint64_t low = 0;
    const Party* party = nullptr;
  };
  std::size_t slot_of(std::uint64_t low) const { return low * 0x9e3779b97f4a7c15 >> 50; }
  std::vector<Party> parties_;
  std::vector<Slot> slots_;
};

// Made once, since building 140,000 records takes a second.
const std::vector<sample::Bytes>& batches() {
  static const std::vector<sample::Bytes> made = [] {
    std::mt19937_64 random(1);
    std::vector<sample::Bytes> all;
    sample::Batch batch;
    batch.records.assign(kRecordsPerBatch, sample::usual_call());
    for (std::size_t b = 0; b < kBatches; ++b) {
      batch.sequence = b;
      for (sample::Record& record : batch.records) {
        record.id = random();
        record.src = pod_address(random() % kPods);
        record.dst = pod_address(random() % kPods);
        record.timestamp = kNow + random() % 1'000'000'000;
        record.response_timestamp = record.timestamp + random() % 50'000'000;
        record.path =
            "/api/items/" + std::to_string(random() % 1'000) + (random() % 2 == 0 ? "/reviews" : "");
        record.status_code = random() % 100 == 0 ? 503 : 200;
        record.is_error = record.status_code >= 500;
        record.response.body.assign(330, 'x');
      }
      all.push_back(sample::build(batch));
    }
    return all;
  }();
  return made;
}

// What ten people would look for in an incident; together they see about one record in a hundred.
const char* const kFilters[] = {
    "http && status_code >= 500 && dst.service.name == \"service-7\"",
    "dst.namespace == \"shop-3\" && status_code == 503",
    "src.pod.name.startsWith(\"service-11-\") && is_error",
    "http && path.contains(\"/reviews\") && elapsed_time > 49900",
    "response.headers[\"content-type\"] == \"text/html\"",
    "request.headers[\"x-request-id\"] == \"no-such-id\"",
    "status_code in [502, 504]",
    "src.ip == \"10.244.3.17\" || dst.ip == \"10.244.3.17\"",
    "method == \"POST\" && path.matches(\"^/api/orders/[0-9]+$\")",
    "redis || dns || status_code == 418",
};

template <typename PerBatch>
void each_batch(benchmark::State& state, PerBatch per_batch) {
  const std::vector<sample::Bytes>& all = batches();
  std::size_t at = 0;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    const sample::Bytes& batch = all[at++ % all.size()];
    per_batch(batch);
    bytes += batch.size();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRecordsPerBatch));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

// One ingest thread's work on a batch. What `with` leaves out is to be seen by difference.
struct Work {
  bool name = true, red = true;
  std::size_t clients = 10;
};

void ingest(benchmark::State& state, const Work& work) {
  const Pods pods;
  RedTable red;
  LiveHub hub(1 << 20);
  std::vector<std::shared_ptr<serve::LiveFeed>> clients;
  for (std::size_t i = 0; i < work.clients; ++i) {
    auto compiled = Filter::compile(kFilters[i], FilterCatalog());
    if (!std::holds_alternative<Filter>(compiled)) return state.SkipWithError("a filter does not compile");
    serve::LiveRequest request;
    request.filter.matches = [filter = std::get<Filter>(compiled)](const Call& call) {
      return filter.matches(call);
    };
    clients.push_back(hub.join(std::move(request), [] {}));
  }
  std::uint64_t turns = 0;
  each_batch(state, [&](const sample::Bytes& bytes) {
    const auto opened = open_batch({bytes.data(), bytes.size()});
    if (!opened) return state.SkipWithError("a batch does not verify");
    auto batch = std::make_shared<NamedBatch>();
    batch->batch = opened.root;
    batch->received_ns = kNow;
    batch->calls.reserve(kRecordsPerBatch);
    for (const wire::Record* record : *opened->records()) {
      Call& call = batch->calls.emplace_back(Call{opened.root, record, {}, {}});
      if (work.name) name_call(call, pods);
    }
    if (work.red) red.add(batch->calls, kNow);
    hub.take(batch);
    if (++turns % 64 == 0)
      for (const auto& client : clients) client->take();
  });
  state.counters["matched"] = benchmark::Counter(static_cast<double>(hub.counters().matched) /
                                                 static_cast<double>(state.items_processed()));
}

void verify(benchmark::State& state) {
  ingest(state, {.name = false, .red = false, .clients = 0});
}
void verify_name(benchmark::State& state) {
  ingest(state, {.red = false, .clients = 0});
}
void verify_name_count(benchmark::State& state) {
  ingest(state, {.clients = 0});
}
void verify_name_match(benchmark::State& state) {
  ingest(state, {.red = false});
}
void whole(benchmark::State& state) {
  ingest(state, {});
}

BENCHMARK(verify);
BENCHMARK(verify_name);
BENCHMARK(verify_name_count);
BENCHMARK(verify_name_match);
BENCHMARK(whole);

}  // namespace
}  // namespace spanlight

BENCHMARK_MAIN();
