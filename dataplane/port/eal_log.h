#pragma once
// Where DPDK's log goes: to the standard error if the sensor logs at debug, else nowhere. The last error is
// kept either way, since a driver's return value seldom says what its log line does.

#include <string>

namespace spanlight {

// Before rte_eal_init(). False if the stream cannot be made; DPDK then logs to the standard error.
bool capture_dpdk_log(bool to_stderr);

// What DPDK logged last at level error or above since the last call; empty = nothing. Main thread only.
std::string take_dpdk_error();

}  // namespace spanlight
