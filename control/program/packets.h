#pragma once
// The packets behind a call, asked of the sensor that saw it: GetPackets over its command endpoint, each time
// over a connection of its own, so that targets are never kept waiting. Any thread; fetch() blocks.

#include <vector>

#include "ingest/sensor_board.h"
#include "serve/backend.h"
#include "settings/control.h"

namespace spanlight {

class SensorPackets final : public serve::Packets {
 public:
  // `board` knows which link is whose sensor.
  SensorPackets(const ControlSettings& settings, const SensorBoard& board);
  ~SensorPackets() override;

  serve::PacketsEnd fetch(const StoredCall& call, const std::function<bool(std::string_view)>& on_bytes,
                          std::stop_token cancel) override;

 private:
  const SensorLink* link_of(const wire::RecordBatch& batch) const;

  const std::vector<SensorLink> links_;
  const std::string public_key_, secret_key_;
  const SensorBoard& board_;
  void* const context_;
};

}  // namespace spanlight
