#pragma once
// A connection to one sensor's command endpoint: bytes of a Command out, a verified Reply in. Never blocks.
// Internal to pusher.cpp; one thread.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "targets/tracker.h"

namespace spanlight {

constexpr std::int64_t kPlainReplyBytesMax = 65'536;             // of an answer without packets
constexpr std::size_t kCommandBytesMax = std::size_t{16} << 20;  // a sensor disconnects who sends more

struct CommandAnswer {
  bool well_formed = false;
  std::uint64_t id = 0;
  bool ok = false;
  std::string error, sensor;
  std::uint64_t sensor_epoch = 0, targets_generation = 0;
  std::uint64_t targets_mark = 0;
};

// The same for the same targets, also from another process; never 0.
std::uint64_t mark_of(const Targets& targets);
std::vector<std::uint8_t> ping_command(std::uint64_t id);
std::vector<std::uint8_t> set_targets_command(std::uint64_t id, const Targets& targets);
CommandAnswer read_reply(const std::uint8_t* bytes, std::size_t size);
CommandAnswer read_reply(const std::vector<std::uint64_t>& aligned, std::size_t size);

class CommandLink {
 public:
  // `fault` has one sentence where the endpoint or a key cannot be right.
  static CommandLink connect(void* zmq_context, const std::string& endpoint, const std::string& server_key,
                             const std::string& public_key, const std::string& secret_key, std::string& fault,
                             std::int64_t reply_bytes_max = kPlainReplyBytesMax);
  CommandLink(CommandLink&& other) noexcept
      : socket_(std::exchange(other.socket_, nullptr)), arrivals_(std::exchange(other.arrivals_, nullptr)) {}
  CommandLink& operator=(CommandLink&& other) = delete;
  ~CommandLink();

  // False: the sensor is not connected. A question that was not answered yet is forgotten.
  bool send(const std::vector<std::uint8_t>& command);
  bool receive(CommandAnswer& answer);  // false: nothing is there
  // The same, as it came; `bytes` is 0 where it was no single frame.
  bool receive(std::vector<std::uint64_t>& aligned, std::size_t& bytes);
  void* socket() { return socket_; }

  // From now on arrivals() is readable whenever the sensor was connected, the first time or again.
  bool watch_arrivals(void* zmq_context);
  void* arrivals() { return arrivals_; }
  bool arrived();  // since it was asked the last time

 private:
  explicit CommandLink(void* socket) : socket_(socket) {}
  void* socket_;
  void* arrivals_ = nullptr;
};

}  // namespace spanlight
