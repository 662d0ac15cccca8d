#include "standing.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "decode/packet.h"
#include "support/packet_builder.h"

namespace spanlight::bench {

namespace {

constexpr std::size_t kEthernetBytesMin = 60;

// The frame alone knows its client's first number; the server's follows from it.
std::uint32_t server_isn(std::uint32_t client_isn) {
  return client_isn * 0x9e37'79b1u + 0x7f4a'7c15u;
}

std::uint32_t client_isn(std::uint64_t seed, std::uint32_t index) {
  return static_cast<std::uint32_t>(((seed + index) * 0x9e37'79b9'7f4a'7c15u) >> 29);
}

std::uint32_t seq_of(const std::uint8_t* frame) {
  return edit::swap32(edit::load32(frame + at::kSeq));
}
std::uint32_t ack_of(const std::uint8_t* frame) {
  return edit::swap32(edit::load32(frame + at::kAck));
}

// A SYN of connection 0 of its network, to be copied and changed: a builder's run for each of ten million
// frames would take a minute.
class Mould {
 public:
  explicit Mould(const TraceOptions& options) : seed_(options.seed) {
    const Ends ends = ends_of(options.network, 0);
    test::PacketBuilder packet;
    packet.eth().ipv4(ends.client, ends.server).tcp({.src = ends.port, .dst = 80, .flags = tcp_flag::syn});
    frame_ = packet.build();
    frame_.resize(std::max(frame_.size(), kEthernetBytesMin));  // padded as on the wire
  }
  std::size_t bytes() const { return frame_.size(); }

  void syn(std::uint8_t* out, std::uint32_t index, std::uint16_t ip_id) const {
    std::copy(frame_.begin(), frame_.end(), out);
    edit::Change ip, tcp, id;
    ip.put16(out + at::kDestination + 2, edit::swap16(server_low(index)));
    id.put16(out + at::kIpId, edit::swap16(ip_id));
    tcp.put16(out + at::kSourcePort, edit::swap16(port(index)));
    edit::amend(out + at::kIpChecksum, ip.sum() + id.sum());
    edit::amend(out + at::kTcpChecksum, ip.sum() + tcp.sum());
    set_numbers(out, client_isn(seed_, index), 0, tcp_flag::syn);
  }

  // A packet of a connection that is open already.
  void ack(std::uint8_t* out, std::uint32_t index, std::uint16_t ip_id, bool from_client) const {
    syn(out, index, ip_id);
    const std::uint32_t client = client_isn(seed_, index) + 1, server = server_isn(client - 1) + 1;
    if (!from_client) turn_round(out);
    set_numbers(out, from_client ? client : server, from_client ? server : client, tcp_flag::ack);
  }

 private:
  // The same as ends_of(), in numbers; a test holds them together.
  static std::uint16_t server_low(std::uint32_t index) {
    return static_cast<std::uint16_t>(index / kPorts << 8 | (1 + index % 16));
  }
  static std::uint16_t port(std::uint32_t index) {
    return static_cast<std::uint16_t>(kPortFirst + index % kPorts);
  }

  const std::uint64_t seed_;
  test::Frame frame_;
};

}  // namespace

Trace make_standing_trace(const TraceOptions& options) {
  std::mt19937_64 random(options.seed);
  const Mould mould(options);
  Trace trace;
  trace.standing = true;
  trace.connections = std::min(
      options.connections == 0 ? plan_of(Mix::headers).connections : options.connections, kConnectionsMax);
  const std::size_t wanted = options.frames == 0 ? kStandingFrames : options.frames;
  const std::size_t count = std::max<std::size_t>(wanted, trace.connections);
  trace.frame_bytes_max = static_cast<std::uint16_t>(mould.bytes());
  trace.bytes.resize(count * mould.bytes());
  trace.frames.reserve(count);
  std::vector<std::uint32_t> order(trace.connections);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  std::vector<std::uint16_t> sent[2];  // by who sends: frames of each connection so far
  for (auto& frames : sent) frames.resize(trace.connections);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint8_t* out = trace.bytes.data() + i * mould.bytes();
    const bool opens = i < order.size();
    const std::uint64_t drawn = random();
    const std::uint32_t index = opens ? order[i] : static_cast<std::uint32_t>((drawn >> 32) % order.size());
    const bool from_client = opens || drawn % 2 == 0;
    // What opens a connection stays with the client or becomes the server's.
    const std::uint16_t ip_id = sent[(opens ? i % 2 == 0 : from_client) ? 0 : 1][index]++;
    trace.ip_id_step = std::max<std::uint16_t>(trace.ip_id_step, ip_id + 1);
    opens ? mould.syn(out, index, ip_id) : mould.ack(out, index, ip_id, from_client);
    trace.frames.push_back(
        {i * mould.bytes(), static_cast<std::uint16_t>(mould.bytes()), from_client, !opens});
  }
  return trace;
}

void show_opening(std::uint8_t* frame, unsigned lap, std::size_t index, std::uint16_t ip_id_step) {
  const std::uint32_t seq = seq_of(frame), ack = ack_of(frame);
  switch (lap) {
    case 1:  // the server answers the SYN
      turn_round(frame);
      return set_numbers(frame, server_isn(seq), seq + 1, tcp_flag::syn | tcp_flag::ack);
    case 2:  // the client acknowledges it
      turn_round(frame);
      return set_numbers(frame, ack, seq + 1, tcp_flag::ack);
    case 3:
      move_ip_id(frame, ip_id_step);
      if (index % 2 == 0) return;
      turn_round(frame);
      return set_numbers(frame, ack, seq, tcp_flag::ack);
    default:
      return;
  }
}

}  // namespace spanlight::bench
