// Names follow Prometheus: spanlight_sensor_* are the sensors' own counters, spanlight_control_* ours,
// spanlight_calls_* the services'.

#include <array>
#include <map>
#include <tuple>

#include "program/health.h"

namespace spanlight {
namespace {

// Upper bounds, powers of two in microseconds, so that they are ends of the histogram's buckets: 1 ms to 67
// s.
constexpr unsigned kFirstBound = 10, kLastBound = 26;

double number(std::uint64_t value) {
  return static_cast<double>(value);
}

}  // namespace

void write_sensor_metrics(serve::Exposition& out, const std::vector<SensorState>& sensors) {
  for (const SensorState& sensor : sensors) {
    const std::string& name = sensor.name.empty() ? sensor.endpoint : sensor.name;
    const auto gauge = [&](std::string_view metric, std::string_view help, double value) {
      out.gauge(metric, help, value, {{"sensor", name}});
    };
    const auto counter = [&](std::string_view metric, std::string_view help, std::uint64_t value) {
      out.counter(metric, help, number(value), {{"sensor", name}});
    };
    gauge("spanlight_control_sensor_connected", "1 while the sensor is connected.",
          sensor.link == SensorState::Link::connected ? 1 : 0);
    if (sensor.clock_known)
      gauge("spanlight_control_sensor_clock_offset_seconds", "The sensor's clock minus ours.",
            static_cast<double>(sensor.clock_offset_ns) / 1e9);
    counter("spanlight_control_batches_total", "Batches received.", sensor.batches);
    counter("spanlight_control_records_total", "Records received.", sensor.records);
    counter("spanlight_control_received_bytes_total", "Bytes of messages received.", sensor.bytes);
    counter("spanlight_control_missed_batches_total", "Batches that the sensor sent and that did not arrive.",
            sensor.missed_batches);
    counter("spanlight_control_malformed_total", "Messages that were no batch, hello or stats.",
            sensor.malformed);
    counter("spanlight_control_sensor_restarts_total", "The sensor was started anew.", sensor.restarts);
    for (const SensorCounter& c : sensor.counters) {
      const std::string metric = "spanlight_sensor_" + serve::metric_name(c.name);
      const std::string_view what = c.of == SensorCounter::Of::port     ? "port"
                                    : c.of == SensorCounter::Of::worker ? "worker"
                                                                        : "part";
      const std::string_view who =
          c.of == SensorCounter::Of::publisher ? std::string_view("publisher") : c.who;
      const std::array<serve::MetricLabel, 3> labels = {{{"sensor", name}, {what, who}, {"of", c.label}}};
      const auto used = serve::MetricLabels(labels).first(c.label.empty() ? 2 : 3);
      // Stats do not say which of them may fall; what ends in _total may not.
      if (c.name.ends_with("_total"))
        out.counter(metric, "As the sensor's own /metrics tells it.", number(c.value), used);
      else
        out.gauge(metric, "As the sensor's own /metrics tells it.", number(c.value), used);
    }
  }
}

void write_ingest_metrics(serve::Exposition& out, const Ingest& ingest) {
  const Ingest::Counters counters = ingest.counters();
  out.counter("spanlight_control_calls_total", "Calls that went through, named or not.",
              number(counters.calls));
  out.counter("spanlight_control_unnamed_calls_total", "Calls neither of whose ends has a name.",
              number(counters.unnamed));
  out.gauge("spanlight_control_waiting_calls", "Calls that wait for their pod's watch event.",
            number(counters.waiting));
  const auto held = [&](std::string_view result, std::uint64_t value) {
    out.counter("spanlight_control_held_calls_total",
                "Calls that came before their pod's watch event, by what came of it.", number(value),
                {{"result", result}});
  };
  held("named", counters.hold.named_late);
  held("expired", counters.hold.expired);
  held("no_room", counters.hold.overflowed);
  out.counter("spanlight_control_dns_named_ends_total", "Ends of calls that have a name from a DNS answer.",
              number(counters.dns_named));
  out.gauge("spanlight_control_dns_addresses", "Addresses that have a name from a DNS answer.",
            number(counters.dns_addresses));
  const auto dns = [&](std::string_view result, std::uint64_t value) {
    out.counter(
        "spanlight_control_dns_answers_total",
        "DNS answers that name an address, by what came of it; forgotten: the address made room for another.",
        number(value), {{"result", result}});
  };
  dns("learned", counters.dns_learned);
  dns("forgotten", counters.dns_forgotten);
  dns("refused", counters.dns_refused);
  std::uint64_t overflowed = 0;
  for (const RedTable* table : ingest.red()) overflowed += table->health().overflowed;
  out.counter("spanlight_control_other_series_total",
              "Times a call was counted under (other): too many names.", number(overflowed));
}

void write_service_metrics(serve::Exposition& out, const Ingest& ingest) {
  std::map<std::tuple<std::string, std::string, std::string>, CallCounts> services;
  for (const RedTable* table : ingest.red())
    for (const ServiceCounts& counts : table->services(~std::uint64_t{0}))
      services[{counts.service.name_space, counts.service.name, counts.protocol}].add(counts.total);
  std::vector<double> bounds;
  for (unsigned bit = kFirstBound; bit <= kLastBound; ++bit)
    bounds.push_back(static_cast<double>(std::uint64_t{1} << bit) / 1e6);
  std::vector<std::uint64_t> counts(bounds.size() + 1);
  for (const auto& [key, sum] : services) {
    const auto& [name_space, service, protocol] = key;
    const std::array<serve::MetricLabel, 3> labels = {
        {{"namespace", name_space}, {"service", service}, {"protocol", protocol}}};
    out.counter("spanlight_calls_total", "Calls to the service.", number(sum.calls), labels);
    out.counter("spanlight_call_errors_total", "Calls whose answer was an error.", number(sum.errors),
                labels);
    out.counter("spanlight_calls_unanswered_total", "Calls whose answer was not seen.",
                number(sum.unanswered), labels);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      const std::uint64_t upto = sum.duration.count_below(std::uint64_t{1} << (kFirstBound + i));
      counts[i] = upto - below;
      below = upto;
    }
    counts.back() = sum.duration.count() - below;
    out.histogram("spanlight_call_duration_seconds", "From the request's first byte to the answer's.",
                  {bounds, counts, static_cast<double>(sum.duration.sum_us()) / 1e6}, labels);
  }
}

