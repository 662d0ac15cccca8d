#include "trace.h"

#include <algorithm>
#include <random>

#include "core/time_ns.h"
#include "decode/packet.h"
#include "grpc_messages.h"
#include "standing.h"
#include "support/packet_builder.h"
#include "support/pcap_writer.h"

namespace spanlight::bench {

namespace {

constexpr std::size_t kSegmentBytesMax = 1'448;  // an Ethernet MTU less IP, TCP and its timestamps
constexpr std::size_t kTrainMax = 4;             // packets of one connection in a row, at most
constexpr std::uint8_t kFin = tcp_flag::fin, kSyn = tcp_flag::syn, kPush = tcp_flag::psh,
                       kAck = tcp_flag::ack;
constexpr unsigned kClient = 0, kServer = 1;
constexpr TimeNs kFirstTime = 1'795'000'000 * kSecondNs;

// One connection as both ends send it; its bytes go to the trace at once, its frames wait for their turn.
class Connection {
 public:
  Connection(Trace& trace, const TraceOptions& options, std::uint32_t index, std::mt19937_64& random)
      : trace_(trace),
        ends_(ends_of(options.network, index)),
        datagrams_(options.mix == Mix::dns),
        server_port_(datagrams_ ? kDnsPort : kHttpPort) {
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

  // All of them outstanding before the first answer. `joined`: the messages of one side share segments.
  void call_together(const std::vector<Call>& calls, bool joined) {
    std::string requests, responses;
    for (const Call& call : calls) {
      requests += call.request;
      responses += call.response;
      if (!joined) say(kClient, call.request);
    }
    if (joined) say(kClient, requests);
    if (joined) return say(kServer, responses);
    for (const Call& call : calls) say(kServer, call.response);
  }

  void ask(const Call& call) { say(kClient, call.request); }

  void close() {
    if (datagrams_) return;
    send(kClient, kFin | kAck, {});
    send(kServer, kFin | kAck, {});
    send(kClient, kAck, {});
  }

  std::vector<TraceFrame> take() { return std::move(frames_); }

 private:
  void open() {
    if (datagrams_) return;
    send(kClient, kSyn, {});
    send(kServer, kSyn | kAck, {});
    send(kClient, kAck, {});
  }

  // A message in segments. The client acknowledges every second one and the last; the server's answer does it
  // for the request.
  void say(unsigned side, std::string_view text) {
    if (datagrams_) return send_datagram(side, text);
    for (unsigned segment = 1; !text.empty(); ++segment) {
      const std::string_view part = text.substr(0, kSegmentBytesMax);
      text.remove_prefix(part.size());
      send(side, text.empty() ? kPush | kAck : kAck, part);
      if (side == kServer && (segment % 2 == 0 || text.empty())) send(kClient, kAck, {});
    }
  }

  void send_datagram(unsigned side, std::string_view payload) {
    const bool client = side == kClient;
    test::PacketBuilder packet;
    packet.eth()
        .ipv4(client ? ends_.client : ends_.server, client ? ends_.server : ends_.client,
              {.id = ip_id_[side]++})
        .udp(client ? ends_.port : server_port_, client ? server_port_ : ends_.port);
    keep(packet.payload(payload).build(), client, false);
  }

  void send(unsigned side, int flags, std::string_view payload) {
    const unsigned peer = 1 - side;
    const bool client = side == kClient, acks = (flags & kAck) != 0;
    ++clock_;
    const test::TcpFields tcp{.src = client ? ends_.port : server_port_,
                              .dst = client ? server_port_ : ends_.port,
                              .seq = seq_[side],
                              .ack = acks ? seq_[peer] : 0,
                              .flags = static_cast<std::uint8_t>(flags),
                              .options = timestamps()};
    test::PacketBuilder packet;
    packet.eth()
        .ipv4(client ? ends_.client : ends_.server, client ? ends_.server : ends_.client,
              {.id = ip_id_[side]++})
        .tcp(tcp);
    keep(packet.payload(payload).build(), client, acks);
    seq_[side] += static_cast<std::uint32_t>(payload.size()) + ((flags & (kSyn | kFin)) != 0 ? 1 : 0);
  }

  void keep(const test::Frame& frame, bool from_client, bool has_ack) {
    const auto length = static_cast<std::uint16_t>(frame.size());
    frames_.push_back({trace_.bytes.size(), length, from_client, has_ack});
    trace_.bytes.insert(trace_.bytes.end(), frame.begin(), frame.end());
    trace_.frame_bytes_max = std::max(trace_.frame_bytes_max, length);
  }

  test::Frame timestamps() const {
    test::Frame option = {1, 1, 8, 10};
    for (const std::uint32_t value : {clock_, clock_ - 1})
      for (int shift = 24; shift >= 0; shift -= 8)
        option.push_back(static_cast<std::uint8_t>(value >> shift));
    return option;
  }

  static constexpr std::uint16_t kHttpPort = 80, kDnsPort = 53;
  Trace& trace_;
  const Ends ends_;
  const bool datagrams_;
  const std::uint16_t server_port_;
  std::uint32_t seq_[2];
  std::uint16_t ip_id_[2];
  std::uint32_t clock_ = 1'000;
  std::vector<TraceFrame> frames_;
};

// Calls of one connection, each made when it is its turn.
class Speaker {
 public:
  Speaker(Mix mix, std::mt19937_64& random) : mix_(mix), random_(random) {}
  Call next() { return mix_ == Mix::grpc ? grpc_.next(random_) : make_call(mix_, random_); }

