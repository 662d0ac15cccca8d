#include "conn/conn.h"

#include <algorithm>
#include <array>

#include "core/listed.h"

namespace spanlight::conn {
namespace {

using Type = FieldType;

// Where only the server was seen the fields stand in the response: hence both sides.
constexpr FieldSpec both(std::string_view name, FieldType type, std::string_view meaning) {
  return {name, type, true, true, meaning};
}

// What a connection and a flow have in common, in this order in both catalogs.
constexpr std::array kShared = {
    both("state", Type::text,
         "open: it lasts; closed: its end was seen; in_progress: the sensor's view ended before it"),
    both("zeek_state", Type::text, "What of opening and closing was seen, as Zeek's conn_state names it"),
    both("ended_by", Type::text, "fin, reset, idle, evicted, capture_ended or shed; absent while it lasts"),
    both("local_pkts", Type::integer, "Packets from the client"),
    both("local_bytes", Type::integer, "Payload bytes from the client, as sent: repeated ones count again"),
    both("remote_pkts", Type::integer, "Packets from the server"),
    both("remote_bytes", Type::integer, "Payload bytes from the server, as sent: repeated ones count again"),
    both("duration", Type::integer, "Microseconds from the first packet to the last"),
    both("first_byte_time", Type::integer,
         "Microseconds from the client's first payload byte to the server's first one"),
    both("l7_detected", Type::list, "Protocols that were found on it"),
    both("calls", Type::integer, "Records of calls and messages on it"),
    both("call_errors", Type::integer, "Of these, calls that are errors"),
    both("icmp_errors", Type::integer, "ICMP errors that quoted one of its packets"),
    both("encrypted", Type::boolean, "It begins with a TLS or SSH handshake"),
};

constexpr std::array kTcpOnly = {
    both("handshake_time", Type::integer, "Microseconds from SYN to the acknowledgement of the SYN-ACK"),
    both("rtt_min", Type::integer, "Least round trip between both ends in microseconds"),
    both("rtt_avg", Type::integer, "Mean round trip between both ends in microseconds"),
    both("rtt_p95", Type::integer, "95 % of round trips were shorter, in microseconds, estimated"),
    both("rtt_samples", Type::integer, "Round trips that were measured"),
    both("local_rtt_min", Type::integer, "The part of it between sensor and client, least, in microseconds"),
    both("remote_rtt_min", Type::integer, "The part of it between sensor and server, least, in microseconds"),
    both("local_retransmissions", Type::integer, "Segments that the client sent again"),
    both("remote_retransmissions", Type::integer, "Segments that the server sent again"),
    both("local_out_of_order", Type::integer, "Segments of the client that came behind later ones"),
    both("remote_out_of_order", Type::integer, "Segments of the server that came behind later ones"),
    both("local_zero_windows", Type::integer, "Times that the client offered no window: it did not read"),
    both("remote_zero_windows", Type::integer, "Times that the server offered no window: it did not read"),
    both("local_resets", Type::integer, "RSTs from the client"),
    both("remote_resets", Type::integer, "RSTs from the server"),
    both("local_missing_bytes", Type::integer, "Bytes of the client's stream that the sensor did not see"),
    both("remote_missing_bytes", Type::integer, "Bytes of the server's stream that the sensor did not see"),
};

constexpr std::array kUdpOnly = {
    both("local_pps", Type::integer, "Packets a second from the client, over the flow's life"),
    both("local_bps", Type::integer, "Payload bytes a second from the client, over the flow's life"),
    both("remote_pps", Type::integer, "Packets a second from the server, over the flow's life"),
    both("remote_bps", Type::integer, "Payload bytes a second from the server, over the flow's life"),
};

template <std::size_t kA, std::size_t kB>
constexpr std::array<FieldSpec, kA + kB> joined(const std::array<FieldSpec, kA>& a,
                                                const std::array<FieldSpec, kB>& b) {
  std::array<FieldSpec, kA + kB> all{};
  std::copy(a.begin(), a.end(), all.begin());
  std::copy(b.begin(), b.end(), all.begin() + kA);
  return all;
}
constexpr auto kConnFields = joined(kShared, kTcpOnly);
constexpr auto kFlowFields = joined(kShared, kUdpOnly);

class Fields {
 public:
  void text(std::string_view name, std::string_view value) { list_.add({.name = name, .text = value}); }
  void number(std::string_view name, std::uint64_t value) {
    list_.add({.name = name, .kind = Field::Kind::integer, .integer = static_cast<std::int64_t>(value)});
  }
  // Absent where it is not known, rather than 0.
  void known(std::string_view name, std::uint64_t value) {
    if (value != 0) number(name, value);
  }
  void list(std::string_view name, std::span<const std::string_view> values) {
    if (!values.empty()) list_.add({.name = name, .kind = Field::Kind::list, .list = values});
  }
  void flag(std::string_view name, bool value) {
    if (value) list_.add({.name = name, .kind = Field::Kind::boolean, .integer = 1});
  }
  std::span<const Field> all() const { return list_.all(); }

