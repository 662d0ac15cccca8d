#pragma once
// History over the store. `client` must outlive it.

#include <memory>

#include "query/query.h"
#include "store/clickhouse.h"

namespace spanlight {

std::unique_ptr<History> make_history(const ClickHouse& client);

}  // namespace spanlight
