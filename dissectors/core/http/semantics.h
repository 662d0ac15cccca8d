#pragma once
// What a request says in every version of HTTP, however it was framed: its target's parts, and the trace that
// it belongs to. Pure; the views are those that were given.

#include <string_view>

#include "core/transaction.h"

namespace spanlight::http {

inline void set_target(Transaction& out, std::string_view target) {
  out.url = target;
  std::string_view rest = target;
  // absolute-form (RFC 9112, 3.2.2): the path begins behind the authority.
  const std::size_t scheme = rest.find("://");
  if (!rest.starts_with('/') && scheme != std::string_view::npos && rest.find('?') > scheme) {
    const std::size_t path = rest.find_first_of("/?", scheme + 3);
    if (path == std::string_view::npos) {
      out.path = "/";
      return;
    }
    rest = rest.substr(path);
  }
  const std::size_t question = rest.find('?');
  out.path = rest.substr(0, question);
  if (out.path.empty()) out.path = "/";
  if (question != std::string_view::npos) out.query_string = rest.substr(question + 1);
}

// W3C traceparent: version-traceid-parentid-flags. b3 (one header): traceid-spanid[-...], or a lone sampling
// digit.
inline std::string_view trace_id_of(std::string_view traceparent, std::string_view b3,
                                    std::string_view x_b3_traceid) {
  constexpr std::size_t kTraceIdAt = 3;
  constexpr std::size_t kTraceIdBytes = 32;
  if (traceparent.size() > kTraceIdAt + kTraceIdBytes && traceparent[2] == '-' &&
      traceparent[kTraceIdAt + kTraceIdBytes] == '-')
    return traceparent.substr(kTraceIdAt, kTraceIdBytes);
  if (const std::size_t dash = b3.find('-'); dash != std::string_view::npos && dash > 1)
    return b3.substr(0, dash);
  return x_b3_traceid;
}

}  // namespace spanlight::http
