#pragma once
// The command channel: one Command (command.fbs) in, one Reply out, on a REP socket that the publishing
// thread polls. What arrives is verified before it is read; whatever is wrong is answered in one sentence and
// counted.
//   CommandChannel channel(settings, identity, handler);  publisher.attach(channel);

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "decode/flow_key.h"
#include "publish/publisher.h"
#include "settings/settings.h"

namespace spanlight {

struct TargetRequest {
  bool only = false;  // false: everything is captured
  std::vector<IpAddress> addresses;
  std::string bpf;  // capture filter, libpcap syntax; empty = none
};

// What the sensor does with a command. Called on the publishing thread, which sends nothing meanwhile: no
// waiting.
class CommandHandler {
 public:
  virtual ~CommandHandler() = default;
  virtual std::string set_targets(const TargetRequest& request) = 0;  // empty = done; otherwise a sentence
  virtual std::uint64_t targets_generation() const = 0;
  virtual void tick() {}  // about once a second; the place for TargetBoard::reclaim()
};

struct CommandCounters {
  std::uint64_t served = 0;     // answered with ok
  std::uint64_t refused = 0;    // well-formed, but the handler said no or the command is not known
  std::uint64_t malformed = 0;  // did not pass the verifier
};

class CommandChannel final : public PolledService {
 public:
  CommandChannel(const Settings& settings, SensorIdentity identity, CommandHandler& handler);
  ~CommandChannel() override;

  std::string open(void* zmq_context) override;
  void* socket() override;
  void serve() override;
  void tick() override;
  void report(std::vector<CounterValue>& out) const override;
  void close(int linger_ms) override;

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
