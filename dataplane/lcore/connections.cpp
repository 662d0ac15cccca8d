// Worker's seventh part: connections themselves. What each packet tells of one is counted (flow/health.h);
// when it leaves the table, and at an interval while it lasts, a record is made of it (dissectors/conn).

#include <algorithm>
#include <array>

#include "conn/conn.h"
#include "decode/flow_key_hash.h"
#include "lcore/worker.h"

namespace spanlight {

namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17;

std::size_t place_of(const Descriptor& protocol) {
  const auto all = registry();
  return static_cast<std::size_t>(std::find(all.begin(), all.end(), &protocol) - all.begin());
}

// Protocols are remembered as bits; what is registered beyond their number is not named.
constexpr std::size_t kPlacesMax = 64;

void note_protocol(Health& health, const Descriptor& protocol) {
  if (const std::size_t place = place_of(protocol); place < kPlacesMax)
    health.protocols |= std::uint64_t{1} << place;
}

void add_one(std::uint16_t& counter) {
  counter = static_cast<std::uint16_t>(counter + (counter != 0xffff));
}

conn::EndSummary end_of(const Flow& flow, const Health& health, unsigned sender) {
  return {.packets = flow.packets[sender],
          .bytes = flow.bytes[sender],
          .missing_bytes = health.missing_bytes[sender],
          .retransmissions = health.retransmitted[sender],
          .out_of_order = health.out_of_order[sender],
          .zero_windows = health.zero_windows[sender],
          .resets = health.resets[sender],
          .rtt_min_us = health.half_min_us[sender],
          .syn = health.has(sender, Health::kSyn),
          .syn_ack = health.has(sender, Health::kSynAck),
          .fin = health.has(sender, Health::kFin)};
}

conn::RttSummary round_trips_of(const Health& health) {
  if (health.rtt_samples == 0) return {};
  constexpr unsigned kPercent = 95;
  return {.samples = health.rtt_samples,
          .min_us = health.rtt_min_us,
          .avg_us = static_cast<std::uint32_t>(health.rtt_sum_us / health.rtt_samples),
          .p95_us = health.rtt.quantile(kPercent, health.rtt_min_us, health.rtt_max_us)};
}

std::uint32_t first_byte_of(const Flow& flow, const Health& health) {
  const std::uint32_t asked = health.spoke_us[flow.client], answered = health.spoke_us[1 - flow.client];
  return asked == 0 || answered <= asked ? 0 : answered - asked;
}

}  // namespace

void Worker::begin_health(const Flow& flow, unsigned sender, TimeNs time) {
  const std::uint8_t protocol = flow.key.protocol;
  Health& health = health_[table_.index_of(flow)];
  if ((protocol != kTcp && protocol != kUdp) || !connection_sample_.keeps(flow.key)) {
    health.report_at = 0;
    return;
  }
  ++counters_.connections_followed;
  health = Health{};
  health.seen[sender] = Health::kOpened;
  health.report_at = next_report(time);
}

TimeNs Worker::next_report(TimeNs time) const {
  return settings_.connection_interval_s == 0 ? kNever : time + settings_.connection_interval_s * kSecondNs;
}

void Worker::note_health(Flow& flow, const Packet& packet, TimeNs time) {
  Health& health = health_[table_.index_of(flow)];
  if (!health.tracked()) return;
  const bool answers = flow.packets[packet.sender] == 1 && !health.has(packet.sender, Health::kOpened);
  note_packet(health, packet, time, flow.first_seen, answers);
  if (packet.key.protocol == kTcp) note_segment(health, packet, time, flow.first_seen);
  if (health.report_at == kNever) health.report_at = next_report(time);
}

// Silent since the last report: the next packet asks for one again.
void Worker::report_if_due(Flow& flow, TimeNs now) {
  Health& health = health_[table_.index_of(flow)];
  if (report_deadline(flow) > now) return;
  const TimeNs since = health.report_at - settings_.connection_interval_s * kSecondNs;
  if (flow.last_seen < since) {
    health.report_at = kNever;
    return;
  }
  report(flow, false, End::fin);
  health.report_at = next_report(now);
}

