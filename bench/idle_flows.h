#pragma once
// The memory of connections that stay open: as many as wanted are brought to one state through the real
// worker and left there; what its slabs then hold, and the flow table's share, is divided by their number.

#include <string>

#include "settings/settings.h"
#include "trace.h"

namespace spanlight::bench {

struct IdleFlows {
  std::string fault;  // a sentence; empty = measured
  std::uint64_t connections = 0;
  std::uint64_t calls = 0;          // made on all of them before
  std::uint64_t records = 0;        // found: one for each call, or the state is not what it should be
  std::uint64_t flows = 0;          // live
  std::uint64_t state_bytes = 0;    // slabs in use
  std::uint64_t preview_bytes = 0;  // slabs of previews in use
  std::uint64_t table_bytes = 0;    // entries and index for as many flows
  double each() const;              // bytes
};

IdleFlows measure_idle_flows(const Settings& settings, const TraceOptions& options);

// How many connections, and calls on each, where the options leave it open.
void fill_in_idle_flows(TraceOptions& options);

// All three states, in lines or JSON. False: one of them was not reached; a sentence is on standard error.
bool report_idle_flows(const Settings& settings, const TraceOptions& options, bool json);

}  // namespace spanlight::bench
