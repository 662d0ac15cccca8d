#include "targets/tracker.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_set>

namespace spanlight {

std::string Targets::sentence() const {
  if (!bpf.empty()) return "targeting what the capture filter \"" + bpf + "\" lets through";
  if (!only) return "targeting everything";
  const auto count = [](std::size_t n, const char* one) {
    return std::to_string(n) + " " + one + (n == 1 ? "" : "s");
  };
  std::string text = "targeting " + count(pods, "pod") + " in " + count(namespaces, "namespace") +
                     " across " + count(nodes, "node");
  if (machines > 0) text += ", and " + count(machines, "machine") + " outside of Kubernetes";
  if (host_network_pods > 0)
    text += "; " + count(host_network_pods, "pod") + " in the host's network left out";
  if (networks > 0) text += "; " + count(networks, "network") + " of the static map left out";
  for (const std::string& name : unknown_namespaces) text += "; there is no namespace \"" + name + "\"";
  if (services_denied) text += "; the addresses of services are missing, since we may not list them";
  return text;
}

namespace {

// Those that the rules name and that nothing has. None while those of the cluster are not listed.
std::vector<std::string> unknown_namespaces(const TapSettings& tap, const Cluster& cluster,
                                            const StaticMap* machines) {
  if (!cluster.synced(Kind::name_space)) return {};
  std::set<std::string> unknown(tap.namespaces.begin(), tap.namespaces.end());
  unknown.insert(tap.excluded_namespaces.begin(), tap.excluded_namespaces.end());
  for (const std::string& name : cluster.name_spaces()) unknown.erase(name);
  if (machines != nullptr) {
    for (const StaticMap::Single& machine : machines->singles()) unknown.erase(machine.party->name_space);
    for (const std::shared_ptr<const Party>& network : machines->networks())
      unknown.erase(network->name_space);
  }
  for (auto pod = cluster.pods().begin(); pod != cluster.pods().end() && !unknown.empty(); ++pod)
    unknown.erase(pod->second->meta.name_space);  // of one that is not told yet
  return {unknown.begin(), unknown.end()};
}

}  // namespace

Targets evaluate(const TargetRules& rules, const Cluster& cluster, const StaticMap* machines) {
  Targets targets;
  targets.bpf = rules.settings().bpf_override;
  targets.only = !rules.everything() && targets.bpf.empty();
  if (!targets.only) return targets;
  std::unordered_set<std::string> namespaces, nodes;
  std::vector<const Pod*> chosen;
  for (const auto& [uid, pod] : cluster.pods()) {
    // A finished pod's address may be another's; one that is to come has none yet.
    if (pod->finished || pod->addresses.empty() || !rules.wants(*pod, cluster)) continue;
    if (pod->host_network) {
      ++targets.host_network_pods;
      continue;
    }
    chosen.push_back(pod.get());
    targets.addresses.insert(targets.addresses.end(), pod->addresses.begin(), pod->addresses.end());
    namespaces.insert(pod->meta.name_space);
    if (!pod->node.empty()) nodes.insert(pod->node);
  }
  targets.waiting = waiting_sentence(rules, cluster);
  targets.services_denied = cluster.denied(Kind::service) && rules.wants_whole_namespaces();
  for (const auto& [uid, service] : cluster.services()) {
    if (service->cluster_addresses.empty() || !rules.wants(*service)) continue;
    ++targets.services;
    targets.addresses.insert(targets.addresses.end(), service->cluster_addresses.begin(),
                             service->cluster_addresses.end());
  }
  if (machines != nullptr)
    for (const StaticMap::Single& machine : machines->singles()) {
      if (!rules.wants(*machine.party)) continue;
      ++targets.machines;
      targets.addresses.push_back(machine.address);
    }
  if (machines != nullptr)
    targets.networks = static_cast<std::size_t>(
        std::count_if(machines->networks().begin(), machines->networks().end(),
                      [&](const std::shared_ptr<const Party>& network) { return rules.wants(*network); }));
  targets.unknown_namespaces = unknown_namespaces(rules.settings(), cluster, machines);
  std::sort(targets.addresses.begin(), targets.addresses.end());
  targets.addresses.erase(std::unique(targets.addresses.begin(), targets.addresses.end()),
                          targets.addresses.end());
  targets.pods = chosen.size();
  targets.namespaces = namespaces.size();
  targets.nodes = nodes.size();
  const auto shown = std::min(chosen.size(), Targets::kPreviewMax);
  std::partial_sort(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(shown), chosen.end(),
                    [](const Pod* a, const Pod* b) {
                      return std::tie(a->meta.name_space, a->meta.name) <
                             std::tie(b->meta.name_space, b->meta.name);
                    });
  for (std::size_t i = 0; i < shown; ++i)
    targets.preview.push_back({chosen[i]->meta.name_space, chosen[i]->meta.name, chosen[i]->node});
  return targets;
}

std::string waiting_sentence(const TargetRules& rules, const Cluster& cluster) {
  const std::optional<Kind> kind = rules.awaited(cluster);
  if (!kind) return {};
  const std::string name(kind_name(*kind));
  return "The targets are not in force until " + name + " are listed" +
         (cluster.denied(*kind) ? ", which we may not" : "") + ": sensors go on as they were.";
}

TargetTracker::TargetTracker(const Cluster& cluster, std::shared_ptr<const TargetRules> rules,
                             std::shared_ptr<const StaticMap> machines, Changed changed, Say say)
    : cluster_(cluster),
      changed_(std::move(changed)),
      say_(std::move(say)),
      rules_(std::move(rules)),
      machines_(std::move(machines)) {}

void TargetTracker::set_rules(std::shared_ptr<const TargetRules> rules) {
  const std::lock_guard lock(guard_);
  rules_ = std::move(rules);
  rules_changed_ = true;
}

void TargetTracker::set_machines(std::shared_ptr<const StaticMap> machines) {
  const std::lock_guard lock(guard_);
  machines_ = std::move(machines);
  rules_changed_ = true;
}

std::shared_ptr<const TargetRules> TargetTracker::rules() const {
  const std::lock_guard lock(guard_);
  return rules_;
}

std::shared_ptr<const Targets> TargetTracker::current() const {
  const std::lock_guard lock(guard_);
  return current_;
}

std::string TargetTracker::waiting() const {
  const std::lock_guard lock(guard_);
  return waiting_;
}

std::uint64_t TargetTracker::evaluations() const {
  const std::lock_guard lock(guard_);
  return evaluations_;
}

// What decides whether a pod is a target, and by which addresses. Most changes are of its status.
void TargetTracker::on_pod(const PodPtr& before, const PodPtr& now, const Moment&) {
  const auto same_labels = [](const std::vector<Label>& a, const std::vector<Label>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Label& x, const Label& y) { return x.name == y.name && x.value == y.value; });
  };
  const bool matters = before == nullptr || now == nullptr || before->addresses != now->addresses ||
                       before->finished != now->finished || before->node != now->node ||
                       !same_labels(before->labels, now->labels);
  if (!matters || dirty_) return;
  const std::shared_ptr<const TargetRules> rules = this->rules();
  dirty_ = !rules->everything() && ((before != nullptr && rules->wants(*before, cluster_)) ||
                                    (now != nullptr && rules->wants(*now, cluster_)));
}

