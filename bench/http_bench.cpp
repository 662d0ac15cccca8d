// HTTP/1: one call from its first byte to its record's transaction, on a kept connection. A request head of
// 700 bytes, a response head of 300, and a body of 1 KiB (kept for the preview) or 64 KiB (mostly skipped).

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

void run(benchmark::State& state) {
  const auto body_bytes = static_cast<std::size_t>(state.range(0));
  const std::string asked = request();
  const std::string answered = response_head(body_bytes) + std::string(body_bytes, 'b');
  SlabPool slabs(1u << 20);
  SlabPool previews(1u << 20);
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
BENCHMARK(run)->Name("http_call")->ArgName("body_bytes")->Arg(1'024)->Arg(65'536);

}  // namespace
