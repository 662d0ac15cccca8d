#include "filter/filter.h"

#include <algorithm>

#include "filter/checker.h"
#include "filter/program.h"
#include "process/clock.h"

namespace spanlight {
namespace {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

void sort_faults(std::vector<FilterFault>& faults) {
  std::stable_sort(faults.begin(), faults.end(),
                   [](const FilterFault& a, const FilterFault& b) { return a.position < b.position; });
}

bool is_payload(filter::Var var) {
  using filter::Var;
  switch (var) {
    case Var::request_body:
    case Var::response_body:
    case Var::request_headers:
    case Var::response_headers:
    case Var::request_cookies:
    case Var::response_cookies:
      return true;
    default:
      return false;
  }
}

}  // namespace

Filter::Filter(std::shared_ptr<const filter::Program> program) : program_(std::move(program)) {}

std::variant<Filter, std::vector<FilterFault>> Filter::compile(std::string_view text,
                                                               const FilterCatalog& catalog,
                                                               const FilterLimits& limits) {
  auto program = std::make_shared<filter::Program>();
  if (text.size() > limits.text_bytes_max)
    return std::vector<FilterFault>{
        {limits.text_bytes_max, text.size() - limits.text_bytes_max,
         "The filter is longer than " + std::to_string(limits.text_bytes_max) + " bytes.",
         "Split it, or use \"in\" with a list."}};
  FilterLimits own = limits;
  if (own.now_ns == 0) own.now_ns = wall_clock_ns();
  std::vector<FilterFault> faults;
  try {
    if (is_blank(text)) {
      program->root = filter::Tree(*program, own).boolean(true);
    } else {
      const filter::SyntaxTree syntax = filter::parse(text, own);
      filter::Checker checker(text, syntax, catalog, own, *program);
      try {
        program->root = checker.condition_of_all();
      } catch (const filter::Wrong& wrong) {
        faults.push_back(wrong.fault);
      }
      faults.insert(faults.end(), checker.faults().begin(), checker.faults().end());
    }
    if (faults.empty()) filter::write_sql(*program, own.sql_bytes_max);
  } catch (const filter::Wrong& wrong) {
    faults.push_back(wrong.fault);
  } catch (const filter::SqlTooLarge&) {
    faults.push_back({0, text.size(), "The filter is too complex for the store.",
                      "Ask less of one filter: what is nested in [ ] and ? : multiplies."});
  }
  if (faults.empty()) return Filter(std::move(program));
  sort_faults(faults);
  return faults;
}

bool Filter::matches(const Call& call) const {
  return filter::evaluate(*program_, call);
}

std::string Filter::to_sql() const {
  return filter::write_sql(*program_, std::string::npos);
}

bool Filter::matches_everything() const {
  return program_->is_constant(program_->root) && program_->nodes[program_->root].integer != 0;
}

bool Filter::reads_payloads() const {
  return std::any_of(program_->nodes.begin(), program_->nodes.end(), [](const filter::Node& node) {
    return node.op == filter::Op::field || (node.op == filter::Op::variable && is_payload(node.var));
  });
}

std::string describe_faults(std::string_view text, const std::vector<FilterFault>& faults) {
  std::string out;
  for (const FilterFault& fault : faults) {
    // Only the line in question; what would move the caret is shown as a blank.
    const std::size_t at = std::min(fault.position, text.size());
    const std::size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
    const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
    const std::string_view line = text.substr(start, text.find('\n', start) - start);
    std::string shown, marks;
    for (std::size_t i = 0; i <= line.size(); ++i) {
      const char c = i < line.size() ? line[i] : ' ';
      const bool continues = (static_cast<unsigned char>(c) & 0xc0) == 0x80;
      const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
      if (i < line.size()) shown.push_back(control ? ' ' : c);
      if (continues) continue;
      const std::size_t position = start + i;
      const bool marked = position == at || (position > at && position < at + fault.length);
      marks.push_back(marked ? '^' : ' ');
    }
    while (!marks.empty() && marks.back() == ' ') marks.pop_back();
    out += "  " + shown + "\n  " + marks + "\n" + fault.text +
           (fault.suggestion.empty() ? "" : " " + fault.suggestion) + "\n";
  }
  return out;
}

}  // namespace spanlight
