// What it costs to build a record, with the default redaction and with rules that look into texts.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "encode/record_writer.h"
#include "encode/recycle.h"

namespace spanlight {
namespace {

constexpr Descriptor kProtocol{.name = "http", .title = "HTTP"};
constexpr const Descriptor* kProtocols[] = {&kProtocol};

// A browser's request and a server's answer: 14 and 10 headers, one of them hidden by default.
constexpr std::pair<std::string_view, std::string_view> kHeaders[] = {
    {"Host", "shop.example.com"},
    {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
    {"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
    {"Accept-Language", "en-US,en;q=0.5"},
    {"Accept-Encoding", "gzip, deflate, br"},
    {"Connection", "keep-alive"},
    {"Cookie", "sid=8a7f6e5d4c3b2a1908f7e6d5c4b3a291; theme=dark; lang=en"},
    {"Upgrade-Insecure-Requests", "1"},
    {"Sec-Fetch-Dest", "document"},
    {"Sec-Fetch-Mode", "navigate"},
    {"Sec-Fetch-Site", "same-origin"},
    {"Cache-Control", "max-age=0"},
    {"X-Request-Id", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"},
    {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
    {"Server", "nginx/1.22.1"},
    {"Date", "Mon, 23 Nov 2026 04:20:00 GMT"},
    {"Content-Type", "application/json"},
    {"Content-Length", "4096"},
    {"Connection", "keep-alive"},
    {"Vary", "Accept-Encoding"},
    {"ETag", "\"5f3e-1a2b3c\""},
    {"Cache-Control", "no-store"},
    {"X-Frame-Options", "DENY"},
    {"Strict-Transport-Security", "max-age=31536000"},
};
constexpr std::size_t kRequestHeaders = 14;

struct HeaderText {
  std::string bytes;
  std::vector<HeaderSpan> spans;
  void add(std::string_view name, std::string_view value) {
    const auto at = static_cast<std::uint32_t>(bytes.size());
    const auto name_length = static_cast<std::uint32_t>(name.size());
    spans.push_back({at, name_length, at + name_length, static_cast<std::uint32_t>(value.size())});
    bytes += std::string(name) + std::string(value);
  }
};

struct Call {
  HeaderText request, response;
  std::string body;
  Transaction transaction;
};

void prepare(Call& call, bool headers, std::size_t body_bytes) {
  Transaction& t = call.transaction;
  t.protocol = &kProtocol;
  t.version = "1.1";
  t.method = "GET";
  t.url = "/api/items/7?page=2&size=50";
  t.path = "/api/items/7";
  t.query_string = "page=2&size=50";
  t.summary = "GET /api/items/7";
  t.has_status = true;
  t.status_code = 200;
  for (Message* message : {&t.request, &t.response}) {
    message->present = true;
    message->first_byte = message->last_byte = 1'764'000'000'000'000'000;
    message->size = 4'500;
  }
  if (headers) {
    for (std::size_t i = 0; i < std::size(kHeaders); ++i)
      (i < kRequestHeaders ? call.request : call.response).add(kHeaders[i].first, kHeaders[i].second);
    t.request.headers = {as_bytes(call.request.bytes), call.request.spans};
    t.response.headers = {as_bytes(call.response.bytes), call.response.spans};
  }
  t.response.content_type = "application/json";
  while (call.body.size() < body_bytes)
    call.body += R"({"id":7,"name":"item","price":12.5,"tags":["a","b"]},)";
  call.body.resize(body_bytes);
  t.response.body = as_bytes(call.body);
  t.response.body_size = body_bytes;
}

void run(benchmark::State& state, const Settings& settings, bool headers, std::size_t body_bytes) {
  auto made = Redactor::create(settings);
  Redactor& redactor = *std::get<std::unique_ptr<Redactor>>(made);
  BatchPool pool(0, 131'072, 8);
  EncodeCounters counters;
  RecordWriter writer(0, "bench", 1, pool, redactor, {}, counters, kProtocols);
  Call call;
  prepare(call, headers, body_bytes);
  ConnectionInfo connection;
  connection.client.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3};
  connection.server = connection.client;
  connection.protocol = 6;
  connection.conn_id = 7;
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
  run(state, {}, false, 0);
}
void headers_24(benchmark::State& state) {
  run(state, {}, true, 0);
}
void headers_24_body_4k(benchmark::State& state) {
  run(state, {}, true, 4'096);
}

Settings names_of_secrets() {
  Settings settings;
  settings.redact_query_values = {"token", "password", "key"};
  settings.redact_cookies = {"sid"};
  settings.redact_json_keys = {"password", "secret", "token"};
  return settings;
}

void names_headers_24_body_4k(benchmark::State& state) {
  run(state, names_of_secrets(), true, 4'096);
}

void patterns_headers_24_body_4k(benchmark::State& state) {
  Settings settings = names_of_secrets();
  settings.redact_patterns = {"AKIA[0-9A-Z]{16}", "eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+"};
  run(state, settings, true, 4'096);
}

BENCHMARK(spine_only);
BENCHMARK(headers_24);
BENCHMARK(headers_24_body_4k);
BENCHMARK(names_headers_24_body_4k);
BENCHMARK(patterns_headers_24_body_4k);

}  // namespace
}  // namespace spanlight

BENCHMARK_MAIN();
