#pragma once
// For tests and benchmarks: what links batch_pool_double.cpp instead of the real pool can reach these.

#include "publish/batch_pool.h"

namespace spanlight {

// Gives every submitted batch back at once; for benchmarks.
void recycle_all(BatchPool& pool);

}  // namespace spanlight
