#include "targets/rules.h"

#include <re2/re2.h>

#include <algorithm>

namespace spanlight {

TargetRules::TargetRules() = default;
TargetRules::~TargetRules() = default;

std::shared_ptr<const TargetRules> TargetRules::compile(const TapSettings& settings, std::string& fault) {
  std::shared_ptr<TargetRules> rules(new TargetRules);
  rules->settings_ = settings;
  rules->namespaces_.insert(settings.namespaces.begin(), settings.namespaces.end());
  rules->excluded_.insert(settings.excluded_namespaces.begin(), settings.excluded_namespaces.end());
  rules->services_.insert(settings.services.begin(), settings.services.end());
  if (!settings.regex.empty()) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kTapRegexMemoryMax);
    rules->regex_ = std::make_unique<re2::RE2>(settings.regex.substr(0, kTapRegexBytesMax + 1), options);
    if (!rules->regex_->ok() || settings.regex.size() > kTapRegexBytesMax) {
      fault = "tap.regex \"" + settings.regex.substr(0, 256) + "\" is no regular expression (RE2): " +
              (rules->regex_->ok() ? "it is too long" : rules->regex_->error()) + ".";
      return nullptr;
    }
  }
  for (const std::string& text : settings.labels) {
    std::optional<Selector> selector = Selector::parse(text, fault);
    if (!selector) return nullptr;
    rules->labels_.push_back(std::move(*selector));
  }
  for (const std::string& service : settings.services) {
    const std::size_t slash = service.find('/');
    if (!service.empty() && slash != 0 && slash != service.size() - 1 &&
        service.find('/', slash + 1 == 0 ? service.size() : slash + 1) == std::string::npos)
      continue;
    fault = "tap.services: \"" + service + "\" is neither a service's name nor namespace/name.";
    return nullptr;
  }
  rules->everything_ = rules->namespaces_.empty() && rules->excluded_.empty() && rules->services_.empty() &&
                       rules->regex_ == nullptr && rules->labels_.empty();
  return rules;
}

std::optional<Kind> TargetRules::awaited(const Cluster& cluster) const {
  if (everything_ || !settings_.bpf_override.empty()) return std::nullopt;
  if (!cluster.synced(Kind::pod)) return Kind::pod;
  if (!services_.empty()) {
    if (!cluster.synced(Kind::service)) return Kind::service;
    if (!cluster.synced(Kind::endpoint_slice)) return Kind::endpoint_slice;
    return std::nullopt;
  }
  // Services we may not see cost their ClusterIPs: to wait for them for good would be worse.
  const bool to_come = !cluster.synced(Kind::service) && !cluster.denied(Kind::service);
  return wants_whole_namespaces() && to_come ? std::optional(Kind::service) : std::nullopt;
}

bool TargetRules::wants_whole_namespaces() const {
  return services_.empty() && regex_ == nullptr && labels_.empty();  // those choose pods among others
}
bool TargetRules::in_namespace(const std::string& name_space) const {
  return !excluded_.contains(name_space) && (namespaces_.empty() || namespaces_.contains(name_space));
}
bool TargetRules::fits_name(const std::string& name) const {
  return regex_ == nullptr || re2::RE2::PartialMatch(name, *regex_);
}
bool TargetRules::fits_labels(const std::vector<Label>& labels) const {
  return labels_.empty() ||
         std::any_of(labels_.begin(), labels_.end(), [&](const Selector& s) { return s.matches(labels); });
}
bool TargetRules::named(const std::string& name_space, const std::string& service) const {
  return services_.contains(service) || services_.contains(name_space + "/" + service);
}

// Any service that it is behind counts, not only the one that names it.
bool TargetRules::behind_a_service(const Pod& pod, const Cluster& cluster) const {
  if (services_.empty()) return true;
  if (const auto* services = cluster.services_in(pod.meta.name_space))
    for (const ServicePtr& service : *services)
      if (named(pod.meta.name_space, service->meta.name) && selects(service->selector, pod.labels))
        return true;
  const std::vector<std::string>* sliced = cluster.sliced_services(pod.meta.name_space, pod.meta.name);
  return sliced != nullptr && std::any_of(sliced->begin(), sliced->end(), [&](const std::string& s) {
           return named(pod.meta.name_space, s);
         });
}

bool TargetRules::wants(const Pod& pod, const Cluster& cluster) const {
  return in_namespace(pod.meta.name_space) && fits_labels(pod.labels) && fits_name(pod.meta.name) &&
         behind_a_service(pod, cluster);
}

bool TargetRules::wants(const Service& service) const {
  if (!in_namespace(service.meta.name_space)) return false;
  return wants_whole_namespaces() || named(service.meta.name_space, service.meta.name);
}

bool TargetRules::wants(const Party& machine) const {
  return in_namespace(machine.name_space) && fits_labels(machine.labels) && fits_name(machine.name) &&
         (services_.empty() || named(machine.name_space, machine.service));
}

}  // namespace spanlight
