#pragma once
// A session in small, for the tests and fuzz targets of every protocol: it plays a conversation to one
// dissector and honours every answer exactly as core/dissector.h says. It breaks no rule itself and notes
// each one that is broken. Not part of the sensor; allocates freely. Independent of the test framework.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/descriptor.h"
#include "core/dissector.h"

namespace spanlight::testing {

// One segment of a conversation, in the order in which it was sent.
struct Segment {
  Direction from;
  std::string bytes;
  bool lost = false;  // never reaches the dissector: declared as a hole (of no bytes: joined midstream)
  std::uint64_t peer_acked = kAllBefore;  // default: its sender had everything that stands before it here
  GapCause cause = GapCause::mirror;
  DurationNs pause = 0;  // before it
  bool fin = false;      // its sender's direction ends in order behind it; what follows of it is ignored
  std::size_t cut = 0;   // of a datagram: so many bytes of its end were not captured
  static constexpr std::uint64_t kAllBefore = ~std::uint64_t{0};
};
using Conversation = std::vector<Segment>;

// True while the dissector's own code runs (not its sink): nothing may be allocated then. Of each thread:
// libFuzzer watches the memory from one of its own, which allocates.
inline thread_local bool inside_dissector = false;

// A transaction with its views copied.
struct Call {
  State state;
  Reason reason;
  std::uint32_t flags;
  bool is_error;
  std::int32_t status;
  TimeNs request_first, request_last, response_first, response_last;
  std::uint64_t request_size, response_size, request_body_size, response_body_size;
  std::string version, method, url, path, query, error, summary, trace_id, request_id;
  std::string request_headers, response_headers;  // "Name: value|" in wire order
  std::string request_body, response_body, request_fields, response_fields;
  std::string text() const;  // everything but the times
};

struct Play {
  Limits limits = {};
  std::size_t state_bytes = 16u << 20;
  std::size_t preview_bytes = 16u << 20;
  const Handover* handover = nullptr;  // that the dissector takes the flow over with
  bool datagrams = false;      // each segment is one, shown alone and whole; a lost one is never told of
  std::size_t cut_bytes = 0;   // deliver in pieces of so many bytes; 0: whole segments
  std::uint32_t cut_seed = 0;  // not 0: random pieces instead
  bool lend = true;            // windows lie in buffers that may be lent
  bool park = true;            // the slot is given up whenever the dissector can rest
  bool fin = false;            // both directions end in order; then close
  End close = End::capture_ended;
  bool close_at_all = true;
  TimeNs time_step_ns = kMillisecondNs;  // between segments; timers run in between
  std::uint32_t shed_segments = 0;       // bit i % 32: Limits::previews_shed while segment i is delivered
};

struct Outcome {
  std::vector<Call> calls;
  DissectorCounters counters;
  std::vector<std::string> violations;  // rules of the contract that were broken
  bool identified = false;
  Handover handover;           // to it
  std::string handed_over[2];  // per direction: what the next protocol gets
  std::size_t used_bytes = 0;  // of both slab pools and of lent buffers at the end
  std::uint64_t skipped_bytes = 0;
  std::uint64_t parked = 0;  // times that the slot was given up
  std::string text() const;
};

Outcome play(const Descriptor& protocol, const Conversation& conversation, const Play& how = {});

// Each gives "" or what is wrong.
std::string check_splits(const Descriptor& protocol, const Conversation& conversation, const Play& how = {});
std::string check_prefixes(const Descriptor& protocol, const Conversation& conversation,
                           const Play& how = {});
std::string check_gaps(const Descriptor& protocol, const Conversation& conversation, const Play& how = {});

}  // namespace spanlight::testing