// A connection that closed by itself is over since then, whatever takes it from the table now.
void Worker::end_health(Flow& flow, End end) {
  const Health& health = health_[table_.index_of(flow)];
  if (!health.tracked()) return;
  if (flow.closed) end = health.has(0, Health::kFin) && health.has(1, Health::kFin) ? End::fin : End::reset;
  report(flow, true, end);
}

void Worker::report(const Flow& flow, bool over, End end) {
  const Health& health = health_[table_.index_of(flow)];
  const unsigned client = flow.client, server = 1U - client;
  const TimeNs answered =
      health.answered_us == 0 ? 0 : flow.first_seen + (health.answered_us - 1) * kMicrosecondNs;
  const bool client_opened = health.has(client, Health::kOpened);
  std::array<std::string_view, kPlacesMax> names;
  std::size_t count = 0;
  for (std::size_t i = 0; i < std::min(registry().size(), kPlacesMax); ++i)
    if ((health.protocols >> i & 1) != 0) names[count++] = registry()[i]->name;
  conn::Summary summary;
  summary.tcp = flow.key.protocol == kTcp;
  summary.over = over;
  summary.ended_by = end;
  summary.end[0] = end_of(flow, health, client);
  summary.end[1] = end_of(flow, health, server);
  summary.first_seen = flow.first_seen;
  summary.last_seen = flow.last_seen;
  summary.client_seen = client_opened ? flow.first_seen : answered;
  summary.server_seen = client_opened ? answered : flow.first_seen;
  summary.handshake_us = health.handshake_us;
  summary.first_byte_us = first_byte_of(flow, health);
  summary.rtt = round_trips_of(health);
  summary.calls = health.calls;
  summary.errors = health.errors;
  summary.icmp_errors = health.icmp_errors;
  summary.encrypted = flow.encrypted;
  summary.protocols = {names.data(), count};
  ++(over ? counters_.connections_ended : counters_.connections_reported);
  FlowSink sink(inspector_, flow);
  conn::emit(summary, sink);
}

void Worker::on_identified(const Flow& flow, const Descriptor& protocol) {
  if (Health& health = health_[table_.index_of(flow)]; health.tracked()) note_protocol(health, protocol);
}

void Worker::on_call(const Flow& flow, const Transaction& call) {
  Health& health = health_[table_.index_of(flow)];
  if (!health.tracked()) return;
  note_protocol(health, *call.protocol);
  ++health.calls;
  health.errors += call.is_error;
}

// Of this worker, in the tunnel and VLAN of the datagram that is being read.
const Flow* Worker::flow_beside(std::uint8_t protocol, const IpAddress& src, std::uint16_t src_port,
                                const IpAddress& dst, std::uint16_t dst_port) {
  if (reading_ == nullptr) return nullptr;
  Packet packet;
  packet.key.protocol = protocol;
  packet.key.tunnel = reading_->key.tunnel;
  packet.key.vlan = reading_->key.vlan;
  packet.key.tunnel_id = reading_->key.tunnel_id;
  canonicalise(packet, src, src_port, dst, dst_port);
  return table_.find(packet.key, flow_hash(packet.key));
}

std::uint64_t Worker::on_error(const QuotedPacket& quoted) {
  const Flow* flow = flow_beside(quoted.protocol, IpAddress{quoted.src}, quoted.src_port,
                                 IpAddress{quoted.dst}, quoted.dst_port);
  if (flow == nullptr) return 0;
  if (health_.wanted())
    if (Health& health = health_[table_.index_of(*flow)]; health.tracked()) add_one(health.icmp_errors);
  return flow->conn_id;
}

Dissector* Worker::asked(const std::array<std::uint8_t, 16>& group) {
  if (reading_ == nullptr) return nullptr;
  const FlowKey& key = reading_->key;
  const unsigned client = reading_->client;
  const Flow* flow =
      flow_beside(key.protocol, key.ip[client], key.port[client], IpAddress{group}, key.port[1 - client]);
  return flow == nullptr ? nullptr : Inspector::dissector_like(*reading_, *flow);
}

}  // namespace spanlight
