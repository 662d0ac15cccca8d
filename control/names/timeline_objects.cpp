// What each kind of object claims, from when until when, and under which names.
#include <algorithm>

#include "names/timeline.h"

namespace spanlight {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

bool same_labels(const std::vector<Label>& a, const std::vector<Label>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Label& x, const Label& y) { return x.name == y.name && x.value == y.value; });
}

bool same(const Party& a, const Party& b) {
  return a.name == b.name && a.name_space == b.name_space && a.pod == b.pod && a.service == b.service &&
         a.workload_kind == b.workload_kind && a.workload == b.workload && a.node == b.node &&
         same_labels(a.labels, b.labels);
}

// Times of objects are by the server's clock.
std::uint64_t local(std::uint64_t server_ns, const Moment& moment) {
  const std::int64_t ns = static_cast<std::int64_t>(server_ns) - moment.server_offset_ns;
  return server_ns == 0 || ns < 0 ? 0 : static_cast<std::uint64_t>(ns);
}

// Never after it was seen; and then, where it is not told.
std::uint64_t told(std::uint64_t server_ns, const Moment& moment) {
  const std::uint64_t ns = local(server_ns, moment);
  return ns == 0 ? moment.seen_ns : std::min(ns, moment.seen_ns);
}

Party party_of(const Service& service) {
  Party party;
  party.name = service.meta.name;
  party.name_space = service.meta.name_space;
  party.service = service.meta.name;
  party.labels = service.labels;
  return party;
}

}  // namespace

Timeline::Range Timeline::begin_of(const Pod& pod, const Moment& moment) const {
  // Nothing leaves a pod before its network is made and its first container starts; both are told in whole
  // seconds, cut. After a restart the first start is not told any more.
  std::uint64_t first = pod.restarted ? 0 : pod.first_container_ns;
  if (pod.network_ns != 0 && (first == 0 || pod.network_ns < first)) first = pod.network_ns;
  const bool sharp = first != 0;
  if (!sharp) first = pod.start_ns != 0 ? pod.start_ns : pod.meta.created_ns;
  const std::uint64_t lo = told(first, moment);
  return {lo, sharp ? std::min(lo + kSecond, moment.seen_ns) : moment.seen_ns, sharp,
          std::min(lo, told(pod.meta.created_ns, moment))};
}

Timeline::Range Timeline::begin_of(const Meta& meta, const Moment& moment) const {
  const std::uint64_t lo = told(meta.created_ns, moment);
  return {lo, moment.seen_ns, false, lo};
}

// When an object that was known before became another.
Timeline::Range Timeline::change_at(const Moment& moment) {
  return {moment.known_ns == 0 ? moment.seen_ns : moment.known_ns, moment.seen_ns, false};
}

Timeline::Range Timeline::end_of(const Pod& pod, const Moment& moment) const {
  Range range = change_at(moment);
  // The end of its last container, where that is sharper than when we were told.
  const std::uint64_t ended = pod.finished ? local(pod.finished_ns, moment) : 0;
  if (ended != 0 && ended + kSecond < range.hi) range = {ended, ended + kSecond, false};
  return range;
}

