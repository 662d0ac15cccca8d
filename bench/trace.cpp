#include "trace.h"

#include <algorithm>
#include <random>

#include "core/time_ns.h"
#include "support/packet_builder.h"
#include "support/pcap_writer.h"

namespace spanlight::bench {

namespace {

constexpr std::size_t kSegmentBytesMax = 1'448;  // an Ethernet MTU less IP, TCP and its timestamps
constexpr std::size_t kTrainMax = 4;             // packets of one connection in a row, at most
constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kPush = 0x08, kAck = 0x10;
constexpr unsigned kClient = 0, kServer = 1;
constexpr TimeNs kFirstTime = 1'795'000'000 * kSecondNs;

struct Plan {
  std::uint32_t connections;
  std::uint32_t calls;  // of each connection
};

constexpr Plan plan_of(Mix mix) {
  switch (mix) {
    case Mix::rpc:
      return {256, 100};
    case Mix::web:
      return {512, 10};
    case Mix::bulk:
      return {16, 4};
  }
  return {1, 1};
}

struct Call {
  std::string request, response;
};

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

Call make_call(Mix mix, std::mt19937_64& random) {
  switch (mix) {
    case Mix::rpc:
      return rpc_call(random);
    case Mix::web:
      return web_call(random);
    case Mix::bulk:
      return bulk_call(random);
  }
  return {};
}

struct Built {
  test::Frame bytes;
  bool from_client;
};

// One connection as both ends send it.
class Connection {
 public:
  Connection(const TraceOptions& options, std::uint32_t index, std::mt19937_64& random)
      : client_("10." + std::to_string(options.network) + ".0.0"),
        server_("172.16.0." + std::to_string(1 + index % 16)),
        port_(static_cast<std::uint16_t>(10'000 + index)) {
    for (unsigned side : {kClient, kServer}) {
      seq_[side] = static_cast<std::uint32_t>(random());
      ip_id_[side] = static_cast<std::uint16_t>(random());
    }
    open();
  }

  void call(const Call& call) {
    say(kClient, call.request);
    say(kServer, call.response);
  }

  void close() {
    send(kClient, kFin | kAck, {});
    send(kServer, kFin | kAck, {});
    send(kClient, kAck, {});
  }

  std::vector<Built> take() { return std::move(frames_); }

 private:
  void open() {
    send(kClient, kSyn, {});
    send(kServer, kSyn | kAck, {});
    send(kClient, kAck, {});
  }

  // A message in segments. The client acknowledges every second one and the last; the server's answer does it
  // for the request.
  void say(unsigned side, std::string_view text) {
    for (unsigned segment = 1; !text.empty(); ++segment) {
      const std::string_view part = text.substr(0, kSegmentBytesMax);
      text.remove_prefix(part.size());
      send(side, text.empty() ? kPush | kAck : kAck, part);
      if (side == kServer && (segment % 2 == 0 || text.empty())) send(kClient, kAck, {});
    }
  }

  void send(unsigned side, int flags, std::string_view payload) {
    const unsigned peer = 1 - side;
    const bool client = side == kClient;
    ++clock_;
    const test::TcpFields tcp{.src = client ? port_ : kHttpPort,
                              .dst = client ? kHttpPort : port_,
                              .seq = seq_[side],
                              .ack = (flags & kAck) != 0 ? seq_[peer] : 0,
                              .flags = static_cast<std::uint8_t>(flags),
                              .options = timestamps()};
    test::PacketBuilder packet;
    packet.eth()
        .ipv4(client ? client_ : server_, client ? server_ : client_, {.id = ip_id_[side]++})
        .tcp(tcp);
    frames_.push_back({packet.payload(payload).build(), client});
    seq_[side] += static_cast<std::uint32_t>(payload.size()) + ((flags & (kSyn | kFin)) != 0 ? 1 : 0);
  }

  test::Frame timestamps() const {
    test::Frame option = {1, 1, 8, 10};
    for (const std::uint32_t value : {clock_, clock_ - 1})
      for (int shift = 24; shift >= 0; shift -= 8)
        option.push_back(static_cast<std::uint8_t>(value >> shift));
    return option;
  }

  static constexpr std::uint16_t kHttpPort = 80;
  std::string client_, server_;
  std::uint16_t port_;
  std::uint32_t seq_[2];
  std::uint16_t ip_id_[2];
  std::uint32_t clock_ = 1'000;
  std::vector<Built> frames_;
};

void append(Trace& trace, const Built& built) {
  trace.frames.push_back({static_cast<std::uint32_t>(trace.bytes.size()),
                          static_cast<std::uint16_t>(built.bytes.size()), built.from_client});
  trace.bytes.insert(trace.bytes.end(), built.bytes.begin(), built.bytes.end());
}

// All connections side by side: a train of packets of one direction from one, then from another.
void interleave(Trace& trace, std::vector<std::vector<Built>>& connections, std::mt19937_64& random) {
  std::vector<std::pair<std::size_t, std::size_t>> open;  // connection, next frame
  for (std::size_t i = 0; i < connections.size(); ++i) open.push_back({i, 0});
  while (!open.empty()) {
    const std::size_t pick = random() % open.size();
    auto& [index, next] = open[pick];
    const std::vector<Built>& frames = connections[index];
    const bool direction = frames[next].from_client;
    for (std::size_t n = 0; n < kTrainMax && next < frames.size() && frames[next].from_client == direction;
         ++n)
      append(trace, frames[next++]);
    if (next < frames.size()) continue;
    connections[index].clear();
    open[pick] = open.back();
    open.pop_back();
  }
}

}  // namespace

std::optional<Mix> mix_of(std::string_view name) {
  if (name == "rpc") return Mix::rpc;
  if (name == "web") return Mix::web;
  if (name == "bulk") return Mix::bulk;
  return std::nullopt;
}

Trace make_trace(const TraceOptions& options) {
  std::mt19937_64 random(options.seed);
  const Plan plan = plan_of(options.mix);
  const std::uint32_t wanted = options.connections == 0 ? plan.connections : options.connections;
  Trace trace;
  trace.connections = std::min(wanted, kConnectionsMax);
  std::vector<std::vector<Built>> connections;
  for (std::uint32_t i = 0; i < trace.connections; ++i) {
    Connection connection(options, i, random);
    for (std::uint32_t n = 0; n < plan.calls; ++n) connection.call(make_call(options.mix, random));
    connection.close();
    connections.push_back(connection.take());
    trace.calls += plan.calls;
  }
  interleave(trace, connections, random);
  return trace;
}

std::string write_pcap(Trace trace, const std::string& path, std::uint32_t laps, std::uint64_t gap_ns) {
  test::PcapWriter file(path);
  TimeNs time = kFirstTime;
  for (std::uint32_t lap = 0; lap < laps && file.ok(); ++lap) {
    for (std::size_t i = 0; i < trace.frames.size(); ++i) {
      const TraceFrame& frame = trace.frames[i];
      if (lap > 0)
        retarget(trace.bytes.data() + frame.offset, frame.from_client, static_cast<std::uint16_t>(lap - 1),
                 static_cast<std::uint16_t>(lap));
      file.write(trace.frame(i), time, frame.length);
      time += gap_ns;
    }
  }
  file.flush();
  return file.ok() ? std::string{}
                   : path + " cannot be written: is the directory there, and the disk not full?";
}

}  // namespace spanlight::bench
