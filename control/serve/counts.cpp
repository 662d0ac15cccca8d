#include "serve/counts.h"

#include <algorithm>

namespace spanlight::serve {
namespace {

double number(const Count& count) {
  return static_cast<double>(count.load(std::memory_order_relaxed));
}

void write_route(Exposition& out, const RouteCounts& route, std::string_view id) {
  static constexpr std::array<std::string_view, 6> kClasses = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  for (std::size_t i = 0; i < kClasses.size(); ++i) {
    if (route.by_class[i] == 0) continue;
    out.counter("spanlight_http_requests_total", "Requests answered, by operation and class of status.",
                number(route.by_class[i]), {{"operation", id}, {"status", kClasses[i]}});
  }
  std::array<std::uint64_t, kDurationBoundsS.size() + 1> counts{};
  std::copy(route.durations.begin(), route.durations.end(), counts.begin());
  if (std::all_of(counts.begin(), counts.end(), [](std::uint64_t count) { return count == 0; })) return;
  out.histogram("spanlight_http_request_duration_seconds",
                "From the request's head to the end of the answer.",
                {kDurationBoundsS, counts, number(route.microseconds) / 1e6}, {{"operation", id}});
}

}  // namespace

void ServerCounts::answered(std::size_t route, int status, std::uint64_t elapsed_us) {
  RouteCounts& counts = by_route[std::min(route, by_route.size() - 1)];
  const auto status_class = static_cast<std::size_t>(status < 100 || status > 599 ? 0 : status / 100);
  ++counts.by_class[status_class];
  const double seconds = static_cast<double>(elapsed_us) / 1e6;
  const auto* const bound = std::lower_bound(kDurationBoundsS.begin(), kDurationBoundsS.end(), seconds);
  ++counts.durations[static_cast<std::size_t>(bound - kDurationBoundsS.begin())];
  counts.microseconds += elapsed_us;
}

void ServerCounts::write(Exposition& out, const RouteTable& table) const {
  struct Named {
    std::string_view name, help, label, value;
    const Count& count;
  };
  const Named counters[] = {
      {"spanlight_http_connections_total", "Connections accepted.", "", "", connections},
      {"spanlight_http_connections_refused_total", "Connections closed at once.", "cause", "full",
       connections_refused_full},
      {"spanlight_http_connections_refused_total", "", "cause", "client", connections_refused_client},
      {"spanlight_http_accept_faults_total", "Connections the kernel could not give.", "", "", accept_faults},
      {"spanlight_http_tls_faults_total", "TLS handshakes that failed.", "", "", tls_faults},
      {"spanlight_http_malformed_total", "Requests that are no HTTP.", "cause", "syntax", malformed},
      {"spanlight_http_malformed_total", "", "cause", "head_too_large", head_too_large},
      {"spanlight_http_malformed_total", "", "cause", "body_too_large", body_too_large},
      {"spanlight_http_timeouts_total", "Connections closed for being slow.", "waiting_for", "request",
       timed_out_idle},
      {"spanlight_http_timeouts_total", "", "waiting_for", "head", timed_out_head},
      {"spanlight_http_timeouts_total", "", "waiting_for", "body", timed_out_body},
      {"spanlight_http_timeouts_total", "", "waiting_for", "write", timed_out_write},
      {"spanlight_http_refused_total", "Requests refused.", "cause", "site", refused_site},
      {"spanlight_http_refused_total", "", "cause", "identity", refused_identity},
      {"spanlight_http_refused_total", "", "cause", "permission", refused_permission},
      {"spanlight_http_refused_total", "", "cause", "rate", refused_rate},
      {"spanlight_http_refused_total", "", "cause", "busy", refused_busy},
      {"spanlight_http_handler_faults_total", "Requests that failed within the server.", "", "",
       handler_faults},
      {"spanlight_http_answers_cut_total", "Long answers that could not be finished.", "", "", answers_cut},
      {"spanlight_http_clients_gone_total", "Clients that left before their answer.", "", "", clients_gone},
      {"spanlight_http_sent_bytes_total", "Bytes sent, TLS not counted.", "", "", bytes_sent},
      {"spanlight_stream_opened_total", "Live clients.", "", "", streams},
      {"spanlight_stream_calls_total", "Calls sent to live clients.", "", "", stream_calls},
      {"spanlight_stream_missed_total", "Calls that slow live clients missed.", "", "", stream_missed},
      {"spanlight_stream_skipped_total", "Calls beyond the rate that live clients asked for.", "", "",
       stream_skipped},
      {"spanlight_stream_faults_total", "Messages of live clients that could not be understood.", "", "",
       stream_faults},
      {"spanlight_bodies_viewed_total", "Bodies decoded for people.", "", "", bodies_viewed},
      {"spanlight_bodies_over_limit_total", "Bodies that were cut at the limit of decoding.", "", "",
       bodies_over_limit},
      {"spanlight_bodies_corrupt_total", "Bodies that were not packed as they said.", "", "", bodies_corrupt},
      {"spanlight_reload_faults_total", "Certificates, tokens or files that could not be read again.", "", "",
       reload_faults}};
  for (const Named& each : counters) {
    if (each.label.empty())
      out.counter(each.name, each.help, number(each.count));
    else
      out.counter(each.name, each.help, number(each.count), {{each.label, each.value}});
  }
  out.gauge("spanlight_http_connections", "Connections open.", number(connections_open));
  out.gauge("spanlight_stream_clients", "Live clients connected.", number(streams_open));
  for (std::size_t i = 0; i < table.routes().size() && i < by_route.size(); ++i)
    write_route(out, by_route[i], table.routes()[i].id);
  write_route(out, by_route.back(), "other");
}

}  // namespace spanlight::serve
