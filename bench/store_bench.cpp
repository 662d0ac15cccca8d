// How fast calls are encoded and stored, and how long questions take over many of them.
//   store_bench --records 10000000 --directory DIR     fills a store, then asks it
//   store_bench --records 0 --directory DIR            asks what is there
//   store_bench --encode                               the encoder alone
// Times of a machine with other work say little: what counts is CPU time, of this process and of the child.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>

#include "cli/options.h"
#include "query/query.h"
#include "query/store_history.h"
#include "record/reader.h"
#include "record/sample.h"
#include "settings/control.h"
#include "store/store_for_tests.h"

namespace {

using namespace spanlight;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kBatchRecords = 140;  // 256 KiB, as the sensor publishes them
constexpr std::uint32_t kServices = 40;
constexpr std::uint64_t kBegin = 1'795'400'000'000'000'000;
constexpr std::uint64_t kStep = 100'000;  // ns between calls: 10,000 a second

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double cpu_of(int who) {
  rusage usage{};
  getrusage(who, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

// CPU time of a running process, from the kernel's books.
double cpu_of_process(int pid) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  std::FILE* const file = std::fopen(path, "r");
  if (file == nullptr) return 0;
  unsigned long user = 0, system = 0;
  const int got =
      std::fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  std::fclose(file);
  return got == 2 ? static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK)) : 0;
}

// What the child has counted since its start (ClickHouse's system.events).
std::map<std::string, double> child_events(const ClickHouse& client) {
  std::map<std::string, double> all;
  std::istringstream lines(client.ask(
      {.sql = "SELECT event, value FROM system.events FORMAT TabSeparated", .in_database = false}));
  std::string name;
  double value = 0;
  while (lines >> name >> value) all[name] = value;
  return all;
}

std::string random_text(std::mt19937_64& random, std::size_t bytes) {
  static constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyz 0123456789\":,{}";
  std::string text;
  for (std::size_t at = 0; at < bytes; ++at) text += kLetters[random() % (sizeof kLetters - 1)];
  return text;
}

// Calls that differ where real ones do.
class Traffic {
 public:
  explicit Traffic(std::uint64_t from) : next_(from) {
    for (std::uint32_t service = 0; service < kServices; ++service) {
      auto party = std::make_shared<Party>();
      const std::string number = std::to_string(service);
      party->service = "service-" + number;
      party->name_space = "team-" + std::to_string(service % 5);
      party->workload_kind = "Deployment";
      party->workload = "service-" + number;
      party->name = party->pod = "service-" + number + "-7d9f6c-" + std::to_string(service * 7919);
      party->node = "node-" + std::to_string(service % 10);
      party->labels = {{"app", party->service}, {"version", "v1"}};
      parties_.push_back(party);
    }
  }

  std::shared_ptr<const StoredBatch> next() {
    sample::Batch batch;
    batch.sensor_epoch = 77;
    for (std::uint32_t count = 0; count < kBatchRecords; ++count) batch.records.push_back(record());
    auto stored = std::make_shared<StoredBatch>(*testing_store::batch_of(batch));
    for (Call& call : stored->calls) {
      call.src.party = parties_[random_() % kServices].get();
      call.dst.party = parties_[random_() % kServices].get();
    }
    return stored;
  }

