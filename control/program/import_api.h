#pragma once
// POST /api/import: records of captures, from `spanlight import`, into the store under a source of their own.

#include "ingest/naming.h"
#include "serve/route.h"
#include "store/store.h"

namespace spanlight {

// `naming` and `store` must outlive the table; the store may be nullptr: then the route says so.
void add_import_route(serve::RouteTable& table, const Naming& naming, const std::unique_ptr<Store>& store);

}  // namespace spanlight
