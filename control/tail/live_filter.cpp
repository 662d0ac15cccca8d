#include "live_filter.h"

#include <algorithm>

namespace spanlight {

std::vector<FilterFault> LiveFilter::compile() {
  auto made = Filter::compile(text_, catalog_);
  if (auto* faults = std::get_if<std::vector<FilterFault>>(&made)) return std::move(*faults);
  filter_ = std::get<Filter>(made);
  return {};
}

std::string LiveFilter::check() {
  const std::vector<FilterFault> faults = compile();
  const bool may_yet =
      std::all_of(faults.begin(), faults.end(), [](const FilterFault& fault) { return fault.unknown_name; });
  return may_yet ? std::string{} : describe_faults(text_, faults);
}

std::string LiveFilter::learn(const wire::Hello& hello) {
  catalog_.add(hello);
  return describe_faults(text_, compile());
}

bool LiveFilter::matches(const wire::RecordBatch& batch, const wire::Record& record) const {
  return filter_->matches({&batch, &record, {}, {}});
}

}  // namespace spanlight