 private:
  const Mix mix_;
  std::mt19937_64& random_;
  GrpcTalk grpc_;
};

void talk(Connection& connection, const TraceOptions& options, std::uint32_t calls, Speaker& speaker,
          std::mt19937_64& random) {
  const std::uint32_t outstanding = plan_of(options.mix).outstanding;
  for (std::uint32_t left = calls; left > 0;) {
    std::vector<Call> together(outstanding == 1 ? 1
                                                : std::min<std::uint64_t>(left, 1 + random() % outstanding));
    for (Call& call : together) call = speaker.next();
    left -= static_cast<std::uint32_t>(together.size());
    if (together.size() == 1)
      connection.call(together[0]);
    else
      connection.call_together(together, options.mix != Mix::dns && random() % 2 == 0);
  }
}

// What the mirror makes of one connection's frames: some are lost, some come later than others that were sent
// behind them. Drawn apart from what is said, so that the rest stays the same.
void disturb(Trace& trace, const TraceOptions& options, std::vector<TraceFrame>& frames,
             std::mt19937_64& random) {
  constexpr std::size_t kBehindMax = 3;
  const auto drawn = [&random](std::uint16_t per_mille) { return random() % 1'000 < per_mille; };
  if (options.loss_per_mille > 0)
    trace.lost += std::erase_if(frames, [&](const TraceFrame&) { return drawn(options.loss_per_mille); });
  if (options.disorder_per_mille == 0) return;
  for (std::size_t i = 0; i + 1 < frames.size(); ++i) {
    if (!drawn(options.disorder_per_mille)) continue;
    const std::size_t behind = std::min(i + 1 + random() % kBehindMax, frames.size() - 1);
    std::rotate(frames.begin() + static_cast<std::ptrdiff_t>(i),
                frames.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                frames.begin() + static_cast<std::ptrdiff_t>(behind) + 1);
    ++trace.disordered;
    i = behind;  // the moved frame is not moved again
  }
}

// All connections side by side: a train of packets of one direction from one, then from another.
void interleave(Trace& trace, const std::vector<std::vector<TraceFrame>>& connections,
                std::mt19937_64& random) {
  std::vector<std::pair<std::size_t, std::size_t>> open;  // connection, next frame
  for (std::size_t i = 0; i < connections.size(); ++i)
    if (!connections[i].empty()) open.push_back({i, 0});
  while (!open.empty()) {
    const std::size_t pick = random() % open.size();
    auto& [index, next] = open[pick];
    const std::vector<TraceFrame>& frames = connections[index];
    const bool direction = frames[next].from_client;
    for (std::size_t n = 0; n < kTrainMax && next < frames.size() && frames[next].from_client == direction;
         ++n)
      trace.frames.push_back(frames[next++]);
    if (next < frames.size()) continue;
    open[pick] = open.back();
    open.pop_back();
  }
}

}  // namespace

Ends ends_of(std::uint8_t network, std::uint32_t index) {
  return {.client = "10." + std::to_string(network) + ".0.0",
          .server = "172.16." + std::to_string(index / kPorts) + "." + std::to_string(1 + index % 16),
          .port = static_cast<std::uint16_t>(kPortFirst + index % kPorts)};
}

Trace make_trace(const TraceOptions& options) {
  if (options.mix == Mix::headers) return make_standing_trace(options);
  std::mt19937_64 random(options.seed), mirror(~options.seed);
  const Plan plan = plan_of(options.mix);
  const std::uint32_t calls = options.calls == 0 ? plan.calls : options.calls;
  Trace trace;
  trace.connections =
      std::min(options.connections == 0 ? plan.connections : options.connections, kConnectionsMax);
  std::vector<std::vector<TraceFrame>> connections;
  for (std::uint32_t i = 0; i < trace.connections; ++i) {
    Connection connection(trace, options, i, random);
    Speaker speaker(options.mix, random);
    if (options.ending != Ending::opened) {
      talk(connection, options, calls, speaker, random);
      trace.calls += calls;
    }
    if (options.ending == Ending::closed) connection.close();
    if (options.ending == Ending::asked) connection.ask(speaker.next());
    connections.push_back(connection.take());
    disturb(trace, options, connections.back(), mirror);
  }
  interleave(trace, connections, random);
  return trace;
}

TraceSize size_of(const TraceOptions& options) {
  constexpr std::uint32_t kSample = 4;
  TraceOptions few = options;
  few.connections = kSample;
  const Plan plan = plan_of(options.mix);
  const std::uint64_t connections = options.connections == 0 ? plan.connections : options.connections;
  if (options.mix == Mix::headers) few.frames = kSample;
  const Trace sample = make_trace(few);
  TraceSize size{sample.frames.size() * connections / kSample, sample.bytes.size() * connections / kSample};
  if (options.mix != Mix::headers) return size;
  const std::uint64_t frames = std::max<std::uint64_t>({connections, options.frames, kStandingFrames});
  return {frames, frames * sample.frame_bytes_max};
}

std::string write_pcap(Trace trace, const std::string& path, std::uint32_t laps, std::uint64_t gap_ns) {
  test::PcapWriter file(path);
  TimeNs time = kFirstTime;
  for (std::uint32_t lap = 0; lap < laps && file.ok(); ++lap) {
    const LapStep step =
        LapStep::between(static_cast<std::uint16_t>(lap - 1), static_cast<std::uint16_t>(lap));
    for (std::size_t i = 0; i < trace.frames.size(); ++i) {
      const TraceFrame& frame = trace.frames[i];
      if (lap > 0) renew(trace.bytes.data() + frame.offset, frame.from_client, frame.has_ack, step);
      file.write(trace.frame(i), time, frame.length);
      time += gap_ns;
    }
  }
  file.flush();
  return file.ok() ? std::string{}
                   : path + " cannot be written: is the directory there, and the disk not full?";
}

}  // namespace spanlight::bench
