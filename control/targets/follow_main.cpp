// A program for tests and measurements: follows a cluster as the control process does, and answers questions
// about the map.
//   cluster_follow KUBECONFIG [OPTION=VALUE...]      reads lines from standard input, answers each with one
//   line find ADDRESS PORT TIME_NS | may ADDRESS 0 TIME_NS | history ADDRESS | external NAME | status |
//   counters | drain tap [KEY=VALUE,VALUE...]... | targets | pushed | quit

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "kubernetes/client.h"
#include "kubernetes/cluster.h"
#include "names/names.h"
#include "names/timeline.h"
#include "targets/pusher.h"
#include "targets/tracker.h"

namespace spanlight {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Party* party) {
  if (party == nullptr) return nullptr;
  Json labels = Json::object();
  for (const Label& label : party->labels) labels[label.name] = label.value;
  return {{"name", party->name},
          {"namespace", party->name_space},
          {"pod", party->pod},
          {"service", party->service},
          {"kind", party->workload_kind},
          {"workload", party->workload},
          {"node", party->node},
          {"labels", labels}};
}

Json json_of(const std::vector<Interval>& intervals) {
  Json out = Json::array();
  for (const Interval& i : intervals)
    out.push_back({{"address", to_text(i.address)},
                   {"port", i.port},
                   {"from", i.from_ns},
                   {"until", i.until_ns},
                   {"name", i.party->name}});
  return out;
}

Json json_of(const ClientStatus& status) {
  Json kinds = Json::object();
  for (const KindStatus& k : status.kinds)
    kinds[std::string(kind_name(k.kind))] = {{"state", state_name(k.state)},
                                             {"synced", k.synced},
                                             {"objects", k.objects},
                                             {"fault", k.last_fault},
                                             {"lists", k.lists},
                                             {"watches", k.watches},
                                             {"events", k.events},
                                             {"bookmarks", k.bookmarks},
                                             {"faults", k.faults},
                                             {"gone", k.gone},
                                             {"malformed", k.malformed},
                                             {"too_long", k.too_long},
                                             {"bytes", k.bytes}};
  return {{"kinds", kinds},
          {"clock_known", status.clock_known},
          {"clock_offset_ns", status.clock_offset_ns},
          {"object_offset_ns", status.object_offset_ns}};
}

Json json_of(const Targets* targets) {
  if (targets == nullptr) return nullptr;
  Json preview = Json::array(), addresses = Json::array();
  for (const Targets::PodName& pod : targets->preview) preview.push_back(pod.name_space + "/" + pod.pod);
  for (const Address& address : targets->addresses) addresses.push_back(to_text(address));
  return {{"only", targets->only},   {"addresses", addresses},
          {"pods", targets->pods},   {"namespaces", targets->namespaces},
          {"nodes", targets->nodes}, {"sentence", targets->sentence()},
          {"preview", preview}};
}

Json json_of(const std::vector<SensorTargets>& sensors) {
  Json out = Json::array();
  for (const SensorTargets& s : sensors)
    out.push_back({{"endpoint", s.endpoint},
                   {"reachable", s.reachable},
                   {"sensor", s.sensor},
                   {"epoch", s.sensor_epoch},
                   {"sent", s.sent},
                   {"acknowledged", s.acknowledged},
                   {"acknowledged_ns", s.acknowledged_ns},
                   {"generation", s.sensor_generation},
                   {"fault", s.last_fault},
                   {"refused", s.refused},
                   {"unanswered", s.unanswered},
                   {"resent", s.resent},
                   {"overruled", s.overruled},
                   {"malformed", s.malformed}});
  return out;
}

void say(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> items;
  std::istringstream in(list);
  for (std::string item; std::getline(in, item, ';');) items.push_back(item);
  return items;
}

class Follower {
 public:
  Follower(const ClusterAccess& access, const ClientOptions& options, const std::vector<SensorLink>& sensors)
      : pusher_(TargetPusher::create(sensors, "", "", {}, say, fault_)),
        timeline_(cluster_, board_),
        tracker_(cluster_, TargetRules::compile({}, fault_), nullptr,
                 [this](std::shared_ptr<const Targets> t) { pusher_->set(std::move(t)); }),
        client_(access, options, cluster_, say) {
    cluster_.observe(timeline_);
    cluster_.observe(tracker_);
    client_.start();
  }

