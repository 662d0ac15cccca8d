#include "program/engine.h"

#include <rte_launch.h>
#include <rte_lcore.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "port/eal.h"
#include "port/mempool.h"
#include "port/open_port.h"
#include "process/privileges.h"

namespace spanlight {

namespace {

std::string host_name() {
  char name[256] = "sensor";
  gethostname(name, sizeof(name) - 1);
  return name;
}

IdentifyOptions identify_options(const Settings& settings, Pace pace) {
  IdentifyOptions options;
  options.enabled = settings.enabled_dissectors;
  // Live, pings and chunks would drown the calls unless somebody asks; of a capture everything is wanted.
  options.connections = settings.connection_records != ConnectionRecords::none || pace == Pace::capture;
  options.low_priority = settings.low_priority;
  for (const auto& [protocol, ports] : settings.port_mapping) options.port_hints.push_back({protocol, ports});
  for (const auto& pattern : settings.user_patterns)
    options.user_patterns.push_back({pattern.protocol, pattern.regex});
  return options;
}

std::size_t flow_bytes(const Settings& settings) {
  const bool records = settings.connection_records != ConnectionRecords::none;
  return FlowTable::memory_bytes(settings.flows_max) +
         (records ? HealthArray::memory_bytes(settings.flows_max) : 0);
}

TimeNs system_time() {
  return static_cast<TimeNs>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                 std::chrono::system_clock::now().time_since_epoch())
                                 .count());
}

}  // namespace

Engine::Made Engine::make(const Settings& settings, const std::vector<unsigned>& cpus, Pace pace,
                          std::uint64_t epoch) {
  std::unique_ptr<Engine> engine(new Engine(settings, cpus.size(), pace, epoch));
  std::string fault = engine->open_ports();
  if (fault.empty()) fault = engine->make_workers();
  if (fault.empty() && pace == Pace::live) fault = engine->take_memory();
  if (!fault.empty()) return fault;
  return engine;
}

Engine::Engine(const Settings& settings, std::size_t workers, Pace pace, std::uint64_t epoch)
    : settings_(settings),
      worker_count_(workers),
      targets_(static_cast<std::uint16_t>(workers)),
      pace_(pace),
      epoch_(epoch) {}

Engine::~Engine() {
  stop();
  workers_.clear();
  for (const auto& port : ports_) port->stop();
}

std::string Engine::open_ports() {
  for (std::size_t i = 0; i < settings_.ports.size(); ++i) {
    OpenPort opened = open_port(settings_.ports[i], settings_, static_cast<std::uint8_t>(i),
                                static_cast<unsigned>(worker_count_));
    if (auto* fault = std::get_if<std::string>(&opened)) return *fault;
    ports_.push_back(std::move(std::get<std::unique_ptr<Port>>(opened)));
  }
  return {};
}

std::string Engine::make_workers() {
  std::string fault;
  identifier_ = Identifier::make(identify_options(settings_, pace_), fault);
  if (identifier_ == nullptr) return fault;
  hand_over_ = std::make_unique<HandOver>(static_cast<unsigned>(worker_count_), settings_.ring_size);
  if (!hand_over_->ok()) return "there is no memory for the rings between workers; lower dpdk.ringSize";
  shared_.reset(
      new WorkerShared{.settings = settings_,
                       .identifier = *identifier_,
                       .hand_over = *hand_over_,
                       .sensor = settings_.sensor_name.empty() ? host_name() : settings_.sensor_name,
                       .sensor_epoch = epoch_,
                       .pace = pace_});
  for (std::size_t i = 0; i < settings_.ports.size(); ++i) {
    const PoolPlan plan = plan_pool(settings_.ports[i], settings_, static_cast<unsigned>(worker_count_));
    shared_->ports_lend[i] = plan.lends;
    memory_.frames += plan.bytes();
  }
  auto redactor = Redactor::create(settings_);
  if (auto* sentence = std::get_if<std::string>(&redactor)) return *sentence;
  redactors_.push_back(std::move(std::get<std::unique_ptr<Redactor>>(redactor)));
  for (std::size_t i = 0; i < worker_count_; ++i) {
    if (i > 0) redactors_.push_back(redactors_[0]->clone());
    if (redactors_.back() == nullptr)
      return "there is no memory for the redaction patterns; use fewer of them";
    const std::size_t buffer_bytes = settings_.batch_bytes + RecordWriter::record_bytes_max(settings_);
    pools_.push_back(std::make_unique<BatchPool>(static_cast<std::uint16_t>(i), buffer_bytes,
                                                 settings_.batches_per_worker));
    workers_.push_back(std::make_unique<Worker>(static_cast<std::uint16_t>(i), *shared_, *pools_[i],
                                                *redactors_[i],
                                                targets_.reader(static_cast<std::uint16_t>(i))));
    if (workers_.back()->failed())
      return "there is no address space for flows and slabs; lower flows.max, reassembly.stateMemory or "
             "reassembly.previewMemory";
    if (fault = make_ring(*workers_.back()); !fault.empty()) return fault;
    memory_.flows += flow_bytes(settings_);
    memory_.slabs += (std::size_t{settings_.state_memory_mb} + settings_.preview_memory_mb) << 20;
    memory_.records += buffer_bytes * pools_[i]->count();
    for (const auto& port : ports_)
      if (i < port->queue_count())
        workers_[i]->attach(port->queue(static_cast<std::uint16_t>(i)), port->shards());
  }
  return {};
}

