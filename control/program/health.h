#pragma once
// Whether the parts of the process work, and every counter as metrics: of each sensor, of ingest, the live
// view, names, targets and the store, and rate, errors and duration of each service. Any thread.

#include <optional>

#include "ingest/ingest.h"
#include "ingest/sensor_board.h"
#include "live/live.h"
#include "program/cluster_side.h"
#include "serve/backend.h"
#include "store/store.h"

namespace spanlight {

// What is asked; all live as long as the process. `store`: nullptr where there is none.
struct Parts {
  const SensorBoard& board;
  const Ingest& ingest;
  const LiveHub& live;
  const ClusterSide& cluster;
  Store* store = nullptr;
};

class ProcessHealth final : public serve::Health {
 public:
  explicit ProcessHealth(const Parts& parts) : parts_(parts) {}
  std::vector<serve::PartState> parts() const override;
  void write_metrics(serve::Exposition& out) const override;

 private:
  const Parts parts_;
};

// metrics.cpp
void write_sensor_metrics(serve::Exposition& out, const std::vector<SensorState>& sensors);
void write_ingest_metrics(serve::Exposition& out, const Ingest& ingest);
void write_service_metrics(serve::Exposition& out, const Ingest& ingest);
void write_live_metrics(serve::Exposition& out, const LiveHub& live);
void write_cluster_metrics(serve::Exposition& out, const ClusterSide& cluster);
void write_store_metrics(serve::Exposition& out, Store& store);

}  // namespace spanlight
