#pragma once
// An IP address as two numbers, as the wire has it (IPv4 as ::ffff:a.b.c.d), and prefixes of such. Values;
// any thread. Text in, text out: RFC 4291 spellings are read, RFC 5952 is written.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spanlight {

struct Address {
  std::uint64_t high = 0, low = 0;  // big-endian readings of the address's halves

  auto operator<=>(const Address&) const = default;  // NOLINT(modernize-use-nullptr): the compiler's own
  bool is_v4() const { return high == 0 && low >> 32 == 0xffff; }
  bool is_zero() const { return high == 0 && low == 0; }
};

// The addresses whose first `bits` are those of `base`. Bits count from the 128, also for IPv4 (10.0.0.0/8
// has 104), and the rest of `base` is zero.
struct Prefix {
  Address base;
  unsigned bits = 128;

  auto operator<=>(const Prefix&) const = default;
  bool contains(const Address& address) const;
};

Address masked(const Address& address, unsigned bits);

// nullopt: not an address. Scopes ("fe80::1%eth0") are not addresses here: they say nothing elsewhere.
std::optional<Address> parse_address(std::string_view text);
std::string to_text(const Address& address);

// "10.0.0.0/8", "2001:db8::/32", or one address alone. Bits behind the length must be zero, so that a slip is
// told.
std::optional<Prefix> parse_prefix(std::string_view text);
std::string to_text(const Prefix& prefix);

// Spreads addresses (and a port) over 64 bits; not keyed: a cluster's own addresses are not hostile.
inline std::uint64_t hash_of(const Address& address, std::uint16_t port = 0) {
  std::uint64_t h = (address.low ^ (std::uint64_t{port} << 47)) * 0x9e3779b97f4a7c15ULL;
  h ^= h >> 29;
  h = (h ^ address.high) * 0xbf58476d1ce4e5b9ULL;
  return h ^ (h >> 32);
}

struct AddressHash {
  std::size_t operator()(const Address& address) const { return hash_of(address); }
};

}  // namespace spanlight
