#pragma once
// A connected socket that is waited for with patience and an end: every wait is over when the deadline has
// passed, when the other side is gone, or when somebody interrupts. Blocking, for one thread; interrupt() is
// for any. Has the shape of Asio's SyncReadStream and SyncWriteStream, so that Beast reads and writes HTTP
// through it. TLS where it was asked for. The store's client and the child's server both stand on it.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>

namespace spanlight {

enum class ChannelFault : std::uint8_t { none, closed, timed_out, interrupted, failed };

struct TcpTarget {
  std::string host, port;
  bool tls = false;
  std::string ca_file;  // PEM, beside the system's; empty: the system's alone
};

class Channel {
 public:
  using Clock = std::chrono::steady_clock;

  Channel();  // not connected
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void adopt(int fd);  // an accepted socket
  // Throw std::runtime_error with a sentence that names the target. Looking a host name up knows no deadline
  // but the resolver's own.
  void connect_unix(const std::string& path);
  void connect_tcp(const TcpTarget& target);

  void set_deadline(Clock::time_point deadline) { deadline_ = deadline; }
  void interrupt();  // from any thread: ends the wait that is going on and all that follow
  bool interrupted() const { return interrupted_.load(std::memory_order_acquire); }

  // Bytes that were moved, at least one; 0 with a fault, which stays to be asked for.
  std::size_t receive(void* to, std::size_t size);
  std::size_t send(const void* from, std::size_t size);
  ChannelFault fault() const { return fault_; }
  int fd() const { return fd_; }
  void close();

 private:
  struct Tls;
  bool wait_for(short events);
  void connect_fd(const void* address, unsigned size);
  void start_tls(const TcpTarget& target);
  bool tls_wants_more(int result);
  std::size_t fail(ChannelFault fault);

  int fd_ = -1;
  int wake_ = -1;  // an eventfd that becomes readable with interrupt()
  std::atomic<bool> interrupted_ = false;
  Clock::time_point deadline_ = Clock::time_point::max();
  ChannelFault fault_ = ChannelFault::none;
  std::unique_ptr<Tls> tls_;
};

}  // namespace spanlight