void Timeline::on_pod(const PodPtr& before, const PodPtr& now, const Moment& moment) {
  if (now == nullptr) {
    end_all(before->meta.uid, end_of(*before, moment));
    holders_.erase(before->meta.uid);
    return;
  }
  const Pod& pod = *now;
  const Uid& uid = pod.meta.uid;
  Holder& holder = holders_[uid];
  holder.pod = now;
  std::vector<Key> keys;
  const std::vector<Address>& of_node =
      pod.host_addresses.empty() && pod.host_network ? pod.addresses : pod.host_addresses;
  if (!pod.host_network)
    for (const Address& address : pod.addresses) {
      keys.push_back({address, 0});
      learn_prefix(address);
    }
  for (const PodPort& port : pod.ports) {
    const std::uint16_t on_node = port.host != 0     ? port.host
                                  : pod.host_network ? port.container
                                                     : std::uint16_t{0};
    if (on_node == 0) continue;
    for (const Address& address : of_node)
      if (std::find(keys.begin(), keys.end(), Key{address, on_node}) == keys.end())
        keys.push_back({address, on_node});
  }
  std::shared_ptr<const Party> party = party_of(pod);
  if (holder.party == nullptr || !same(*holder.party, *party)) set_party(uid, std::move(party));
  const Range begin = begin_of(pod, moment);
  if (pod.finished) {
    // Never seen while it ran: it is history from the start.
    const bool unseen = before == nullptr || !before->finished;
    if (unseen && holder.keys.empty() && pod.finished_ns != 0) hold(uid, Rank::pod, keys, begin, {});
    return end_all(uid, end_of(pod, moment));
  }
  // Started anew, maybe in a network that was made anew without a word of when: what it had not before it
  // has not had since its start.
  const Range change = change_at(moment);
  const bool anew =
      before != nullptr && pod.restarted && (pod.network_ns == 0 || pod.network_ns == before->network_ns);
  hold(uid, Rank::pod, std::move(keys), anew ? change : begin, change);
}

std::string Timeline::service_of(const Pod& pod) const {
  const Service* best = nullptr;
  // With an address before headless, more labels before fewer, then by name: the same each time.
  const auto better = [](const Service& a, const Service& b) {
    if (a.cluster_addresses.empty() != b.cluster_addresses.empty()) return b.cluster_addresses.empty();
    if (a.selector.size() != b.selector.size()) return a.selector.size() > b.selector.size();
    return a.meta.name < b.meta.name;
  };
  if (const auto* services = cluster_.services_in(pod.meta.name_space))
    for (const ServicePtr& service : *services)
      if (selects(service->selector, pod.labels) && (best == nullptr || better(*service, *best)))
        best = service.get();
  if (best != nullptr) return best->meta.name;
  const std::vector<std::string>* sliced = cluster_.sliced_services(pod.meta.name_space, pod.meta.name);
  return sliced == nullptr ? std::string() : *std::min_element(sliced->begin(), sliced->end());
}

std::shared_ptr<const Party> Timeline::party_of(const Pod& pod) const {
  auto party = std::make_shared<Party>();
  party->name = pod.meta.name;
  party->name_space = pod.meta.name_space;
  party->pod = pod.meta.name;
  party->labels = pod.labels;
  party->service = service_of(pod);
  Workload workload = cluster_.workload_of(pod);
  party->workload_kind = std::move(workload.kind);
  party->workload = std::move(workload.name);
  party->node = pod.node;
  return party;
}

void Timeline::on_service(const ServicePtr& before, const ServicePtr& now, const Moment& moment) {
  const Service& any = now != nullptr ? *now : *before;
  dirty_namespaces_.insert(any.meta.name_space);
  if (!any.external_name.empty() || (before != nullptr && !before->external_name.empty()))
    external_dirty_ = true;
  const Range change = change_at(moment);
  if (now == nullptr) {
    end_all(any.meta.uid, change);
    holders_.erase(any.meta.uid);
    return;
  }
  std::vector<Key> keys;
  for (const Address& address : any.cluster_addresses) keys.push_back({address, 0});
  // A load balancer's address may be shared, or be a node's: its ports are the service's, the rest if nobody
  // else's.
  for (const Address& address : any.external_addresses) {
    keys.push_back({address, 0});
    for (const ServicePort& port : any.ports)
      if (port.port != 0) keys.push_back({address, port.port});
  }
  for (const ServicePort& port : any.ports)
    if (port.node_port != 0 &&
        std::find(keys.begin(), keys.end(), Key{Address{}, port.node_port}) == keys.end())
      keys.push_back({Address{}, port.node_port});
  const Party party = spanlight::party_of(any);
  const std::shared_ptr<const Party>& held = holders_[any.meta.uid].party;
  if (held == nullptr || !same(*held, party)) set_party(any.meta.uid, std::make_shared<const Party>(party));
  hold(any.meta.uid, Rank::service, std::move(keys), before == nullptr ? begin_of(any.meta, moment) : change,
       change);
}

