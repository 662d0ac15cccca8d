#include "icmp/parse.h"

#include <algorithm>
#include <cstring>

namespace spanlight::icmp {
namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17, kSctp = 132;

struct TypeRow {
  std::uint8_t type;
  Kind kind;
  std::uint8_t asked;  // of an answer
  std::string_view name, sentence;
};

constexpr TypeRow kV4[] = {
    {0, Kind::answer, 8, "echo_reply", "Echo reply"},
    {3, Kind::error, 0, "destination_unreachable", "Destination unreachable"},
    {4, Kind::error, 0, "source_quench", "Source quench"},
    {5, Kind::error, 0, "redirect", "Redirect"},
    {8, Kind::request, 0, "echo", "Echo"},
    {9, Kind::notice, 0, "router_advertisement", "Router advertisement"},
    {10, Kind::notice, 0, "router_solicitation", "Router solicitation"},
    {11, Kind::error, 0, "time_exceeded", "Time exceeded"},
    {12, Kind::error, 0, "parameter_problem", "Parameter problem"},
    {13, Kind::request, 0, "timestamp", "Timestamp"},
    {14, Kind::answer, 13, "timestamp_reply", "Timestamp reply"},
    {15, Kind::request, 0, "information", "Information"},
    {16, Kind::answer, 15, "information_reply", "Information reply"},
    {17, Kind::request, 0, "address_mask", "Address mask"},
    {18, Kind::answer, 17, "address_mask_reply", "Address mask reply"},
};

constexpr TypeRow kV6[] = {
    {1, Kind::error, 0, "destination_unreachable", "Destination unreachable"},
    {2, Kind::error, 0, "packet_too_big", "Packet too big"},
    {3, Kind::error, 0, "time_exceeded", "Time exceeded"},
    {4, Kind::error, 0, "parameter_problem", "Parameter problem"},
    {128, Kind::request, 0, "echo", "Echo"},
    {129, Kind::answer, 128, "echo_reply", "Echo reply"},
    {130, Kind::notice, 0, "multicast_listener_query", "Multicast listener query"},
    {131, Kind::notice, 0, "multicast_listener_report", "Multicast listener report"},
    {132, Kind::notice, 0, "multicast_listener_done", "Multicast listener done"},
    {133, Kind::notice, 0, "router_solicitation", "Router solicitation"},
    {134, Kind::notice, 0, "router_advertisement", "Router advertisement"},
    {135, Kind::notice, 0, "neighbor_solicitation", "Neighbor solicitation"},
    {136, Kind::notice, 0, "neighbor_advertisement", "Neighbor advertisement"},
    {137, Kind::notice, 0, "redirect", "Redirect"},
    {143, Kind::notice, 0, "multicast_listener_report_v2", "Multicast listener report"},
};

constexpr TypeRow kOther{0, Kind::notice, 0, "other", "ICMP message"};

const TypeRow& row_of(std::uint8_t type, bool v6) {
  const std::span<const TypeRow> rows = v6 ? std::span<const TypeRow>(kV6) : std::span<const TypeRow>(kV4);
  const auto found =
      std::find_if(rows.begin(), rows.end(), [type](const TypeRow& r) { return r.type == type; });
  return found == rows.end() ? kOther : *found;
}

struct CodeRow {
  std::uint8_t type, code;
  std::string_view sentence;
};
constexpr CodeRow kV4Codes[] = {
    {3, 0, "Destination unreachable: network"},
    {3, 1, "Destination unreachable: host"},
    {3, 2, "Destination unreachable: protocol"},
    {3, 3, "Destination unreachable: port"},
    {3, 4, "Destination unreachable: fragmentation needed"},
    {3, 5, "Destination unreachable: source route failed"},
    {3, 6, "Destination unreachable: network unknown"},
    {3, 7, "Destination unreachable: host unknown"},
    {3, 9, "Destination unreachable: network prohibited"},
    {3, 10, "Destination unreachable: host prohibited"},
    {3, 13, "Destination unreachable: administratively prohibited"},
    {11, 0, "Time exceeded: in transit"},
    {11, 1, "Time exceeded: reassembly"},
};
constexpr CodeRow kV6Codes[] = {
    {1, 0, "Destination unreachable: no route"},
    {1, 1, "Destination unreachable: administratively prohibited"},
    {1, 2, "Destination unreachable: beyond scope"},
    {1, 3, "Destination unreachable: address"},
    {1, 4, "Destination unreachable: port"},
    {1, 5, "Destination unreachable: source address failed policy"},
    {1, 6, "Destination unreachable: route rejected"},
    {3, 0, "Time exceeded: in transit"},
    {3, 1, "Time exceeded: reassembly"},
};

void copy_v4(Bytes from, std::array<std::uint8_t, 16>& to) {
  to = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::copy(from.begin(), from.end(), to.begin() + 12);
}

// The first four bytes of TCP, UDP and SCTP alike; a quote may end before them.
void read_ports(Reader& r, QuotedPacket& quoted) {
  const std::uint8_t protocol = quoted.protocol;
  if ((protocol != kTcp && protocol != kUdp && protocol != kSctp) || r.left() < 4) return;
  quoted.src_port = r.be<std::uint16_t>();
  quoted.dst_port = r.be<std::uint16_t>();
  quoted.has_ports = true;
}

// RFC 791, 3.1: version and length | TOS | total length | id | flags and offset | TTL | protocol | checksum |
// source | destination | options.
bool read_quoted_v4(Reader& r, QuotedPacket& quoted) {
  const std::uint8_t first = r.u8();
  const std::size_t header_bytes = std::size_t{first & 0xfU} * 4;
  r.require(first >> 4 == 4 && header_bytes >= 20, Fault::bad_value);
  r.skip(5);
  const std::uint16_t fragment = r.be<std::uint16_t>();
  r.skip(1);
  quoted.protocol = r.u8();
  r.skip(2);
  const Bytes src = r.take(4), dst = r.take(4);
  if (!r.ok()) return false;
  copy_v4(src, quoted.src);
  copy_v4(dst, quoted.dst);
  r.skip(header_bytes - 20);
  if (r.ok() && (fragment & 0x1fff) == 0) read_ports(r, quoted);
  return true;
}

// RFC 8200, section 3 and 4: version, class, label | payload length | next header | hop limit | source |
// destination | extension headers.
bool read_quoted_v6(Reader& r, QuotedPacket& quoted) {
  constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;
  constexpr unsigned kExtensionsMax = 8;
  r.require(r.u8() >> 4 == 6, Fault::bad_value);
  r.skip(5);
  quoted.protocol = r.u8();
  r.skip(1);
  const Bytes src = r.take(16), dst = r.take(16);
  if (!r.ok()) return false;
  std::copy(src.begin(), src.end(), quoted.src.begin());
  std::copy(dst.begin(), dst.end(), quoted.dst.begin());
  for (unsigned n = 0; n < kExtensionsMax; ++n) {
    const std::uint8_t at = quoted.protocol;
    if (at != kHopByHop && at != kRouting && at != kFragment && at != kDestination) {
      read_ports(r, quoted);
      return true;
    }
    const std::uint8_t next = r.u8();
    const std::uint8_t units = r.u8();
    if (at == kFragment) {
      const std::uint16_t fragment = r.be<std::uint16_t>();
      r.skip(4);
      if (r.ok() && fragment >> 3 != 0) {
        quoted.protocol = next;
        return true;  // not its first fragment: no ports
      }
    } else {
      r.skip(6 + std::size_t{8} * units);
    }
    if (!r.ok()) return true;
    quoted.protocol = next;
  }
  return true;
}

}  // namespace

