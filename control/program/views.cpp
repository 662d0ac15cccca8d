#include "program/views.h"

#include <algorithm>

#include "program/clocks.h"

namespace spanlight {
namespace {

// A worker's packets that are nobody's whom we look at; the sensor counts them by this outcome.
constexpr std::string_view kPackets = "packets_total", kNotTargeted = "filtered";

std::uint64_t packets_not_targeted(const SensorBoard& board) {
  std::uint64_t sum = 0;
  for (const SensorState& sensor : board.sensors())
    for (const SensorCounter& counter : sensor.counters)
      if (counter.name == kPackets && counter.label == kNotTargeted) sum += counter.value;
  return sum;
}

const SensorTargets* targets_of(const std::vector<SensorTargets>& pushed, const std::string& endpoint) {
  const auto found = std::find_if(pushed.begin(), pushed.end(),
                                  [&](const SensorTargets& sensor) { return sensor.endpoint == endpoint; });
  return found == pushed.end() ? nullptr : &*found;
}

bool in_force(const SensorTargets& sensor) {
  return sensor.reachable && sensor.sent != 0 && sensor.acknowledged == sensor.sent;
}

Address address_of(const serve::Ip& ip) {
  Address address;
  for (std::size_t i = 0; i < 8; ++i) {
    address.high = address.high << 8 | ip.bytes[i];
    address.low = address.low << 8 | ip.bytes[i + 8];
  }
  return address;
}

}  // namespace

std::vector<serve::SensorView> SensorsView::list() const {
  const std::vector<SensorTargets> pushed = cluster_.pushed();
  std::vector<serve::SensorView> all;
  for (SensorState& state : board_.sensors()) {
    serve::SensorView view;
    view.state = std::move(state);
    view.clock_trouble = clock_trouble(view.state);
    const std::string& commands = links_[all.size()].commands;
    if (commands.empty()) {
      view.targets_fault = "no command endpoint is set for it: it captures what its own settings say";
    } else if (const SensorTargets* targets = targets_of(pushed, commands); targets != nullptr) {
      view.targets_generation = targets->acknowledged;
      view.targets_in_force = in_force(*targets);
      view.targets_fault = targets->last_fault;
    }
    all.push_back(std::move(view));
  }
  return all;
}

serve::TargetsState TargetsView::state_of(const TapSettings& tap, const spanlight::Targets& targets) const {
  serve::TargetsState state;
  state.settings = tap;
  state.everything = !targets.only && targets.bpf.empty();
  state.generation = cluster_.generation();
  state.waiting = targets.waiting;
  state.pods = targets.pods;
  state.name_spaces = targets.namespaces;
  state.nodes = targets.nodes;
  state.addresses = targets.addresses.size();
  const std::vector<SensorTargets> pushed = cluster_.pushed();
  state.sensors = pushed.size();
  state.sensors_in_force = static_cast<std::uint64_t>(std::count_if(pushed.begin(), pushed.end(), in_force));
  state.dropped_packets = packets_not_targeted(board_);
  for (const spanlight::Targets::PodName& pod : targets.preview) {
    if (state.some.size() == serve::kTargetPodsShown) break;
    state.some.push_back({pod.pod, pod.name_space, pod.node});
  }
  return state;
}

serve::TargetsState TargetsView::current() const {
  const std::shared_ptr<const spanlight::Targets> targets = cluster_.targets();
  serve::TargetsState state = state_of(cluster_.tap(), targets == nullptr ? spanlight::Targets{} : *targets);
  state.waiting = cluster_.waiting();
  if (!state.waiting.empty()) state.sensors_in_force = 0;  // what they confirmed is what was before
  const ChosenTargets::State choice = chosen_.state();
  state.chosen = choice.chosen;
  state.kept = choice.kept;
  return state;
}

std::variant<serve::TargetsState, std::string> TargetsView::preview(const TapSettings& settings) const {
  const auto chosen = cluster_.preview(settings);
  if (const std::string* fault = std::get_if<std::string>(&chosen)) return *fault;
  return state_of(settings, std::get<spanlight::Targets>(chosen));
}

std::variant<serve::TargetsState, std::string> TargetsView::change(const TapSettings& settings) {
  if (std::string fault = chosen_.choose(settings); !fault.empty()) return fault;
  return current();
}

std::vector<serve::Resolved> NamesView::resolve(const serve::Ip& ip, std::uint64_t at_ns) const {
  const Address address = address_of(ip);
  const std::shared_ptr<const spanlight::Names> names = board_.current();
  std::vector<serve::Resolved> all;
  for (const Interval& interval : names->history(address)) {
    if (at_ns < interval.from_ns || at_ns >= interval.until_ns) continue;
    all.push_back(
        {*interval.party, {}, interval.from_ns, interval.until_ns == kForever ? 0 : interval.until_ns});
  }
  // The static map has no history: what it says it says of all times.
  if (all.empty())
    if (const Party* party = names->find(address, 0, at_ns); party != nullptr)
      all.push_back({*party, {}, 0, 0});
  return all;
}

}  // namespace spanlight