std::string Engine::make_ring(Worker& worker) {
  if (settings_.packet_ring_mb == 0) return {};
  rings_.push_back(
      std::make_unique<PacketRing>(std::size_t{settings_.packet_ring_mb} << 20, settings_.packet_snap_bytes));
  if (!rings_.back()->ok()) return "there is no address space for recent packets; lower packets.ringMb";
  memory_.packets += rings_.back()->capacity_bytes();
  worker.keep_packets(*rings_.back());
  return {};
}

// Each worker on its own core, so that its flows lie in memory near to it.
std::string Engine::take_memory() {
  const auto take = [](void* worker) { return static_cast<Worker*>(worker)->take_memory() ? 0 : -1; };
  std::size_t launched = 0;
  while (launched < workers_.size() &&
         rte_eal_remote_launch(take, workers_[launched].get(),
                               worker_lcore(static_cast<unsigned>(launched))) == 0)
    ++launched;
  bool taken = true;  // whoever began is waited for, whatever became of the others
  for (std::size_t i = 0; i < launched; ++i)
    taken = rte_eal_wait_lcore(worker_lcore(static_cast<unsigned>(i))) == 0 && taken;
  if (launched < workers_.size())
    return "worker " + std::to_string(launched) + " could not be started on its CPU";
  if (taken) return {};
  return "there is no memory for " + std::to_string(settings_.flows_max) + " flows on each worker (" +
         std::to_string(flow_bytes(settings_) >> 20) + " MiB each); lower flows.max";
}

int Engine::run_worker(void* argument) {
  auto* context = static_cast<std::pair<Engine*, Worker*>*>(argument);
  // This thread is older than the drop.
  if (context->first->privileges_dropped && !drop_thread_privileges().empty())
    context->first->keeps_privileges_ = true;
  context->second->run(context->first->stop_);
  delete context;
  return 0;
}

std::string Engine::start() {
  started_ = true;
  // Whoever has sources counts as reading before anyone can look whether somebody still reads.
  for (const auto& worker : workers_) hand_over_->reading += worker->has_sources() ? 1 : 0;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto context = std::make_unique<std::pair<Engine*, Worker*>>(this, workers_[i].get());
    if (rte_eal_remote_launch(run_worker, context.get(), worker_lcore(static_cast<unsigned>(i))) != 0)
      return "worker " + std::to_string(i) + " could not be started on its CPU";
    static_cast<void>(context.release());  // the worker's now
  }
  return {};
}

bool Engine::running() const {
  for (std::size_t i = 0; i < workers_.size(); ++i)
    if (rte_eal_get_lcore_state(worker_lcore(static_cast<unsigned>(i))) == RUNNING) return true;
  return false;
}

void Engine::request_stop() {
  stop_.store(true, std::memory_order_relaxed);
  for (const auto& port : ports_) port->interrupt();  // a capture that is a pipe may be waited for
}

void Engine::stop() {
  if (!started_) return;
  started_ = false;
  request_stop();
  for (std::size_t i = 0; i < workers_.size(); ++i)
    rte_eal_wait_lcore(worker_lcore(static_cast<unsigned>(i)));
  read_ports();
}

void Engine::read_ports() {
  std::vector<PortCounters> seen;
  std::uint64_t losses = 0;
  for (const auto& port : ports_) {
    seen.push_back(port->counters());
    losses += seen.back().lost();
  }
  if (losses != losses_seen_) shared_->last_loss.store(system_time(), std::memory_order_relaxed);
  losses_seen_ = losses;
  const std::lock_guard lock(ports_mutex_);
  ports_seen_ = std::move(seen);
}

// The most that any worker left out since it was last asked: an overload may begin and end between two looks,
// so it goes by the time that was spent at each level.
std::size_t Engine::level_since_last_news() {
  std::size_t most = 0;
  for (std::size_t level = 1; level < kShedLevels; ++level) {
    const std::uint64_t ms = total("shedding_milliseconds_total", name_of(static_cast<ShedLevel>(level)));
    if (ms != shed_ms_seen_[level]) most = level;
    shed_ms_seen_[level] = ms;
  }
  for (const auto& worker : workers_)
    most = std::max(most, static_cast<std::size_t>(worker->board().value("shedding_level")));
  return most;
}

