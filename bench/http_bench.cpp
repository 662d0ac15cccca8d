// HTTP/1: one call from its first byte to its record's transaction, on a kept connection. http_call: a
// request head of 700 bytes, a response head of 300, and a body of 1 KiB (kept for the preview) or 64 KiB
// (mostly skipped). http_heads: the heads of the replay's mixes and one of 24 headers, with the shortest of
// bodies.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include "core/dissector.h"
#include "http/http.h"

namespace {

using namespace spanlight;

constexpr std::size_t kRequestBytes = 700;
constexpr std::size_t kResponseHeadBytes = 300;
constexpr std::size_t kSegmentBytes = 1'448;

struct CountSink final : Sink {
  std::uint64_t calls = 0;
  void emit(const Transaction& call) override {
    if (call.state == State::complete) ++calls;
  }
};

// `head` with a last header that makes it `bytes` long.
std::string padded(std::string head, std::size_t bytes) {
  head += "X-Pad: ";
  head.resize(bytes - 4, 'p');
  return head + "\r\n\r\n";
}

std::string request() {
  return padded(
      "GET /api/v1/items/7?fields=name,price HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: probe/1.0\r\n"
      "Accept: application/json\r\nAccept-Encoding: gzip, br\r\nConnection: keep-alive\r\nX-Request-Id: "
      "4f2a\r\n"
      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nAuthorization: Bearer "
      "abcdef\r\n",
      kRequestBytes);
}

std::string response_head(std::size_t body_bytes) {
  return padded(
      "HTTP/1.1 200 OK\r\nServer: s\r\nDate: Mon, 23 Nov 2026 10:00:00 GMT\r\nContent-Type: "
      "application/json\r\n"
      "Content-Length: " +
          std::to_string(body_bytes) + "\r\n",
      kResponseHeadBytes);
}

struct Way {
  std::uint64_t offset = 0;
  std::uint64_t skip = 0, skip_left = 0;
};

// What the pipeline does for one segment in order; no answer to these messages needs more.
void pass(Dissector& dissector, Direction from, Way& way, Bytes bytes, std::uint64_t peer_acked,
          CountSink& sink) {
  constexpr TimeNs kTime = kSecondNs;
  while (!bytes.empty()) {
    if (way.skip_left > 0) {
      const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(way.skip_left, bytes.size()));
      way.skip_left -= skipped;
      way.offset += skipped;
      bytes = bytes.subspan(skipped);
      if (way.skip_left == 0) dissector.on_skipped(from, way.skip, 0, kTime);
      continue;
    }
    const Answer answer = dissector.on_data(from, {bytes, way.offset, kTime, peer_acked}, sink);
    way.offset += answer.consumed;
    bytes = bytes.subspan(answer.consumed);
    if (answer.want == Answer::Want::skip) way.skip = way.skip_left = answer.n;
  }
}

// As on a sensor where other calls are open: one call's end does not empty a page.
void occupy(SlabPool& slabs) {
  for (const std::size_t bytes : SlabPool::kClassBytes)
    if (bytes < SlabPool::kPageBytes) slabs.take(bytes);
}

void run(benchmark::State& state, const std::string& asked, const std::string& answered) {
  SlabPool slabs(1u << 20);
  SlabPool previews(1u << 20);
  occupy(slabs);
  occupy(previews);
  const Limits limits;
  DissectorCounters counters;
  Workshop workshop{slabs, previews, limits, counters};
  const std::unique_ptr<void, void (*)(void*)> slot(
      std::aligned_alloc(64, (http::kDescriptor.slot_bytes + 63) / 64 * 64), std::free);
  Dissector* dissector = http::kDescriptor.create(slot.get(), workshop);
  CountSink sink;
  Way ways[2];
  for (auto _ : state) {
    pass(*dissector, Direction::c2s, ways[0], as_bytes(asked), ways[1].offset, sink);
    Bytes rest = as_bytes(answered);
    while (!rest.empty()) {
      const std::size_t n = std::min(rest.size(), kSegmentBytes);
      pass(*dissector, Direction::s2c, ways[1], rest.first(n), ways[0].offset, sink);
      rest = rest.subspan(n);
    }
  }
  if (sink.calls != static_cast<std::uint64_t>(state.iterations())) state.SkipWithError("calls were lost");
  dissector->on_close(End::fin, kSecondNs, sink);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * (asked.size() + answered.size())));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

void call(benchmark::State& state) {
  const auto body_bytes = static_cast<std::size_t>(state.range(0));
  run(state, request(), response_head(body_bytes) + std::string(body_bytes, 'b'));
}
BENCHMARK(call)->Name("http_call")->ArgName("body_bytes")->Arg(1'024)->Arg(65'536);

const std::string kRpcRequest =
    "POST /inventory/v1/GetItem HTTP/1.1\r\nHost: inventory.shop.svc:8080\r\nUser-Agent: "
    "rpc-client/2.1\r\nAccept: application/json\r\nContent-Type: application/json\r\nX-Request-Id: "
    "0af7651916cd43dd8448eb211c80319c\r\nContent-Length: 1\r\n\r\n1";
const std::string kRpcResponse =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 23 Nov 2026 04:20:00 GMT\r\nX-Shard: "
    "17\r\nContent-Length: 1\r\n\r\n1";

std::string web_request(std::size_t more_headers) {
  std::string head =
      "GET /shop/items/4711?page=7&sort=price HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: Mozilla/5.0 "
      "(X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\nAccept: "
      "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: "
      "en-US,en;q=0.5\r\nAccept-Encoding: identity\r\nConnection: keep-alive\r\nReferer: "
      "https://shop.example.com/shop/start\r\nCookie: sid=" +
      std::string(64, 'c') +
      "; theme=dark\r\nX-Request-Id: 0af7651916cd43dd8448eb211c80319c\r\ntraceparent: "
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
  for (std::size_t i = 0; i < more_headers; ++i)
    head += "X-Forwarded-" + std::to_string(10 + i) + ": 10.0.0.1, 172.16.4.7\r\n";
  return head + "\r\n";
}
const std::string kWebResponse =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 23 Nov 2026 04:20:00 GMT\r\nContent-Type: "
    "application/json\r\nConnection: keep-alive\r\nVary: Accept-Encoding\r\nETag: \"4f2a9c11d3b0\"\r\n"
    "Cache-Control: no-store\r\nContent-Length: 1\r\n\r\n1";

void heads(benchmark::State& state, const std::string& asked, const std::string& answered) {
  run(state, asked, answered);
}
BENCHMARK_CAPTURE(heads, rpc, kRpcRequest, kRpcResponse)->Name("http_heads/rpc");
BENCHMARK_CAPTURE(heads, web, web_request(0), kWebResponse)->Name("http_heads/web");
BENCHMARK_CAPTURE(heads, headers_24, web_request(14), kWebResponse)->Name("http_heads/24");

}  // namespace
