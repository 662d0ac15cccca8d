#include "targets/pusher.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "kubernetes/client.h"
#include "targets/command_link.h"

namespace spanlight {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

// One sensor, and where we are with it. On the pusher's thread.
struct Peer {
  CommandLink link;
  std::size_t place;                // in the status
  std::uint64_t in_flight = 0;      // id of the command that waits for its answer
  std::uint64_t in_flight_set = 0;  // number of the targets it carries; 0: a ping
  Clock::time_point deadline{}, next_try{}, next_ping{};
  milliseconds backoff{0};
  std::optional<Clock::time_point> overruled_said;
};

}  // namespace

class TargetPusher::Impl {
 public:
  Impl(PusherOptions options, std::function<void(const std::string&)> say)
      : options_(options),
        say_(std::move(say)),
        context_(zmq_ctx_new()),
        wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Impl() {
    {
      const std::lock_guard lock(guard_);
      stop_ = true;
    }
    wake();
    if (thread_.joinable()) thread_.join();
    peers_.clear();
    if (context_ != nullptr) zmq_ctx_term(context_);
    if (wake_ >= 0) close(wake_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::string add(const SensorLink& sensor, const std::string& public_key, const std::string& secret_key) {
    if (context_ == nullptr || wake_ < 0)
      return "No sockets are to be had: the process has too many open files.";
    std::string fault;
    CommandLink link =
        CommandLink::connect(context_, sensor.commands, sensor.server_key, public_key, secret_key, fault);
    if (!fault.empty()) return fault;
    if (!link.watch_arrivals(context_))
      return std::string("No ZeroMQ socket: ") + zmq_strerror(zmq_errno()) + ".";
    SensorTargets status;
    status.endpoint = sensor.commands;
    peers_.push_back({std::move(link), status_.size()});
    status_.push_back(std::move(status));
    return {};
  }
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void set(std::shared_ptr<const Targets> targets) {
    {
      const std::lock_guard lock(guard_);
      wanted_ = std::move(targets);
      ++wanted_number_;
      for (SensorTargets& sensor : status_)
        sensor.sent = wanted_number_;  // who asks now sees it is not in force
    }
    wake();
  }
  std::vector<SensorTargets> status() const {
    const std::lock_guard lock(guard_);
    return status_;
  }

 private:
  void run();
  void step(Peer& peer, Clock::time_point now);
  void ask(Peer& peer, Clock::time_point now, std::uint64_t number);
  void take(Peer& peer, Clock::time_point now);
  static void on_arrival(Peer& peer, Clock::time_point now);
  void on_ping(Peer& peer, const CommandAnswer& answer, Clock::time_point now);
  void failed(Peer& peer, Clock::time_point now, const std::string& fault,
              std::uint64_t SensorTargets::*counter);
  void wake() const {
    const std::uint64_t one = 1;
    if (write(wake_, &one, sizeof(one)) < 0) return;  // it is full: awake already
  }
  template <typename Change>
  void change(const Peer& peer, Change how) {
    const std::lock_guard lock(guard_);
    how(status_[peer.place]);
  }

  const PusherOptions options_;
  const std::function<void(const std::string&)> say_;
  void* context_;
  const int wake_;
  std::vector<Peer> peers_;
  std::thread thread_;
  std::uint64_t next_id_ = 1;
  std::shared_ptr<const Targets> now_;  // what is sent at present
  std::uint64_t now_number_ = 0;

  mutable std::mutex guard_;
  bool stop_ = false;
  std::shared_ptr<const Targets> wanted_;
  std::uint64_t wanted_number_ = 0;
  std::vector<SensorTargets> status_;
};

void TargetPusher::Impl::run() {
  std::vector<zmq_pollitem_t> items;
  for (Peer& peer : peers_) {
    items.push_back({peer.link.socket(), 0, ZMQ_POLLIN, 0});
    items.push_back({peer.link.arrivals(), 0, ZMQ_POLLIN, 0});
  }
  items.push_back({nullptr, wake_, ZMQ_POLLIN, 0});
  for (;;) {
    {
      const std::lock_guard lock(guard_);
      if (stop_) return;
      now_ = wanted_;
      now_number_ = wanted_number_;
    }
    const Clock::time_point now = Clock::now();
    Clock::time_point next = now + options_.ping;
    for (Peer& peer : peers_) {
      step(peer, now);
      next = std::min(next, peer.in_flight != 0 ? peer.deadline
                                                : std::max(peer.next_try, std::min(peer.next_ping, next)));
    }
    const auto wait = std::chrono::duration_cast<milliseconds>(next - now) + milliseconds(1);
    zmq_poll(items.data(), static_cast<int>(items.size()), std::max<long>(1, wait.count()));
    std::uint64_t woken = 0;
    if ((items.back().revents & ZMQ_POLLIN) != 0 && read(wake_, &woken, sizeof(woken)) < 0) continue;
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      if ((items[2 * i].revents & ZMQ_POLLIN) != 0) take(peers_[i], Clock::now());
      if ((items[2 * i + 1].revents & ZMQ_POLLIN) != 0 && peers_[i].link.arrived())
        on_arrival(peers_[i], Clock::now());
    }
  }
}

void TargetPusher::Impl::step(Peer& peer, Clock::time_point now) {
  if (peer.in_flight != 0 && now >= peer.deadline) {
    peer.in_flight = 0;
    failed(peer, now, "does not answer", &SensorTargets::unanswered);
  }
  std::uint64_t acknowledged = 0;
  change(peer, [&](const SensorTargets& s) { acknowledged = s.acknowledged; });
  const bool stale = now_ != nullptr && acknowledged != now_number_;
  // A ping under way is no reason to wait: the newer question replaces it.
  if (peer.in_flight != 0 && !(stale && peer.in_flight_set == 0)) return;
  if (now < peer.next_try) return;
  if (stale)
    ask(peer, now, now_number_);
  else if (peer.in_flight == 0 && now >= peer.next_ping)
    ask(peer, now, 0);
}

void TargetPusher::Impl::ask(Peer& peer, Clock::time_point now, std::uint64_t number) {
  const std::uint64_t id = next_id_++;
  const std::vector<std::uint8_t> command = number == 0 ? ping_command(id) : set_targets_command(id, *now_);
  if (command.size() > kCommandBytesMax)
    return failed(peer, now, "cannot take so many targets", &SensorTargets::refused);
  if (!peer.link.send(command)) return failed(peer, now, "is not there", &SensorTargets::unanswered);
  change(peer, [](SensorTargets& s) { ++s.commands; });
  peer.in_flight = id;
  peer.in_flight_set = number;
  peer.deadline = now + options_.answer_max;
  peer.next_ping = now + options_.ping;
}

void TargetPusher::Impl::take(Peer& peer, Clock::time_point now) {
  CommandAnswer answer;
  while (peer.link.receive(answer)) {
    if (!answer.well_formed) {
      change(peer, [](SensorTargets& s) { ++s.malformed; });
      continue;
    }
    if (answer.id != peer.in_flight) continue;  // of a question that was given up
    const std::uint64_t number = peer.in_flight_set;
    peer.in_flight = 0;
    if (!answer.ok) {
      failed(peer, now, "refuses: " + answer.error, &SensorTargets::refused);
      continue;
    }
    peer.backoff = milliseconds(0);
    peer.next_try = now;
    if (number == 0) on_ping(peer, answer, now);
    change(peer, [&](SensorTargets& s) {
      s.reachable = true;
      s.sensor = answer.sensor;
      s.sensor_epoch = answer.sensor_epoch;
      s.sensor_generation = answer.targets_generation;
      s.last_fault.clear();
      if (number == 0) return;
      s.acknowledged = number;
      s.acknowledged_ns = wall_clock_ns();
    });
  }
}

// It may have been started anew, and then captures what its own settings say: it is asked at once. What was
// asked over the last connection has no answer.
void TargetPusher::Impl::on_arrival(Peer& peer, Clock::time_point now) {
  peer.in_flight = 0;
  peer.backoff = milliseconds(0);
  peer.next_try = peer.next_ping = now;
}

// Has it still what we gave it? Or the same from another control process: that is as good.
void TargetPusher::Impl::on_ping(Peer& peer, const CommandAnswer& answer, Clock::time_point now) {
  bool overruled = false;
  const bool ours = now_ != nullptr && answer.targets_mark == mark_of(*now_);
  change(peer, [&](SensorTargets& s) {
    if (s.acknowledged == 0) return;
    const bool restarted = s.sensor_epoch != answer.sensor_epoch;
    overruled = !restarted && !ours && s.sensor_generation != answer.targets_generation;
    if (!restarted && !overruled) return;
    s.acknowledged = 0;
    ++(restarted ? s.resent : s.overruled);
  });
  if (!overruled || (peer.overruled_said && now - *peer.overruled_said < options_.overruled_said)) return;
  peer.overruled_said = now;
  if (say_)
    say_("Somebody else has set other targets of sensor " + answer.sensor +
         "; ours are sent again. Control processes that share a sensor must choose the same targets.");
}

void TargetPusher::Impl::failed(Peer& peer, Clock::time_point now, const std::string& fault,
                                std::uint64_t SensorTargets::*counter) {
  peer.backoff = std::min(options_.backoff_max, std::max(options_.backoff_first, peer.backoff * 2));
  peer.next_try = now + peer.backoff;
  std::string sentence;
  change(peer, [&](SensorTargets& s) {
    s.reachable = false;
    ++(s.*counter);
    sentence = "The sensor at " + s.endpoint + " " + fault + ".";
    if (s.last_fault == sentence)
      sentence.clear();
    else
      s.last_fault = sentence;
  });
  if (!sentence.empty() && say_) say_(sentence);
}

TargetPusher::TargetPusher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TargetPusher::~TargetPusher() = default;

std::unique_ptr<TargetPusher> TargetPusher::create(const std::vector<SensorLink>& sensors,
                                                   const std::string& public_key,
                                                   const std::string& secret_key, PusherOptions options,
                                                   std::function<void(const std::string&)> say,
                                                   std::string& fault) {
  auto impl = std::make_unique<Impl>(options, std::move(say));
  for (const SensorLink& sensor : sensors) {
    if (sensor.commands.empty()) continue;
    fault = impl->add(sensor, public_key, secret_key);
    if (!fault.empty()) return nullptr;
  }
  impl->start();
  return std::unique_ptr<TargetPusher>(new TargetPusher(std::move(impl)));
}

void TargetPusher::set(std::shared_ptr<const Targets> targets) {
  impl_->set(std::move(targets));
}
std::vector<SensorTargets> TargetPusher::status() const {
  return impl_->status();
}

}  // namespace spanlight
