#include "program/cluster_side.h"

#include <chrono>
#include <future>
#include <stdexcept>
#include <utility>

#include "kubernetes/access.h"
#include "settings/control_load.h"

namespace spanlight {
namespace {

constexpr std::chrono::seconds kClusterThreadPatience{
    5};  // it is busy with a first list of thousands at the worst

// nullptr and a sentence where they cannot be.
std::shared_ptr<const TargetRules> checked_rules(const TapSettings& tap, std::string& fault) {
  fault = tap_fault(tap);
  return fault.empty() ? TargetRules::compile(tap, fault) : nullptr;
}

std::shared_ptr<const TargetRules> rules_of(const TapSettings& tap) {
  std::string fault;
  auto rules = TargetRules::compile(tap, fault);
  if (rules == nullptr) throw std::runtime_error("tap: " + fault);
  return rules;
}

TimelineLimits limits_of(const ControlSettings& settings) {
  TimelineLimits limits;
  limits.history_ns = std::uint64_t{settings.history_s} * 1'000'000'000;
  return limits;
}

}  // namespace

std::shared_ptr<const StaticMap> ClusterSide::load_static_map(const std::string& path, std::string& fault) {
  if (path.empty()) return nullptr;
  std::vector<std::string> faults;
  auto map = StaticMap::load(path, faults);
  for (const std::string& sentence : faults) fault += (fault.empty() ? "" : "\n") + sentence;
  return map;
}

ClusterSide::ClusterSide(const ControlSettings& settings, Say say)
    : say_(std::move(say)),
      machines_([&] {
        std::string fault;
        auto map = load_static_map(settings.static_map, fault);
        if (!fault.empty()) throw std::runtime_error(fault);
        return map;
      }()),
      board_(machines_),
      timeline_(cluster_, board_, limits_of(settings)),
      tracker_(
          cluster_, rules_of(settings.tap), machines_,
          [this](const std::shared_ptr<const Targets>& targets) { on_targets(targets); },
          [this](const std::string& sentence) { say_(LogLevel::info, sentence); }),
      tap_(settings.tap) {
  std::string fault;
  pusher_ = TargetPusher::create(
      settings.sensors, settings.curve_public_key, settings.curve_secret_key, {},
      [this](const std::string& sentence) { say_(LogLevel::info, sentence); }, fault);
  if (pusher_ == nullptr) throw std::runtime_error(fault);
  cluster_.observe(timeline_);
  cluster_.observe(tracker_);
  find_cluster(settings);
  if (client_ != nullptr) return;
  // Nothing is all there is of a cluster that is not there: nobody waits for its lists.
  for (std::size_t kind = 0; kind < kKinds; ++kind) cluster_.synced(static_cast<Kind>(kind));
}

ClusterSide::~ClusterSide() {
  stop();
}

void ClusterSide::find_cluster(const ControlSettings& settings) {
  if (settings.use_kubernetes == UseKubernetes::never) return;
  std::string fault;
  const std::optional<ClusterAccess> access =
      spanlight::find_cluster({settings.kubeconfig, settings.context}, surroundings_of_process(), fault);
  if (!access) {
    const bool must = settings.use_kubernetes == UseKubernetes::always || !settings.kubeconfig.empty();
    if (!fault.empty()) throw std::runtime_error(fault);
    if (must)
      throw std::runtime_error(
          "There is no Kubernetes cluster here (no kubeconfig, not in a pod): name one as "
          "kubernetes.kubeconfig, or "
          "set kubernetes.use: never.");
    say_(LogLevel::info, "no Kubernetes cluster was found: names come from the static map alone");
    return;
  }
  for (const std::string& warning : access->warnings) say_(LogLevel::warning, warning);
  say_(LogLevel::info, "following Kubernetes by " + access->origin);
  client_ = std::make_unique<KubernetesClient>(
      *access, ClientOptions{}, cluster_,
      [this](const std::string& sentence) { say_(LogLevel::warning, sentence); });
}

void ClusterSide::restore(const std::vector<Interval>& intervals, std::uint64_t known_until_ns) {
  // Without a cluster nobody would ever say that a name of before is over.
  if (client_ != nullptr) timeline_.restore(intervals, known_until_ns);
}

void ClusterSide::start() {
  if (client_ == nullptr) return tracker_.refresh();
  client_->start();
  // What needs no list is not held up by an API server that does not answer.
  client_->run([this] { tracker_.on_batch(cluster_); });
}

void ClusterSide::stop() {
  if (client_ != nullptr) client_->stop();
}

std::optional<ClientStatus> ClusterSide::status() const {
  if (client_ == nullptr) return std::nullopt;
  return client_->status();
}

void ClusterSide::on_targets(const std::shared_ptr<const Targets>& targets) {
  pusher_->set(targets);
  const bool nothing = targets->only && targets->addresses.empty();
  bool turned = false;
  {
    const std::lock_guard held(lock_);
    ++generation_;
    turned = nothing != std::exchange(captures_nothing_, nothing);
  }
  // Pods come and go all day; that there are none at all is seldom what was meant.
  say_(turned ? LogLevel::info : LogLevel::debug,
       (nothing ? "nothing is captured: " : "") + targets->sentence());
}

TapSettings ClusterSide::tap() const {
  const std::lock_guard held(lock_);
  return tap_;
}

std::uint64_t ClusterSide::generation() const {
  const std::lock_guard held(lock_);
  return generation_;
}

std::vector<SensorTargets> ClusterSide::pushed() const {
  return pusher_->status();
}

bool ClusterSide::on_cluster_thread(std::function<void()> work) {
  if (client_ == nullptr) {
    const std::lock_guard held(alone_);
    work();
    return true;
  }
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> waited = done->get_future();
  client_->run([work = std::move(work), done] {
    work();
    done->set_value();
  });
  return waited.wait_for(kClusterThreadPatience) == std::future_status::ready;
}

std::variant<Targets, std::string> ClusterSide::preview(const TapSettings& tap) {
  std::string fault;
  const auto rules = checked_rules(tap, fault);
  if (rules == nullptr) return fault;
  // Shared: should the wait end first, the work still has somewhere to write.
  auto out = std::make_shared<Targets>();
  if (!on_cluster_thread(
          [this, rules, out] { *out = evaluate(*rules, cluster_, board_.static_map().get()); }))
    return std::string("The cluster is being listed just now: ask again in a moment.");
  return *out;
}

std::string ClusterSide::set_rules(const TapSettings& tap) {
  std::string fault;
  auto rules = checked_rules(tap, fault);
  if (rules == nullptr) return fault;
  {
    const std::lock_guard held(lock_);
    tap_ = tap;
  }
  tracker_.set_rules(std::move(rules));
  return {};
}

std::string ClusterSide::begin_with(const TapSettings& tap) {
  return set_rules(tap);
}

std::string ClusterSide::change(const TapSettings& tap) {
  if (std::string fault = set_rules(tap); !fault.empty()) return fault;
  refresh_targets();
  return {};
}

std::string ClusterSide::set_static_map(const std::string& path) {
  std::string fault;
  auto map = load_static_map(path, fault);
  if (!fault.empty()) return fault;
  board_.set_static_map(map);
  tracker_.set_machines(std::move(map));
  refresh_targets();
  return {};
}

void ClusterSide::refresh_targets() {
  // Late is no harm: the next batch looks at rules and machines anyway.
  on_cluster_thread([this] { tracker_.on_batch(cluster_); });
}

}  // namespace spanlight
