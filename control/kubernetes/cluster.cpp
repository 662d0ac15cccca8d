#include "kubernetes/cluster.h"

#include <algorithm>
#include <utility>

namespace spanlight {
namespace {

constexpr int kOwnersMax = 8;  // a chain of owners is two long; a circle is a fault of somebody else
constexpr std::string_view kTemplateHash = "pod-template-hash";

std::string pod_key(const std::string& name_space, const std::string& pod) {
  return name_space + "/" + pod;
}

template <typename Map>
auto take_out(Map& map, const Uid& uid) {
  typename Map::mapped_type before;
  const auto found = map.find(uid);
  if (found == map.end()) return before;
  before = std::move(found->second);
  map.erase(found);
  return before;
}

}  // namespace

bool selects(const std::vector<Label>& selector, const std::vector<Label>& labels) {
  auto at = labels.begin();
  for (const Label& wanted : selector) {
    at = std::lower_bound(at, labels.end(), wanted.name,
                          [](const Label& l, const std::string& name) { return l.name < name; });
    if (at == labels.end() || at->name != wanted.name || at->value != wanted.value) return false;
  }
  return !selector.empty();
}

const std::vector<ServicePtr>* Cluster::services_in(const std::string& name_space) const {
  const auto found = services_by_namespace_.find(name_space);
  return found == services_by_namespace_.end() ? nullptr : &found->second;
}

const std::vector<std::string>* Cluster::sliced_services(const std::string& name_space,
                                                         const std::string& pod) const {
  if (services_by_pod_.empty()) return nullptr;
  const auto found = services_by_pod_.find(pod_key(name_space, pod));
  return found == services_by_pod_.end() ? nullptr : &found->second;
}

Workload Cluster::workload_of(const Pod& pod) const {
  if (pod.owner.kind.empty()) return {};
  // A node's own pods (static pods) have the node as owner: that is no workload.
  if (pod.owner.kind == "Node") return {};
  const Owner* owner = &pod.owner;
  for (int i = 0; i < kOwnersMax; ++i) {
    const auto found = controllers_.find(owner->uid);
    if (found == controllers_.end() || found->second.owner.kind.empty()) break;
    owner = &found->second.owner;
  }
  // ReplicaSets that we may not see, or whose event is still to come: a Deployment names its own after itself
  // and the hash that its pods carry as a label.
  if (owner == &pod.owner && owner->kind == "ReplicaSet" && !controllers_.contains(owner->uid)) {
    const auto hash = std::find_if(pod.labels.begin(), pod.labels.end(),
                                   [](const Label& l) { return l.name == kTemplateHash; });
    if (hash != pod.labels.end() && owner->name.ends_with("-" + hash->value) &&
        owner->name.size() > hash->value.size() + 1)
      return {"Deployment", owner->name.substr(0, owner->name.size() - hash->value.size() - 1)};
  }
  return {owner->kind, owner->name};
}

std::vector<std::string> Cluster::name_spaces() const {
  std::vector<std::string> names;
  for (const auto& [uid, name] : name_spaces_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

void Cluster::upsert(Object&& object, const Moment& moment) {
  if (auto* pod = std::get_if<Pod>(&object)) return put(std::move(*pod), moment);
  if (auto* service = std::get_if<Service>(&object)) return put(std::move(*service), moment);
  if (auto* slice = std::get_if<EndpointSlice>(&object)) return put(std::move(*slice), moment);
  if (auto* node = std::get_if<Node>(&object)) return put(std::move(*node), moment);
  if (auto* controller = std::get_if<Controller>(&object)) return put(std::move(*controller));
  if (auto* name_space = std::get_if<Namespace>(&object))
    name_spaces_[name_space->meta.uid] = name_space->meta.name;
}

void Cluster::put(Pod&& pod, const Moment& moment) {
  const auto now = std::make_shared<const Pod>(std::move(pod));
  PodPtr& place = pods_[now->meta.uid];
  const PodPtr before = std::exchange(place, now);
  for (ClusterObserver* observer : observers_) observer->on_pod(before, now, moment);
}

void Cluster::put(Service&& service, const Moment& moment) {
  const auto now = std::make_shared<const Service>(std::move(service));
  ServicePtr& place = services_[now->meta.uid];
  const ServicePtr before = std::exchange(place, now);
  index(before.get(), now);
  for (ClusterObserver* observer : observers_) observer->on_service(before, now, moment);
}

void Cluster::put(EndpointSlice&& slice, const Moment& moment) {
  // A service with a selector chooses its pods itself: of most slices the addresses are not needed.
  const auto now = std::make_shared<const EndpointSlice>(std::move(slice));
  SlicePtr& place = slices_[now->meta.uid];
  const SlicePtr before = std::exchange(place, now);
  index(before.get(), now.get());
  for (ClusterObserver* observer : observers_) observer->on_slice(before, now, moment);
}

void Cluster::put(Node&& node, const Moment& moment) {
  const auto now = std::make_shared<const Node>(std::move(node));
  NodePtr& place = nodes_[now->meta.uid];
  const NodePtr before = std::exchange(place, now);
  for (ClusterObserver* observer : observers_) observer->on_node(before, now, moment);
}

void Cluster::put(Controller&& controller) {
  Controller& place = controllers_[controller.meta.uid];
  const bool same = place.owner.kind == controller.owner.kind && place.owner.name == controller.owner.name &&
                    place.meta.uid == controller.meta.uid;
  place = std::move(controller);
  if (same) return;  // its status counts replicas all day
  for (ClusterObserver* observer : observers_) observer->on_controller(place);
}

void Cluster::remove(Kind kind, const Uid& uid, Object&& last, const Moment& moment) {
  // What a DELETED event tells may be newer than what we have: ends and deletion times.
  if (auto* pod = std::get_if<Pod>(&last)) upsert(std::move(*pod), moment);
  switch (kind) {
    case Kind::pod:
      if (const PodPtr before = take_out(pods_, uid))
        for (ClusterObserver* observer : observers_) observer->on_pod(before, nullptr, moment);
      break;
    case Kind::service:
      if (const ServicePtr before = take_out(services_, uid)) {
        index(before.get(), nullptr);
        for (ClusterObserver* observer : observers_) observer->on_service(before, nullptr, moment);
      }
      break;
    case Kind::endpoint_slice:
      if (const SlicePtr before = take_out(slices_, uid)) {
        index(before.get(), nullptr);
        for (ClusterObserver* observer : observers_) observer->on_slice(before, nullptr, moment);
      }
      break;
    case Kind::node:
      if (const NodePtr before = take_out(nodes_, uid))
        for (ClusterObserver* observer : observers_) observer->on_node(before, nullptr, moment);
      break;
    case Kind::name_space:
      name_spaces_.erase(uid);
      break;
    case Kind::replica_set:
    case Kind::job:
      controllers_.erase(uid);  // its pods are named as they were; they go with it
      break;
  }
}

void Cluster::batch_end() {
  for (ClusterObserver* observer : observers_) observer->on_batch(*this);
}

void Cluster::index(const Service* before, const ServicePtr& now) {
  if (before != nullptr) {
    const auto found = services_by_namespace_.find(before->meta.name_space);
    if (found != services_by_namespace_.end()) {
      std::erase_if(found->second, [&](const ServicePtr& s) { return s->meta.uid == before->meta.uid; });
      if (found->second.empty()) services_by_namespace_.erase(found);
    }
  }
  if (now != nullptr) services_by_namespace_[now->meta.name_space].push_back(now);
}

void Cluster::index(const EndpointSlice* before, const EndpointSlice* now) {
  const auto each_pod = [](const EndpointSlice& slice, const auto& take) {
    for (const Endpoint& endpoint : slice.endpoints)
      if (!endpoint.pod.empty() && !slice.service.empty()) take(pod_key(slice.meta.name_space, endpoint.pod));
  };
  if (before != nullptr)
    each_pod(*before, [&](const std::string& key) {
      const auto found = services_by_pod_.find(key);
      if (found == services_by_pod_.end()) return;
      const auto one = std::find(found->second.begin(), found->second.end(), before->service);
      if (one != found->second.end()) found->second.erase(one);
      if (found->second.empty()) services_by_pod_.erase(found);
    });
  if (now != nullptr)
    each_pod(*now, [&](const std::string& key) { services_by_pod_[key].push_back(now->service); });
}

}  // namespace spanlight
