#pragma once
// What the API asks of sensors, targets and names, answered from where it is known. Any thread; they hold
// references alone, and live as long as the process.

#include "ingest/sensor_board.h"
#include "program/chosen_targets.h"
#include "program/cluster_side.h"
#include "serve/backend.h"

namespace spanlight {

class SensorsView final : public serve::Sensors {
 public:
  // `links`: in the order of the board's sensors.
  SensorsView(const SensorBoard& board, const ClusterSide& cluster, std::vector<SensorLink> links)
      : board_(board), cluster_(cluster), links_(std::move(links)) {}
  std::vector<serve::SensorView> list() const override;

 private:
  const SensorBoard& board_;
  const ClusterSide& cluster_;
  const std::vector<SensorLink> links_;
};

class TargetsView final : public serve::Targets {
 public:
  TargetsView(ClusterSide& cluster, ChosenTargets& chosen, const SensorBoard& board)
      : cluster_(cluster), chosen_(chosen), board_(board) {}
  serve::TargetsState current() const override;
  std::variant<serve::TargetsState, std::string> preview(const TapSettings& settings) const override;
  std::variant<serve::TargetsState, std::string> change(const TapSettings& settings) override;

 private:
  serve::TargetsState state_of(const TapSettings& tap, const spanlight::Targets& targets) const;

  ClusterSide& cluster_;
  ChosenTargets& chosen_;
  const SensorBoard& board_;
};

class NamesView final : public serve::Names {
 public:
  explicit NamesView(const NamesBoard& board) : board_(board) {}
  std::vector<serve::Resolved> resolve(const serve::Ip& address, std::uint64_t at_ns) const override;

 private:
  const NamesBoard& board_;
};

}  // namespace spanlight
