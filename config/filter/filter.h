#pragma once
// The filter language (README.md): a text is compiled once to a typed tree, and the tree asked in two ways
// that give the same answer: `matches()` looks at a live record, `to_sql()` is the condition for the store's
// table. A Filter is immutable and cheap to copy (copies share the tree); any number of threads may use one.
// The catalog is needed only while compiling.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "filter/catalog.h"
#include "record/call.h"

namespace spanlight {

namespace filter {
class Program;
}

struct FilterLimits {
  std::size_t text_bytes_max = 8'192;
  std::size_t nodes_max = 2'000;  // of the typed tree, after macros were unrolled
  std::size_t depth_max = 48;     // parentheses, lists, chains of arithmetic; `&&` and `||` do not count
  std::size_t regexes_max = 16;
  std::size_t regex_memory_bytes_max = std::size_t{1} << 20;  // of each pattern's automata
  std::size_t sql_bytes_max = 196'608;                        // ClickHouse takes queries of 256 KiB
  std::uint64_t now_ns = 0;                                   // what now() is; 0: the clock's
};

// One thing that is wrong. Bytes of the text, from 0; `suggestion` may be empty.
struct FilterFault {
  std::size_t position = 0;
  std::size_t length = 0;
  std::string text;        // one sentence
  std::string suggestion;  // what to write instead, or what to look at
  // A name that the catalog lacks: a sensor that has not been heard yet may know it.
  bool unknown_name = false;
};

class Filter {
 public:
  // An empty text matches every call. Never throws for what stands in `text`; at least one fault where there
  // is no filter, in order of position.
  static std::variant<Filter, std::vector<FilterFault>> compile(std::string_view text,
                                                                const FilterCatalog& catalog,
                                                                const FilterLimits& limits = {});

  bool matches(const Call& call) const;

  // A ClickHouse expression of type UInt8 or Bool over the columns of table `calls`, in parentheses where it
  // needs them. Every literal is escaped; nothing of the filter's text gets in verbatim.
  std::string to_sql() const;

  bool matches_everything() const;
  // It asks for headers, cookies, bodies or protocols' fields: an answer tells something of them, so only who
  // may see them may ask.
  bool reads_payloads() const;

 private:
  explicit Filter(std::shared_ptr<const filter::Program> program);
  std::shared_ptr<const filter::Program> program_;
};

// The faults as lines for a terminal: the text, a caret under what is wrong, the sentence, the suggestion.
std::string describe_faults(std::string_view text, const std::vector<FilterFault>& faults);

}  // namespace spanlight
