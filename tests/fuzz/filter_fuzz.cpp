// Any bytes as a filter: a filter or sentences, never a crash, within the limits. What compiles is asked over
// a call that has something of everything, and written as SQL, which must be one printable line with every
// quotation mark closed.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "filter/filter.h"
#include "record/reader.h"
#include "record/sample.h"

namespace {

using namespace spanlight;

struct Sample {
  sample::Bytes bytes;
  Party party{"a", "shop", "a", {{"app", "x"}, {"tier", "y"}}, "s", "Deployment", "w", "n"};
  Call call;

  Sample() {
    sample::Batch batch;
    sample::Record record = sample::usual_call();
    record.flags = 0x1ff;
    record.vlans = {1, 2};
    record.request.headers.emplace_back("cookie", "a=b; c=d");
    record.request.fields = {{"command", wire::FieldKind::text, "GET", 0, 0, {}},
                             {"error_code", wire::FieldKind::integer, "", 5, 0, {}},
                             {"questions", wire::FieldKind::list, "", 0, 0, {"a", "b"}},
                             {"success", wire::FieldKind::boolean, "", 1, 0, {}},
                             {"ratio", wire::FieldKind::number, "", 0, 0.5, {}}};
    batch.records = {record};
    bytes = sample::build(batch);
    const auto opened = open_batch({bytes.data(), bytes.size()});
    call = {opened.root, opened.root->records()->Get(0), {&party, "dns"}, {nullptr, {}}};
  }
};

bool is_one_printable_line(const std::string& sql) {
  std::size_t marks = 0;
  for (const char c : sql) {
    if (c < 0x20 || c > 0x7e) return false;
    if (c == '\'') ++marks;
  }
  return marks % 2 == 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FilterCatalog catalog;
  static const Sample sample;
  const std::string text(reinterpret_cast<const char*>(data), size);
  FilterLimits limits;
  limits.now_ns = 1'000'000'000;
  const auto made = Filter::compile(text, catalog, limits);
  if (const auto* faults = std::get_if<std::vector<FilterFault>>(&made)) {
    if (faults->empty()) std::abort();
    for (const FilterFault& fault : *faults)
      if (fault.text.empty() || fault.position > text.size() || fault.length > text.size() - fault.position)
        std::abort();
    if (describe_faults(text, *faults).empty()) std::abort();
    return 0;
  }
  const Filter& filter = std::get<Filter>(made);
  const bool first = filter.matches(sample.call);
  if (filter.matches(sample.call) != first) std::abort();
  if (filter.matches_everything() && !first) std::abort();
  if (!is_one_printable_line(filter.to_sql())) std::abort();
  return 0;
}
