#pragma once
// The publisher's own messages, as bytes: hello.fbs and stats.fbs.

#include <cstdint>
#include <vector>

#include "publish/publisher.h"
#include "publish/stats.h"

namespace spanlight {

std::vector<std::uint8_t> encode_hello(const SensorIdentity& identity);  // with the catalog of registry()
std::vector<std::uint8_t> encode_stats(const SensorIdentity& identity, const StatsSnapshot& snapshot);

}  // namespace spanlight
