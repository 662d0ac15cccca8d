// --help: a page that reads like a manual's.

#include "cli/options.h"
#include "text/text.h"

namespace spanlight::cli {

namespace {

constexpr unsigned kIndent = 4;
constexpr unsigned kMeaningIndent = 8;

void section(std::string& out, std::string_view title) {
  if (!out.empty()) out += '\n';
  out += title;
  out += '\n';
}

void item(std::string& out, const std::string& name, const std::string& meaning, unsigned columns) {
  out += std::string(kIndent, ' ') + name + "\n";
  if (!meaning.empty()) out += text::wrap(meaning, columns, kMeaningIndent);
}

std::vector<std::pair<std::string, std::string>> exit_statuses(const Manual& manual) {
  std::vector<std::pair<std::string, std::string>> all = {
      {"0", "All went well."},
      {"1", "Something failed; one sentence on standard error says what."},
      {"2", "The command line was not understood."}};
  for (const auto& own : manual.exit_status) {
    bool replaced = false;
    for (auto& known : all) {
      if (known.first != own.first) continue;
      known.second = own.second;
      replaced = true;
    }
    if (!replaced) all.push_back(own);
  }
  return all;
}

}  // namespace

std::string Options::help(unsigned columns) const {
  std::string out;
  section(out, "NAME");
  out += text::wrap(manual_.name + " - " + manual_.summary, columns, kIndent);

  section(out, "SYNOPSIS");
  std::vector<std::string> synopsis = manual_.synopsis;
  if (synopsis.empty())
    synopsis.push_back("[OPTION]..." +
                       (positionals_.placeholder.empty() ? "" : " " + positionals_.placeholder));
  for (const std::string& line : synopsis) out += text::wrap(manual_.name + " " + line, columns, kIndent);

  if (!manual_.description.empty()) section(out, "DESCRIPTION");
  for (std::size_t i = 0; i < manual_.description.size(); ++i) {
    const std::string& paragraph = manual_.description[i];
    if (i > 0) out += '\n';
    const bool as_it_is = paragraph.starts_with("  ");
    out +=
        as_it_is ? std::string(kIndent - 2, ' ') + paragraph + "\n" : text::wrap(paragraph, columns, kIndent);
  }

  section(out, "OPTIONS");
  if (!positionals_.meaning.empty()) item(out, positionals_.placeholder, positionals_.meaning, columns);
  for (const Option& option : options_) {
    std::string name = option.short_name == 0 ? "" : std::string{'-', option.short_name} + ", ";
    name += "--" + option.long_name + (option.placeholder.empty() ? "" : " " + option.placeholder);
    const std::string shown_default =
        option.default_text.empty() ? "" : " Default: " + option.default_text + ".";
    item(out, name, option.meaning + shown_default, columns);
  }
  item(out, "-h, --help", "Print this page.", columns);
  item(out, "--version", "Print the version.", columns);

  if (!manual_.examples.empty()) section(out, "EXAMPLES");
  for (const auto& [command, meaning] : manual_.examples) item(out, command, meaning, columns);

  section(out, "EXIT STATUS");
  for (const auto& [code, meaning] : exit_statuses(manual_)) item(out, code, meaning, columns);

  if (!manual_.see_also.empty()) {
    section(out, "SEE ALSO");
    const std::vector<std::string_view> names(manual_.see_also.begin(), manual_.see_also.end());
    out += text::wrap(text::one_of(names, "and"), columns, kIndent);
  }
  return out;
}

}  // namespace spanlight::cli
