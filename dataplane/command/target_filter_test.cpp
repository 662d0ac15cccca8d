#include "command/target_filter.h"

#include <gtest/gtest.h>

#include "support/packet_builder.h"

namespace spanlight {
namespace {

using test::Frame;
using test::PacketBuilder;

constexpr LinkType kAllLinks[] = {LinkType::ethernet, LinkType::linux_cooked_v1, LinkType::linux_cooked_v2,
                                  LinkType::raw_ip,   LinkType::null_loopback,   LinkType::ppp};

std::unique_ptr<const TargetFilter> made(const std::string& expression,
                                         std::span<const LinkType> links = kAllLinks) {
  auto result = TargetFilter::compile(expression, links);
  if (auto* fault = std::get_if<std::string>(&result)) ADD_FAILURE() << *fault;
  if (result.index() != 0) return nullptr;
  return std::move(std::get<0>(result));
}

std::string fault(const std::string& expression, std::vector<LinkType> links = {LinkType::ethernet}) {
  auto result = TargetFilter::compile(expression, links);
  return result.index() == 1 ? std::get<1>(result) : "";
}

bool matches(const TargetFilter& filter, LinkType link, const Frame& frame) {
  return filter.matches(link, frame, static_cast<std::uint32_t>(frame.size()));
}

Frame ip_packet(const char* src = "10.0.0.1", std::uint16_t port = 80) {
  return PacketBuilder().ipv4(src, "10.0.0.2").tcp({.dst = port}).payload("GET").build();
}

Frame behind_ethernet(const Frame& ip) {
  return PacketBuilder().eth(0x0800).raw(ip, test::Layer::ipv4).build();
}

// One expression, each link type by its own program.
TEST(TargetFilter, SuitsEachLinkType) {
  const auto filter = made("host 10.0.0.1 and tcp port 80");
  ASSERT_NE(filter, nullptr);
  for (const bool wanted : {true, false}) {
    const Frame ip = wanted ? ip_packet() : ip_packet("10.0.0.9");
    EXPECT_EQ(matches(*filter, LinkType::ethernet, behind_ethernet(ip)), wanted);
    EXPECT_EQ(matches(*filter, LinkType::linux_cooked_v1, test::cooked_v1(ip, 0x0800)), wanted);
    EXPECT_EQ(matches(*filter, LinkType::linux_cooked_v2, test::cooked_v2(ip, 0x0800)), wanted);
    EXPECT_EQ(matches(*filter, LinkType::raw_ip, ip), wanted);
    EXPECT_EQ(matches(*filter, LinkType::null_loopback, test::loopback(ip, 2, true)), wanted);
    EXPECT_EQ(matches(*filter, LinkType::null_loopback, test::loopback(ip, 2, false)), wanted);
    EXPECT_EQ(matches(*filter, LinkType::ppp, PacketBuilder().ppp(true).raw(ip, test::Layer::ipv4).build()),
              wanted);
  }
  const Frame other_port = ip_packet("10.0.0.1", 81);
  EXPECT_FALSE(matches(*filter, LinkType::ethernet, behind_ethernet(other_port)));
  // The program of one link type, given another's frame, reads nonsense and must not match by it.
  EXPECT_FALSE(matches(*filter, LinkType::ethernet, ip_packet()));
}

TEST(TargetFilter, SeesTagsAndTunnelsAsTheyAreOnTheWire) {
  const Frame tagged = PacketBuilder().eth().vlan(7).ipv4("10.0.0.1", "10.0.0.2").tcp().build();
  const Frame tunnelled = PacketBuilder()
                              .eth()
                              .ipv4("192.168.0.1", "192.168.0.2")
                              .vxlan(5)
                              .eth()
                              .ipv4("10.0.0.1", "10.0.0.2")
                              .tcp()
                              .build();
  const std::vector<LinkType> ethernet = {LinkType::ethernet};
  EXPECT_TRUE(matches(*made("vlan 7 and host 10.0.0.1", ethernet), LinkType::ethernet, tagged));
  EXPECT_FALSE(matches(*made("vlan 8", ethernet), LinkType::ethernet, tagged));
  EXPECT_TRUE(matches(*made("host 192.168.0.1"), LinkType::ethernet, tunnelled));
  EXPECT_FALSE(matches(*made("host 10.0.0.1"), LinkType::ethernet, tunnelled));
}

TEST(TargetFilter, JudgesByTheLengthOnTheWireAndTheBytesThereAre) {
  const auto larger = made("greater 1000");
  const Frame frame = behind_ethernet(ip_packet());
  EXPECT_TRUE(larger->matches(LinkType::ethernet, frame, 1'500));
  EXPECT_FALSE(larger->matches(LinkType::ethernet, frame, 100));
  const auto port = made("tcp port 80");
  for (std::size_t n = 0; n <= frame.size(); ++n)
    EXPECT_EQ(port->matches(LinkType::ethernet, Bytes(frame).first(n), 1'500), n >= 14 + 20 + 4) << n;
  for (std::size_t n = 0; n < 4; ++n)
    EXPECT_FALSE(made("ip")->matches(LinkType::null_loopback, Bytes(frame).first(n), 1'500));
}

TEST(TargetFilter, RefusesInLibpcapsWords) {
  EXPECT_NE(fault("tcp prt 80").find("syntax error"), std::string::npos) << fault("tcp prt 80");
  EXPECT_NE(fault("vlan 5000").find("5000"), std::string::npos) << fault("vlan 5000");
  EXPECT_NE(fault("net 10.0.0.0/99").find("mask length"), std::string::npos) << fault("net 10.0.0.0/99");
  // Where a port's link type gives the expression no meaning.
  EXPECT_EQ(fault("vlan 7"), "");
  EXPECT_NE(fault("vlan 7", {LinkType::ethernet, LinkType::raw_ip}).find("VLAN"), std::string::npos);
  EXPECT_NE(fault("tcp", {LinkType::nflog}).find("NFLOG"), std::string::npos);
  EXPECT_FALSE(
      matches(*made("vlan 7", std::vector<LinkType>{LinkType::ethernet}), LinkType::raw_ip, ip_packet()));
}

TEST(TargetFilter, HasBounds) {
  EXPECT_NE(fault(std::string(TargetFilter::kTextBytesMax + 1, ' ')).find("are the most"), std::string::npos);
  EXPECT_NE(fault(std::string("tcp\0udp", 7)).find("zero byte"), std::string::npos);
  EXPECT_NE(fault(" \t ").find("blank"), std::string::npos);
  // As many hosts as the bounds let in, and more.
  const auto hosts = [](int n) {
    std::string text = "host 10.0.0.1";
    for (int i = 2; i <= n; ++i) text += "||host 10." + std::to_string(i) + ".1.1";
    return text;
  };
  std::string ports = "port 1";
  for (int i = 2; i <= 250; ++i) ports += "||" + std::to_string(i);
  EXPECT_NE(fault(ports).find("instructions"), std::string::npos) << fault(ports);
  const std::string many = hosts(80);
  const auto filter = made(many);
  ASSERT_NE(filter, nullptr);
  EXPECT_TRUE(matches(*filter, LinkType::ethernet, behind_ethernet(ip_packet())));
  EXPECT_FALSE(
      matches(*filter, LinkType::ethernet, PacketBuilder().eth().ipv4("9.9.9.9", "9.9.9.8").tcp().build()));
}

}  // namespace
}  // namespace spanlight
