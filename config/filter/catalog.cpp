#include "filter/catalog.h"

#include <algorithm>
#include <set>

#include "filter/spine.h"
#include "record/names.h"
#include "record/reader.h"
#include "text/text.h"

namespace spanlight {
namespace {

using filter::Binding;
using filter::Side;
using filter::Var;

FilterType type_of(wire::FieldType type) {
  switch (type) {
    case wire::FieldType::text:
      return FilterType::text;
    case wire::FieldType::integer:
      return FilterType::integer;
    case wire::FieldType::boolean:
      return FilterType::boolean;
    case wire::FieldType::number:
      return FilterType::number;
    case wire::FieldType::list:
      return FilterType::text_list;
  }
  return FilterType::dynamic;  // of a newer sensor
}

Side side_of(bool in_request, bool in_response) {
  if (in_request == in_response) return Side::either;
  return in_request ? Side::request : Side::response;
}

// A sensor may name anything; what no filter could write is of no use here.
bool is_name(std::string_view name) {
  constexpr std::size_t kNameBytesMax = 64;
  if (name.empty() || name.size() > kNameBytesMax) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

FilterCatalog::FilterCatalog() {
  for (const filter::KflProtocol& protocol : filter::kfl_protocols())
    protocols_[std::string(protocol.name)].title = protocol.title;
  for (const filter::KflField& field : filter::kfl_fields())
    add_field(protocols_[std::string(field.protocol)], {std::string(field.name), field.type, true, true, {}},
              false);
  rebuild();
}

void FilterCatalog::add(const wire::Hello& hello) {
  for (const wire::Protocol* protocol : elements_of(hello.protocols())) {
    std::vector<FilterField> fields;
    for (const wire::FieldSpec* field : elements_of(protocol->fields()))
      fields.push_back({std::string(text_of(field->name())), field->type(), field->in_request(),
                        field->in_response(), std::string(text_of(field->meaning()))});
    merge(text_of(protocol->name()), text_of(protocol->title()), fields);
  }
  rebuild();
}

void FilterCatalog::add_protocol(std::string_view name, std::string_view title,
                                 const std::vector<FilterField>& fields) {
  merge(name, title, fields);
  rebuild();
}

void FilterCatalog::merge(std::string_view name, std::string_view title,
                          const std::vector<FilterField>& fields) {
  if (!is_name(name) || (!protocols_.contains(name) && protocols_.size() >= kProtocolsMax)) {
    left_out_ += 1 + fields.size();
    return;
  }
  Protocol& protocol = protocols_[std::string(name)];
  if (!title.empty()) protocol.title = title;
  for (const FilterField& field : fields) add_field(protocol, field, true);
}

void FilterCatalog::add_field(Protocol& protocol, const FilterField& field, bool from_sensor) {
  if (!is_name(field.name) ||
      (!protocol.fields.contains(field.name) && protocol.fields.size() >= kFieldsMax)) {
    ++left_out_;
    return;
  }
  const FilterType type = type_of(field.type);
  const Side side = side_of(field.in_request, field.in_response);
  const auto [at, is_new] = protocol.fields.try_emplace(field.name);
  Known& known = at->second;
  if (is_new || (from_sensor && !known.from_sensor)) {
    known = {type, side, field.meaning, from_sensor};
    return;
  }
  if (known.type != type) known.type = FilterType::dynamic;
  if (known.side != side) known.side = Side::either;
  if (known.meaning.empty()) known.meaning = field.meaning;
}

void FilterCatalog::rebuild() {
  names_.clear();
  for (FilterVariable& variable : filter::spine_variables()) {
    Binding binding;
    binding.var = filter::spine_var(variable.name);
    binding.variable = std::move(variable);
    put(binding);
  }
  put_flags();
  put_kfl_renamed();
  put_prefixed_fields();
  put_bare_fields();
  put_kfl_sums();
}

// The first one of a name stays.
void FilterCatalog::put(const Binding& binding) {
  names_.try_emplace(binding.variable.name, binding);
}

void FilterCatalog::put_flags() {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(wire::Transport::MAX); ++i) {
    const std::string name(transport_name(static_cast<wire::Transport>(i)));
    Binding flag;
    flag.variable = {name, FilterType::boolean, "Carried by " + name, {}, false, {}};
    flag.transport = static_cast<int>(i);
    put(flag);
    for (const char* kind : {"conn", "flow"}) {
      flag.variable = {name + "_" + kind,
                       FilterType::boolean,
                       "The record of a connection or flow over " + name,
                       kind,
                       true,
                       {}};
      flag.protocols = {kind};
      put(flag);
    }
  }
  for (const auto& [name, protocol] : protocols_) {
    Binding flag;
    flag.variable = {name,
                     FilterType::boolean,
                     "The call is " + (protocol.title.empty() ? name : protocol.title),
                     name,
                     false,
                     {}};
    flag.protocols = {name};
    for (const filter::KflFlag& more : filter::kfl_flags())
      if (more.flag == name) flag.protocols.emplace_back(more.protocol);
    put(flag);
  }
}

void FilterCatalog::put_kfl_renamed() {
  for (const filter::KflRenamed& renamed : filter::kfl_renamed()) {
    const std::string protocol(renamed.protocol), name(renamed.field);
    const auto known = protocols_[protocol].fields.find(name);
    if (known == protocols_[protocol].fields.end()) continue;
    Binding binding;
    binding.variable = {
        std::string(renamed.name), known->second.type, known->second.meaning, protocol, true, {}};
    binding.is_field = true;
    binding.field = {name, known->second.side, {protocol}};
    put(binding);
  }
}

void FilterCatalog::put_prefixed_fields() {
  const auto put_field = [this](const std::string& prefix, const std::string& protocol, bool alias) {
    for (const auto& [name, known] : protocols_[protocol].fields) {
      const std::string full = prefix + "_" + name;
      // Several protocols may share a prefix of KFL's.
      if (const auto there = names_.find(full); alias && there != names_.end() && there->second.is_field) {
        if (there->second.variable.type != known.type) there->second.variable.type = FilterType::dynamic;
        there->second.field.protocols.push_back(protocol);
        there->second.field.side = Side::either;
        continue;
      }
      Binding binding;
      binding.variable = {full, known.type, known.meaning, protocol, alias, {}};
      binding.is_field = true;
      binding.field = {name, known.side, {protocol}};
      put(binding);
    }
  };
  std::vector<std::string> names;
  for (const auto& entry : protocols_) names.push_back(entry.first);
  for (const std::string& name : names) put_field(name, name, false);
  for (const filter::KflPrefix& prefix : filter::kfl_prefixes())
    if (protocols_.contains(prefix.protocol))
      put_field(std::string(prefix.prefix), std::string(prefix.protocol), true);
}

// A field by its short name, of whatever protocol.
void FilterCatalog::put_bare_fields() {
  std::map<std::string, Binding> bare;
  for (const auto& [protocol_name, protocol] : protocols_) {
    for (const auto& [name, known] : protocol.fields) {
      const auto [at, is_new] = bare.try_emplace(name);
      Binding& binding = at->second;
      if (is_new) {
        binding.variable = {name, known.type, known.meaning, protocol_name, false, {}};
        binding.is_field = true;
        binding.field = {name, known.side, {}};
        continue;
      }
      if (binding.variable.type != known.type) binding.variable.type = FilterType::dynamic;
      if (binding.field.side != known.side) binding.field.side = Side::either;
      binding.variable.protocol += ", " + protocol_name;
    }
  }
  for (auto& [name, binding] : bare) put(binding);
}

// KFL has these for each protocol under its own name; here the record has them for all.
void FilterCatalog::put_kfl_sums() {
  struct Sum {
    const char* suffix;
    Var var;
  };
  static constexpr Sum kSums[] = {
      {"_request", Var::request_present},
      {"_response", Var::response_present},
      {"_request_size", Var::request_size},
      {"_response_size", Var::response_size},
      {"_request_length", Var::request_size},
      {"_response_length", Var::response_size},
      {"_total_size", Var::total_size},
      {"_summary", Var::summary},
      {"_request_summary", Var::summary},
      {"_method", Var::method},
      {"_request_payload_length", Var::request_body_size},
      {"_response_payload_length", Var::response_body_size},
      {"_request_payload_data", Var::request_body},
      {"_error_message", Var::error},
  };
  for (const auto& entry : protocols_) {
    for (const Sum& sum : kSums) {
      Binding binding;
      binding.variable = {
          entry.first + sum.suffix, filter::type_of(sum.var), "As in KFL", entry.first, true, {}};
      binding.var = sum.var;
      binding.protocols = {entry.first};
      put(binding);
    }
  }
}

std::vector<FilterVariable> FilterCatalog::variables() const {
  std::vector<FilterVariable> out;
  out.reserve(names_.size());
  for (const auto& entry : names_) out.push_back(entry.second.variable);
  return out;
}

const Binding* FilterCatalog::find(std::string_view name) const {
  const auto at = names_.find(name);
  return at == names_.end() ? nullptr : &at->second;
}

std::string FilterCatalog::nearest(std::string_view name) const {
  std::vector<std::string_view> plain, aliases;
  for (const auto& [known, binding] : names_) (binding.variable.alias ? aliases : plain).push_back(known);
  const std::string_view found = text::closest(name, plain);
  return std::string(found.empty() ? text::closest(name, aliases) : found);
}

}  // namespace spanlight