std::vector<std::string> Engine::news() {
  std::vector<std::string> words;
  const auto now = static_cast<TimeNs>(
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
  const auto look = [&](const std::string& topic, const std::string& sentence, const std::string& well = {}) {
    if (auto line = news_.look(topic, sentence, well, now)) words.push_back(std::move(*line));
  };
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const std::string number = std::to_string(i), why = ports_[i]->why();
    look("end of port " + number, why);
    if (why.empty())
      look("port " + number, ports_[i]->warning(), "port " + ports_[i]->name() + " can receive again");
  }
  if (shared_->distrust_devices)
    look("sharding",
         "a device shards flows otherwise than it was told: from now on the workers do it in software");
  constexpr const char* kLeftOut[kShedLevels] = {
      "", "body previews are left out of the records (shedding_level 1)",
      "protocols of low priority are left out (shedding_level 2)",
      "a share of the connections is left out (shedding_level 3)"};
  // Its way down again is none of the log's business before it has come to the end.
  const std::size_t level = level_since_last_news();
  shed_level_ = level == 0 ? 0 : std::max(shed_level_, level);
  look("overload",
       shed_level_ == 0 ? std::string()
                        : std::string("more comes than the workers can take: ") + kLeftOut[shed_level_],
       "the workers keep up again: nothing is left out any more");
  if (keeps_privileges_) look("privileges", "a worker's thread could not give up its privileges");
  return words;
}

std::vector<MetricInfo> Engine::port_metric_infos() {
  return {{"port_received_packets_total", "", "Frames that the device received or the file holds."},
          {"port_received_bytes_total", "", "Their bytes."},
          {"port_delivered_packets_total", "", "Frames that the workers took from the port."},
          {"port_filtered_packets_total", "", "Frames that the capture filter rejected in the sensor."},
          {"port_dropped_packets_total", "cause", "Frames lost before a worker saw them."}};
}

StatsSnapshot Engine::collect() const {
  StatsSnapshot snapshot;
  std::unique_lock lock(ports_mutex_);
  const std::vector<PortCounters> seen = ports_seen_;
  lock.unlock();
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const PortCounters& c = seen[i];
    snapshot.ports.push_back({ports_[i]->name(),
                              {{"port_received_packets_total", "", c.received},
                               {"port_received_bytes_total", "", c.received_bytes},
                               {"port_delivered_packets_total", "", c.delivered},
                               {"port_filtered_packets_total", "", c.filtered},
                               {"port_dropped_packets_total", "missed", c.missed},
                               {"port_dropped_packets_total", "no_mbuf", c.no_mbuf},
                               {"port_dropped_packets_total", "error", c.errors},
                               {"port_dropped_packets_total", "kernel", c.kernel_dropped},
                               {"port_dropped_packets_total", "unknown_link", c.unknown_link}}});
  }
  for (std::size_t i = 0; i < workers_.size(); ++i)
    snapshot.workers.push_back({static_cast<std::uint16_t>(i), workers_[i]->board().read()});
  return snapshot;
}

std::uint64_t Engine::total(std::string_view name, std::string_view label) const {
  std::uint64_t sum = 0;
  for (const auto& worker : workers_) sum += worker->board().value(name, label);
  return sum;
}

std::vector<BatchPool*> Engine::pools() {
  std::vector<BatchPool*> out;
  for (const auto& pool : pools_) out.push_back(pool.get());
  return out;
}

std::vector<const PacketRing*> Engine::packet_rings() const {
  std::vector<const PacketRing*> out;
  for (const auto& ring : rings_) out.push_back(ring.get());
  return out;
}

std::vector<LinkType> Engine::links() const {
  std::vector<LinkType> out;
  for (const auto& port : ports_) out.push_back(port->link());
  return out;
}

TimeNs Engine::packets_from() const {
  TimeNs now = pace_ == Pace::live ? system_time() : 0;
  if (pace_ == Pace::capture)
    for (const auto& ring : rings_) now = std::max(now, ring->newest());
  const DurationNs keep = settings_.packet_keep_s * kSecondNs;
  return now > keep ? now - keep : 0;
}

double Engine::progress() const {
  double least = -1;
  for (const auto& port : ports_) {
    const double p = port->progress();
    if (p >= 0) least = least < 0 ? p : std::min(least, p);
  }
  return least;
}

bool Engine::all_sources_whole() const {
  return std::all_of(ports_.begin(), ports_.end(), [](const auto& port) { return port->why().empty(); });
}

bool Engine::all_ports_failed() const {
  return std::all_of(ports_.begin(), ports_.end(), [](const auto& port) {
    for (std::uint16_t q = 0; q < port->queue_count(); ++q)
      if (port->queue(q).state() == QueueState::live) return false;
    return true;
  });
}

}  // namespace spanlight
