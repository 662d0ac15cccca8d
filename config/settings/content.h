#pragma once
// What the checks of texts share. The contents themselves are declared with the table (table.h): those of all
// programs are made in content.cpp, the sensor's and the control process's in files of their own, since they
// bring libraries along (Hyperscan there, RE2 here).

#include <cstdint>
#include <string>
#include <string_view>

#include "settings/table.h"

namespace spanlight {

// A check that asks for no protocol.
template <std::string (*Check)(std::string_view)>
std::string check_text(std::string_view value, const ProtocolNames&) {
  return Check(value);
}

std::string quoted(std::string_view value);

// "ADDRESS:PORT"; an IPv6 address stands in brackets, and `host` is without them. False: no port, or one out
// of range.
bool split_address(std::string_view value, std::string& host, std::uint64_t least_port = 1);
bool is_ip(const std::string& host);

// Does only this machine reach it? Endpoints that are not tcp://…: true.
bool is_local_host(const std::string& host);
bool is_local_endpoint(std::string_view endpoint);

}  // namespace spanlight
