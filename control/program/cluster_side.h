#pragma once
// Everything that follows Kubernetes: the client, the cluster as it is, the map of names over time, and what
// is to be captured. Without a cluster only the static map speaks, and targets are machines of it. The
// client's thread is the only one that looks at the cluster; the rest of this is for any thread.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "kubernetes/client.h"
#include "kubernetes/cluster.h"
#include "names/names.h"
#include "names/timeline.h"
#include "settings/control.h"
#include "targets/pusher.h"
#include "targets/tracker.h"

namespace spanlight {

class ClusterSide {
 public:
  using Say = std::function<void(LogLevel, const std::string&)>;

  // Throws std::runtime_error with a sentence where the settings cannot be: a kubeconfig or static map that
  // cannot be read, a cluster that must be there and is not.
  ClusterSide(const ControlSettings& settings, Say say);
  ~ClusterSide();

  // What an earlier life of the process knew; before start().
  void restore(const std::vector<Interval>& intervals, std::uint64_t known_until_ns);
  void start();
  void stop();

  const NamesBoard& names() const { return board_; }
  Timeline& timeline() { return timeline_; }
  const Timeline& timeline() const { return timeline_; }
  bool has_cluster() const { return client_ != nullptr; }
  std::optional<ClientStatus> status() const;  // nothing without a cluster

  TapSettings tap() const;
  std::shared_ptr<const Targets> targets() const { return tracker_.current(); }
  // Why these are not yet what the settings choose; empty: they are.
  std::string waiting() const { return tracker_.waiting(); }
  // The number of the targets that are in force: raised whenever they change.
  std::uint64_t generation() const;
  std::vector<SensorTargets> pushed() const;

  // What these settings would choose now, or the sentence that says why they cannot be.
  std::variant<Targets, std::string> preview(const TapSettings& tap);
  // Before start(): with these instead of the settings'. A sentence where they cannot be.
  std::string begin_with(const TapSettings& tap);
  // From now on these; what comes of it is computed when it returns, and on its way to the sensors.
  std::string change(const TapSettings& tap);
  // Another static map, read from its file, for names and for targets; a sentence where it cannot be, and
  // then nothing has changed.
  std::string set_static_map(const std::string& path);

 private:
  static std::shared_ptr<const StaticMap> load_static_map(const std::string& path, std::string& fault);
  void find_cluster(const ControlSettings& settings);
  std::string set_rules(const TapSettings& tap);
  void refresh_targets();  // after another tap or other machines
  // Runs `work` where the cluster may be looked at and waits for it; false if that thread does not come to
  // it.
  bool on_cluster_thread(std::function<void()> work);
  void on_targets(const std::shared_ptr<const Targets>& targets);

  const Say say_;
  std::shared_ptr<const StaticMap> machines_;
  NamesBoard board_;
  Cluster cluster_;
  std::unique_ptr<TargetPusher> pusher_;
  Timeline timeline_;
  TargetTracker tracker_;
  mutable std::mutex lock_;
  TapSettings tap_;
  std::uint64_t generation_ = 0;
  bool captures_nothing_ = false;             // targets were chosen, and nobody is one
  std::mutex alone_;                          // without a client whoever asks is the cluster's thread
  std::unique_ptr<KubernetesClient> client_;  // last made, first destroyed: it calls the others
};

}  // namespace spanlight
