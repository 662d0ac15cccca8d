// Filters: what compiling costs, and what ten live ones cost a call that they do not match (and one they do).

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "filter/filter.h"
#include "record/reader.h"
#include "record/sample.h"

namespace {

using namespace spanlight;

const FilterCatalog& names() {
  static const FilterCatalog catalog;
  return catalog;
}

Filter compiled(const std::string& text) {
  return std::get<Filter>(Filter::compile(text, names()));
}

// The usual call of 1.8 KB (24 headers), named.
class Usual {
 public:
  Usual() {
    sample::Batch batch;
    batch.records = {sample::usual_call()};
    batch.records[0].response.body += std::string(300, 'x');
    bytes_ = sample::build(batch);
    const auto opened = open_batch({bytes_.data(), bytes_.size()});
    call_ = {opened.root, opened.root->records()->Get(0), {&frontend_, {}}, {&items_, {}}};
  }
  const Call& call() const { return call_; }

 private:
  Party frontend_{"frontend-7d9f", "shop",       "frontend-7d9f", {{"app", "frontend"}},
                  "frontend",      "Deployment", "frontend",      "worker-3"};
  Party items_{"items-5c4f", "shop",       "items-5c4f", {{"app", "items"}},
               "items",      "Deployment", "items",      "worker-1"};
  sample::Bytes bytes_;
  Call call_;
};

// As people have them open in ten windows.
const char* const kTen[] = {"http && status_code >= 500",
                            "dst.service.name == \"checkout\"",
                            "redis && redis_command == \"GET\"",
                            "src.namespace == \"billing\" && http",
                            "method == \"POST\" && path.startsWith(\"/api/orders\")",
                            "elapsed_time > 1000000",
                            "\"gap\" in flags",
                            "src.ip.inCidr(\"192.168.0.0/16\") || dst.ip.inCidr(\"192.168.0.0/16\")",
                            "dns && \"example.org\" in dns_questions",
                            "is_error && protocol in [\"mysql\", \"postgresql\"]"};

void ten_that_do_not_match(benchmark::State& state) {
  const Usual usual;
  std::vector<Filter> filters;
  for (const char* text : kTen) filters.push_back(compiled(text));
  for (auto _ : state) {
    int matching = 0;
    for (const Filter& filter : filters) matching += filter.matches(usual.call()) ? 1 : 0;
    if (matching != 0) state.SkipWithError("one matches");
  }
  state.SetItemsProcessed(state.iterations());
}

void one(benchmark::State& state, const char* text, bool matching) {
  const Usual usual;
  const Filter filter = compiled(text);
  for (auto _ : state)
    if (filter.matches(usual.call()) != matching) state.SkipWithError("it answers otherwise");
  state.SetItemsProcessed(state.iterations());
}

void compile(benchmark::State& state, const char* text) {
  names();
  for (auto _ : state) benchmark::DoNotOptimize(Filter::compile(text, names()));
}

void to_sql(benchmark::State& state, const char* text) {
  const Filter filter = compiled(text);
  for (auto _ : state) benchmark::DoNotOptimize(filter.to_sql());
}

void catalog(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(FilterCatalog());
}

}  // namespace

BENCHMARK(ten_that_do_not_match);
BENCHMARK_CAPTURE(one, status, "http && status_code >= 200 && status_code < 300", true);
BENCHMARK_CAPTURE(one, header, "request.headers[\"x-request-id\"] == \"none\"", false);
BENCHMARK_CAPTURE(one, label, "src.labels[\"app\"] == \"frontend\"", true);
BENCHMARK_CAPTURE(one, pattern, "path.matches(\"^/api/v[0-9]+/\")", false);
BENCHMARK_CAPTURE(one, body, "response.body.contains(\"needle\")", false);
BENCHMARK_CAPTURE(one, words, "\"needle\"", false);
BENCHMARK_CAPTURE(one, address_text, "src.ip.startsWith(\"10.245.\")", false);
BENCHMARK_CAPTURE(compile, usual,
                  "http && method == \"POST\" && path.startsWith(\"/api/orders\") && status_code >= 500");
BENCHMARK_CAPTURE(compile, pattern, "path.matches(\"^/api/v[0-9]+/\")");
BENCHMARK_CAPTURE(to_sql, usual,
                  "http && method == \"POST\" && path.startsWith(\"/api/orders\") && status_code >= 500");
BENCHMARK(catalog);
BENCHMARK_MAIN();
