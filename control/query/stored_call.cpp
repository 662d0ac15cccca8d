#include "query/stored_call.h"

#include <charconv>

namespace spanlight {
namespace {

constexpr std::size_t kHalf = 16;

std::optional<std::uint64_t> hex_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string CallId::text() const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const std::uint64_t half : {epoch, record_id})
    for (int shift = 60; shift >= 0; shift -= 4) out += kHex[half >> shift & 0xfu];
  return out;
}

std::optional<CallId> CallId::parse(std::string_view text) {
  if (text.size() != 2 * kHalf || text[0] == '-' || text[kHalf] == '-') return std::nullopt;
  const auto epoch = hex_in(text.substr(0, kHalf)), record = hex_in(text.substr(kHalf));
  if (!epoch || !record) return std::nullopt;
  return CallId{*epoch, *record};
}

}  // namespace spanlight
