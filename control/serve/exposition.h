#pragma once
// Metrics in Prometheus' text format 0.0.4. Samples may come in any order, from any number of sensors: those
// of one family stand together in the text, as the format asks. Pure; one for each scrape, one thread.
// Source: prometheus.io, "Exposition formats", text-based format.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spanlight::serve {

using MetricLabel = std::pair<std::string_view, std::string_view>;
using MetricLabels = std::span<const MetricLabel>;

// Cumulative as the format wants it is made by the writer: `counts` are of each bucket alone, one more than
// `bounds`.
struct HistogramValue {
  std::span<const double> bounds;  // upper, rising
  std::span<const std::uint64_t> counts;
  double sum = 0;
};

class Exposition {
 public:
  void counter(std::string_view name, std::string_view help, double value, MetricLabels labels = {});
  void gauge(std::string_view name, std::string_view help, double value, MetricLabels labels = {});
  void histogram(std::string_view name, std::string_view help, const HistogramValue& value,
                 MetricLabels labels = {});

  void counter(std::string_view name, std::string_view help, double value,
               std::initializer_list<MetricLabel> labels) {
    counter(name, help, value, MetricLabels(labels.begin(), labels.size()));
  }
  void gauge(std::string_view name, std::string_view help, double value,
             std::initializer_list<MetricLabel> labels) {
    gauge(name, help, value, MetricLabels(labels.begin(), labels.size()));
  }
  void histogram(std::string_view name, std::string_view help, const HistogramValue& value,
                 std::initializer_list<MetricLabel> labels) {
    histogram(name, help, value, MetricLabels(labels.begin(), labels.size()));
  }

  // All families by name. A family keeps the type and help that came first; a sample of another type is left
  // out and counted here.
  std::string text() const;
  std::uint64_t refused() const { return refused_; }

 private:
  struct Family {
    std::string_view type;
    std::string help;
    std::string samples;
  };
  Family* family(std::string_view name, std::string_view type, std::string_view help);

  std::map<std::string, Family, std::less<>> families_;
  std::uint64_t refused_ = 0;
};

// Letters, digits, '_' and ':', not beginning with a digit; anything else becomes '_'.
std::string metric_name(std::string_view text);

constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace spanlight::serve
