// `spanlight sensor`: the engine, and the publishing thread behind it.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "cli/options.h"
#include "command/command.h"
#include "lcore/counters.h"
#include "port/eal.h"
#include "port/numa.h"
#include "port/open_port.h"
#include "port/source.h"
#include "process/log.h"
#include "process/privileges.h"
#include "process/signals.h"
#include "program/engine.h"
#include "program/programs.h"
#include "program/setup.h"
#include "publish/metrics.h"
#include "publish/publisher.h"
#include "settings/load.h"

namespace spanlight {

namespace {

class Commands final : public CommandHandler {
 public:
  Commands(Engine& engine, const Settings& settings) : engine_(engine), board_(engine.targets()) {
    origin_.application = "Spanlight " + std::string(cli::version());
    origin_.comment =
        "packets that sensor " + engine.sensor_name() + " kept, as they were captured: not redacted";
    for (const auto& port : engine.ports()) origin_.ports.push_back(port->name());
    links_ = engine.links();
    keeps_packets_ = settings.packet_ring_mb > 0;
  }

  std::string set_targets(const TargetRequest& request) override {
    std::unique_ptr<const TargetFilter> filter;
    if (!request.bpf.empty()) {
      auto made = TargetFilter::compile(request.bpf, links_);
      if (auto* sentence = std::get_if<std::string>(&made)) return *sentence;
      filter = std::move(std::get<std::unique_ptr<const TargetFilter>>(made));
    }
    if (!board_.publish(std::make_unique<TargetSet>(request.only, request.addresses, std::move(filter))))
      return "the workers have not taken up the last targets yet; send these again in a moment";
    return {};
  }

  TargetState targets() const override {
    const TargetSet& set = board_.latest();
    return {.generation = board_.generation(),
            .only = set.only(),
            .addresses = set.size(),
            .bpf = set.filter() == nullptr ? std::string() : set.filter()->text()};
  }

  std::string packets(const PacketsRequest& request, const std::atomic<bool>& stop,
                      PacketsFile& file) override {
    if (!keeps_packets_) return "this sensor keeps no packets: set packets.ringMb in its settings";
    file = collect_packets(engine_.packet_rings(), request, engine_.packets_from(), origin_, stop);
    return {};
  }

  void tick() override { board_.reclaim(); }

