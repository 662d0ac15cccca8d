// The Prometheus text format, version 0.0.4: families of HELP, TYPE and samples.

#include <algorithm>
#include <map>
#include <string>

#include "publish/metrics.h"

namespace spanlight {

namespace {

// Samples of one name: label text → value. std::map: the same order at every scrape.
using Family = std::map<std::string, std::uint64_t>;
using Families = std::map<std::string, Family>;

// [a-zA-Z_:][a-zA-Z0-9_:]* with the prefix in front, so that a digit may come first in `name`.
std::string metric_name(std::string_view name) {
  std::string out = "spanlight_";
  for (const char c : name) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
    out += good ? c : '_';
  }
  return out;
}

// In label values a backslash, a quote and a newline are written with a backslash; in HELP the first and
// last.
std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    out += c;
  }
  return out;
}

std::string label(std::string_view key, std::string_view value) {
  return std::string(key) + "=\"" + escaped(value, true) + '"';
}

const MetricInfo* info_of(std::span<const MetricInfo> infos, std::string_view name) {
  const auto at =
      std::find_if(infos.begin(), infos.end(), [name](const MetricInfo& i) { return i.name == name; });
  return at == infos.end() ? nullptr : &*at;
}

// `scope`: worker="0", port="eth1"; empty for the publisher.
void add(Families& families, std::span<const MetricInfo> infos, const std::string& scope,
         const std::vector<CounterValue>& counters) {
  for (const CounterValue& counter : counters) {
    std::string labels = scope;
    if (!counter.label.empty()) {
      const MetricInfo* info = info_of(infos, counter.name);
      if (!labels.empty()) labels += ',';
      labels += label(info != nullptr && !info->label.empty() ? info->label : "of", counter.label);
    }
    families[counter.name][labels] += counter.value;
  }
}

void write(std::string& out, std::span<const MetricInfo> infos, const std::string& name,
           const Family& family) {
  const std::string full = metric_name(name);
  const MetricInfo* info = info_of(infos, name);
  out += "# HELP " + full + ' ' + escaped(info != nullptr ? info->help : "Not described.", false) + '\n';
  out += "# TYPE " + full + (name.ends_with("_total") ? " counter\n" : " gauge\n");
  for (const auto& [labels, value] : family)
    out += full + (labels.empty() ? "" : '{' + labels + '}') + ' ' + std::to_string(value) + '\n';
}

}  // namespace

std::string prometheus_text(const StatsSnapshot& snapshot, const SensorIdentity& identity,
                            std::span<const MetricInfo> infos) {
  Families families;
  for (const PortStats& port : snapshot.ports) add(families, infos, label("port", port.port), port.counters);
  for (const WorkerStats& worker : snapshot.workers)
    add(families, infos, label("worker", std::to_string(worker.worker)), worker.counters);
  add(families, infos, {}, snapshot.publisher);

  std::string out;
  out += "# HELP spanlight_info The sensor that is asked.\n# TYPE spanlight_info gauge\nspanlight_info{";
  out += label("sensor", identity.sensor) + ',' + label("version", identity.version) + "} 1\n";
  out += "# HELP spanlight_start_time_seconds When the sensor started, since the Unix epoch.\n";
  out += "# TYPE spanlight_start_time_seconds gauge\n";
  out += "spanlight_start_time_seconds " + std::to_string(identity.started / kSecondNs) + '\n';
  for (const auto& [name, family] : families) write(out, infos, name, family);
  return out;
}

}  // namespace spanlight
