#pragma once
// Which addresses are to be captured now: watches a Cluster and computes the targets anew when it or the
// rules change, a short while after the first of several changes. On the Kubernetes client's thread, but for
// current(), waiting(), set_rules() and set_machines(), which any may call.

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
  std::size_t networks = 0;  // of the static map; wanted, but a sensor knows addresses only
  std::vector<std::string> unknown_namespaces;  // named by the rules, and not there: misspelt, perhaps
  bool services_denied = false;  // their ClusterIPs would be among the addresses, could they be listed
  std::string waiting;           // why this may not be all of it yet; empty: it is
  std::vector<PodName> preview;  // the first kPreviewMax pods, by namespace and name
  static constexpr std::size_t kPreviewMax = 1'000;

  bool same_capture(const Targets& other) const {
    return only == other.only && bpf == other.bpf && addresses == other.addresses;
  }
  std::string sentence() const;  // "targeting 12 pods in 2 namespaces across 3 nodes"
};

// From scratch: for a preview, and what the tracker must agree with.
Targets evaluate(const TargetRules& rules, const Cluster& cluster, const StaticMap* machines);
// Why these rules cannot be followed yet; empty: they can.
std::string waiting_sentence(const TargetRules& rules, const Cluster& cluster);

class TargetTracker final : public ClusterObserver {
 public:
  using Changed = std::function<void(std::shared_ptr<const Targets>)>;
  // `changed` is called with each new set of targets, `say` where there can be none yet, on the thread where
  // it came about; they must not block.
  TargetTracker(const Cluster& cluster, std::shared_ptr<const TargetRules> rules,
                std::shared_ptr<const StaticMap> machines, Changed changed, Say say = {});

  // Any thread; the cluster is looked at on its own, at the next batch. See KubernetesClient::run(refresh).
  void set_rules(std::shared_ptr<const TargetRules> rules);
  void set_machines(std::shared_ptr<const StaticMap> machines);
  void refresh();  // now, whatever is listed, on the cluster's thread
  std::shared_ptr<const Targets> current() const;
  // Why what current() says is not by the rules that were set last; empty: it is.
  std::string waiting() const;
  std::uint64_t evaluations() const;

  void on_pod(const PodPtr& before, const PodPtr& now, const Moment& moment) override;
  void on_service(const ServicePtr& before, const ServicePtr& now, const Moment& moment) override;
  void on_slice(const SlicePtr& before, const SlicePtr& now, const Moment& moment) override;
  void on_node(const NodePtr&, const NodePtr&, const Moment&) override {}
  void on_controller(const Controller&) override {}
  // Evaluates where that is due and can be; also for who has set something and awaits no change.
  void on_batch(const Cluster& cluster) override;

 private:
  void evaluate_if_due(bool whatever_is_listed);
  std::shared_ptr<const TargetRules> rules() const;

  const Cluster& cluster_;
  const Changed changed_;
  const Say say_;
  bool dirty_ = true;

  mutable std::mutex guard_;
  std::shared_ptr<const TargetRules> rules_;
  std::shared_ptr<const StaticMap> machines_;
  std::shared_ptr<const Targets> current_;
  std::string waiting_;
  std::uint64_t evaluations_ = 0;
  bool rules_changed_ = true;  // or the machines
};

}  // namespace spanlight
