#pragma once
// What `--filter` lets through. Compiled at once, so that a slip is told before anything is waited for; a
// name that is not known yet may be a field that only the sensor knows, so a filter with such names waits for
// its hello. One thread.

#include <optional>
#include <string>

#include "filter/filter.h"

namespace spanlight {

class LiveFilter {
 public:
  explicit LiveFilter(std::string text) : text_(std::move(text)) {}

  // Both give what is wrong, as lines for a terminal; empty: nothing. check() passes over names that a sensor
  // may yet bring.
  std::string check();
  std::string learn(const wire::Hello& hello);

  bool ready() const { return filter_.has_value(); }
  // Only when ready().
  bool matches(const wire::RecordBatch& batch, const wire::Record& record) const;

 private:
  std::vector<FilterFault> compile();

  std::string text_;
  FilterCatalog catalog_;
  std::optional<Filter> filter_;
};

}  // namespace spanlight
