#pragma once
// Questions to the store about calls that were kept. One History for the process, for any thread: each
// question takes a connection of its own for as long as it lasts. Questions block; they end early with
// QueryError::cancelled as soon as the stop token says so, also in the middle of a slow search.
//
// `filter_sql` is a boolean expression over the columns of `calls` (control/store/schema.h) that
// the filter language made: it is put into the statement as it is, so it must come from nobody else.
// `namespaces` is enforced here, in SQL, in every question: unless it is empty, one end of a call must be in
// one of them, otherwise it does not exist for the asker.

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include "query/stored_call.h"

namespace spanlight {

class QueryError : public std::runtime_error {
 public:
  enum class Kind : std::uint8_t {
    cancelled,    // by the stop token
    unavailable,  // the store cannot be reached, or went away meanwhile: ask again later
    too_heavy,    // it hit a cap of memory, time or rows: ask for less
    refused,      // the store does not understand or allow it: a fault of the asker, or ours
    bad_cursor,   // a cursor that no page gave
  };
  QueryError(Kind kind, const std::string& sentence) : std::runtime_error(sentence), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// What every question has. Times: nanoseconds since the epoch, capture time; since ≤ time < until.
struct Scope {
  std::string filter_sql;               // empty: all calls
  std::uint64_t since_ns = 0;           // 0: from the beginning
  std::uint64_t until_ns = 0;           // 0: no end
  std::vector<std::string> namespaces;  // an end must be in one; empty: all
  std::string source;                   // "live" or an import's name; empty: all
};

struct CallQuery : Scope {
  std::uint32_t limit = 100;  // 0: all there are, for exports: rows are handed on as they come, none is kept
  std::string cursor;         // of the page before; empty: the first page
  bool newest_first = true;
  bool payloads = true;  // false: without headers, bodies and fields
};

struct Page {
  std::uint64_t calls = 0;
  std::string next_cursor;  // empty: there is nothing behind it
};

// How far a search is, told after each window of time that was searched.
struct Progress {
  double searched = 0;            // share of the range of time, 0 … 1
  std::uint64_t searched_ns = 0;  // everything newer (older, unless newest_first) than this was searched
  std::uint64_t calls = 0;        // that were found so far
};

using OnCall = std::function<bool(StoredCall&&)>;  // false: enough, the page ends here
using OnProgress = std::function<void(const Progress&)>;

// The calls of one connection around one of them, or around a moment: record_id 0.
struct ConnectionQuery {
  std::uint64_t epoch = 0;  // of the sensor
  std::uint64_t conn_id = 0;
  std::uint64_t time_ns = 0;
  std::uint32_t before = 50;  // so many that come before it in the order of pages, and
  std::uint32_t after = 50;   // it and those that come after it
  std::vector<std::string> namespaces;
  bool payloads = true;
  std::uint64_t record_id = 0;  // of the call that began then: many may have
};

// Records of connections count only where no call fits the question.
struct Bucket {
  std::uint64_t start_ns = 0;
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;
};
constexpr std::uint32_t kBucketsMax = 2'000;

enum class Grouping : std::uint8_t { workload, service, name_space };

// One end of an edge. Where the grouping's name is not known: DNS name, else address.
struct MapNode {
  std::string kind;  // "Deployment", …, "service", "namespace", "dns", "address"
  std::string name;
  std::string name_space;

  bool operator==(const MapNode&) const = default;
};

// Durations in microseconds, over calls that have a pair; errors by is_error. Counts are exact, quantiles are
// within about 1 %.
struct Red {
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;
  std::uint64_t timed = 0;  // calls that have a duration
  double per_second = 0;    // over the range asked for (or the bucket)
  double p50_us = 0, p95_us = 0, p99_us = 0;
  std::uint64_t request_bytes = 0, response_bytes = 0;
};

struct MapEdge {
  MapNode src, dst;
  std::string protocol;
  Red red;
};

struct MapQuery : Scope {
  Grouping grouping = Grouping::workload;
  std::uint32_t edges_max = 2'000;  // the busiest
};

struct Map {
  std::vector<MapEdge> edges;
  bool all = true;  // false: there were more than edges_max
};

// Rate, errors and duration of what was called: by what is asked for, over time.
struct StatsQuery : Scope {
  std::uint64_t step_ns = 0;  // of a bucket; 0: one number for the whole range
  bool by_service = true;     // service (else workload, DNS name, address) of the server
  bool by_protocol = true;
  bool by_operation = false;       // as control/red/operation.h names them
  std::uint32_t series_max = 200;  // the busiest
};

struct StatsPoint {
  std::uint64_t start_ns = 0;
  Red red;
};

struct StatsSeries {
  MapNode service;
  std::string protocol;
  std::string operation;
  Red total;  // over the range
  std::vector<StatsPoint>
      points;  // all of them, in time order, without empty buckets; none where step_ns is 0
};

struct Stats {
  std::vector<StatsSeries> series;
  bool all = true;  // false: there were more than series_max
};

// What a column holds, for completion.
struct ValuesQuery : Scope {
  std::string column;  // a text column of `calls`, e.g. "dst_service"; others are refused
  std::string key;     // of a label, where column is "src_labels" or "dst_labels"; empty: the labels' names
  std::string prefix;
  std::uint32_t limit = 50;
};

struct Value {
  std::string text;
  std::uint64_t calls = 0;  // 0: only records of connections have it
};

class History {
 public:
  virtual ~History() = default;

  // Calls in the order of (time, epoch, record), newest first unless told otherwise, without a repetition or
  // a hole between pages, whatever is stored meanwhile. Long ranges are searched window by window, so that
  // rows and progress come while it goes on.
  virtual Page page(const CallQuery& query, const OnCall& on_call, const OnProgress& on_progress,
                    std::stop_token cancel) = 0;

  virtual std::optional<StoredCall> call(const CallId& id, const std::vector<std::string>& namespaces,
                                         std::stop_token cancel) = 0;
  // In time order.
  virtual std::vector<StoredCall> around(const ConnectionQuery& query, std::stop_token cancel) = 0;
  // The latest record of the connection itself (Flag.connection), if its sensor makes them; it began at or
  // before `query.time_ns`.
  virtual std::optional<StoredCall> connection(const ConnectionQuery& query, std::stop_token cancel) = 0;
  // In time order, without payloads.
  virtual std::vector<StoredCall> by_trace(const std::string& trace_id,
                                           const std::vector<std::string>& namespaces, std::uint32_t limit,
                                           std::stop_token cancel) = 0;

  // `buckets` (at most kBucketsMax) of equal width over [since, until), empty ones too.
  virtual std::vector<Bucket> histogram(const Scope& scope, std::uint32_t buckets,
                                        std::stop_token cancel) = 0;
  virtual Map map(const MapQuery& query, std::stop_token cancel) = 0;
  virtual Stats stats(const StatsQuery& query, std::stop_token cancel) = 0;
  virtual std::vector<Value> values(const ValuesQuery& query, std::stop_token cancel) = 0;
};

}  // namespace spanlight
