#pragma once
// Addresses and networks as the access rules see them. Pure; any thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spanlight::serve {

// IPv6, or IPv4 as ::ffff:a.b.c.d; network byte order.
struct Ip {
  std::array<std::uint8_t, 16> bytes{};

  static std::optional<Ip> parse(std::string_view text);  // without brackets, scope or port
  std::string text() const;
  bool is_v4() const;
  bool is_loopback() const;
  bool operator==(const Ip&) const = default;
};

struct Network {
  Ip base;
  unsigned prefix = 128;  // of 128 bits; 96 are added to IPv4's

  static std::optional<Network> parse(std::string_view cidr);  // "10.0.0.0/8", "fd00::/8", a single address
  bool holds(const Ip& ip) const;
};

struct Listen {
  std::string host;  // as written, without brackets
  Ip address;
  std::uint16_t port = 0;
};
// "127.0.0.1:8899", "[::1]:8899", "localhost:0"; a name other than localhost is refused: nothing is looked
// up.
std::optional<Listen> parse_listen(std::string_view text);

}  // namespace spanlight::serve
