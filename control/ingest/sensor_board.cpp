#include "ingest/sensor_board.h"

#include <algorithm>

namespace spanlight {
namespace {

constexpr std::uint64_t kOffsetWindowNs = 60'000'000'000;
constexpr std::size_t kOffsetsLeast = 3;
constexpr std::size_t kCountersMax = 65'536;  // of one sensor; more is not one of ours

using Of = SensorCounter::Of;

void append(std::vector<SensorCounter>& out, Of of, const std::string& who,
            const flatbuffers::Vector<flatbuffers::Offset<wire::Counter>>* counters) {
  for (const wire::Counter* counter : elements_of(counters)) {
    if (out.size() == kCountersMax) return;
    out.push_back({of, who, std::string(text_of(counter->name())), std::string(text_of(counter->label())),
                   counter->value(), 0});
  }
}

std::vector<SensorCounter> counters_of(const wire::Stats& stats) {
  std::vector<SensorCounter> all;
  for (const wire::PortStats* port : elements_of(stats.ports()))
    append(all, Of::port, std::string(text_of(port->port())), port->counters());
  for (const wire::WorkerStats* worker : elements_of(stats.workers()))
    append(all, Of::worker, std::to_string(worker->worker()), worker->counters());
  append(all, Of::publisher, {}, stats.publisher());
  return all;
}

bool same_counter(const SensorCounter& a, const SensorCounter& b) {
  return a.of == b.of && a.who == b.who && a.name == b.name && a.label == b.label;
}

// A sensor tells its counters in the same order each time, unless one appears: then it is looked for.
void set_rates(std::vector<SensorCounter>& now, const std::vector<SensorCounter>& before, double seconds) {
  if (seconds <= 0) return;
  for (std::size_t i = 0; i < now.size(); ++i) {
    auto old = i < before.size() && same_counter(now[i], before[i])
                   ? before.begin() + static_cast<std::ptrdiff_t>(i)
                   : std::find_if(before.begin(), before.end(),
                                  [&](const SensorCounter& b) { return same_counter(now[i], b); });
    if (old == before.end() || now[i].value < old->value) continue;  // new, or the sensor began anew
    now[i].per_second = static_cast<double>(now[i].value - old->value) / seconds;
  }
}

std::vector<SensorProtocol> protocols_of(const wire::Hello& hello) {
  std::vector<SensorProtocol> protocols;
  for (const wire::Protocol* protocol : elements_of(hello.protocols())) {
    SensorProtocol& added = protocols.emplace_back();
    added.name = text_of(protocol->name());
    added.title = text_of(protocol->title());
    for (const wire::FieldSpec* field : elements_of(protocol->fields()))
      added.fields.push_back({std::string(text_of(field->name())), field->type(), field->in_request(),
                              field->in_response(), std::string(text_of(field->meaning()))});
  }
  return protocols;
}

bool same_catalog(const std::vector<SensorProtocol>& a, const std::vector<SensorProtocol>& b) {
  const auto same_field = [](const SensorField& x, const SensorField& y) {
    return x.name == y.name && x.type == y.type && x.in_request == y.in_request &&
           x.in_response == y.in_response;
  };
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [&](const SensorProtocol& x, const SensorProtocol& y) {
        return x.name == y.name &&
               std::equal(x.fields.begin(), x.fields.end(), y.fields.begin(), y.fields.end(), same_field);
      });
}

}  // namespace

SensorBoard::SensorBoard(const std::vector<SensorLink>& links) : entries_(links.size()) {
  for (std::size_t i = 0; i < links.size(); ++i) entries_[i].state.endpoint = links[i].records;
}

void SensorBoard::set_link(SensorState& state, SensorState::Link link, std::string trouble,
                           std::uint64_t now_ns) {
  if (state.link != link) state.link_since_ns = now_ns;
  state.link = link;
  state.trouble = std::move(trouble);
}

void SensorBoard::on_wrong(std::size_t at, const std::string& sentence, std::uint64_t now_ns) {
  const std::lock_guard held(lock_);
  set_link(entries_[at].state, SensorState::Link::wrong, sentence, now_ns);
}

