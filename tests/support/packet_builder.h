#pragma once
// Frames for tests, built from their layers, outermost first:
//   PacketBuilder().eth().vlan(7).ipv4("10.0.0.1", "10.0.0.2").tcp({.src = 1000, .dst =
//   80}).payload("GET").build()
// Lengths, checksums and next-protocol fields come out right by themselves; tests that want them wrong patch
// the bytes (offset_of() says where). Allocates freely: for tests, fuzz seeds and benchmarks only.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace spanlight::test {

using Frame = std::vector<std::uint8_t>;

// What a layer is for the layer around it.
enum class Layer : std::uint8_t {
  payload,
  eth,
  llc,
  vlan,
  mpls,
  pppoe,
  ppp,
  ipv4,
  ipv6,
  extension,
  tcp,
  udp,
  icmp,
  icmpv6,
  sctp,
  gre,
  vxlan,
  geneve,
  erspan,
  gtp,
  teredo,
  other
};

struct Ipv4Fields {
  std::uint16_t id = 1;
  std::uint8_t ttl = 64;
  bool dont_fragment = true;
  Frame options = {};           // padded to 4 bytes by the caller
  bool total_length_0 = false;  // as segmentation offload leaves it
  int protocol = -1;            // -1: that of the inner layer
};

struct Ipv6Fields {
  std::uint8_t hop_limit = 64;
  bool payload_length_0 = false;
  int next_header = -1;
};

struct TcpFields {
  std::uint16_t src = 40'000, dst = 80;
  std::uint32_t seq = 1, ack = 0;
  std::uint8_t flags = 0x10;
  std::uint16_t window = 65'535;
  Frame options = {};  // padded to 4 bytes by the caller
};

struct GreFields {
  bool checksum = false;
  bool has_key = false;
  std::uint32_t key = 0;
  bool has_sequence = false;
  std::uint32_t sequence = 0;
  int type = -1;  // -1: that of the inner layer
};

class PacketBuilder {
 public:
  PacketBuilder& eth(int type = -1);  // -1: that of the inner layer
  PacketBuilder& eth_802_3();         // a length instead of a type; llc_snap() follows
  PacketBuilder& llc_snap();
  PacketBuilder& vlan(std::uint16_t id, std::uint16_t tpid = 0x8100, std::uint8_t priority = 0);
  PacketBuilder& mpls(std::uint32_t label);
  PacketBuilder& pseudo_wire_control_word();
  PacketBuilder& pppoe();
  PacketBuilder& ppp(bool address_and_control = false, bool one_byte_protocol = false);
  PacketBuilder& ipv4(std::string_view src, std::string_view dst, const Ipv4Fields& fields = {});
  PacketBuilder& ipv6(std::string_view src, std::string_view dst, const Ipv6Fields& fields = {});
  // An extension header of 8 × (units + 1) bytes: hop-by-hop 0, routing 43, destination 60, …; AH (51) counts
  // in 4.
  PacketBuilder& extension(std::uint8_t number, std::uint8_t units = 0);
  PacketBuilder& fragment_header(std::uint32_t id, std::uint32_t offset, bool more, int next_header = -1);
  PacketBuilder& tcp(const TcpFields& fields = {});
  PacketBuilder& udp(std::uint16_t src, std::uint16_t dst, bool with_checksum = true);
  PacketBuilder& icmp(std::uint8_t type, std::uint8_t code);  // ICMPv6 inside IPv6; 4 bytes
  PacketBuilder& sctp(std::uint16_t src, std::uint16_t dst);
  PacketBuilder& gre(const GreFields& fields = {});
  PacketBuilder& vxlan(std::uint32_t vni);                              // with its UDP header: port 4789
  PacketBuilder& geneve(std::uint32_t vni, const Frame& options = {});  // with its UDP header: port 6081
  PacketBuilder& erspan_1();                                            // each with its GRE header
  PacketBuilder& erspan_2(std::uint16_t session);
  PacketBuilder& erspan_3(std::uint16_t session, bool subheader = false, std::uint8_t frame_type = 0);
  PacketBuilder& gtp(std::uint32_t tunnel, bool sequence = false,
                     unsigned extension_headers = 0);                       // with UDP: 2152
  PacketBuilder& teredo(bool authentication = false, bool origin = false);  // with UDP: 3544
  PacketBuilder& payload(std::string_view bytes);
  PacketBuilder& payload(std::size_t count, std::uint8_t value = 'x');
  PacketBuilder& raw(const Frame& bytes,
                     Layer as = Layer::payload);  // bytes that are already built, as this layer

  Frame build() const;
  // Where the layer with this index (0 = outermost) starts in the built frame.
  std::size_t offset_of(std::size_t layer) const;
  std::size_t layers() const { return layers_.size(); }

 private:
  struct Inner {
    Layer kind = Layer::payload;
    int number = -1;  // of an extension header, or as `raw` says
    bool is_v6 = false;
  };
  struct Part {
    Layer kind;
    std::uint8_t number = 0;
    // Puts this layer's header before `bytes`, which hold all that is inside.
    std::function<void(Frame& bytes, const Inner& inner)> wrap;
  };
  PacketBuilder& add(Layer kind, std::function<void(Frame&, const Inner&)> wrap, std::uint8_t number = 0);
  Frame build_from(std::size_t first) const;
  std::vector<Part> layers_;
};

// Cuts the IPv4 or IPv6 packet at `ip_offset` of an Ethernet frame into fragments of at most `bytes`
// transport bytes (rounded down to units of 8). IPv6 gets a fragment header behind its fixed header.
std::vector<Frame> fragments_of(const Frame& frame, std::size_t ip_offset, std::size_t bytes,
                                std::uint32_t id = 77);

// Link-layer headers that are not Ethernet, put before an IP packet.
Frame cooked_v1(const Frame& packet, std::uint16_t protocol);
Frame cooked_v2(const Frame& packet, std::uint16_t protocol);
Frame loopback(const Frame& packet, std::uint32_t family, bool big_endian);
Frame nflog(const Frame& packet, std::uint8_t family, bool big_endian = false);

}  // namespace spanlight::test
