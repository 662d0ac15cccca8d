#include "program/filters.h"

namespace spanlight {

Filters::Filters(const SensorBoard& board)
    : board_(board), catalog_(std::make_shared<const FilterCatalog>()) {}

std::shared_ptr<const FilterCatalog> Filters::catalog() const {
  const std::lock_guard held(lock_);
  const std::uint64_t generation = board_.catalog_generation();
  if (generation != generation_) {
    auto made = std::make_shared<FilterCatalog>();
    for (const SensorProtocol& protocol : board_.catalog()) {
      std::vector<FilterField> fields;
      for (const SensorField& field : protocol.fields)
        fields.push_back({field.name, field.type, field.in_request, field.in_response, field.meaning});
      made->add_protocol(protocol.name, protocol.title, fields);
    }
    catalog_.store(std::move(made));
    generation_ = generation;
  }
  return catalog_.load();
}

std::variant<serve::CheckedFilter, std::vector<serve::FilterFault>> Filters::compile(
    std::string_view text) const {
  const auto compiled = Filter::compile(text, *catalog());
  if (const auto* faults = std::get_if<std::vector<FilterFault>>(&compiled)) {
    std::vector<serve::FilterFault> told;
    for (const FilterFault& fault : *faults)
      told.push_back({fault.position, fault.length, fault.text, fault.suggestion});
    return told;
  }
  const Filter& filter = std::get<Filter>(compiled);
  serve::CheckedFilter checked;
  checked.text = text;
  checked.sql = filter.matches_everything() ? std::string() : filter.to_sql();
  checked.reads_payloads = filter.reads_payloads();
  checked.matches = [filter](const Call& call) { return filter.matches(call); };
  return checked;
}

std::vector<serve::FilterVariable> Filters::variables() const {
  std::vector<serve::FilterVariable> all;
  for (const FilterVariable& variable : catalog()->variables())
    all.push_back({variable.name, std::string(type_name(variable.type)), variable.meaning, variable.protocol,
                   variable.values});
  return all;
}

}  // namespace spanlight
