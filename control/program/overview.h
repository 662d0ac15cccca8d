#pragma once
// Map and RED of the last quarter of an hour from what was counted live: exact, whatever the store keeps pace
// with. Merged from the ingest threads' tables when somebody asks. Where there were too many names for them,
// the store is asked.

#include "ingest/ingest.h"
#include "serve/backend.h"

namespace spanlight {

class RedOverview final : public serve::Overview {
 public:
  // `started_ns`: what was before is only in the store; 0: there is no store, so what is known is all.
  RedOverview(const Ingest& ingest, std::uint64_t started_ns) : ingest_(ingest), started_ns_(started_ns) {}

  std::optional<Map> map(const MapQuery& query, std::string_view filter) const override;
  std::optional<Stats> stats(const StatsQuery& query, std::string_view filter) const override;

 private:
  const Ingest& ingest_;
  const std::uint64_t started_ns_;
};

}  // namespace spanlight
