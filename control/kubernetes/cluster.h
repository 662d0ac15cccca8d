#pragma once
// The cluster as it is now: every object that was told, and who owns whom. A ClusterSink that keeps and
// passes on: observers look at it, and are told of what changed. One thread: the client's.

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kubernetes/client.h"
#include "kubernetes/objects.h"

namespace spanlight {

using PodPtr = std::shared_ptr<const Pod>;
using ServicePtr = std::shared_ptr<const Service>;
using SlicePtr = std::shared_ptr<const EndpointSlice>;
using NodePtr = std::shared_ptr<const Node>;

class Cluster;

class ClusterObserver {
 public:
  virtual ~ClusterObserver() = default;
  // `before` is nullptr where it is new, `now` where it is gone.
  virtual void on_pod(const PodPtr& before, const PodPtr& now, const Moment& moment) = 0;
  virtual void on_service(const ServicePtr& before, const ServicePtr& now, const Moment& moment) = 0;
  virtual void on_slice(const SlicePtr& before, const SlicePtr& now, const Moment& moment) = 0;
  virtual void on_node(const NodePtr& before, const NodePtr& now, const Moment& moment) = 0;
  virtual void on_controller(
      const Controller& controller) = 0;  // the owners of its pods may read otherwise now
  virtual void on_batch(const Cluster& cluster) = 0;
};

// Who answers for a pod, climbed from its controller: "Deployment" "web".
struct Workload {
  std::string kind, name;
};

class Cluster final : public ClusterSink {
 public:
  template <typename T>
  using Objects = std::unordered_map<Uid, std::shared_ptr<const T>, UidHash>;

  void observe(ClusterObserver& observer) { observers_.push_back(&observer); }

  const Objects<Pod>& pods() const { return pods_; }
  const Objects<Service>& services() const { return services_; }
  const Objects<EndpointSlice>& slices() const { return slices_; }
  const Objects<Node>& nodes() const { return nodes_; }
  // Of one namespace; nullptr: none.
  const std::vector<ServicePtr>* services_in(const std::string& name_space) const;
  // The services whose slices name this pod, of those without a selector.
  const std::vector<std::string>* sliced_services(const std::string& name_space,
                                                  const std::string& pod) const;
  Workload workload_of(const Pod& pod) const;
  std::vector<std::string> name_spaces() const;  // sorted
  bool synced(Kind kind) const { return synced_[static_cast<std::size_t>(kind)]; }
  // It has never been listed, and the server's last word was that we may not.
  bool denied(Kind kind) const { return denied_[static_cast<std::size_t>(kind)] && !synced(kind); }

  // ClusterSink
  void upsert(Object&& object, const Moment& moment) override;
  void remove(Kind kind, const Uid& uid, Object&& last, const Moment& moment) override;
  void synced(Kind kind) override { synced_[static_cast<std::size_t>(kind)] = true; }
  void denied(Kind kind) override { denied_[static_cast<std::size_t>(kind)] = true; }
  void batch_end() override;

 private:
  void put(Pod&& pod, const Moment& moment);
  void put(Service&& service, const Moment& moment);
  void put(EndpointSlice&& slice, const Moment& moment);
  void put(Node&& node, const Moment& moment);
  void put(Controller&& controller);
  void index(const Service* before, const ServicePtr& now);
  void index(const EndpointSlice* before, const EndpointSlice* now);

  std::vector<ClusterObserver*> observers_;
  Objects<Pod> pods_;
  Objects<Service> services_;
  Objects<EndpointSlice> slices_;
  Objects<Node> nodes_;
  std::unordered_map<Uid, std::string, UidHash> name_spaces_;
  std::unordered_map<Uid, Controller, UidHash> controllers_;
  std::unordered_map<std::string, std::vector<ServicePtr>> services_by_namespace_;
  std::unordered_map<std::string, std::vector<std::string>> services_by_pod_;  // "namespace/pod", of slices
  bool synced_[kKinds] = {}, denied_[kKinds] = {};
};

// Whether every label of `selector` (sorted) is among `labels` (sorted). An empty one selects nothing.
bool selects(const std::vector<Label>& selector, const std::vector<Label>& labels);

}  // namespace spanlight
