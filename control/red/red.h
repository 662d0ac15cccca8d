#pragma once
// Rate, errors, duration of all live calls, counted as they come and so exact whatever the store keeps up
// with: per service since the start, per operation and between workloads for the last quarter of an hour. One
// table for each ingest thread, which alone adds; anybody may read. add() takes the lock once for each batch.

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/call.h"
#include "record/text_buffer.h"
#include "red/series.h"

namespace spanlight {

struct RedLimits {
  std::size_t services = 4'096;  // series of each kind; what is beyond is counted under kOther
  std::size_t operations = 16'384;
  std::size_t edges = 16'384;
};

// What can be called and can call, by a name that always says something.
struct RedNode {
  std::string kind;  // "service", a workload's ("Deployment", ...), "name" (of the static map, a node),
                     // "dns", "address"
  std::string name;
  std::string name_space;
};

// An end in all the ways in which people group ends.
struct RedEnd {
  RedNode by_workload;  // workload, else service, else name, DNS name, address
  RedNode by_service;   // service, else workload, else the same
};

struct ServiceCounts {
  RedNode service;
  std::string protocol;
  std::string operation;  // empty: all of the service
  CallCounts total;       // since the start; of operations: since they were first seen
  std::vector<SeriesTable::Step> steps;
};

struct EdgeCounts {
  RedEnd src, dst;
  std::string protocol;
  std::vector<SeriesTable::Step> steps;
};

class RedTable {
 public:
  explicit RedTable(const RedLimits& limits = {});
  ~RedTable();

  // `now_ns`: a call whose time lies more than a minute ahead of it is counted as of now, one that is older
  // than steps are kept in the oldest step.
  void add(std::span<const Call> calls, std::uint64_t now_ns);

  // What was counted, for everyone to merge with other tables'. `since_ns`: steps that begin before it are
  // left out.
  std::vector<ServiceCounts> services(std::uint64_t since_ns) const;
  std::vector<ServiceCounts> operations(std::uint64_t since_ns) const;
  std::vector<EdgeCounts> edges(std::uint64_t since_ns) const;

  struct Health {
    std::size_t services = 0, operations = 0, edges = 0;
    std::uint64_t overflowed = 0;  // calls that found no series of their own, of any kind
  };
  Health health() const;

 private:
  // A call on its way through the stages of add(): where it is counted, and what.
  struct Counted;
  static constexpr std::size_t kStage = 32;  // calls that go through the stages together
  void add_stage(std::span<const Call> calls, std::uint64_t now_ns);
  void set_names(const Call& call, Counted& counted);

  mutable std::mutex lock_;
  SeriesTable services_, operations_, edges_;
  std::vector<Counted> stage_;
  TextBuffer operation_;  // scratch
  std::uint64_t tidied_ns_ = 0;
};

}  // namespace spanlight
