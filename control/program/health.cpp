#include "program/health.h"

#include <algorithm>

#include "program/clocks.h"

namespace spanlight {
namespace {

serve::PartState sensors_state(const std::vector<SensorState>& sensors) {
  const auto connected = std::count_if(sensors.begin(), sensors.end(), [](const SensorState& sensor) {
    return sensor.link == SensorState::Link::connected;
  });
  serve::PartState part{"sensors", connected > 0, {}};
  part.detail = std::to_string(connected) + " of " + std::to_string(sensors.size()) + " connected";
  for (const SensorState& sensor : sensors)
    if (!sensor.trouble.empty()) part.detail += "; " + sensor.endpoint + ": " + sensor.trouble;
  return part;
}

serve::PartState kubernetes_state(const ClientStatus& status) {
  serve::PartState part{"kubernetes", true, {}};
  for (const KindStatus& kind : status.kinds) {
    // Pods are what names are made of; a kind that we may not see costs a part of a name.
    if (kind.kind == Kind::pod) part.ready = kind.synced;
    if (kind.last_fault.empty()) continue;
    part.detail +=
        (part.detail.empty() ? "" : "; ") + std::string(kind_name(kind.kind)) + ": " + kind.last_fault;
  }
  if (const std::string trouble = clock_trouble(status); !trouble.empty())
    part.detail += (part.detail.empty() ? "" : "; ") + trouble;
  return part;
}

// Keeping its tables and storing calls are two matters, and go wrong apart.
serve::PartState store_state(const StoreStatus& status, const WriterCounters& writer) {
  serve::PartState part{"store", status.ready, status.trouble};
  if (writer.trouble != status.trouble && !writer.trouble.empty())
    part.detail += (part.detail.empty() ? "" : "; ") + writer.trouble;
  return part;
}

}  // namespace

std::vector<serve::PartState> ProcessHealth::parts() const {
  std::vector<serve::PartState> all;
  all.push_back(sensors_state(parts_.board.sensors()));
  if (const auto status = parts_.cluster.status()) all.push_back(kubernetes_state(*status));
  if (parts_.store != nullptr)
    all.push_back(store_state(parts_.store->status(), parts_.store->writer().counters()));
  return all;
}

void ProcessHealth::write_metrics(serve::Exposition& out) const {
  write_sensor_metrics(out, parts_.board.sensors());
  write_ingest_metrics(out, parts_.ingest);
  write_service_metrics(out, parts_.ingest);
  write_live_metrics(out, parts_.live);
  write_cluster_metrics(out, parts_.cluster);
  if (parts_.store != nullptr) write_store_metrics(out, *parts_.store);
}

}  // namespace spanlight
