#include "record/names.h"

#include <array>
#include <charconv>
#include <cstring>

namespace spanlight {
namespace {

template <typename Enum, std::size_t kCount>
std::string_view name_in(const std::array<std::string_view, kCount>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < kCount ? names[index] : "unknown";
}

template <typename Enum>
constexpr std::size_t kCountOf = static_cast<std::size_t>(Enum::MAX) + 1;

// Their sizes are the schema's: a value that is appended there does not compile until it has its name here.
constexpr std::array<std::string_view, kCountOf<wire::State>> kStates = {"complete", "no_response",
                                                                         "no_request", "one_way"};
constexpr std::array<std::string_view, kCountOf<wire::Reason>> kReasons = {
    "none",           "unanswered",    "reset",   "closed",    "lost_in_mirror",
    "lost_in_sensor", "capture_ended", "evicted", "malformed", "unsolicited"};
constexpr std::array<std::string_view, kCountOf<wire::Transport>> kTransports = {"tcp", "udp", "icmp",
                                                                                 "sctp"};
constexpr std::array<std::string_view, kCountOf<wire::Tunnel>> kTunnels = {
    "none", "vxlan", "geneve", "gre", "erspan", "ipip", "teredo", "gtp"};
constexpr std::array<std::string_view, kFlagCount> kFlagNames = {
    "gap",       "truncated_headers", "truncated_body", "withheld_body", "redacted",  "malformed",
    "midstream", "uncertain",         "shed_body",      "packets",       "connection"};
static_assert(!kStates.back().empty() && !kReasons.back().empty() && !kTransports.back().empty() &&
              !kTunnels.back().empty() && !kFlagNames.back().empty());
static_assert(static_cast<std::uint32_t>(wire::Flag::ANY) == (1u << kFlagCount) - 1);

char* write_ipv4(char* out, std::uint32_t address) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out = std::to_chars(out, out + 3, address >> shift & 0xffu).ptr;
    if (shift > 0) *out++ = '.';
  }
  return out;
}

// RFC 5952: no leading zeros, lower case, the longest run of at least two zero groups is "::", the first of
// equals.
char* write_ipv6(char* out, const std::array<std::uint16_t, 8>& groups) {
  int best = -1, best_length = 1;
  for (int i = 0; i < 8;) {
    int end = i;
    while (end < 8 && groups[static_cast<std::size_t>(end)] == 0) ++end;
    if (end - i > best_length) {
      best = i;
      best_length = end - i;
    }
    i = end + 1;
  }
  for (int i = 0; i < 8; ++i) {
    if (i == best) {
      *out++ = ':';
      if (i + best_length == 8) *out++ = ':';
      i += best_length - 1;
      continue;
    }
    if (i > 0) *out++ = ':';
    out = std::to_chars(out, out + 4, groups[static_cast<std::size_t>(i)], 16).ptr;
  }
  return out;
}

template <int kDigits>
char* write_digits(char* out, std::uint32_t value) {
  for (int i = kDigits - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + kDigits;
}

}  // namespace

std::string_view state_name(wire::State state) {
  return name_in(kStates, state);
}
std::string_view reason_name(wire::Reason reason) {
  return name_in(kReasons, reason);
}
std::string_view transport_name(wire::Transport transport) {
  return name_in(kTransports, transport);
}
std::string_view tunnel_name(wire::Tunnel tunnel) {
  return name_in(kTunnels, tunnel);
}
std::string_view flag_name(std::size_t bit) {
  return bit < kFlagCount ? kFlagNames[bit] : "unknown";
}

char* write_address(char* out, const wire::Address& address) {
  if (address.high() == 0 && address.low() >> 32 == 0xffff) {
    return write_ipv4(out, static_cast<std::uint32_t>(address.low()));
  }
  std::array<std::uint16_t, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) {
    const std::uint64_t half = i < 4 ? address.high() : address.low();
    groups[i] = static_cast<std::uint16_t>(half >> (48 - 16 * (i % 4)));
  }
  return write_ipv6(out, groups);
}

// Days → date after Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": years begin in March, so
// that the leap day is the last one. 64 bits of nanoseconds end in 2554, so four digits of year are enough.
char* write_time(char* out, std::uint64_t time_ns) {
  constexpr std::uint64_t kSecondNs = 1'000'000'000;
  constexpr std::uint32_t kDayS = 86'400;
  const std::uint64_t time_s = time_ns / kSecondNs;
  const auto day_s = static_cast<std::uint32_t>(time_s % kDayS);
  const auto day = static_cast<std::uint32_t>(time_s / kDayS) + 719'468;  // from 0000-03-01
  const std::uint32_t era = day / 146'097;
  const std::uint32_t day_of_era = day % 146'097;
  const std::uint32_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t march_month = (5 * day_of_year + 2) / 153;
  const std::uint32_t month = march_month < 10 ? march_month + 3 : march_month - 9;

  out = write_digits<4>(out, year_of_era + era * 400 + (month <= 2 ? 1 : 0));
  *out++ = '-';
  out = write_digits<2>(out, month);
  *out++ = '-';
  out = write_digits<2>(out, day_of_year - (153 * march_month + 2) / 5 + 1);
  *out++ = 'T';
  out = write_digits<2>(out, day_s / 3'600);
  *out++ = ':';
  out = write_digits<2>(out, day_s / 60 % 60);
  *out++ = ':';
  out = write_digits<2>(out, day_s % 60);
  *out++ = '.';
  out = write_digits<9>(out, static_cast<std::uint32_t>(time_ns % kSecondNs));
  *out++ = 'Z';
  return out;
}

}  // namespace spanlight
