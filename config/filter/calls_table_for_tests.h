#pragma once
// The table `calls` for tests: as the store makes it, with its order and indexes but small parts, so that
// what the indexes leave out is tested too. Rows go in as text: slow, and independent of the store's own
// encoder.

#include <string>
#include <vector>

#include "record/call.h"

namespace spanlight::filter {

std::string create_calls_table();
std::string insert_calls(const std::vector<Call>& calls);

}  // namespace spanlight::filter