void SensorBoard::on_received(std::size_t at, const Received& received, std::uint64_t bytes,
                              std::uint64_t now_ns) {
  const std::lock_guard held(lock_);
  Entry& entry = entries_[at];
  SensorState& state = entry.state;
  state.missed_batches += received.missed;
  state.restarts += received.restarted;
  state.bytes += bytes;
  switch (received.kind) {
    case Received::Kind::nothing:
      break;
    case Received::Kind::records:
      ++state.batches;
      state.records += size_of(received.batch->records());
      state.last_record_ns = now_ns;
      break;
    case Received::Kind::hello:
      on_hello(state, *received.hello);
      break;
    case Received::Kind::stats:
      on_stats(entry, *received.stats, now_ns);
      break;
    case Received::Kind::malformed:
      ++state.malformed;
      break;
    case Received::Kind::connected:
      set_link(state, SensorState::Link::connected, {}, now_ns);
      break;
    case Received::Kind::disconnected:
      ++state.disconnects;
      set_link(state, SensorState::Link::connecting, {}, now_ns);
      break;
    case Received::Kind::refused:
      set_link(state, SensorState::Link::refused,
               "The sensor does not let us in: our key is not among publishing.curve.clients, or serverKey "
               "is not its "
               "public key.",
               now_ns);
      break;
  }
}

void SensorBoard::on_hello(SensorState& state, const wire::Hello& hello) {
  state.name = text_of(hello.sensor());
  state.version = text_of(hello.version());
  state.epoch = hello.sensor_epoch();
  state.started_ns = hello.started();
  state.schema_version = hello.schema_version();
  state.workers = hello.workers();
  std::vector<SensorProtocol> protocols = protocols_of(hello);
  if (same_catalog(protocols, state.protocols)) return;
  state.protocols = std::move(protocols);
  ++catalog_generation_;
}

void SensorBoard::on_stats(Entry& entry, const wire::Stats& stats, std::uint64_t now_ns) {
  SensorState& state = entry.state;
  std::vector<SensorCounter> counters = counters_of(stats);
  const bool same_run =
      state.epoch == stats.sensor_epoch() && state.stats_ns != 0 && stats.time() > state.stats_ns;
  if (same_run) set_rates(counters, state.counters, static_cast<double>(stats.time() - state.stats_ns) / 1e9);
  state.counters = std::move(counters);
  state.stats_ns = stats.time();
  state.epoch = stats.sensor_epoch();
  if (state.name.empty()) state.name = text_of(stats.sensor());

  std::vector<Offset>& offsets = entry.offsets;
  std::erase_if(offsets, [&](const Offset& o) { return o.taken_ns + kOffsetWindowNs < now_ns; });
  offsets.push_back({now_ns, static_cast<std::int64_t>(stats.time() - now_ns)});
  state.clock_offset_ns =
      std::max_element(offsets.begin(), offsets.end(), [](const Offset& a, const Offset& b) {
        return a.offset_ns < b.offset_ns;
      })->offset_ns;
  state.clock_known = offsets.size() >= kOffsetsLeast;
}

std::vector<SensorState> SensorBoard::sensors() const {
  const std::lock_guard held(lock_);
  std::vector<SensorState> all;
  for (const Entry& entry : entries_) all.push_back(entry.state);
  return all;
}

std::uint64_t SensorBoard::catalog_generation() const {
  const std::lock_guard held(lock_);
  return catalog_generation_;
}

std::vector<SensorProtocol> SensorBoard::catalog() const {
  const std::lock_guard held(lock_);
  std::vector<SensorProtocol> all;
  for (const Entry& entry : entries_) {
    for (const SensorProtocol& protocol : entry.state.protocols) {
      const auto known = std::find_if(all.begin(), all.end(),
                                      [&](const SensorProtocol& p) { return p.name == protocol.name; });
      if (known == all.end()) {
        all.push_back(protocol);
      } else if (protocol.fields.size() > known->fields.size()) {
        *known = protocol;
      }
    }
  }
  return all;
}

}  // namespace spanlight