void TargetTracker::on_service(const ServicePtr&, const ServicePtr&, const Moment&) {
  dirty_ = true;
}

void TargetTracker::on_slice(const SlicePtr&, const SlicePtr&, const Moment&) {
  if (!rules()->settings().services.empty()) dirty_ = true;
}

void TargetTracker::on_batch(const Cluster&) {
  evaluate_if_due(false);
}

void TargetTracker::refresh() {
  evaluate_if_due(true);
}

void TargetTracker::evaluate_if_due(bool whatever_is_listed) {
  std::shared_ptr<const TargetRules> rules;
  std::shared_ptr<const StaticMap> machines;
  std::shared_ptr<const Targets> before;
  std::string waiting;
  bool says_something_new = false;
  {
    const std::lock_guard lock(guard_);
    rules = rules_;
    machines = machines_;
    before = current_;
    // Nobody may be left out because a list is not whole yet: until then sensors go on as they were.
    if (!whatever_is_listed) waiting = waiting_sentence(*rules, cluster_);
    says_something_new = waiting_ != waiting && !waiting.empty();
    waiting_ = waiting;
    if (waiting.empty()) {
      if (!dirty_ && !rules_changed_) return;
      rules_changed_ = false;
      ++evaluations_;
    }
  }
  if (says_something_new && say_) say_(waiting);
  if (!waiting.empty()) return;
  dirty_ = false;
  auto targets = std::make_shared<const Targets>(evaluate(*rules, cluster_, machines.get()));
  {
    const std::lock_guard lock(guard_);
    current_ = targets;
  }
  if (before == nullptr || !before->same_capture(*targets)) changed_(targets);
}

}  // namespace spanlight