// Endpoints that are pods are named as pods; machines outside that a service without a selector stands for
// are not known otherwise.
void Timeline::on_slice(const SlicePtr& before, const SlicePtr& now, const Moment& moment) {
  const EndpointSlice& any = now != nullptr ? *now : *before;
  const auto has_pods = [](const EndpointSlice& slice) {
    return std::any_of(slice.endpoints.begin(), slice.endpoints.end(),
                       [](const Endpoint& e) { return !e.pod.empty(); });
  };
  // Of services with a selector nothing changes by it, and those change their slices all day.
  const bool pods_of_it = has_pods(any) || (before != nullptr && has_pods(*before));
  if (pods_of_it) {
    const auto* services = cluster_.services_in(any.meta.name_space);
    const bool selected =
        services != nullptr && std::any_of(services->begin(), services->end(), [&](const ServicePtr& s) {
          return s->meta.name == any.service && !s->selector.empty();
        });
    if (!selected) dirty_namespaces_.insert(any.meta.name_space);
  }
  const Range change = change_at(moment);
  std::vector<Key> keys;
  if (now != nullptr && !any.service.empty())
    for (const Endpoint& endpoint : any.endpoints) {
      if (!endpoint.pod.empty()) continue;
      if (any.ports.empty()) keys.push_back({endpoint.address, 0});
      for (const std::uint16_t port : any.ports) keys.push_back({endpoint.address, port});
    }
  const auto held = holders_.find(any.meta.uid);
  if (keys.empty() && held == holders_.end()) return;
  if (keys.empty()) {
    end_all(any.meta.uid, change);
    holders_.erase(any.meta.uid);
    return;
  }
  Party party;
  party.name = party.service = any.service;
  party.name_space = any.meta.name_space;
  if (held == holders_.end() || held->second.party == nullptr || !same(*held->second.party, party))
    set_party(any.meta.uid, std::make_shared<const Party>(std::move(party)));
  hold(any.meta.uid, Rank::endpoint, std::move(keys), before == nullptr ? begin_of(any.meta, moment) : change,
       change);
}

void Timeline::on_node(const NodePtr& before, const NodePtr& now, const Moment& moment) {
  const Node& any = now != nullptr ? *now : *before;
  if (before == nullptr || now == nullptr || before->pod_prefixes != now->pod_prefixes)
    prefixes_dirty_ = true;
  if (before != nullptr && now != nullptr && before->addresses == now->addresses) return;  // heartbeats
  const Range change = change_at(moment);
  if (now == nullptr) {
    end_all(any.meta.uid, change);
    holders_.erase(any.meta.uid);
    return;
  }
  auto party = std::make_shared<Party>();
  party->name = party->node = any.meta.name;
  set_party(any.meta.uid, std::move(party));
  std::vector<Key> keys;
  for (const Address& address : any.addresses) keys.push_back({address, 0});
  hold(any.meta.uid, Rank::node, std::move(keys), before == nullptr ? begin_of(any.meta, moment) : change,
       change);
}

void Timeline::on_controller(const Controller& controller) {
  dirty_owners_.insert(controller.meta.uid);
}

// Pods whose service or workload may read otherwise since a Service, a slice or a ReplicaSet came.
void Timeline::refresh_parties() {
  if (dirty_namespaces_.empty() && dirty_owners_.empty()) return;
  for (auto& [uid, holder] : holders_) {
    if (holder.pod == nullptr || holder.keys.empty()) continue;
    const Pod& pod = *holder.pod;
    if (!dirty_owners_.contains(pod.owner.uid) && !dirty_namespaces_.contains(pod.meta.name_space)) continue;
    std::shared_ptr<const Party> party = party_of(pod);
    if (!same(*holder.party, *party)) set_party(uid, std::move(party));
  }
  dirty_namespaces_.clear();
  dirty_owners_.clear();
}

}  // namespace spanlight
