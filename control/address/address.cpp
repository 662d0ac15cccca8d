#include "address/address.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace spanlight {
namespace {

constexpr unsigned kBits = 128, kHalf = 64, kMappedBits = 96;
constexpr std::uint64_t kMapped = std::uint64_t{0xffff} << 32;

std::uint64_t read_half(const unsigned char* bytes) {
  std::uint64_t half = 0;
  for (unsigned i = 0; i < 8; ++i) half = half << 8 | bytes[i];
  return half;
}

void write_half(std::uint64_t half, unsigned char* bytes) {
  for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(half >> (56 - 8 * i));
}

std::uint64_t mask_of(unsigned bits) {
  return bits == 0 ? 0 : ~std::uint64_t{0} << (kHalf - bits);
}

}  // namespace

Address masked(const Address& address, unsigned bits) {
  if (bits >= kBits) return address;
  if (bits >= kHalf) return {address.high, address.low & mask_of(bits - kHalf)};
  return {address.high & mask_of(bits), 0};
}

bool Prefix::contains(const Address& address) const {
  return masked(address, bits) == base;
}

std::optional<Address> parse_address(std::string_view text) {
  char zero_ended[INET6_ADDRSTRLEN + 1];
  if (text.empty() || text.size() >= sizeof(zero_ended) || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::memcpy(zero_ended, text.data(), text.size());
  zero_ended[text.size()] = '\0';
  unsigned char bytes[16];
  if (text.find(':') == std::string_view::npos) {
    if (inet_pton(AF_INET, zero_ended, bytes) != 1) return std::nullopt;
    std::uint64_t v4 = 0;
    for (unsigned i = 0; i < 4; ++i) v4 = v4 << 8 | bytes[i];
    return Address{0, kMapped | v4};
  }
  if (inet_pton(AF_INET6, zero_ended, bytes) != 1) return std::nullopt;
  return Address{read_half(bytes), read_half(bytes + 8)};
}

std::string to_text(const Address& address) {
  char text[INET6_ADDRSTRLEN];
  unsigned char bytes[16];
  write_half(address.high, bytes);
  write_half(address.low, bytes + 8);
  const char* done = address.is_v4() ? inet_ntop(AF_INET, bytes + 12, text, sizeof(text))
                                     : inet_ntop(AF_INET6, bytes, text, sizeof(text));
  return done == nullptr ? std::string() : done;
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<Address> base = parse_address(text.substr(0, slash));
  if (!base) return std::nullopt;
  if (slash == std::string_view::npos) return Prefix{*base, kBits};
  const std::string_view length = text.substr(slash + 1);
  // Only dotted text counts from 32: "::ffff:10.0.0.0/104" has said its 96 bits itself.
  const bool dotted = text.find(':') == std::string_view::npos;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (length.empty() || error != std::errc{} || end != length.data() + length.size()) return std::nullopt;
  if (bits > (dotted ? kBits - kMappedBits : kBits)) return std::nullopt;
  if (dotted) bits += kMappedBits;
  if (masked(*base, bits) != *base) return std::nullopt;
  return Prefix{*base, bits};
}

std::string to_text(const Prefix& prefix) {
  const bool v4 = prefix.base.is_v4() && prefix.bits >= kMappedBits;
  return to_text(prefix.base) + "/" + std::to_string(v4 ? prefix.bits - kMappedBits : prefix.bits);
}

}  // namespace spanlight
