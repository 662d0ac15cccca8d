#pragma once
// What is known of each sensor: whether it is there, what it said of itself, what it counts, what was missed
// of it. Each link's ingest thread writes its own entry; anybody reads copies. Lives as long as the process.

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "record/subscriber.h"
#include "settings/control.h"

namespace spanlight {

// One counter of a sensor's last stats.
struct SensorCounter {
  enum class Of : std::uint8_t { port, worker, publisher };
  Of of = Of::publisher;
  std::string who;    // the port's name, the worker's number; empty for the publisher
  std::string name;   // as in the sensor's /metrics, without the prefix
  std::string label;  // what it is of: a drop's cause, a protocol; may be empty
  std::uint64_t value = 0;
  double per_second = 0;  // between the last two stats
};

struct SensorField {
  std::string name;
  wire::FieldType type = wire::FieldType::text;
  bool in_request = false, in_response = false;
  std::string meaning;
};

struct SensorProtocol {
  std::string name, title;
  std::vector<SensorField> fields;
};

struct SensorState {
  enum class Link : std::uint8_t { connecting, connected, refused, wrong };
  std::string endpoint;
  Link link = Link::connecting;
  std::string trouble;  // one sentence where link is refused or wrong
  std::uint64_t link_since_ns = 0;

  // of its hello
  std::string name, version;
  std::uint64_t epoch = 0, started_ns = 0;
  std::uint32_t schema_version = 0;
  std::uint16_t workers = 0;
  std::vector<SensorProtocol> protocols;

  // of its stats
  std::uint64_t stats_ns = 0;  // its own clock; 0: none seen
  std::vector<SensorCounter> counters;

  // of us
  std::uint64_t batches = 0, records = 0, bytes = 0;
  std::uint64_t missed_batches = 0, malformed = 0, restarts = 0, disconnects = 0;
  std::uint64_t last_record_ns = 0;  // our clock; 0: none yet
  // Its clock minus ours. The transport's delay makes it look behind, so the largest of the last minute
  // counts: right to what the fastest message took.
  std::int64_t clock_offset_ns = 0;
  bool clock_known = false;  // a few messages were seen: one alone may have waited somewhere
};

class SensorBoard {
 public:
  explicit SensorBoard(const std::vector<SensorLink>& links);

  // By the thread of link `at`, with what it received; `now_ns`: our clock.
  void on_received(std::size_t at, const Received& received, std::uint64_t bytes, std::uint64_t now_ns);
  void on_wrong(std::size_t at, const std::string& sentence, std::uint64_t now_ns);

  std::vector<SensorState> sensors() const;
  // Raised whenever a sensor said other protocols or fields than before: filters are compiled against them.
  std::uint64_t catalog_generation() const;
  // The protocols of all sensors; of one name the richest.
  std::vector<SensorProtocol> catalog() const;

 private:
  struct Offset {
    std::uint64_t taken_ns;
    std::int64_t offset_ns;
  };
  struct Entry {
    SensorState state;
    std::vector<Offset> offsets;
  };
  static void set_link(SensorState& state, SensorState::Link link, std::string trouble, std::uint64_t now_ns);
  void on_hello(SensorState& state, const wire::Hello& hello);
  static void on_stats(Entry& entry, const wire::Stats& stats, std::uint64_t now_ns);

  mutable std::mutex lock_;
  std::vector<Entry> entries_;
  std::uint64_t catalog_generation_ = 0;
};

}  // namespace spanlight
