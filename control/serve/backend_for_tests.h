#pragma once
// For tests: the rest of the control process, in memory. Calls are real records; filters are a few words.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "record/sample.h"
#include "serve/api.h"
#include "serve/server.h"

namespace spanlight::serve {

// "" and "all": every call. "none": none. "payload": reads payloads. "slow": the search finds one call, then
// lasts until it is cancelled. Anything else is a fault at byte 3 with the suggestion "all".
class TestFilters final : public FilterLanguage {
 public:
  std::variant<CheckedFilter, std::vector<FilterFault>> compile(std::string_view text) const override;
  std::vector<FilterVariable> variables() const override;
};

class TestHistory final : public History {
 public:
  void add(const sample::Record& record, const std::string& src_namespace, const std::string& dst_namespace);

  Page page(const CallQuery& query, const OnCall& on_call, const OnProgress& on_progress,
            std::stop_token cancel) override;
  std::optional<StoredCall> call(const CallId& id, const std::vector<std::string>& namespaces,
                                 std::stop_token cancel) override;
  std::vector<StoredCall> around(const ConnectionQuery& query, std::stop_token cancel) override;
  std::optional<StoredCall> connection(const ConnectionQuery& query, std::stop_token cancel) override;
  std::vector<StoredCall> by_trace(const std::string& trace_id, const std::vector<std::string>& namespaces,
                                   std::uint32_t limit, std::stop_token cancel) override;
  std::vector<Bucket> histogram(const Scope& scope, std::uint32_t buckets, std::stop_token cancel) override;
  Map map(const MapQuery& query, std::stop_token cancel) override;
  Stats stats(const StatsQuery& query, std::stop_token cancel) override;
  std::vector<Value> values(const ValuesQuery& query, std::stop_token cancel) override;

  Scope last_scope();
  int wait_cancelled(int at_least);     // how many slow searches were given up
  int slow_searches();                  // that have begun
  std::optional<CallId> connection_id;  // what connection() answers, of those that were added
  std::uint64_t repeat = 1;             // each call so many times in a page, for long answers

 private:
  void see(const Scope& scope);
  std::mutex mutex_;
  std::condition_variable changed_;
  Scope last_scope_;
  int cancelled_ = 0;
  int slow_ = 0;
  std::vector<StoredCall> calls_;
};

class TestLive final : public Live {
 public:
  std::shared_ptr<LiveFeed> join(LiveRequest request, std::function<void()> wake) override;
  // To every client, as far as its queue goes.
  void publish(const std::string& line, std::size_t queue_max = 100);
  std::size_t clients();
  std::string last_filter();

 private:
  class Feed;
  std::mutex mutex_;
  std::vector<std::weak_ptr<Feed>> feeds_;
  std::string last_filter_;
};

class TestTargets final : public Targets {
 public:
  TargetsState current() const override;
  std::variant<TargetsState, std::string> preview(const TapSettings& settings) const override;
  std::variant<TargetsState, std::string> change(const TapSettings& settings) override;

 private:
  mutable std::mutex mutex_;
  TargetsState state_;
};

class TestParts final : public Sensors, public Names, public Packets, public Health {
 public:
  std::vector<SensorView> list() const override;
  std::vector<Resolved> resolve(const Ip& address, std::uint64_t at_ns) const override;
  PacketsEnd fetch(const StoredCall& call, const std::function<bool(std::string_view)>& on_bytes,
                   std::stop_token cancel) override;
  std::vector<PartState> parts() const override;
  void write_metrics(Exposition& out) const override;

  std::atomic<bool> ready = true;
  std::atomic<PacketsEnd> packets_end = PacketsEnd::complete;
};

// All of it, and a server on a free port of loopback.
class TestServer {
 public:
  explicit TestServer(ControlSettings settings = usual_settings(), ServerLimits limits = usual_limits());
  ~TestServer();

  static ControlSettings usual_settings();  // loopback, any port, no limit of requests
  static ServerLimits usual_limits();

  std::uint16_t port() const { return server->port(); }
  std::string log();
  // Waits until a count has come to `least`.
  static bool reaches(const Count& count, std::uint64_t least);

  TestFilters filters;
  TestHistory history;
  TestLive live;
  TestTargets targets;
  TestParts parts;
  Backend backend;
  ServerCounts counts{kRoutesMax};
  RouteTable table;
  std::unique_ptr<Server> server;

 private:
  std::mutex log_mutex_;
  std::string log_;
};

sample::Record test_call(std::uint64_t id);  // a complete HTTP call with a JSON body and a Cookie
std::string test_call_id(std::uint64_t id);

// A folder that is removed at the end.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  std::string write(const std::string& name, std::string_view bytes) const;  // gives the path
  std::string path() const { return path_; }

 private:
  std::string path_;
};

// A self-signed certificate and its key, PEM.
void write_certificate(const std::string& certificate, const std::string& key,
                       const std::string& common_name);

}  // namespace spanlight::serve
