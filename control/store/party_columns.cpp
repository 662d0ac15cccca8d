#include "store/party_columns.h"

namespace spanlight {

void PartyColumns::learn(Places& at, const Party& party) {
  at.party = &party;
  const std::string_view texts[kNames] = {party.name,          party.name_space, party.pod, party.service,
                                          party.workload_kind, party.workload,   party.node};
  for (std::size_t column = 0; column < kNames; ++column)
    at.names[column] = names_[column].place_of(texts[column]);
  at.labels = static_cast<std::uint32_t>(party.labels.size());
}

void PartyColumns::append_labels(const Party& party) {
  for (const Label& label : party.labels) {
    label_names_.append(label.name);
    label_values_.append(label.value);
  }
}

void PartyColumns::clear() {
  for (native::Dictionary& names : names_) names.clear();
  labels_.clear();
  label_names_.clear();
  label_values_.clear();
  remembered_.fill({});
}

}  // namespace spanlight
