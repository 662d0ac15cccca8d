#pragma once
// One HTTP call as a dissector would tell it, for the benchmarks of records: a browser's request, 14 headers
// with a cookie, and a server's answer, 10.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/descriptor.h"
#include "core/transaction.h"
#include "encode/record_writer.h"

namespace spanlight {

inline constexpr Descriptor kProtocol{.name = "http", .title = "HTTP"};
inline constexpr const Descriptor* kProtocols[] = {&kProtocol};

// One of them is hidden by default.
inline constexpr std::pair<std::string_view, std::string_view> kHeaders[] = {
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
inline constexpr std::size_t kRequestHeaders = 14;

struct HeaderText {
  std::string bytes;
  std::vector<HeaderSpan> spans;
  // As HTTP/1 has it on the wire, or name by value as HTTP/2's decoder leaves it.
  void add(std::string_view name, std::string_view value, bool raw) {
    HeaderSpan span;
    span.name_offset = static_cast<std::uint32_t>(bytes.size());
    span.name_length = static_cast<std::uint32_t>(name.size());
    bytes += std::string(name) + (raw ? ": " : "");
    span.value_offset = static_cast<std::uint32_t>(bytes.size());
    span.value_length = static_cast<std::uint32_t>(value.size());
    bytes += std::string(value) + (raw ? "\r\n" : "");
    spans.push_back(span);
  }
};

struct Call {
  HeaderText request, response;
  std::string body;
  Transaction transaction;
};

enum class CallHeaders : std::uint8_t { none, packed, raw };

inline void prepare(Call& call, CallHeaders headers, std::size_t body_bytes) {
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
  if (headers != CallHeaders::none) {
    for (std::size_t i = 0; i < std::size(kHeaders); ++i)
      (i < kRequestHeaders ? call.request : call.response)
          .add(kHeaders[i].first, kHeaders[i].second, headers == CallHeaders::raw);
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

inline ConnectionInfo connection_of_call() {
  ConnectionInfo connection;
  connection.client.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3};
  connection.server = connection.client;
  connection.protocol = 6;
  connection.conn_id = 7;
  return connection;
}

}  // namespace spanlight