  Json answer(std::istringstream& line) {
    std::string verb, address;
    line >> verb;
    if (verb == "status") return json_of(client_.status());
    if (verb == "drain") return json_of(timeline_.drain());
    if (verb == "targets") return json_of(tracker_.current().get());
    if (verb == "pushed") return json_of(pusher_->status());
    if (verb == "tap") return tap(line);
    if (verb == "counters") return counters();
    line >> address;
    if (verb == "external") return json_of(board_.current()->find_external(address));
    const std::optional<Address> parsed = parse_address(address);
    if (!parsed) return {{"error", "no address"}};
    if (verb == "history") return json_of(board_.current()->history(*parsed));
    std::uint16_t port = 0;
    std::uint64_t time_ns = 0;
    line >> port >> time_ns;
    if (verb == "may") return board_.current()->may_still_come(*parsed, time_ns);
    return json_of(board_.current()->find(*parsed, port, time_ns));
  }

 private:
  Json counters() const {
    const TimelineCounters c = timeline_.counters();
    return {{"addresses", c.addresses},           {"ended", c.ended},
            {"published", c.published},           {"by_age", c.forgotten_by_age},
            {"by_number", c.forgotten_by_number}, {"evaluations", tracker_.evaluations()}};
  }

  Json tap(std::istringstream& line) {
    TapSettings settings;
    for (std::string word; line >> word;) {
      const std::size_t equals = word.find('=');
      const std::string key = word.substr(0, equals), value = word.substr(equals + 1);
      if (key == "namespaces") settings.namespaces = split(value);
      if (key == "excluded") settings.excluded_namespaces = split(value);
      if (key == "regex") settings.regex = value;
      if (key == "labels") settings.labels = split(value);
      if (key == "services") settings.services = split(value);
      if (key == "bpf") settings.bpf_override = value;
    }
    std::string fault;
    auto rules = TargetRules::compile(settings, fault);
    if (rules == nullptr) return {{"error", fault}};
    tracker_.set_rules(std::move(rules));
    client_.run([this] { tracker_.on_batch(cluster_); });
    return true;
  }

  std::string fault_;
  std::unique_ptr<TargetPusher> pusher_;
  Cluster cluster_;
  NamesBoard board_;
  Timeline timeline_;
  TargetTracker tracker_;
  KubernetesClient client_;
};

int run(int argc, char** argv) {
  if (argc < 2) return 2;
  std::string fault;
  const std::optional<ClusterAccess> access = find_cluster({argv[1], ""}, surroundings_of_process(), fault);
  if (!access) {
    std::fprintf(stderr, "%s\n", fault.c_str());
    return 1;
  }
  ClientOptions options;
  std::vector<SensorLink> sensors;
  for (int i = 2; i < argc; ++i) {
    const std::string option(argv[i]);
    const std::size_t equals = option.find('=');
    const std::string name = option.substr(0, equals);
    const long value = std::strtol(option.c_str() + equals + 1, nullptr, 10);
    if (name == "watch_list") options.watch_list = value != 0;
    if (name == "page") options.page_objects = static_cast<unsigned>(value);
    if (name == "silence_ms")
      options.watch_silence_max = options.list_silence_max = std::chrono::milliseconds(value);
    if (name == "list_silence_ms") options.list_silence_max = std::chrono::milliseconds(value);
    if (name == "backoff_ms") options.backoff_first = std::chrono::milliseconds(value);
    if (name == "denied_ms") options.denied_retry = std::chrono::milliseconds(value);
    if (name == "sensor") sensors.push_back({"", option.substr(equals + 1), ""});
    if (name == "line_bytes") options.line_bytes_max = static_cast<std::size_t>(value);
  }
  Follower follower(*access, options, sensors);
  for (std::string text; std::getline(std::cin, text) && text != "quit";) {
    std::istringstream line(text);
    std::cout << follower.answer(line).dump() << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace spanlight

int main(int argc, char** argv) {
  try {
    return spanlight::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cluster_follow: %s\n", error.what());
    return 1;
  }
}
