#pragma once
// The names that a filter may use: what every record has, KFL's names for it, the protocols' flags and their
// fields. Made once and added to as sensors say hello; then read by any number of threads. Protocols and
// fields come from the sensors; those that KFL names are known from the start, so that filters people already
// have compile before any sensor was heard, and over records of a protocol that no sensor of today speaks.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "filter/types.h"
#include "schema/hello_generated.h"

namespace spanlight {

// For completion and for help.
struct FilterVariable {
  std::string name;
  FilterType type = FilterType::text;
  std::string meaning;
  std::string protocol;             // empty: every record has it
  bool alias = false;               // there only because KFL has it: another name says the same
  std::vector<std::string> values;  // where only these are possible
};

struct FilterField {
  std::string name;
  wire::FieldType type = wire::FieldType::text;
  bool in_request = true;
  bool in_response = true;
  std::string meaning;
};

namespace filter {

// What a name stands for: a guard (protocols, transport), and behind it a variable, a field, or just `true`.
struct Binding {
  FilterVariable variable;
  Var var = Var::none;
  bool is_field = false;
  FieldRef field;
  std::vector<std::string> protocols;  // any one; empty: no guard
  int transport = -1;                  // wire::Transport, or -1: no guard
};

}  // namespace filter

class FilterCatalog {
 public:
  FilterCatalog();

  // What a sensor says it can see. A field that two sensors type differently becomes dynamic.
  void add(const wire::Hello& hello);
  void add_protocol(std::string_view name, std::string_view title, const std::vector<FilterField>& fields);

  // Sorted by name.
  std::vector<FilterVariable> variables() const;

  const filter::Binding* find(std::string_view name) const;  // nullptr: no such name
  // The known name nearest to `name`, or empty.
  std::string nearest(std::string_view name) const;

  // What sensors named and was not taken: no names, or beyond the bounds.
  std::uint64_t left_out() const { return left_out_; }
  static constexpr std::size_t kProtocolsMax = 256;
  static constexpr std::size_t kFieldsMax = 256;  // of each protocol

 private:
  struct Known {
    FilterType type = FilterType::text;
    filter::Side side = filter::Side::either;
    std::string meaning;
    bool from_sensor = false;
  };
  struct Protocol {
    std::string title;
    std::map<std::string, Known, std::less<>> fields;
  };

  void merge(std::string_view name, std::string_view title, const std::vector<FilterField>& fields);
  void add_field(Protocol& protocol, const FilterField& field, bool from_sensor);
  void rebuild();
  void put(const filter::Binding& binding);
  void put_flags();
  void put_kfl_renamed();
  void put_prefixed_fields();
  void put_bare_fields();
  void put_kfl_sums();

  std::map<std::string, Protocol, std::less<>> protocols_;
  std::map<std::string, filter::Binding, std::less<>> names_;
  std::uint64_t left_out_ = 0;
};

}  // namespace spanlight
