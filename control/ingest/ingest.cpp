#include "ingest/ingest.h"

#include <algorithm>
#include <chrono>

#include "ingest/dns_naming.h"
#include "process/clock.h"
#include "record/subscriber.h"

namespace spanlight {
namespace {

constexpr std::chrono::milliseconds kTurn{50};  // how late a stop, a deadline or a new name may be noticed

SubscriberSettings subscription_of(const ControlSettings& settings, const SensorLink& link) {
  SubscriberSettings subscription;
  subscription.endpoint = link.records;
  subscription.curve_server_key = link.server_key;
  subscription.curve_public_key = settings.curve_public_key;
  subscription.curve_secret_key = settings.curve_secret_key;
  return subscription;
}

}  // namespace

// One sensor.
class Ingest::Link {
 public:
  Link(const ControlSettings& settings, std::size_t at, const Naming& naming, SensorBoard& board,
       const std::vector<CallSink*>& sinks)
      : subscription_(subscription_of(settings, settings.sensors[at])),
        at_(at),
        naming_(naming),
        board_(board),
        sinks_(sinks),
        held_(std::uint64_t{settings.hold_ms} * 1'000'000, settings.hold_calls_max) {}

  void start() { thread_ = std::thread(&Link::run, this); }
  void ask_to_stop() { stop_ = true; }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  const RedTable& red() const { return red_; }
  void add_to(Counters& sum) const {
    const std::lock_guard held(lock_);
    sum.calls += counters_.calls;
    sum.unnamed += counters_.unnamed;
    sum.waiting += counters_.waiting;
    sum.hold.held += counters_.hold.held;
    sum.hold.named_late += counters_.hold.named_late;
    sum.hold.expired += counters_.hold.expired;
    sum.hold.overflowed += counters_.hold.overflowed;
    sum.dns_named += counters_.dns_named;
    sum.dns_addresses += counters_.dns_addresses;
    sum.dns_learned += counters_.dns_learned;
    sum.dns_forgotten += counters_.dns_forgotten;
    sum.dns_refused += counters_.dns_refused;
  }

 private:
  void run();
  void take(const Received& received, std::uint64_t now_ns);
  void hand_on(const std::shared_ptr<NamedBatch>& batch, const std::shared_ptr<const NameState>& names,
               std::uint64_t now_ns);
  void release(std::uint64_t now_ns);

  const SubscriberSettings subscription_;
  const std::size_t at_;
  const Naming& naming_;
  SensorBoard& board_;
  const std::vector<CallSink*>& sinks_;
  HeldCalls held_;
  DnsNaming dns_;
  RedTable red_;
  std::vector<std::size_t> waiting_;  // scratch
  std::unique_ptr<Subscriber> subscriber_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
  mutable std::mutex lock_;
  Counters counters_;
};

void Ingest::Link::run() {
  std::string fault;
  subscriber_ = Subscriber::connect(subscription_, fault);
  if (subscriber_ == nullptr) return board_.on_wrong(at_, fault, wall_clock_ns());
  while (!stop_) {
    const Received received = subscriber_->receive(kTurn);
    const std::uint64_t now = wall_clock_ns();
    if (received.kind != Received::Kind::nothing) board_.on_received(at_, received, received.bytes, now);
    if (received.kind == Received::Kind::records) take(received, now);
    if (held_.size() > 0) release(now);
  }
  const auto names = naming_.current();
  for (const auto& part : held_.release_all(names)) hand_on(part, names, wall_clock_ns());
}

void Ingest::Link::take(const Received& received, std::uint64_t now_ns) {
  const std::shared_ptr<const NameState> names = naming_.current();
  auto batch = std::make_shared<NamedBatch>();
  batch->bytes = subscriber_->keep();
  batch->names = names;
  batch->batch = received.batch;
  batch->bytes_size = received.bytes;
  batch->received_ns = now_ns;
  batch->calls.reserve(size_of(received.batch->records()));
  waiting_.clear();
  for (const wire::Record* record : elements_of(received.batch->records())) {
    Call& call = batch->calls.emplace_back(Call{received.batch, record, {}, {}});
    dns_.learn(*record);
    if (!name_call(call, *names)) waiting_.push_back(batch->calls.size() - 1);
  }
  if (!waiting_.empty()) held_.hold(*batch, waiting_);
  hand_on(batch, names, now_ns);
}

void Ingest::Link::release(std::uint64_t now_ns) {
  const auto names = naming_.current();
  for (const auto& part : held_.release(names, now_ns)) hand_on(part, names, now_ns);
}

void Ingest::Link::hand_on(const std::shared_ptr<NamedBatch>& batch,
                           const std::shared_ptr<const NameState>& names, std::uint64_t now_ns) {
  batch->names = dns_.name(batch->calls, names);
  red_.add(batch->calls, now_ns);
  for (CallSink* sink : sinks_) sink->take(batch);
  const auto nameless = [](const CallEnd& end) { return end.party == nullptr && end.dns.empty(); };
  const auto unnamed = std::count_if(batch->calls.begin(), batch->calls.end(), [&](const Call& call) {
    return nameless(call.src) && nameless(call.dst);
  });
  const std::lock_guard held(lock_);
  counters_.calls += batch->calls.size();
  counters_.unnamed += static_cast<std::uint64_t>(unnamed);
  counters_.waiting = held_.size();
  counters_.hold = held_.counters();
  counters_.dns_named = dns_.named();
  counters_.dns_addresses = dns_.names().size();
  counters_.dns_learned = dns_.names().learned();
  counters_.dns_forgotten = dns_.names().forgotten();
  counters_.dns_refused = dns_.names().refused();
}

Ingest::Ingest(const ControlSettings& settings, const Naming& naming, SensorBoard& board,
               std::vector<CallSink*> sinks)
    : sinks_(std::move(sinks)) {
  for (std::size_t at = 0; at < settings.sensors.size(); ++at)
    links_.push_back(std::make_unique<Link>(settings, at, naming, board, sinks_));
}

Ingest::~Ingest() {
  stop();
}

void Ingest::start() {
  for (const auto& link : links_) link->start();
}

void Ingest::stop() {
  for (const auto& link : links_) link->ask_to_stop();
  for (const auto& link : links_) link->join();
}

std::vector<const RedTable*> Ingest::red() const {
  std::vector<const RedTable*> tables;
  for (const auto& link : links_) tables.push_back(&link->red());
  return tables;
}

Ingest::Counters Ingest::counters() const {
  Counters sum;
  for (const auto& link : links_) link->add_to(sum);
  return sum;
}

}  // namespace spanlight
