#pragma once
// GET /metrics (Prometheus text format 0.0.4) and /healthz, on a thread of libmicrohttpd. Without it the
// sensor works all the same: a port in use is told, not fatal.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "publish/publisher.h"
#include "publish/stats.h"

namespace spanlight {

// The whole text. Every family has HELP and TYPE once and its samples together; two counters of one name and
// label are added up, since a series may stand there only once.
std::string prometheus_text(const StatsSnapshot& snapshot, const SensorIdentity& identity,
                            std::span<const MetricInfo> infos);

class MetricsServer {
 public:
  // latest(): called on the server's thread for each request, e.g. Publisher::latest.
  MetricsServer(SensorIdentity identity, std::vector<MetricInfo> infos,
                std::function<StatsSnapshot()> latest);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  // `address`: "127.0.0.1:9464", "[::1]:9464", "localhost:9464"; empty = off. Answers with a sentence when it
  // cannot listen there; empty = it does (or is off).
  std::string start(const std::string& address);
  void stop();

  std::string warning() const;  // a sentence when others than this machine may read it; empty otherwise
  std::uint16_t port() const;   // as bound; 0 = off

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spanlight
