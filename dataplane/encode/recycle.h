#pragma once
// For tests and benchmarks that want records built and nobody to send them.

#include "publish/batch_pool.h"

namespace spanlight {

// Gives every submitted batch back to the worker.
inline void recycle_all(BatchPool& pool) {
  while (Batch* batch = pool.next()) pool.release(batch);
}

}  // namespace spanlight
