#include "serve/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace spanlight::serve {
namespace {

constexpr std::array<std::uint8_t, 12> kV4Prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Ip> Ip::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> zero_ended{};
  if (text.size() >= zero_ended.size()) return std::nullopt;
  std::copy(text.begin(), text.end(), zero_ended.begin());
  Ip ip;
  if (inet_pton(AF_INET6, zero_ended.data(), ip.bytes.data()) == 1) return ip;
  std::copy(kV4Prefix.begin(), kV4Prefix.end(), ip.bytes.begin());
  if (inet_pton(AF_INET, zero_ended.data(), ip.bytes.data() + kV4Prefix.size()) == 1) return ip;
  return std::nullopt;
}

std::string Ip::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (is_v4())
    inet_ntop(AF_INET, bytes.data() + kV4Prefix.size(), out.data(), out.size());
  else
    inet_ntop(AF_INET6, bytes.data(), out.data(), out.size());
  return out.data();
}

bool Ip::is_v4() const {
  return std::equal(kV4Prefix.begin(), kV4Prefix.end(), bytes.begin());
}

bool Ip::is_loopback() const {
  if (is_v4()) return bytes[kV4Prefix.size()] == 127;
  Ip one;
  one.bytes.back() = 1;
  return *this == one;
}

std::optional<Network> Network::parse(std::string_view cidr) {
  const std::size_t slash = cidr.find('/');
  const std::optional<Ip> base = Ip::parse(cidr.substr(0, slash));
  if (!base) return std::nullopt;
  const unsigned added = base->is_v4() ? 96 : 0;
  unsigned prefix = 128 - added;
  if (slash != cidr.npos) {
    const std::optional<unsigned> said = whole_number<unsigned>(cidr.substr(slash + 1));
    if (!said || *said > prefix) return std::nullopt;
    prefix = *said;
  }
  return Network{*base, prefix + added};
}

bool Network::holds(const Ip& ip) const {
  const unsigned whole = prefix / 8;
  if (std::memcmp(base.bytes.data(), ip.bytes.data(), whole) != 0) return false;
  const unsigned rest = prefix % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00u >> rest);
  return ((base.bytes[whole] ^ ip.bytes[whole]) & mask) == 0;
}

std::optional<Listen> parse_listen(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::optional<std::uint16_t> port = whole_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) return std::nullopt;
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == host.npos) return std::nullopt;
  } else if (host.find(':') != host.npos) {
    return std::nullopt;  // an IPv6 address without brackets
  }
  const std::optional<Ip> address = Ip::parse(host == "localhost" ? "127.0.0.1" : host);
  if (!address) return std::nullopt;
  return Listen{std::string(host), *address, *port};
}

}  // namespace spanlight::serve
