#include "serve/exposition.h"

#include <array>
#include <charconv>
#include <cmath>

#include "record/json.h"
#include "record/utf8.h"

namespace spanlight::serve {
namespace {

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  std::array<char, 32> text;
  // Counters as whole numbers as long as a double holds them.
  constexpr double kWholeMax = 9'007'199'254'740'992;  // 2^53
  const bool whole = std::trunc(value) == value && std::abs(value) <= kWholeMax;
  const std::to_chars_result end =
      whole ? std::to_chars(text.data(), text.data() + text.size(), static_cast<std::int64_t>(value))
            : std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), end.ptr);
}

// Backslash, line feed and, in label values, the quotation mark; ill-formed UTF-8 is U+FFFD, since readers
// refuse the whole page for one wrong byte.
void append_escaped(std::string& out, std::string_view text, bool quoted) {
  std::size_t at = 0;
  while (at < text.size()) {
    const Utf8Step step = utf8_step(text, at);
    if (!step.valid) {
      out += "\xef\xbf\xbd";
    } else if (text[at] == '\\') {
      out += "\\\\";
    } else if (text[at] == '\n') {
      out += "\\n";
    } else if (quoted && text[at] == '"') {
      out += "\\\"";
    } else {
      out.append(text, at, step.length);
    }
    at += step.length;
  }
}

void append_labels(std::string& out, MetricLabels labels, std::string_view bound = {}) {
  if (labels.empty() && bound.empty()) return;
  out += '{';
  bool first = true;
  for (const auto& [name, value] : labels) {
    if (!first) out += ',';
    out += metric_name(name);
    out += "=\"";
    append_escaped(out, value, true);
    out += '"';
    first = false;
  }
  if (!bound.empty()) {
    if (!first) out += ',';
    out += "le=\"";
    out += bound;
    out += '"';
  }
  out += '}';
}

void append_sample(std::string& out, std::string_view name, std::string_view suffix, MetricLabels labels,
                   double value, std::string_view bound = {}) {
  out += name;
  out += suffix;
  append_labels(out, labels, bound);
  out += ' ';
  append_number(out, value);
  out += '\n';
}

}  // namespace

std::string metric_name(std::string_view text) {
  std::string name;
  name.reserve(text.size() + 1);
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
    const bool digit = c >= '0' && c <= '9';
    if (digit && name.empty()) name += '_';
    name += letter || digit ? c : '_';
  }
  return name.empty() ? "_" : name;
}

Exposition::Family* Exposition::family(std::string_view name, std::string_view type, std::string_view help) {
  auto found = families_.find(name);
  if (found == families_.end())
    found = families_.emplace(metric_name(name), Family{type, std::string(help), {}}).first;
  if (found->second.type != type) {
    ++refused_;
    return nullptr;
  }
  return &found->second;
}

void Exposition::counter(std::string_view name, std::string_view help, double value, MetricLabels labels) {
  if (Family* const to = family(name, "counter", help))
    append_sample(to->samples, metric_name(name), "", labels, value);
}

void Exposition::gauge(std::string_view name, std::string_view help, double value, MetricLabels labels) {
  if (Family* const to = family(name, "gauge", help))
    append_sample(to->samples, metric_name(name), "", labels, value);
}

void Exposition::histogram(std::string_view name, std::string_view help, const HistogramValue& value,
                           MetricLabels labels) {
  Family* const to = family(name, "histogram", help);
  if (to == nullptr) return;
  if (value.counts.size() != value.bounds.size() + 1) {
    ++refused_;
    return;
  }
  const std::string clean = metric_name(name);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < value.bounds.size(); ++i) {
    below += value.counts[i];
    std::string bound;
    append_number(bound, value.bounds[i]);
    append_sample(to->samples, clean, "_bucket", labels, static_cast<double>(below), bound);
  }
  below += value.counts.back();
  append_sample(to->samples, clean, "_bucket", labels, static_cast<double>(below), "+Inf");
  append_sample(to->samples, clean, "_sum", labels, value.sum);
  append_sample(to->samples, clean, "_count", labels, static_cast<double>(below));
}

std::string Exposition::text() const {
  std::string out;
  for (const auto& [name, family] : families_) {
    out += "# HELP " + name + ' ';
    append_escaped(out, family.help, false);
    out += "\n# TYPE " + name + ' ';
    out += family.type;
    out += '\n';
    out += family.samples;
  }
  return out;
}

}  // namespace spanlight::serve