 private:
  Engine& engine_;
  TargetBoard& board_;
  PacketsOrigin origin_;
  std::vector<LinkType> links_;
  bool keeps_packets_ = false;
};

struct SensorArguments {
  std::string settings_path;
  std::vector<std::string> sources;
};

std::optional<int> parse(int argc, char** argv, SensorArguments& arguments) {
  cli::Options options(
      {.name = "spanlight sensor",
       .summary = "read mirrored traffic and publish one record for each call",
       .synopsis = {"[-c FILE] [SOURCE...]"},
       .description = {"Reads packets from mirrored ports, rebuilds every connection, pairs each request "
                       "with its response and "
                       "publishes the calls over ZeroMQ, where `spanlight tail` and other subscribers see "
                       "them. Counters are served "
                       "at http://127.0.0.1:9464/metrics.",
                       "A SOURCE is a kernel interface (eth1), a PCI device bound to DPDK (0000:3b:00.0), a "
                       "DPDK device string "
                       "(net_af_packet0,iface=eth1), or a capture file. Sources on the command line replace "
                       "the ports of the "
                       "settings.",
                       "Opening a device needs root or CAP_NET_RAW; afterwards the sensor goes on as the "
                       "user that the settings "
                       "name (nobody)."},
       .examples = {{"spanlight sensor eth1", "watch a mirror port of the kernel's"},
                    {"spanlight sensor 0000:3b:00.0 0000:3b:00.1", "watch both sides of a TAP with DPDK"},
                    {"spanlight sensor -c sensor.yaml", "watch what the settings say"}},
       .exit_status = {{"0", "ended by a signal, or the capture files were read"},
                       {"1", "a device or a socket could not be opened, or every port failed"},
                       {"2", "the command line was not understood"}},
       .see_also = {"spanlight tail", "spanlight check", "spanlight doctor"}});
  options.text('c', "config", "FILE", &arguments.settings_path, "Settings; without it the defaults.");
  options.positionals("SOURCE", &arguments.sources, 0, 64, "Where packets come from.");
  return options.parse(argc, argv);
}

bool told(const std::string& fault) {
  if (!fault.empty()) log(LogLevel::error, fault);
  return !fault.empty();
}

bool keeps_net_admin(const Settings& settings) {
  return std::any_of(settings.ports.begin(), settings.ports.end(),
                     [](const PortSettings& p) { return closes_with_net_admin(p.source); });
}

std::string mib(std::size_t bytes) {
  return std::to_string((bytes >> 20) + 1) + " MiB";
}

void say_start(const Settings& settings, const Engine& engine, const std::vector<unsigned>& cpus) {
  std::string ports;
  for (const auto& port : engine.ports()) ports += (ports.empty() ? "" : ", ") + port->name();
  std::string on;
  for (const unsigned cpu : cpus) on += (on.empty() ? "" : ", ") + std::to_string(cpu);
  log(LogLevel::info,
      "listening on " + ports + " with " + std::to_string(cpus.size()) +
          (cpus.size() == 1 ? " worker (CPU " : " workers (CPUs ") + on + "), up to " +
          std::to_string(settings.flows_max) + " flows each; memory: " + mib(engine.memory().flows) +
          " for flows, up to " + mib(engine.memory().slabs) + " for state and previews, " +
          mib(engine.memory().records) + " for records, " + mib(engine.memory().frames) + " for frames" +
          (engine.memory().packets == 0
               ? std::string()
               : ", " + mib(engine.memory().packets) + " for recent packets, which are not redacted"));
}

// Until a signal, or until nothing more can come. True if that is a good end.
bool watch(Engine& engine, const std::atomic<bool>& end) {
  using namespace std::chrono_literals;
  for (int tick = 0; !end.load(); ++tick) {
    std::this_thread::sleep_for(50ms);
    engine.read_ports();
    if (tick % 20 != 0) continue;
    for (const std::string& sentence : engine.news()) log(LogLevel::warning, sentence);
    if (!engine.running()) return engine.all_sources_whole();
    if (engine.all_ports_failed()) {
      const bool files = std::all_of(engine.ports().begin(), engine.ports().end(),
                                     [](const auto& port) { return port->is_capture_file(); });
      if (files) continue;  // the workers end by themselves
      log(LogLevel::error, "every port has failed: there is nothing left to read");
      return false;
    }
  }
  return true;
}

}  // namespace

int run_sensor(int argc, char** argv) {
  SensorArguments arguments;
  if (const auto status = parse(argc, argv, arguments)) return *status;
  std::optional<Settings> settings = settings_from(arguments.settings_path);
  if (!settings) return 1;
  set_log(settings->log_level, settings->log_json);
  if (!arguments.sources.empty()) {
    settings->ports.clear();
    for (const std::string& source : arguments.sources) settings->ports.push_back({.source = source});
  }
  if (settings->ports.empty()) {
    log(LogLevel::error,
        "no port is named: give an interface, a PCI device or a capture file, or set `ports` in the "
        "settings (spanlight sensor --help)");
    return 1;
  }
  for (const SettingsFault& fault : check_against_machine(*settings, arguments.settings_path)) {
    log(LogLevel::error, fault.sentence());
    return 1;
  }
  const bool files = reads_capture(*settings);
  if (files && settings->ports.size() > 1) {
    log(LogLevel::error, kOneCapture);
    return 1;
  }
  const std::atomic<bool>& end = end_requested();
  const std::vector<unsigned> cpus = worker_cpus(*settings);
  if (!eal_is_up(*settings, cpus, false)) return 1;

  const std::uint64_t epoch = new_epoch();
  auto made = Engine::make(*settings, cpus, files ? Pace::capture : Pace::live, epoch);
  if (const auto* fault = std::get_if<std::string>(&made)) return told(*fault), 1;
  Engine& engine = *std::get<std::unique_ptr<Engine>>(made);

  const SensorIdentity identity{
      .sensor = engine.sensor_name(),
      .epoch = epoch,
      .version = std::string(cli::version()),
      .started = epoch,
      .workers = static_cast<std::uint16_t>(cpus.size()),
      .packet_bytes = std::uint64_t{settings->packet_ring_mb} << 20,
      .packet_seconds = settings->packet_ring_mb == 0 ? 0 : settings->packet_keep_s};
  Commands handler(engine, *settings);
  CommandChannel commands(*settings, identity, handler);  // outlives the publisher, which stops it
  Publisher publisher(*settings, identity, engine.pools(), [&engine] { return engine.collect(); });
  if (told(publisher.open()) || told(publisher.attach(commands))) return 1;
  std::vector<MetricInfo> infos = publisher_metric_infos();
  for (const auto& more : {command_metric_infos(), worker_metric_infos(), Engine::port_metric_infos()})
    infos.insert(infos.end(), more.begin(), more.end());
  MetricsServer metrics(identity, infos, [&publisher] { return publisher.latest(); });
  if (told(drop_privileges(settings->run_as, keeps_net_admin(*settings)))) return 1;
  engine.privileges_dropped = true;
  // Without metrics the sensor still does what it is for.
  if (const std::string fault = metrics.start(settings->metrics_address); !fault.empty())
    log(LogLevel::warning, fault);
  else if (!metrics.warning().empty())
    log(LogLevel::warning, metrics.warning());

  publisher.start();
  if (told(engine.start())) return 1;
  say_start(*settings, engine, cpus);
  log(LogLevel::info, "records at " + publisher.endpoint());
  for (const std::string& sentence : Numa().far_ports(settings->ports, cpus))
    log(LogLevel::warning, sentence);
  const bool good = watch(engine, end);
  engine.stop();
  publisher.stop();
  metrics.stop();
  log(LogLevel::info, "ended: " + std::to_string(engine.total("received_packets_total")) + " packets, " +
                          std::to_string(engine.total("records_total")) + " records");
  return good ? 0 : 1;
}

}  // namespace spanlight