 private:
  Listed<Field, std::max(kConnFields.size(), kFlowFields.size())> list_;
};

std::string_view name_of(End end) {
  constexpr std::array<std::string_view, 6> kNames = {"fin",     "reset",         "idle",
                                                      "evicted", "capture_ended", "shed"};
  return kNames[static_cast<std::size_t>(end)];
}

// Whether the two ends were done with it, or only the sensor.
bool saw_its_end(End end) {
  return end == End::fin || end == End::reset || end == End::idle;
}

std::string_view kfl_state(const Summary& s) {
  if (!s.over) return "open";
  return saw_its_end(s.ended_by) ? "closed" : "in_progress";
}

struct Meaning {
  std::string_view state, sentence;
};
constexpr Meaning kMeanings[] = {
    {"S0", "Attempt without an answer"},
    {"S1", "Established, end not seen"},
    {"SF", "Established and closed in order"},
    {"REJ", "Attempt refused"},
    {"S2", "Established, closed by the client alone"},
    {"S3", "Established, closed by the server alone"},
    {"RSTO", "Established, reset by the client"},
    {"RSTR", "Established, reset by the server"},
    {"RSTOS0", "Attempt given up with a reset by the client"},
    {"RSTRH", "Accepted and then reset by the server, its attempt not seen"},
    {"SH", "Attempt and end of the client, no answer"},
    {"SHR", "Answer and end of the server, its attempt not seen"},
    {"OTH", "Joined midstream"},
};
constexpr Meaning kUdpMeanings[] = {
    {"S0", "Datagrams from the client alone"},
    {"SF", "Datagrams both ways"},
    {"SHR", "Datagrams from the server alone"},
};

std::string_view sentence_of(std::span<const Meaning> meanings, std::string_view state) {
  for (const Meaning& meaning : meanings)
    if (meaning.state == state) return meaning.sentence;
  return {};
}

Reason reason_of(const Summary& s) {
  return s.over ? spanlight::reason_of(s.ended_by) : Reason::unanswered;
}

void add_tcp(Fields& fields, const Summary& s) {
  const EndSummary &local = s.end[0], &remote = s.end[1];
  fields.known("handshake_time", s.handshake_us);
  if (s.rtt.samples > 0) {
    fields.number("rtt_min", s.rtt.min_us);
    fields.number("rtt_avg", s.rtt.avg_us);
    fields.number("rtt_p95", s.rtt.p95_us);
    fields.number("rtt_samples", s.rtt.samples);
  }
  fields.known("local_rtt_min", local.rtt_min_us);
  fields.known("remote_rtt_min", remote.rtt_min_us);
  fields.number("local_retransmissions", local.retransmissions);
  fields.number("remote_retransmissions", remote.retransmissions);
  fields.number("local_out_of_order", local.out_of_order);
  fields.number("remote_out_of_order", remote.out_of_order);
  fields.number("local_zero_windows", local.zero_windows);
  fields.number("remote_zero_windows", remote.zero_windows);
  fields.number("local_resets", local.resets);
  fields.number("remote_resets", remote.resets);
  fields.number("local_missing_bytes", local.missing_bytes);
  fields.number("remote_missing_bytes", remote.missing_bytes);
}

// A flow of one moment has no rate.
void add_udp(Fields& fields, const Summary& s) {
  const DurationNs lasted = s.last_seen - s.first_seen;
  if (lasted < kMillisecondNs) return;
  const auto rate = [lasted](std::uint64_t count) {
    return static_cast<std::uint64_t>(static_cast<double>(count) * 1e9 / static_cast<double>(lasted));
  };
  fields.number("local_pps", rate(s.end[0].packets));
  fields.number("local_bps", rate(s.end[0].bytes));
  fields.number("remote_pps", rate(s.end[1].packets));
  fields.number("remote_bps", rate(s.end[1].bytes));
}

void add_shared(Fields& fields, const Summary& s, std::string_view zeek) {
  fields.text("state", kfl_state(s));
  fields.text("zeek_state", zeek);
  if (s.over) fields.text("ended_by", name_of(s.ended_by));
  fields.number("local_pkts", s.end[0].packets);
  fields.number("local_bytes", s.end[0].bytes);
  fields.number("remote_pkts", s.end[1].packets);
  fields.number("remote_bytes", s.end[1].bytes);
  fields.number("duration", (s.last_seen - s.first_seen) / kMicrosecondNs);
  fields.known("first_byte_time", s.first_byte_us);
  fields.list("l7_detected", s.protocols);
  fields.number("calls", s.calls);
  fields.known("call_errors", s.errors);
  fields.known("icmp_errors", s.icmp_errors);
  fields.flag("encrypted", s.encrypted);
}

Message message_of(const EndSummary& end, TimeNs first, TimeNs last) {
  Message message;
  message.present = end.packets > 0;
  message.first_byte = first;
  message.last_byte = last;
  message.size = end.bytes;
  return message;
}

std::string_view udp_state(const Summary& s) {
  if (s.end[0].packets > 0) return s.end[1].packets > 0 ? "SF" : "S0";
  return s.end[1].packets > 0 ? "SHR" : "OTH";
}

}  // namespace

std::string_view zeek_state(const Summary& s) {
  if (!s.tcp) return udp_state(s);
  const EndSummary &origin = s.end[0], &responder = s.end[1];
  const bool client_reset = origin.resets > 0, server_reset = responder.resets > 0;
  if (!origin.syn) {
    if (responder.syn_ack && server_reset) return "RSTRH";
    if (responder.syn_ack && responder.fin) return "SHR";
    return "OTH";
  }
  if (!responder.syn_ack) {
    if (server_reset) return "REJ";
    if (client_reset) return "RSTOS0";
    return origin.fin ? "SH" : "S0";
  }
  // Both have closed: a RST behind that is how some stacks let go of a socket.
  if (origin.fin && responder.fin) return "SF";
  if (client_reset) return "RSTO";
  if (server_reset) return "RSTR";
  if (origin.fin) return "S2";
  return responder.fin ? "S3" : "S1";
}

void emit(const Summary& s, Sink& sink) {
  const std::string_view zeek = zeek_state(s);
  Transaction out;
  out.protocol = s.tcp ? &kConnDescriptor : &kFlowDescriptor;
  out.request = message_of(s.end[0], s.client_seen, s.last_seen);
  out.response = message_of(s.end[1], s.server_seen, s.last_seen);
  const bool asked = out.request.present, answered = out.response.present;
  out.state = asked && answered ? State::complete : asked ? State::no_response : State::no_request;
  out.reason = out.state == State::complete ? Reason::none : reason_of(s);
  out.flags = kFlagConnection;
  if (s.end[0].missing_bytes + s.end[1].missing_bytes > 0) out.flags |= kFlagGap;
  out.summary = s.tcp ? sentence_of(kMeanings, zeek) : sentence_of(kUdpMeanings, zeek);
  if (zeek == "REJ") {
    out.error = "connection refused";
  } else if (s.tcp && zeek == "S0" && s.over && s.ended_by == End::idle) {
    out.error = "no answer to the connection attempt";
  }
  out.is_error = !out.error.empty();

  Fields fields;
  add_shared(fields, s, zeek);
  if (s.tcp)
    add_tcp(fields, s);
  else
    add_udp(fields, s);
  (asked ? out.request : out.response).fields = fields.all();
  sink.emit(out);
}

const Descriptor kConnDescriptor{
    .name = "conn",
    .title = "TCP connection",
    .transport = Transport::tcp,
    .fields = kConnFields,
};

const Descriptor kFlowDescriptor{
    .name = "flow",
    .title = "UDP flow",
    .transport = Transport::udp,
    .fields = kFlowFields,
};

}  // namespace spanlight::conn
