#pragma once
// The publisher's counters under their public names.

#include <vector>

#include "publish/batch_pool.h"
#include "publish/publisher.h"
#include "publish/stats.h"

namespace spanlight {

void append_publisher_counters(const PublisherCounters& counters, std::vector<CounterValue>& out);
void append_pool_gauges(const BatchPool& pool, std::vector<CounterValue>& out);

}  // namespace spanlight
