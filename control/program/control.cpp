#include "program/control.h"

#include <chrono>
#include <stdexcept>

#include "body/schemas.h"
#include "cli/options.h"
#include "ingest/ingest.h"
#include "ingest/sensor_board.h"
#include "live/live.h"
#include "process/clock.h"
#include "process/log.h"
#include "process/privileges.h"
#include "program/assets_folder.h"
#include "program/chosen_targets.h"
#include "program/clocks.h"
#include "program/cluster_side.h"
#include "program/filters.h"
#include "program/health.h"
#include "program/import_api.h"
#include "program/map_naming.h"
#include "program/names_keeper.h"
#include "program/overview.h"
#include "program/packets.h"
#include "program/sensor_news.h"
#include "program/store_sink.h"
#include "program/views.h"
#include "query/store_history.h"
#include "serve/api.h"
#include "serve/server.h"
#include "settings/control_load.h"
#include "store/store.h"

namespace spanlight {
namespace {

// To know names of before; the store takes two seconds to start.
constexpr std::chrono::seconds kNamesPatience{10};
constexpr std::chrono::seconds kTendEvery{5};

std::vector<CallSink*> sinks_of(LiveHub& live, StoreSink* store) {
  std::vector<CallSink*> sinks = {&live};
  if (store != nullptr) sinks.push_back(store);
  return sinks;
}

// With the store's data, where that is ours; a server's is elsewhere, and then only a file that is named will
// do.
std::string choice_path(const ControlSettings& settings) {
  if (!settings.targets_file.empty()) return settings.targets_file;
  const bool has_folder = settings.store_enabled && settings.store_url.empty();
  return has_folder ? settings.store_directory + "/targets.json" : std::string();
}

}  // namespace

// Members stand in the order in which they are made; what is made later knows what was made before.
struct ControlProcess::Impl {
  Impl(ControlSettings given, std::string settings_path);

  ControlSettings settings;
  std::string path;
  SensorBoard board;
  ClusterSide cluster;
  ChosenTargets chosen;
  ClockWatch clocks{log};
  SensorNews news{log};
  std::chrono::steady_clock::time_point tended_at{};
  MapNaming naming;
  Filters filters;
  LiveHub live;
  std::unique_ptr<Store> store;  // started as whom the process has become
  std::unique_ptr<StoreSink> store_sink;
  std::unique_ptr<NamesKeeper> keeper;
  std::unique_ptr<Ingest> ingest;
  std::unique_ptr<History> history;
  std::unique_ptr<RedOverview> overview;
  std::unique_ptr<ProcessHealth> health;
  SensorsView sensors;
  TargetsView targets;
  NamesView names;
  SensorPackets packets;
  body::SchemaBoard schemas;
  serve::Backend backend;
  serve::RouteTable routes;
  serve::ServerCounts counts{serve::kRoutesMax};
  std::unique_ptr<serve::Server> server;

