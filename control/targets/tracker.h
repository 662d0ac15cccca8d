#pragma once
// Which addresses are to be captured now: watches a Cluster and computes the targets anew when it or the
// rules change, a short while after the first of several changes. On the Kubernetes client's thread, but for
// current(), set_rules() and set_machines(), which any may call.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "kubernetes/cluster.h"
#include "names/static_map.h"
#include "targets/rules.h"

namespace spanlight {

// Immutable.
struct Targets {
  struct PodName {
    std::string name_space, pod, node;
  };
  bool only = false;               // false: everything is captured
  std::vector<Address> addresses;  // sorted, each once
  std::string bpf;                 // tap.bpfOverride: replaces all of it
  std::size_t pods = 0, namespaces = 0, nodes = 0, services = 0, machines = 0;
  // Wanted, but they share their node's address: capturing that would capture the whole node.
  std::size_t host_network_pods = 0;
  std::vector<PodName> preview;  // the first kPreviewMax pods, by namespace and name
  static constexpr std::size_t kPreviewMax = 1'000;

  bool same_capture(const Targets& other) const {
    return only == other.only && bpf == other.bpf && addresses == other.addresses;
  }
  std::string sentence() const;  // "targeting 12 pods in 2 namespaces across 3 nodes"
};

// From scratch: for a preview, and what the tracker must agree with.
Targets evaluate(const TargetRules& rules, const Cluster& cluster, const StaticMap* machines);

class TargetTracker final : public ClusterObserver {
 public:
  using Changed = std::function<void(std::shared_ptr<const Targets>)>;
  // `changed` is called with each new set of targets, on the thread where it came about; it must not block.
  TargetTracker(const Cluster& cluster, std::shared_ptr<const TargetRules> rules,
                std::shared_ptr<const StaticMap> machines, Changed changed);

  // Any thread; the cluster is looked at on its own, at the next batch. See KubernetesClient::run(refresh).
  void set_rules(std::shared_ptr<const TargetRules> rules);
  void set_machines(std::shared_ptr<const StaticMap> machines);
  void refresh();  // now, on the cluster's thread: after these when no change of the cluster is awaited
  std::shared_ptr<const Targets> current() const;
  std::uint64_t evaluations() const;

  void on_pod(const PodPtr& before, const PodPtr& now, const Moment& moment) override;
  void on_service(const ServicePtr& before, const ServicePtr& now, const Moment& moment) override;
  void on_slice(const SlicePtr& before, const SlicePtr& now, const Moment& moment) override;
  void on_node(const NodePtr&, const NodePtr&, const Moment&) override {}
  void on_controller(const Controller&) override {}
  void on_batch(const Cluster& cluster) override;

 private:
  void evaluate_now();
  std::shared_ptr<const TargetRules> rules() const;

  const Cluster& cluster_;
  const Changed changed_;
  bool dirty_ = true;

  mutable std::mutex guard_;
  std::shared_ptr<const TargetRules> rules_;
  std::shared_ptr<const StaticMap> machines_;
  std::shared_ptr<const Targets> current_;
  std::uint64_t evaluations_ = 0;
  bool rules_changed_ = true;  // or the machines
};

}  // namespace spanlight
