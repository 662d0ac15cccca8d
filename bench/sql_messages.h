#pragma once
// Calls of PostgreSQL and Kafka, as drivers make them.

#include <random>

#include "messages.h"

namespace spanlight::bench {

// One statement prepared, bound, executed and synchronized in one segment; two rows back.
Call postgresql_call(std::mt19937_64& random);

// Produce of one batch to one partition, or a fetch of one.
Call kafka_call(std::mt19937_64& random);

}  // namespace spanlight::bench
