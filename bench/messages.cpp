#include "messages.h"

#include <cstdio>
#include <utility>

#include "sql_messages.h"

namespace spanlight::bench {

namespace {

constexpr std::pair<std::string_view, Mix> kNames[] = {{"rpc", Mix::rpc},
                                                       {"web", Mix::web},
                                                       {"bulk", Mix::bulk},
                                                       {"pipelined", Mix::pipelined},
                                                       {"chunked", Mix::chunked},
                                                       {"grpc", Mix::grpc},
                                                       {"dns", Mix::dns},
                                                       {"redis", Mix::redis},
                                                       {"postgresql", Mix::postgresql},
                                                       {"kafka", Mix::kafka},
                                                       {"headers", Mix::headers}};

std::string hex(std::mt19937_64& random, std::size_t digits) {
  std::string text;
  while (text.size() < digits) text += "0123456789abcdef"[random() % 16];
  return text;
}

std::string number(std::mt19937_64& random, std::uint64_t below) {
  return std::to_string(random() % below);
}

std::string json_of(std::mt19937_64& random, std::size_t bytes) {
  std::string text = "{\"items\":[";
  while (text.size() + 48 < bytes)
    text += R"({"id":)" + number(random, 10'000) + R"(,"name":"item","price":)" + number(random, 100) + "},";
  if (text.back() == ',') text.pop_back();
  text += "],\"pad\":\"";
  const std::size_t end = text.size() + 2;
  text += std::string(bytes > end ? bytes - end : 0, 'x') + "\"}";
  return text;
}

// Head and body, so long together that the message has exactly `bytes`.
std::string message(std::mt19937_64& random, const std::string& head, std::size_t bytes) {
  const std::size_t fixed = head.size() + std::string_view("Content-Length: \r\n\r\n").size();
  std::size_t body = bytes - fixed - 1;
  while (fixed + std::to_string(body).size() + body > bytes) --body;
  std::string text = head + "Content-Length: " + std::to_string(body) + "\r\n\r\n" + json_of(random, body);
  return text;
}

Call rpc_call(std::mt19937_64& random) {
  const std::string request =
      "POST /inventory/v1/GetItem HTTP/1.1\r\nHost: inventory.shop.svc:8080\r\n"
      "User-Agent: rpc-client/2.1\r\nAccept: application/json\r\n"
      "Content-Type: application/json\r\nX-Request-Id: " +
      hex(random, 32) + "\r\n";
  const std::string response =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
      "Date: Mon, 23 Nov 2026 04:20:00 GMT\r\nX-Shard: " +
      number(random, 64) + "\r\n";
  return {message(random, request, 300), message(random, response, 400)};
}

Call web_call(std::mt19937_64& random) {
  const std::string request =
      "GET /shop/items/" + number(random, 100'000) + "?page=" + number(random, 50) +
      "&sort=price HTTP/1.1\r\n"
      "Host: shop.example.com\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
      "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
      "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: identity\r\nConnection: keep-alive\r\n"
      "Referer: https://shop.example.com/shop/start\r\nCookie: sid=" +
      hex(random, 64) +
      "; theme=dark\r\n"
      "X-Request-Id: " +
      hex(random, 32) +
      "\r\n"
      "traceparent: 00-" +
      hex(random, 32) + "-" + hex(random, 16) + "-01\r\n\r\n";
  const std::string response =
      "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 23 Nov 2026 04:20:00 GMT\r\n"
      "Content-Type: application/json\r\nConnection: keep-alive\r\nVary: Accept-Encoding\r\n"
      "ETag: \"" +
      hex(random, 12) + "\"\r\nCache-Control: no-store\r\n";
  return {request, message(random, response, 6'300)};
}

Call bulk_call(std::mt19937_64& random) {
  constexpr std::size_t kBodyBytes = 1'000'000;
  Call call;
  call.request = "GET /files/" + number(random, 100'000) +
                 ".bin HTTP/1.1\r\nHost: files.shop.svc\r\n"
                 "User-Agent: fetch/1.0\r\nAccept: */*\r\n\r\n";
  call.response = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nETag: \"" + hex(random, 12) +
                  "\"\r\nContent-Length: " + std::to_string(kBodyBytes) + "\r\n\r\n";
  const std::size_t head = call.response.size();
  call.response.resize(head + kBodyBytes);
  for (std::size_t i = 0; i < kBodyBytes; i += 8) {
    const std::uint64_t word = random();
    for (std::size_t b = 0; b < 8; ++b) call.response[head + i + b] = static_cast<char>(word >> 8 * b);
  }
  return call;
}

std::string chunks_of(std::mt19937_64& random, std::string_view body) {
  constexpr std::size_t kChunkBitsMax = 12;
  std::string text;
  while (!body.empty()) {
    const std::size_t bits = random() % (kChunkBitsMax + 1);
    const std::size_t wanted = 1 + random() % (std::size_t{1} << bits);
    const std::string_view chunk = body.substr(0, wanted);
    char size[24];
    std::snprintf(size, sizeof(size), "%zx\r\n", chunk.size());
    text.append(size).append(chunk).append("\r\n");
    body.remove_prefix(chunk.size());
  }
  return text + "0\r\n\r\n";
}

Call chunked_call(std::mt19937_64& random) {
  constexpr std::size_t kBodyBytesMin = 64, kBodyBytesMax = 12'000;
  const auto body = [&] {
    return json_of(random, kBodyBytesMin + random() % (kBodyBytesMax - kBodyBytesMin));
  };
  Call call;
  const bool uploads = random() % 4 == 0;
  call.request = std::string(uploads ? "POST" : "GET") + " /feed/" + number(random, 100'000) +
                 " HTTP/1.1\r\nHost: feed.shop.svc\r\nUser-Agent: feed/1.4\r\nAccept: application/json\r\n";
  if (uploads) {
    call.request += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    call.request += chunks_of(random, body());
  } else {
    call.request += "\r\n";
  }
  call.response = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Shard: " + number(random, 64) +
                  "\r\nTransfer-Encoding: chunked\r\n\r\n";
  call.response += chunks_of(random, body());
  return call;
}

std::string u16(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

// As a resolver in a cluster asks and is answered: EDNS in both, a name of four labels, one address.
Call dns_call(std::mt19937_64& random) {
  constexpr unsigned kA = 1, kAaaa = 28, kIn = 1;
  const auto label = [](const std::string& text) { return static_cast<char>(text.size()) + text; };
  const bool v6 = random() % 2 == 0;
  const std::string question = label("item-" + number(random, 1'000)) + label("shop") + label("svc") +
                               label("example") + std::string(1, '\0') + u16(v6 ? kAaaa : kA) + u16(kIn);
  const std::string id = u16(static_cast<unsigned>(random() % 65'536));
  const std::string opt = std::string(1, '\0') + u16(41) + u16(1'232) + u16(0) + u16(0) + u16(0);
  std::string address;
  for (unsigned i = 0; i < (v6 ? 8u : 2u); ++i) address += u16(static_cast<unsigned>(random() % 65'536));
  const std::string answer = u16(0xc00c) + u16(v6 ? kAaaa : kA) + u16(kIn) + u16(0) + u16(30) +
                             u16(static_cast<unsigned>(address.size())) + address;
  return {id + u16(0x0100) + u16(1) + u16(0) + u16(0) + u16(1) + question + opt,
          id + u16(0x8180) + u16(1) + u16(1) + u16(0) + u16(1) + question + answer + opt};
}

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

// A cache: six of ten commands read a value of 100 bytes, one finds nothing, two write one, one counts.
Call redis_call(std::mt19937_64& random) {
  const std::string key = "session:" + hex(random, 16);
  const unsigned kind = static_cast<unsigned>(random() % 10);
  if (kind < 7) return {"*2\r\n$3\r\nGET\r\n" + bulk(key), kind < 6 ? bulk(hex(random, 100)) : "$-1\r\n"};
  if (kind < 9)
    return {"*5\r\n$3\r\nSET\r\n" + bulk(key) + bulk(hex(random, 100)) + "$2\r\nEX\r\n$3\r\n600\r\n",
            "+OK\r\n"};
  return {"*2\r\n$4\r\nINCR\r\n" + bulk(key), ":" + number(random, 1'000) + "\r\n"};
}

}  // namespace

std::optional<Mix> mix_of(std::string_view name) {
  for (const auto& [known, mix] : kNames)
    if (known == name) return mix;
  return std::nullopt;
}

std::string_view name_of(Mix mix) {
  for (const auto& [name, known] : kNames)
    if (known == mix) return name;
  return {};
}

Plan plan_of(Mix mix) {
  switch (mix) {
    case Mix::rpc:
      return {256, 100, 1};
    case Mix::web:
      return {512, 10, 1};
    case Mix::bulk:
      return {16, 4, 1};
    case Mix::pipelined:
      return {256, 100, 8};
    case Mix::chunked:
      return {256, 10, 1};
    case Mix::grpc:
    case Mix::postgresql:
    case Mix::kafka:
      return {256, 100, 1};
    case Mix::dns:
      return {8'192, 2, 2};
    case Mix::redis:
      return {256, 100, 4};
    case Mix::headers:
      return {1'000, 0, 0};
  }
  return {1, 1, 1};
}

Call make_call(Mix mix, std::mt19937_64& random) {
  switch (mix) {
    case Mix::rpc:
    case Mix::pipelined:
      return rpc_call(random);
    case Mix::web:
      return web_call(random);
    case Mix::bulk:
      return bulk_call(random);
    case Mix::chunked:
      return chunked_call(random);
    case Mix::dns:
      return dns_call(random);
    case Mix::postgresql:
      return postgresql_call(random);
    case Mix::kafka:
      return kafka_call(random);
    case Mix::redis:
      return redis_call(random);
    case Mix::grpc:  // GrpcTalk's: each depends on those before
    case Mix::headers:
      break;
  }
  return {};
}

}  // namespace spanlight::bench
