// Record → text: JSON of a call without and with headers, the table, verification, and escaping alone.

#include <benchmark/benchmark.h>

#include <string>

#include "record/json.h"
#include "record/reader.h"
#include "record/sample.h"
#include "record/table.h"

namespace {

using namespace spanlight;

sample::Bytes batch_of(bool spine_only) {
  sample::Batch batch;
  batch.records = {sample::usual_call()};
  if (spine_only) batch.records[0].request.present = batch.records[0].response.present = false;
  return sample::build(batch);
}

template <typename Writer>
void write_records(benchmark::State& state, Writer& writer, bool spine_only) {
  const sample::Bytes bytes = batch_of(spine_only);
  const auto batch = open_batch({bytes.data(), bytes.size()});
  std::int64_t written = 0;
  for (auto _ : state) {
    writer.clear();
    writer.append(*batch);
    written += static_cast<std::int64_t>(writer.text().size());
    benchmark::DoNotOptimize(writer.text().data());
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(written);
}

void json_spine_only(benchmark::State& state) {
  JsonWriter writer;
  write_records(state, writer, true);
}
void json_24_headers(benchmark::State& state) {
  JsonWriter writer;
  write_records(state, writer, false);
}
void table_line(benchmark::State& state) {
  TableWriter writer({.columns = 200, .colour = true});
  write_records(state, writer, false);
}

void verify_24_headers(benchmark::State& state) {
  const sample::Bytes bytes = batch_of(false);
  for (auto _ : state) benchmark::DoNotOptimize(open_batch({bytes.data(), bytes.size()}).root);
  state.SetItemsProcessed(state.iterations());
}

void escape(benchmark::State& state, const std::string& unit) {
  std::string text;
  while (text.size() < 16'384) text += unit;
  TextBuffer out;
  for (auto _ : state) {
    out.clear();
    append_json_string(out, text);
    benchmark::DoNotOptimize(out.view().data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
void escape_ascii(benchmark::State& state) {
  escape(state, "The quick brown fox jumps over the lazy dog. ");
}
void escape_json(benchmark::State& state) {
  escape(state, R"({"id":7,"name":"lamp","price":19.90},)");
}
void escape_chinese(benchmark::State& state) {
  escape(state, "快速的棕色狐狸");
}

void base64(benchmark::State& state) {
  const std::string bytes(16'384, '\xff');
  TextBuffer out;
  for (auto _ : state) {
    out.clear();
    append_base64(out, bytes);
    benchmark::DoNotOptimize(out.view().data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

BENCHMARK(json_spine_only);
BENCHMARK(json_24_headers);
BENCHMARK(table_line);
BENCHMARK(verify_24_headers);
BENCHMARK(escape_ascii);
BENCHMARK(escape_json);
BENCHMARK(escape_chinese);
BENCHMARK(base64);

}  // namespace

BENCHMARK_MAIN();
