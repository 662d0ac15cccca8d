#pragma once
// What the API asks of the rest of the control process: the filter language, the live calls, the sensors, the
// targets, the names. Interfaces, so that the API is tested without them. All are called from several threads
// at once and live longer than the server. Questions to the store go to query/query.h.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "body/schemas.h"
#include "ingest/sensor_board.h"
#include "query/query.h"
#include "serve/exposition.h"
#include "serve/http.h"
#include "settings/control.h"

namespace spanlight::serve {

struct FilterFault {
  std::size_t position = 0;  // bytes of the text, from 0
  std::size_t length = 0;
  std::string text;
  std::string suggestion;
};

struct CheckedFilter {
  std::string text;
  std::string sql;              // for the store; empty where it matches everything
  bool reads_payloads = false;  // asks for headers, cookies, bodies or fields: only for who may see them
  std::function<bool(const Call&)> matches;  // for live calls; any thread
};

struct FilterVariable {
  std::string name, type, meaning, protocol;
  std::vector<std::string> values;  // where only these are possible
};

class FilterLanguage {
 public:
  virtual ~FilterLanguage() = default;
  virtual std::variant<CheckedFilter, std::vector<FilterFault>> compile(std::string_view text) const = 0;
  virtual std::vector<FilterVariable> variables() const = 0;
};

struct LiveRequest {
  CheckedFilter filter;
  Principal principal;                 // sees what its namespaces allow, nothing else
  bool payloads = false;               // whole records; never where the principal may not see them
  std::uint32_t calls_per_second = 0;  // more are counted as skipped; 0: no limit
};

// The live calls of one client, waiting in a bounded queue. Any thread.
class LiveFeed {
 public:
  virtual ~LiveFeed() = default;
  virtual void change(LiveRequest request) = 0;

  struct Taken {
    std::vector<std::shared_ptr<const std::string>> lines;  // a call each, JSON
    std::uint64_t missed = 0;                               // matched, but the queue was full
    std::uint64_t skipped = 0;                              // matched, but beyond calls_per_second
  };
  virtual Taken take() = 0;  // everything since the last time
};

class Live {
 public:
  virtual ~Live() = default;
  // Fed for as long as the caller keeps it. `wake` is called when there is something to take and there was
  // nothing before, from any thread; it does not wait.
  virtual std::shared_ptr<LiveFeed> join(LiveRequest request, std::function<void()> wake) = 0;
};

struct SensorView {
  SensorState state;
  std::uint64_t targets_generation = 0;  // that the sensor acknowledged
  bool targets_in_force = false;         // it is the newest
  std::string targets_fault;             // why not, in words
  std::string clock_trouble;             // a sentence where its clock is so far off that names may be wrong
};

class Sensors {
 public:
  virtual ~Sensors() = default;
  virtual std::vector<SensorView> list() const = 0;
};

struct TargetPod {
  std::string name, name_space, node;
};

struct TargetsState {
  TapSettings settings;
  bool everything = true;  // nothing is chosen: all is captured
  std::uint64_t generation = 0;
  std::uint64_t pods = 0, name_spaces = 0, nodes = 0, addresses = 0;
  std::uint64_t sensors = 0, sensors_in_force = 0;
  std::string waiting;                // why they can be in force nowhere yet, in words; empty: they can
  std::uint64_t dropped_packets = 0;  // by the sensors, since they are not targets'
  std::vector<TargetPod> some;        // at most kTargetPodsShown
  bool chosen = false;                // at run time; false: they are those of the settings
  bool kept = true;                   // and in force again after a restart
};
constexpr std::size_t kTargetPodsShown = 500;

class Targets {
 public:
  virtual ~Targets() = default;
  virtual TargetsState current() const = 0;
  // What these settings would choose now. A sentence where they cannot be (a wrong pattern, say).
  virtual std::variant<TargetsState, std::string> preview(const TapSettings& settings) const = 0;
  virtual std::variant<TargetsState, std::string> change(const TapSettings& settings) = 0;
};

struct Resolved {
  Party party;
  std::string dns;
  std::uint64_t from_ns = 0, until_ns = 0;  // 0: not ended
};

class Names {
 public:
  virtual ~Names() = default;
  // Who had the address at that moment; several where ports or networks decide.
  virtual std::vector<Resolved> resolve(const Ip& address, std::uint64_t at_ns) const = 0;
};

// Packets of a call's connection, from the sensor that saw them.
enum class PacketsEnd : std::uint8_t {
  complete,
  truncated,     // more than one answer may hold
  gone,          // no longer, or never, in the sensor's ring
  switched_off,  // the sensor keeps none
  unreachable,   // the sensor is not there
};

class Packets {
 public:
  virtual ~Packets() = default;
  // pcapng, piece by piece; `on_bytes` says false where nobody wants more. Nothing was given unless the
  // answer is complete or truncated.
  virtual PacketsEnd fetch(const StoredCall& call, const std::function<bool(std::string_view)>& on_bytes,
                           std::stop_token cancel) = 0;
};

// What was counted live, exactly, whatever the store keeps pace with. Nothing: it cannot say (a filter, a
// range beyond its memory); then the store is asked.
class Overview {
 public:
  virtual ~Overview() = default;
  virtual std::optional<Map> map(const MapQuery& query, std::string_view filter) const = 0;
  virtual std::optional<Stats> stats(const StatsQuery& query, std::string_view filter) const = 0;
};

struct PartState {
  std::string name;  // "store", "kubernetes", "sensors"
  bool ready = false;
  std::string detail;  // for the log and for viewers, not for strangers
};

class Health {
 public:
  virtual ~Health() = default;
  virtual std::vector<PartState> parts() const = 0;
  // Every counter of every sensor and of the process.
  virtual void write_metrics(Exposition& out) const = 0;
};

// nullptr: there is none; what would need it is answered 503 with a sentence.
struct Backend {
  FilterLanguage* filters = nullptr;
  History* history = nullptr;
  Live* live = nullptr;
  Sensors* sensors = nullptr;
  Targets* targets = nullptr;
  Names* names = nullptr;
  Packets* packets = nullptr;
  Overview* overview = nullptr;
  Health* health = nullptr;
  const body::SchemaBoard* schemas = nullptr;  // none: protobuf is shown without names
};

}  // namespace spanlight::serve
