#pragma once
// The filter language as the API asks it: compiled against what the sensors said they can see.

#include "filter/filter.h"
#include "ingest/published.h"
#include "ingest/sensor_board.h"
#include "serve/backend.h"

namespace spanlight {

class Filters final : public serve::FilterLanguage {
 public:
  explicit Filters(const SensorBoard& board);

  std::variant<serve::CheckedFilter, std::vector<serve::FilterFault>> compile(
      std::string_view text) const override;
  std::vector<serve::FilterVariable> variables() const override;

 private:
  std::shared_ptr<const FilterCatalog> catalog() const;

  const SensorBoard& board_;
  mutable Published<FilterCatalog> catalog_;
  mutable std::mutex lock_;
  mutable std::uint64_t generation_ = 0;  // of the board's catalog that `catalog_` is made of
};

}  // namespace spanlight
