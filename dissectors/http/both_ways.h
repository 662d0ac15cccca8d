#pragma once
// The proof that it does not matter who reads a head: conversations played once with llhttp for all heads and
// once with the scanner, everything compared; and the scanner's three ways to classify bytes. For tests and
// fuzz targets; never part of the sensor. Each function gives "" or what is wrong.

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/testing/harness.h"
#include "http/connection.h"
#include "http/http.h"

namespace spanlight::http::testing {

namespace session = spanlight::testing;

// HTTP/1 whose heads are scanned with `kClassify`; nullptr: by llhttp.
template <Classify kClassify>
Descriptor scanned_with() {
  Descriptor out = kDescriptor;
  out.create = [](void* slot, Workshop& workshop) -> Dissector* {
    return new (slot) Connection(workshop, kClassify);
  };
  return out;
}

// Times, counters and what the session noted beside what Outcome::text() says.
inline std::string all_of(const session::Outcome& o) {
  std::string out = o.text();
  const auto add = [&](std::uint64_t n) { out += std::to_string(n) + " "; };
  for (const session::Call& c : o.calls)
    for (const TimeNs t : {c.request_first, c.request_last, c.response_first, c.response_last}) add(t);
  const DissectorCounters& n = o.counters;
  for (const std::uint64_t count : {n.malformed, n.resyncs, n.preview_exhausted, n.state_exhausted,
                                    n.open_calls_exceeded, n.headers_truncated, o.skipped_bytes})
    add(count);
  for (const std::string& violation : o.violations) out += violation;
  return out + std::to_string(o.used_bytes);
}

inline std::string check_both_ways(const session::Conversation& conversation, const session::Play& how) {
  static const Descriptor kByLlhttp = scanned_with<nullptr>();
  const std::string by_llhttp = all_of(play(kByLlhttp, conversation, how));
  const std::string scanned = all_of(play(kDescriptor, conversation, how));
  return scanned == by_llhttp ? "" : "scanned\n" + scanned + "\n--- by llhttp\n" + by_llhttp;
}

inline std::vector<Classify> classifiers() {
  std::vector<Classify> out = {classify_plain, classify_sse};
  if (has_avx2()) out.push_back(classify_avx2);
  return out;
}

// All that a scan found, as text; "irregular".
inline std::string scan_text(Bytes window, std::size_t headers_max, Classify classify) {
  ScannedHead head;
  if (!scan_head(window, headers_max, classify, head)) return "irregular";
  std::string out;
  const auto add = [&](std::uint64_t n) { out += std::to_string(n) + " "; };
  for (const std::uint32_t n : {head.line_bytes, head.bytes, head.count}) add(n);
  for (const ScannedHeader& h : std::span(head.headers).first(head.count))
    for (const std::uint32_t n : {h.name, h.name_end, h.value, h.value_end}) add(n);
  for (std::size_t k = 0; k < kLifted; ++k) add(head.lifted.place(static_cast<Known>(k)));
  for (const std::uint64_t n : {head.body.length, std::uint64_t{head.body.has_length},
                                std::uint64_t{head.body.chunked}, std::uint64_t{head.body.upgrade}})
    add(n);
  return out;
}

inline std::string check_classifiers(Bytes window, std::size_t headers_max) {
  const std::string plain = scan_text(window, headers_max, classify_plain);
  for (const Classify classify : classifiers()) {
    const std::string other = scan_text(window, headers_max, classify);
    if (other != plain) return "scanned as\n" + other + "\n--- plain\n" + plain;
  }
  return {};
}

}  // namespace spanlight::http::testing
