// What it costs to build a record, with the default redaction and with rules that look into texts.

#include <benchmark/benchmark.h>

#include "encode/record_writer.h"
#include "encode/recycle.h"
#include "sample_call.h"

namespace spanlight {
namespace {

void run(benchmark::State& state, const Settings& settings, CallHeaders headers, std::size_t body_bytes) {
  auto made = Redactor::create(settings);
  Redactor& redactor = *std::get<std::unique_ptr<Redactor>>(made);
  // As many and as large buffers as the sensor has.
  const EncodeOptions options;
  BatchPool pool(0, options.batch_bytes + RecordWriter::record_bytes_max(settings),
                 settings.batches_per_worker);
  EncodeCounters counters;
  RecordWriter writer(0, "bench", 1, pool, redactor, options, counters, kProtocols);
  Call call;
  prepare(call, headers, body_bytes);
  const ConnectionInfo connection = connection_of_call();
  for (auto _ : state) {
    writer.write(call.transaction, connection, 0);
    recycle_all(pool);
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["record_bytes"] =
      static_cast<double>(counters.record_bytes) / static_cast<double>(counters.records);
  if (counters.records != static_cast<std::uint64_t>(state.iterations()))
    state.SkipWithError("records were lost");
}

void spine_only(benchmark::State& state) {
  run(state, {}, CallHeaders::none, 0);
}
void headers_24(benchmark::State& state) {
  run(state, {}, CallHeaders::packed, 0);
}
void headers_24_raw(benchmark::State& state) {
  run(state, {}, CallHeaders::raw, 0);
}
void headers_24_body_4k(benchmark::State& state) {
  run(state, {}, CallHeaders::packed, 4'096);
}

Settings names_of_secrets() {
  Settings settings;
  settings.redact_query_values = {"token", "password", "key"};
  settings.redact_cookies = {"sid"};
  settings.redact_json_keys = {"password", "secret", "token"};
  return settings;
}

void names_headers_24_body_4k(benchmark::State& state) {
  run(state, names_of_secrets(), CallHeaders::packed, 4'096);
}

void patterns_headers_24_body_4k(benchmark::State& state) {
  Settings settings = names_of_secrets();
  settings.redact_patterns = {"AKIA[0-9A-Z]{16}", "eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+"};
  run(state, settings, CallHeaders::packed, 4'096);
}

BENCHMARK(spine_only);
BENCHMARK(headers_24);
BENCHMARK(headers_24_raw);
BENCHMARK(headers_24_body_4k);
BENCHMARK(names_headers_24_body_4k);
BENCHMARK(patterns_headers_24_body_4k);

}  // namespace
}  // namespace spanlight

BENCHMARK_MAIN();
