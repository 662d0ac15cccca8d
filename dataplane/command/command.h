#pragma once
// The command channel: one Command (command.fbs) in, one Reply out, on a REP socket with a thread of its own,
// so that what a command takes holds up no record. What arrives is verified before it is read; whatever is
// wrong is answered in one sentence and counted.
//   CommandChannel channel(settings, identity, handler);  publisher.attach(channel);
// The publisher starts and stops it; the channel outlives the publisher.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "decode/flow_key.h"
#include "packets/collect.h"
#include "publish/publisher.h"
#include "settings/settings.h"

namespace spanlight {

struct TargetRequest {
  bool only = false;  // false: everything is captured
  std::vector<IpAddress> addresses;
  std::string bpf;  // capture filter, libpcap syntax; decides alone unless it is empty
};

// What is in force.
struct TargetState {
  std::uint64_t generation = 0;
  bool only = false;
  std::size_t addresses = 0;
  std::string bpf;
};

// What the sensor does with a command. Called on the command thread, one at a time.
class CommandHandler {
 public:
  virtual ~CommandHandler() = default;
  // Empty = done; otherwise a sentence.
  virtual std::string set_targets(const TargetRequest& request) = 0;
  virtual TargetState targets() const = 0;
  // `stop`: the sensor wants to end; what there is by then is enough.
  virtual std::string packets(const PacketsRequest& request, const std::atomic<bool>& stop,
                              PacketsFile& file) = 0;
  virtual void tick() {}  // about once a second; the place for TargetBoard::reclaim()
};

struct CommandCounters {
  std::uint64_t served = 0;     // answered with ok
  std::uint64_t refused = 0;    // well-formed, but the handler said no or the command is not known
  std::uint64_t malformed = 0;  // did not pass the verifier
};

class CommandChannel final : public AttachedService {
 public:
  CommandChannel(const Settings& settings, SensorIdentity identity, CommandHandler& handler);
  ~CommandChannel() override;

  std::string open(void* zmq_context) override;
  void start() override;
  void report(std::vector<CounterValue>& out) const override;
  void stop(int linger_ms) override;

  std::string endpoint() const;      // as bound
  CommandCounters counters() const;  // any thread

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The largest command: a million addresses.
constexpr std::int64_t kCommandBytesMax = 16 << 20;

std::vector<MetricInfo> command_metric_infos();

}  // namespace spanlight
