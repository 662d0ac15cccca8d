#pragma once
// The record's enumerations as people and programs read them. A value that this version does not know (a
// newer sensor) has the name "unknown".

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "schema/record_generated.h"

namespace spanlight {

std::string_view state_name(wire::State state);
std::string_view reason_name(wire::Reason reason);
std::string_view transport_name(wire::Transport transport);
std::string_view tunnel_name(wire::Tunnel tunnel);

constexpr std::size_t kFlagCount = 11;
std::string_view flag_name(std::size_t bit);  // bit < kFlagCount

// An address as text: dotted IPv4 where it is IPv4-mapped, otherwise IPv6 in the form of RFC 5952.
constexpr std::size_t kAddressTextMax = 39;
char* write_address(char* out,
                    const wire::Address& address);  // writes at most kAddressTextMax, returns the end

// Nanoseconds since the epoch as RFC 3339, UTC, nine digits: exactly kTimeTextBytes.
constexpr std::size_t kTimeTextBytes = 30;
char* write_time(char* out, std::uint64_t time_ns);

}  // namespace spanlight
