#pragma once
// What the server counts. Written by the network thread and the workers, read by /metrics.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "serve/exposition.h"
#include "serve/route.h"

namespace spanlight::serve {

using Count = std::atomic<std::uint64_t>;

constexpr std::array<double, 10> kDurationBoundsS = {0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30};

struct RouteCounts {
  std::array<Count, 6> by_class{};  // 2: 2xx, …; 0: no answer, the client had gone
  std::array<Count, kDurationBoundsS.size() + 1> durations{};
  Count microseconds = 0;
};

constexpr std::size_t kNoRoute = static_cast<std::size_t>(-1);

struct ServerCounts {
  explicit ServerCounts(std::size_t routes) : by_route(routes + 1) {}

  Count connections = 0, connections_open = 0;
  Count connections_refused_full = 0, connections_refused_client = 0;  // too many in all, of one client
  Count accept_faults = 0, tls_faults = 0;
  Count malformed = 0, head_too_large = 0, body_too_large = 0;
  Count timed_out_idle = 0, timed_out_head = 0, timed_out_body = 0, timed_out_write = 0;
  Count refused_site = 0, refused_identity = 0, refused_permission = 0, refused_rate = 0, refused_busy = 0;
  Count handler_faults = 0, answers_cut = 0, clients_gone = 0;
  Count bytes_sent = 0;
  Count streams = 0, streams_open = 0, stream_calls = 0, stream_missed = 0, stream_skipped = 0,
        stream_faults = 0;
  Count bodies_viewed = 0, bodies_over_limit = 0, bodies_corrupt = 0;
  Count reload_faults = 0;
  std::vector<RouteCounts> by_route;  // the last: what is none of the table's

  void answered(std::size_t route, int status, std::uint64_t elapsed_us);
  void write(Exposition& out, const RouteTable& table) const;
};

}  // namespace spanlight::serve
