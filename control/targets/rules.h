#pragma once
// The words of TapSettings, understood: which pods and services are worth capturing. Immutable; any thread.

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "kubernetes/cluster.h"
#include "settings/control.h"
#include "targets/selector.h"

namespace re2 {
class RE2;
}

namespace spanlight {

class TargetRules {
 public:
  // nullptr and one sentence where the expression or a selector is none.
  static std::shared_ptr<const TargetRules> compile(const TapSettings& settings, std::string& fault);
  ~TargetRules();

  const TapSettings& settings() const { return settings_; }
  // Nothing is asked for: everything is captured.
  bool everything() const { return everything_; }

  // Namespaces alone choose: what is none of their pods too.
  bool wants_whole_namespaces() const;
  // A kind that has to be listed before these rules can be followed: what it would choose is missing else.
  std::optional<Kind> awaited(const Cluster& cluster) const;

  // Whether it is a target, by all but its address.
  bool wants(const Pod& pod, const Cluster& cluster) const;
  // Whether its own addresses are: it is named, or all of its namespace is wanted.
  bool wants(const Service& service) const;
  // The same of a machine of the static map.
  bool wants(const Party& machine) const;

 private:
  TargetRules();
  bool in_namespace(const std::string& name_space) const;
  bool fits_name(const std::string& name) const;
  bool fits_labels(const std::vector<Label>& labels) const;
  bool named(const std::string& name_space, const std::string& service) const;
  bool behind_a_service(const Pod& pod, const Cluster& cluster) const;

  TapSettings settings_;
  std::unordered_set<std::string> namespaces_, excluded_, services_;
  std::unique_ptr<re2::RE2> regex_;
  std::vector<Selector> labels_;
  bool everything_ = true;
};

}  // namespace spanlight
