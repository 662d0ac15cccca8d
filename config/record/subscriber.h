#pragma once
// A subscriber of one sensor's records: connects, verifies what comes, and knows what it missed. One thread.
// Everything that receive() hands out is valid until the next receive(), or as long as what keep() gave.
//
//   std::string fault;
//   auto subscriber = Subscriber::connect(settings, fault);
//   for (;;) {
//     const Received got = subscriber->receive(std::chrono::milliseconds(200));
//     if (got.kind == Received::Kind::records) json.append(*got.batch);
//   }
//
// Loss: batches are numbered per (sensor, epoch, worker, topic) from 0, and stats say the next number of
// each. The first number seen of a topic is where counting starts, unless stats of that epoch were seen
// before or the sensor was seen to restart: then it counts from 0. What was lost of an old epoch after its
// last stats cannot be known.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/reader.h"

namespace spanlight {

struct SubscriberSettings {
  std::string endpoint = "ipc:///run/spanlight/records.sock";
  std::vector<std::string> protocols;  // names; empty = all
  bool records = true;                 // false: hello and stats alone
  int high_water_mark =
      1'000;  // messages held for us while we are busy; beyond that they are lost, and counted
  std::string curve_server_key;                    // the sensor's public key, Z85; empty = no encryption
  std::string curve_public_key, curve_secret_key;  // ours, Z85; empty = a pair made for this connection
};

struct Received {
  enum class Kind : std::uint8_t {
    nothing,       // the time is over, or a signal came
    records,       // batch
    hello,         // hello
    stats,         // stats
    malformed,     // skipped; fault says why
    connected,     // to the sensor, also again
    disconnected,  // the sensor went away; connecting goes on by itself
    refused,       // the sensor is there and does not let us in (keys)
  };
  Kind kind = Kind::nothing;
  std::string_view topic;
  const wire::RecordBatch* batch = nullptr;
  const wire::Hello* hello = nullptr;
  const wire::Stats* stats = nullptr;
  ReadFault fault = ReadFault::none;
  std::size_t bytes = 0;     // of the message
  std::uint64_t missed = 0;  // batches found missing by this message
  bool restarted = false;    // the sensor's epoch changed with this message
};

// The arithmetic of loss, apart from the socket. Its memory is bounded: what is beyond the bound is counted
// as untracked.
class LossTracker {
 public:
  static constexpr std::size_t kSensorsMax = 256;
  static constexpr std::size_t kSeriesMax = 16'384;  // (worker, topic) of one sensor

  struct Seen {
    std::uint64_t missed = 0;
    bool restarted = false;
  };
  Seen on_batch(std::string_view sensor, std::uint64_t epoch, std::uint16_t worker, std::string_view topic,
                std::uint64_t sequence);
  // `topics`: prefixes we subscribed to; of the others nothing can be missed.
  Seen on_stats(const wire::Stats& stats, const std::vector<std::string>& topics);
  Seen on_hello(std::string_view sensor, std::uint64_t epoch) { return {0, sensor_of(sensor, epoch).second}; }

  std::uint64_t missed() const { return missed_; }
  std::uint64_t restarts() const { return restarts_; }
  std::uint64_t out_of_order() const {
    return out_of_order_;
  }  // numbers that went back: two sensors of one name
  std::uint64_t untracked() const { return untracked_; }

 private:
  struct Sensor {
    std::uint64_t epoch = 0;
    bool from_zero = false;  // a series not seen yet has missed everything before its first number
    std::map<std::string, std::uint64_t, std::less<>> next;  // "worker/topic" → number expected
  };
  std::pair<Sensor*, bool> sensor_of(std::string_view name, std::uint64_t epoch);
  std::uint64_t advance(Sensor& sensor, std::uint16_t worker, std::string_view topic, std::uint64_t number,
                        bool is_batch);

  std::map<std::string, Sensor, std::less<>> sensors_;
  std::string series_;  // scratch
  std::uint64_t missed_ = 0, restarts_ = 0, out_of_order_ = 0, untracked_ = 0;
};

// For programs whose work is to subscribe; once, before the first message. Process-wide: malloc() keeps up to
// 64 MiB of what messages leave behind. Otherwise it gives the pages of each large message back to the kernel
// and has them cleared for the next one, a quarter of what receiving costs.
void keep_memory_of_messages();

class Subscriber {
 public:
  struct Counters {
    std::uint64_t batches = 0, records = 0, hellos = 0, stats = 0, malformed = 0;
  };

  // Never waits: a sensor that is not there yet is connected to when it comes. nullptr and one sentence in
  // `fault` where the endpoint, a key or a name cannot be right.
  static std::unique_ptr<Subscriber> connect(const SubscriberSettings& settings, std::string& fault);
  ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  // The next message or event, or `nothing` after `timeout`. A signal ends the wait at once.
  Received receive(std::chrono::milliseconds timeout);

  // What was received last stays valid for as long as the result lives, also after the next receive().
  std::shared_ptr<const void> keep() const;

  bool connected() const { return connections_ > 0; }
  const Counters& counters() const { return counters_; }
  const LossTracker& loss() const { return loss_; }

 private:
  class Frame;
  struct Message;
  struct Sockets;
  explicit Subscriber(std::unique_ptr<Sockets> sockets);
  Received take_event();
  Received take_message(Frame& topic);
  Received open(std::string_view topic, std::span<const std::uint8_t> bytes);
  Received open_records(std::string_view topic, std::span<const std::uint8_t> bytes);
  Received malformed(ReadFault fault);

  std::unique_ptr<Sockets> sockets_;
  std::vector<std::string> topics_;
  int connections_ = 0;
  Counters counters_;
  LossTracker loss_;
};

}  // namespace spanlight