// type | code | checksum | four bytes that depend on the type | the rest.
IcmpMessage parse(Bytes message, bool v6) {
  Reader r{message};
  IcmpMessage m;
  m.type = r.u8();
  m.code = r.u8();
  r.skip(2);
  m.fault = r.fault();
  if (!r.ok()) return m;
  const TypeRow& row = row_of(m.type, v6);
  m.kind = row.kind;
  m.asked = row.asked;
  if (m.kind == Kind::request || m.kind == Kind::answer) {
    m.id = r.be<std::uint16_t>();
    m.seq = r.be<std::uint16_t>();
    m.has_id = r.ok();
    if (!m.has_id) m.kind = Kind::notice;  // too short to be paired
    return m;
  }
  if (m.kind != Kind::error) return m;
  constexpr std::uint8_t kV4Unreachable = 3, kV4TooBig = 4, kV6TooBig = 2;
  const std::uint32_t word = r.be<std::uint32_t>();
  if (v6 && m.type == kV6TooBig) m.mtu = word;
  if (!v6 && m.type == kV4Unreachable && m.code == kV4TooBig) m.mtu = word & 0xffff;
  m.has_quoted = r.ok() && (v6 ? read_quoted_v6(r, m.quoted) : read_quoted_v4(r, m.quoted));
  return m;
}

std::string_view name_of(const IcmpMessage& message, bool v6) {
  return row_of(message.type, v6).name;
}

std::string_view sentence_of(const IcmpMessage& message, bool v6) {
  const std::span<const CodeRow> rows =
      v6 ? std::span<const CodeRow>(kV6Codes) : std::span<const CodeRow>(kV4Codes);
  for (const CodeRow& row : rows)
    if (row.type == message.type && row.code == message.code) return row.sentence;
  return row_of(message.type, v6).sentence;
}

}  // namespace spanlight::icmp