 private:
  sample::Record record() {
    sample::Record call = sample::usual_call();
    call.id = next_;
    call.timestamp = kBegin + next_ * kStep;
    call.response_timestamp = call.timestamp + 200'000 + random_() % 5'000'000;
    call.conn_id = random_() % 1'000'000;
    const std::string item = std::to_string(random_() % 100'000);
    call.path = "/api/items/" + item;
    call.url = call.path + "?full=1";
    call.summary = "GET " + call.path;
    call.status_code = random_() % 100 == 0 ? 500 : 200;
    call.is_error = call.status_code == 500;
    call.trace_id = std::to_string(random_()) + std::to_string(random_());
    call.request.headers[7].second = std::to_string(random_());
    call.response.body = "{\"id\":" + item + ",\"text\":\"" + random_text(random_, 300) + "\"}";
    if (next_ % 1'000'000 == 123'456) call.response.body += "needle-in-the-hay";
    call.response.body_size = call.response.body.size();
    ++next_;
    return call;
  }

  std::uint64_t next_;
  std::mt19937_64 random_{7};
  std::vector<std::shared_ptr<const Party>> parties_;
};

void bench_encode() {
  Traffic traffic(0);
  std::vector<std::shared_ptr<const StoredBatch>> batches;
  std::size_t calls = 0, bytes = 0;
  while (calls < 50'000) {
    batches.push_back(traffic.next());
    calls += batches.back()->calls.size();
    bytes += batches.back()->message_bytes;
  }
  CallBlock block;
  for (int round = 0; round < 5; ++round) {
    const double begin = cpu_of(RUSAGE_THREAD);
    block.begin(1, "live");
    for (const auto& batch : batches)
      for (const Call& call : batch->calls) block.add(call);
    const std::size_t out = block.finish().size();
    const double took = cpu_of(RUSAGE_THREAD) - begin;
    std::printf("encode: %.0f records/s of %zu bytes (%zu in the block), %.2f us each\n",
                static_cast<double>(calls) / took, bytes / calls, out / calls,
                took * 1e6 / static_cast<double>(calls));
  }
}

// Merges that were due are part of what storing costs.
void wait_for_merges(const ClickHouse& client) {
  for (int quiet = 0; quiet < 10; ++quiet) {
    if (client.ask({.sql = "SELECT count() FROM system.merges FORMAT TabSeparated", .in_database = false}) !=
        "0\n")
      quiet = 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

// Offers as fast as the store takes, or `rate` a second (0: no limit), from ready-made batches where time is
// measured.
void bench_insert(Store& store, std::uint64_t records, std::uint64_t already, std::uint64_t rate) {
  Traffic traffic(already);
  std::uint64_t offered = 0;
  const double child_begin = cpu_of_process(store.process()->pid()), own_begin = cpu_of(RUSAGE_SELF);
  const auto begin = Clock::now();
  double making = 0;
  auto events = child_events(store.client());
  while (offered < records) {
    std::vector<std::shared_ptr<const StoredBatch>> ready;
    const double own = cpu_of(RUSAGE_THREAD);
    const std::size_t batches = rate == 0 ? 200 : 2;
    ready.reserve(batches);
    while (ready.size() < batches) ready.push_back(traffic.next());
    making += cpu_of(RUSAGE_THREAD) - own;
    for (const auto& batch : ready) {
      offered += batch->calls.size();
      store.writer().offer_patiently(batch, {});
    }
    if (rate > 0)
      std::this_thread::sleep_until(begin + std::chrono::microseconds(offered * 1'000'000 / rate));
  }
  store.writer().flush(std::chrono::seconds(600));
  const double wall = seconds_since(begin);
  const double writer = cpu_of(RUSAGE_SELF) - own_begin - making;
  const double meanwhile = cpu_of_process(store.process()->pid()) - child_begin;
  const auto merged_meanwhile = child_events(store.client())["MergedRows"] - events["MergedRows"];
  while (store.writer().counters().merges_paused) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  wait_for_merges(store.client());
  const double child = cpu_of_process(store.process()->pid()) - child_begin;
  const WriterCounters counters = store.writer().counters();
  for (auto& [name, value] : child_events(store.client())) events[name] = value - events[name];
  std::printf("merges: %.0f, each record was merged %.2f times; held back %llu times\n", events["Merge"],
              events["MergedRows"] / static_cast<double>(counters.stored),
              static_cast<unsigned long long>(counters.merge_pauses));
  std::printf(
      "until the last was stored: child's CPU %.1f s, %.0f records/s of one core, %.2f of them merged\n",
      meanwhile, static_cast<double>(counters.stored) / meanwhile,
      merged_meanwhile / static_cast<double>(counters.stored));
  std::printf(
      "insert: %llu records in %.1f s (%.0f/s); child's CPU with all merges %.1f s: %.0f records/s of one "
      "core; writer's CPU "
      "%.1f s: %.0f records/s; %llu inserts, %llu retries, %llu dropped\n",
      static_cast<unsigned long long>(counters.stored), wall, static_cast<double>(counters.stored) / wall,
      child, static_cast<double>(counters.stored) / child, writer,
      static_cast<double>(counters.stored) / writer, static_cast<unsigned long long>(counters.inserts),
      static_cast<unsigned long long>(counters.retries),
      static_cast<unsigned long long>(counters.dropped_full) + counters.dropped_refused);
}

constexpr int kRounds = 5;  // of most questions

// What a question costs the child: the mean of some rounds. The kernel counts CPU time in hundredths of a
// second.
struct Cost {
  double cpu_ms = 0, rows = 0, megabytes = 0, statements = 0;
};

const Store* asked = nullptr;

template <typename Ask>
Cost cost_of(int rounds, const Ask& ask) {
  auto events = child_events(asked->client());
  const double begin = cpu_of_process(asked->process()->pid());
  for (int round = 0; round < rounds; ++round) {
    // It remembers where a condition held nowhere; the first asker has nothing of that.
    asked->client().ask({.sql = "SYSTEM DROP QUERY CONDITION CACHE", .in_database = false});
    ask();
  }
  const double cpu = cpu_of_process(asked->process()->pid()) - begin;
  for (auto& [name, value] : child_events(asked->client())) events[name] = (value - events[name]) / rounds;
  return {cpu * 1e3 / rounds, events["SelectedRows"], events["SelectedBytes"] / 1e6, events["SelectQuery"]};
}

void print_cost(const char* name, double least_ms, const Cost& cost) {
  std::printf("%-40s %8.1f ms, CPU %6.0f ms, %8.0f rows, %7.1f MB unpacked, %4.0f statements", name, least_ms,
              cost.cpu_ms, cost.rows, cost.megabytes, cost.statements);
}

void time_page(History& history, const char* name, const CallQuery& query, int rounds = kRounds) {
  double least = 1e9, first_of_least = 0;
  std::uint64_t calls = 0;
  int told = 0;
  const Cost cost = cost_of(rounds, [&] {
    const auto begin = Clock::now();
    double first = -1;
    told = 0;
    calls = history
                .page(
                    query,
                    [&](StoredCall&&) {
                      if (first < 0) first = seconds_since(begin);
                      return true;
                    },
                    [&](const Progress&) { ++told; }, {})
                .calls;
    if (const double took = seconds_since(begin); took < least) {
      least = took;
      first_of_least = first;
    }
  });
  print_cost(name, least * 1e3, cost);
  std::printf("; first row %.1f ms, %llu calls, progress told %d times\n", first_of_least * 1e3,
              static_cast<unsigned long long>(calls), told);
}

template <typename Ask>
void time_ask(const char* name, const Ask& ask) {
  double least = 1e9;
  std::size_t rows = 0;
  const Cost cost = cost_of(kRounds, [&] {
    const auto begin = Clock::now();
    rows = ask();
    least = std::min(least, seconds_since(begin));
  });
  print_cost(name, least * 1e3, cost);
  std::printf("; %zu rows\n", rows);
}

void bench_questions(Store& store) {
  const auto history = make_history(store.client());
  CallQuery query;
  time_page(*history, "newest page", query);
  query.filter_sql = "dst_service = 'service-7' AND status_code = 500";
  time_page(*history, "newest page, service and status", query);
  query.payloads = false;
  time_page(*history, "the same, without payloads", query);
  query.payloads = true;
  query.filter_sql = "dst_service = 'service-7' AND status_code = 503";
  time_page(*history, "service and a status that is nowhere", query);
  query.filter_sql = "";
  query.namespaces = {"team-3"};
  time_page(*history, "newest page of a namespace", query);
  query.namespaces.clear();
  query.filter_sql = "position(response_body, 'needle-in-the-hay') > 0";
  time_page(*history, "body search", query, 1);
  time_ask("one call", [&] { return history->call({77, 123'456}, {}, {}) ? 1 : 0; });
  time_ask("one connection", [&] {
    return history->around({77, 4'711, kBegin, 50, 50, {}, true}, {}).size();
  });
  time_ask("histogram", [&] { return history->histogram({}, 100, {}).size(); });
  time_ask("map", [&] { return history->map({}, {}).edges.size(); });
  StatsQuery stats;
  stats.step_ns = 60'000'000'000;
  time_ask("stats", [&] { return history->stats(stats, {}).series.size(); });
  stats.by_operation = true;
  stats.step_ns = 0;
  time_ask("stats by operation", [&] { return history->stats(stats, {}).series.size(); });
  ValuesQuery values;
  values.column = "dst_service";
  values.prefix = "service-1";
  time_ask("values", [&] { return history->values(values, {}).size(); });
  query = {};
  query.filter_sql = "position(response_body, 'it is nowhere at all') > 0";
  std::stop_source stop;
  auto begin = Clock::now();
  try {
    history->page(
        query, [](StoredCall&&) { return true; },
        [&](const Progress&) {
          begin = Clock::now();
          stop.request_stop();
        },
        stop.get_token());
  } catch (const QueryError&) {
    std::printf("%-44s %8.1f ms\n", "cancelling a body search", seconds_since(begin) * 1e3);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t records = 1'000'000, rate = 0;
  std::string directory, changes;
  bool encode = false, fill = false;
  cli::Options options({.name = "store_bench",
                        .summary = "how fast calls are stored and found",
                        .synopsis = {"[--records N] [--rate N] [--directory DIR] [--fill | --encode]"},
                        .description = {},
                        .examples = {},
                        .exit_status = {},
                        .see_also = {}});
  options
      .number('n', "records", "N", &records, 0, 1'000'000'000, "Calls to store; those that are there stay.")
      .text('d', "directory", "DIR", &directory, "Where; kept afterwards. Default: a temporary one.")
      .number('r', "rate", "N", &rate, 0, 10'000'000, "So many calls a second; 0: as many as it takes.")
      .text(0, "settings", "LIST", &changes, "Settings of the table that are tried: \"name = value, …\".")
      .flag(0, "fill", &fill, "Ask nothing.")
      .flag(0, "encode", &encode, "The encoder alone.");
  if (const auto status = options.parse(argc, argv)) return *status;
  bench_encode();
  if (encode) return 0;
  const testing_store::Folder folder;
  ControlSettings settings = testing_store::settings_in(folder);
  settings.store_memory_mb = 2'048;
  settings.store_batch_ms = 500;
  if (!directory.empty()) settings.store_directory = directory;
  Store store(settings, testing_store::log_to_stderr(), testing_store::program());
  if (!store.wait_ready(std::chrono::seconds(60))) {
    std::fprintf(stderr, "store_bench: the store is not ready: %s\n", store.status().trouble.c_str());
    return 1;
  }
  const auto already =
      std::stoull(store.client().ask({.sql = "SELECT count() FROM calls FORMAT TabSeparated"}));
  if (!changes.empty()) store.client().ask({.sql = "ALTER TABLE calls MODIFY SETTING " + changes});
  if (records > 0) bench_insert(store, records, already, rate);
  std::printf(
      "%s",
      store.client()
          .ask({.sql = "SELECT count(), sum(rows), formatReadableSize(sum(bytes_on_disk)) FROM system.parts "
                       "WHERE active AND table = 'calls' FORMAT TabSeparated"})
          .c_str());
  asked = &store;
  if (!fill) bench_questions(store);
  return 0;
}
