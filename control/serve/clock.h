#pragma once
// The clock of the API. Any thread.

#include <cstdint>

namespace spanlight::serve {

std::uint64_t now_ns();  // since the epoch

}  // namespace spanlight::serve