  void start_store();
};

ControlProcess::Impl::Impl(ControlSettings given, std::string settings_path)
    : settings(std::move(given)),
      path(std::move(settings_path)),
      board(settings.sensors),
      cluster(settings, log),
      chosen(cluster, settings.tap, choice_path(settings), log),
      naming(cluster.names()),
      filters(board),
      live(settings.stream_queue_calls),
      sensors(board, cluster, settings.sensors),
      targets(cluster, chosen, board),
      names(cluster.names()),
      packets(settings, board) {
  backend.filters = &filters;
  backend.live = &live;
  backend.sensors = &sensors;
  backend.targets = &targets;
  backend.names = &names;
  backend.packets = &packets;
  backend.schemas = &schemas;
  add_import_route(routes, naming, store);
  serve::add_api(routes, backend, counts, cli::version());
  server = std::make_unique<serve::Server>(
      settings, serve::ServerLimits{}, routes, backend, counts,
      [](LogLevel level, std::string_view sentence) { log(level, std::string(sentence)); });
}

void ControlProcess::Impl::start_store() {
  if (!settings.store_enabled) {
    log(LogLevel::info, "the store is off: calls are shown live and not kept");
    return;
  }
  store =
      std::make_unique<Store>(settings, [](const std::string& sentence) { log(LogLevel::info, sentence); });
  store_sink = std::make_unique<StoreSink>(store->writer());
  history = make_history(store->client());
  backend.history = history.get();
  keeper = std::make_unique<NamesKeeper>(cluster.timeline(), *store, log);
  const std::vector<Interval> before = keeper->read_back(settings.history_s, kNamesPatience);
  // Who was still there when we ended may be gone since: whoever has the address now wins from its own
  // beginning.
  cluster.restore(before, wall_clock_ns());
}

ControlProcess::ControlProcess(ControlSettings settings, std::string path)
    : impl_(std::make_unique<Impl>(std::move(settings), std::move(path))) {}

ControlProcess::~ControlProcess() {
  stop();
}

void ControlProcess::start() {
  Impl& my = *impl_;
  my.server->bind();
  if (const std::string fault = my.schemas.load(my.settings.descriptor_sets); !fault.empty())
    throw std::runtime_error("protobuf.descriptorSets: " + fault);
  if (const std::string fault = drop_privileges(my.settings.run_as, false); !fault.empty())
    throw std::runtime_error(fault);
  my.chosen.restore();
  my.start_store();
  my.ingest =
      std::make_unique<Ingest>(my.settings, my.naming, my.board, sinks_of(my.live, my.store_sink.get()));
  my.overview = std::make_unique<RedOverview>(*my.ingest, my.store == nullptr ? 0 : wall_clock_ns());
  my.health =
      std::make_unique<ProcessHealth>(Parts{my.board, *my.ingest, my.live, my.cluster, my.store.get()});
  my.backend.overview = my.overview.get();
  my.backend.health = my.health.get();
  my.server->set_assets(load_assets());
  my.cluster.start();
  if (my.keeper != nullptr) my.keeper->start();
  my.ingest->start();
  my.server->start();
}

void ControlProcess::reload() {
  Impl& my = *impl_;
  my.server->reload();
  const auto loaded = load_control_settings(my.path);
  if (const auto* faults = std::get_if<std::vector<SettingsFault>>(&loaded)) {
    for (const SettingsFault& fault : *faults) log(LogLevel::error, fault.sentence());
    return log(LogLevel::error, "the settings stay as they were");
  }
  const ControlSettings& fresh = std::get<ControlSettings>(loaded);
  for (const Change& change : changes(my.settings, fresh)) {
    const std::string key(change.key);
    log(LogLevel::info,
        change.live ? key + " has changed" : key + " has changed: it takes effect after a restart");
  }
  set_log(fresh.log_level, fresh.log_json);
  // What the API changed is replaced only where the file says something new.
  if (fresh.tap != my.settings.tap) {
    if (const std::string fault = my.chosen.settings_changed(fresh.tap); fault.empty())
      my.settings.tap = fresh.tap;
    else
      log(LogLevel::error, fault + "; targets stay as they were");
  }
  if (const std::string fault = my.cluster.set_static_map(fresh.static_map); !fault.empty())
    log(LogLevel::error, fault);
  // Asked for even where the list is the same: the files may have been written anew.
  if (const std::string fault = my.schemas.load(fresh.descriptor_sets); !fault.empty())
    log(LogLevel::error, "protobuf.descriptorSets: " + fault + "; names stay as they were");
  my.settings.descriptor_sets = fresh.descriptor_sets;
  my.server->change(fresh);
  my.settings.access = fresh.access;
  my.settings.proxy_user_header = fresh.proxy_user_header;
  my.settings.trusted_proxies = fresh.trusted_proxies;
  my.settings.requests_per_second = fresh.requests_per_second;
  my.settings.request_bytes_max = fresh.request_bytes_max;
  my.settings.static_map = fresh.static_map;
  my.settings.log_level = fresh.log_level;
  my.settings.log_json = fresh.log_json;
}

void ControlProcess::tend() {
  Impl& my = *impl_;
  const auto now = std::chrono::steady_clock::now();
  if (now - my.tended_at < kTendEvery) return;
  my.tended_at = now;
  const std::vector<SensorState> sensors = my.board.sensors();
  my.news.look(sensors, wall_clock_ns());
  my.clocks.look(sensors, my.cluster.status(), wall_clock_ns());
}

// Against the flow of data: nothing is handed to what has ended.
void ControlProcess::stop() {
  Impl& my = *impl_;
  if (my.server != nullptr) my.server->stop();
  if (my.ingest != nullptr) my.ingest->stop();
  my.cluster.stop();
  if (my.keeper != nullptr) my.keeper->stop();
  if (my.store != nullptr) my.store->writer().stop();
}

std::string ControlProcess::address() const {
  return impl_->server->address();
}

}  // namespace spanlight