void write_live_metrics(serve::Exposition& out, const LiveHub& live) {
  const LiveHub::Counters counters = live.counters();
  out.gauge("spanlight_control_live_clients", "Clients of the live stream.", number(live.clients()));
  const auto calls = [&](std::string_view result, std::uint64_t value) {
    out.counter("spanlight_control_live_calls_total",
                "Calls that matched a live client's filter, by what became of them.", number(value),
                {{"result", result}});
  };
  calls("sent", counters.sent);
  calls("missed", counters.missed);
  calls("skipped", counters.skipped);
}

void write_cluster_metrics(serve::Exposition& out, const ClusterSide& cluster) {
  const TimelineCounters names = cluster.timeline().counters();
  out.gauge("spanlight_control_named_addresses", "Addresses that have or had a name.",
            number(names.addresses));
  out.counter("spanlight_control_names_forgotten_total", "Ended names that are no longer remembered.",
              number(names.forgotten_by_age), {{"cause", "age"}});
  out.counter("spanlight_control_names_forgotten_total", "Ended names that are no longer remembered.",
              number(names.forgotten_by_number), {{"cause", "number"}});
  out.counter("spanlight_control_names_not_stored_total", "Names that could not be kept with the store.",
              number(names.undrained_lost));
  if (const auto targets = cluster.targets(); targets != nullptr) {
    out.gauge("spanlight_control_target_pods", "Pods that are captured by the targets.",
              number(targets->pods));
    out.gauge("spanlight_control_target_addresses", "Addresses that sensors were told to capture.",
              number(targets->addresses.size()));
  }
  const auto status = cluster.status();
  if (!status) return;
  if (status->clock_known)
    out.gauge("spanlight_control_kubernetes_clock_offset_seconds",
              "The API server's clock minus ours, to half a second.",
              static_cast<double>(status->clock_offset_ns) / 1e9);
  for (const KindStatus& kind : status->kinds) {
    const std::array<serve::MetricLabel, 1> labels = {{{"kind", kind_name(kind.kind)}}};
    out.gauge("spanlight_control_kubernetes_objects", "Objects that are known.", number(kind.objects),
              labels);
    out.gauge("spanlight_control_kubernetes_synced", "1 once the kind was listed whole.", kind.synced ? 1 : 0,
              labels);
    out.counter("spanlight_control_kubernetes_events_total", "Watch events.", number(kind.events), labels);
    out.counter("spanlight_control_kubernetes_lists_total", "Lists.", number(kind.lists), labels);
    out.counter("spanlight_control_kubernetes_faults_total", "Requests that failed or watches that broke.",
                number(kind.faults), labels);
    out.counter("spanlight_control_kubernetes_malformed_total",
                "Lines that are not as the API has them, or too long.",
                number(kind.malformed + kind.too_long), labels);
  }
}

void write_store_metrics(serve::Exposition& out, Store& store) {
  const WriterCounters writer = store.writer().counters();
  const StoreStatus status = store.status();
  const auto ended = [&](std::string_view result, std::uint64_t value) {
    out.counter("spanlight_control_store_calls_total",
                "Calls that were to be stored, by what became of them.", number(value), {{"result", result}});
  };
  ended("stored", writer.stored);
  ended("dropped_queue_full", writer.dropped_full);
  ended("dropped_refused", writer.dropped_refused);
  ended("dropped_at_end", writer.dropped_end);
  out.gauge("spanlight_control_store_waiting_calls", "Calls that wait to be stored.", number(writer.waiting));
  out.gauge("spanlight_control_store_waiting_bytes", "Bytes of messages that wait to be stored.",
            number(writer.waiting_bytes));
  out.counter("spanlight_control_store_inserts_total", "Inserts.", number(writer.inserts));
  out.counter("spanlight_control_store_retries_total", "Inserts that were tried again.",
              number(writer.retries));
  out.gauge("spanlight_control_store_merges_paused", "1 while merges wait because calls do.",
            writer.merges_paused ? 1 : 0);
  out.counter("spanlight_control_store_merge_pauses_total", "Times that merges were held back.",
              number(writer.merge_pauses));
  out.gauge("spanlight_control_store_ready", "1 while questions and inserts can go.", status.ready ? 1 : 0);
  out.gauge("spanlight_control_store_disk_full", "1 while the store's disk is full.",
            writer.disk_full ? 1 : 0);
  out.gauge("spanlight_control_store_bytes", "Bytes of calls on disk, seen last.", number(status.bytes));
  out.counter("spanlight_control_store_parts_dropped_total", "Parts dropped to stay within store.keepGb.",
              number(status.parts_dropped));
  out.counter("spanlight_control_store_starts_total", "Starts of the store's child process.",
              number(status.child_starts));
  out.counter("spanlight_control_store_hangs_total",
              "Times that the child process hung and was killed for it.", number(status.child_hangs));
}

}  // namespace spanlight
