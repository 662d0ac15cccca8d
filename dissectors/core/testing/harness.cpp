#include "core/testing/harness.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <list>
#include <memory>
#include <random>
#include <set>
#include <utility>

#include "core/preview.h"

namespace spanlight::testing {
namespace {

std::string join(const Headers& h) {
  std::string out;
  for (const HeaderSpan& s : h.spans) out += std::string(h.name(s)) + ": " + std::string(h.value(s)) + "|";
  return out;
}

std::string join(std::span<const Field> fields) {
  std::string out;
  for (const Field& f : fields) {
    out += std::string(f.name) + "=";
    if (f.kind == Field::Kind::text)
      out += f.text;
    else if (f.kind == Field::Kind::list)
      for (std::string_view v : f.list) out += std::string(v) + ",";
    else
      out += std::to_string(f.integer);
    out += "|";
  }
  return out;
}

// Marks a stretch of code as the dissector's own, or as not.
class Inside {
 public:
  explicit Inside(bool inside) : before_(inside_dissector) { inside_dissector = inside; }
  ~Inside() { inside_dissector = before_; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  bool before_;
};

class Recorder final : public Sink {
 public:
  std::vector<Call> calls;
  void emit(const Transaction& t) override {
    const Inside not_inside(false);
    const auto text = [](std::string_view v) { return std::string(v); };
    const auto body = [](const Pieces& b) {
      std::string out(b.size(), '\0');
      b.copy_to(reinterpret_cast<std::uint8_t*>(out.data()));
      return out;
    };
    calls.push_back({t.state,
                     t.reason,
                     t.flags,
                     t.is_error,
                     t.has_status ? t.status_code : -1,
                     t.request.first_byte,
                     t.request.last_byte,
                     t.response.first_byte,
                     t.response.last_byte,
                     t.request.size,
                     t.response.size,
                     t.request.body_size,
                     t.response.body_size,
                     text(t.version),
                     text(t.method),
                     text(t.url),
                     text(t.path),
                     text(t.query_string),
                     text(t.error),
                     text(t.summary),
                     text(t.trace_id),
                     text(t.request_id),
                     join(t.request.headers),
                     join(t.response.headers),
                     body(t.request.body),
                     body(t.response.body),
                     join(t.request.fields),
                     join(t.response.fields)});
  }
};

// Windows are shown in buffers of their own, each gone once it is neither shown nor lent: whoever reads a
// buffer that was not lent is found by the sanitizers.
class Buffers final : public Lender {
 public:
  explicit Buffers(bool lends) : lends_(lends) {}

  Bytes show(const std::string& window) {
    if (!lends_ || window.size() < Preview::kLentBytesMin) return as_bytes(window);  // nobody would ask
    shown_ = &all_.emplace_back(window, 0u);
    return as_bytes(shown_->first);
  }
  void hide() {
    shown_ = nullptr;
    all_.remove_if([](const Buffer& b) { return b.second == 0; });
  }
  std::size_t lent_bytes() const {
    std::size_t bytes = 0;
    for (const Buffer& b : all_) bytes += b.first.size();
    return bytes;
  }

  Loan* lend(Bytes bytes) override {
    const Inside not_inside(false);
    if (!lends_ || shown_ == nullptr || bytes.data() < as_bytes(shown_->first).data() ||
        bytes.data() + bytes.size() > as_bytes(shown_->first).data() + shown_->first.size())
      return nullptr;
    ++shown_->second;
    return reinterpret_cast<Loan*>(shown_);
  }
  void give_back(Loan* loan) override {
    const Inside not_inside(false);
    auto* buffer = reinterpret_cast<Buffer*>(loan);
    if (--buffer->second == 0 && buffer != shown_)
      all_.remove_if([=](const Buffer& b) { return &b == buffer; });
  }

 private:
  using Buffer = std::pair<std::string, unsigned>;  // and how often it is lent
  const bool lends_;
  std::list<Buffer> all_;
  Buffer* shown_ = nullptr;
};

// Pools live from play to play: to map one costs more than most conversations do. One that did not get
// everything back is not used again.
class Pools {
 public:
  std::unique_ptr<SlabPool> take(std::size_t bytes) {
    const auto fits = [&](const auto& pool) { return pool->capacity_bytes() == bytes / kPage * kPage; };
    const auto found = std::find_if(idle_.begin(), idle_.end(), fits);
    if (found == idle_.end()) return std::make_unique<SlabPool>(bytes);
    std::unique_ptr<SlabPool> pool = std::move(*found);
    idle_.erase(found);
    return pool;
  }
  void give(std::unique_ptr<SlabPool> pool) {
    if (pool->used_bytes() == 0) idle_.push_back(std::move(pool));
  }

 private:
  static constexpr std::size_t kPage = SlabPool::kPageBytes;
  std::vector<std::unique_ptr<SlabPool>> idle_;
};

Pools& pools() {
  static Pools all;
  return all;
}

// One direction of the session.
struct Way {
  std::string window;
  std::uint64_t offset = 0;  // of window[0]
  std::uint64_t acked = 0;
  TimeNs time = 0;  // of the newest bytes
  std::size_t cut = 0;
  std::uint64_t skip_left = 0, skip_seen = 0;
  TimeNs skip_last_byte = 0;
  std::uint64_t wait_bytes = 0;
  bool held = false, lost = false, ended = false;
};

class Session {
 public:
  Session(const Descriptor& protocol, const Play& how)
      : protocol_(protocol),
        state_(pools().take(how.state_bytes)),
        previews_(pools().take(how.preview_bytes)),
        limits_(how.limits),
        buffers_(how.lend),
        workshop_{*state_, *previews_, limits_, out_.counters, &buffers_},
        parks_(how.park),
        over_(how.datagrams ? Transport::udp : Transport::tcp),
        slot_(std::aligned_alloc(64, (protocol.slot_bytes + 63) / 64 * 64)),
        dissector_(protocol.create_over(over_, slot_, workshop_)) {
    if (how.handover != nullptr) dissector_->take_over(*how.handover);
  }
  ~Session() {
    std::free(slot_);
    pools().give(std::move(state_));
    pools().give(std::move(previews_));
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void deliver(Direction from, std::string_view bytes, std::uint64_t acked, TimeNs time,
               std::size_t cut = 0) {
    if (done_) {
      out_.handed_over[index_of(from)] += bytes;
      return;
    }
    const bool whole = over_ == Transport::udp;
    if (parked_ && whole && protocol_.wakes != nullptr && !protocol_.wakes(as_bytes(bytes))) return;
    wake();
    Way& w = way(from);
    w.time = time;
    w.acked = acked;
    w.cut = cut;
    bytes = pass(from, bytes);
    w.window += bytes;
    if (!bytes.empty()) run(from);
    if (whole) w = {};  // nothing of a datagram waits for the next one
    stir(opposite(from));
    rest();
  }

  void gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time) {
    if (done_) return;
    wake();
    Way& w = way(from);
    const bool joined = missing == 0 && w.offset == 0 && w.window.empty();
    if (w.skip_left > 0) {
      const std::uint64_t n = std::min(w.skip_left, missing);
      w.skip_left -= n;
      w.offset += n;
      missing -= n;
      tell_skipped(from, n);
    }
    if (missing == 0 && !joined) return;
    w.offset += w.window.size() + missing;
    w.window.clear();
    w.held = false;
    w.lost = false;
    w.wait_bytes = 0;
    obey(from, asked([&] { return dissector_->on_gap(from, missing, cause, time, sink_); }));
    stir(opposite(from));
    rest();
  }

  void shed_previews(bool shed) { limits_.previews_shed = shed; }

  void tick(TimeNs now) {
    if (done_ || parked_ || dissector_->next_deadline() > now) return;
    {
      const Inside inside(true);
      dissector_->on_time(now, sink_);
    }
    rest();
  }

  void end(Direction from, End how, TimeNs time) {
    Way& w = way(from);
    if (done_ || w.ended) return;
    wake();
    if (w.skip_left > 0) end_skip(from);
    w.ended = true;
    {
      const Inside inside(true);
      dissector_->on_end(from, how, time, sink_);
    }
    stir(opposite(from));
  }

  void close(End how, TimeNs time) {
    if (done_ || parked_) return;
    for (const Direction d : {Direction::c2s, Direction::s2c})
      if (way(d).skip_left > 0) end_skip(d);
    const Inside inside(true);
    dissector_->on_close(how, time, sink_);
  }

  Outcome finish() {
    out_.calls = std::move(sink_.calls);
    out_.used_bytes = state_->used_bytes() + previews_->used_bytes() + buffers_.lent_bytes();
    return std::move(out_);
  }

 private:
  Way& way(Direction d) { return ways_[index_of(d)]; }
  Position position() const { return {{ways_[0].offset, ways_[1].offset}}; }

  void rest() {
    if (done_ || parked_ || !parks_) return;
    for (const Way& w : ways_)
      if (!w.window.empty() || w.skip_left > 0 || w.wait_bytes > 0 || w.held || w.lost || w.ended) return;
    {
      const Inside inside(true);
      parked_ = dissector_->park(position(), memo_);
    }
    if (!parked_) return;
    ++out_.parked;
    std::memset(slot_, 0xa5, protocol_.slot_bytes);
    if (state_->used_bytes() + previews_->used_bytes() + buffers_.lent_bytes() > 0)
      violate("parked with something kept");
  }

  void wake() {
    if (!parked_) return;
    parked_ = false;
    const Inside inside(true);
    dissector_ = protocol_.create_over(over_, slot_, workshop_);
    dissector_->resume(position(), memo_);
  }

  template <typename F>
  static Answer asked(const F& call) {
    const Inside inside(true);
    return call();
  }
  void violate(std::string_view what) { out_.violations.emplace_back(what); }

  std::string_view pass(Direction from, std::string_view bytes) {
    Way& w = way(from);
    if (w.skip_left == 0) return bytes;
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(w.skip_left, bytes.size()));
    w.skip_left -= n;
    w.skip_seen += n;
    if (n > 0) w.skip_last_byte = w.time;
    w.offset += n;
    out_.skipped_bytes += n;
    if (w.skip_left == 0) end_skip(from);
    return bytes.substr(n);
  }

  void end_skip(Direction from) {
    tell_skipped(from, 0);
    way(from).skip_left = 0;
  }

  void tell_skipped(Direction from, std::uint64_t missing) {
    Way& w = way(from);
    const std::uint64_t seen = std::exchange(w.skip_seen, 0);
    if (seen + missing == 0) return;
    const Inside inside(true);
    dissector_->on_skipped(from, seen, missing, w.skip_last_byte);
  }

  // The other direction moved: whoever holds is asked again, and when it moves, so is the other.
  void stir(Direction held) {
    while (!done_ && way(held).held) {
      Way& w = way(held);
      const std::uint64_t before = w.offset;
      w.held = false;
      run(held);
      if (w.offset == before) return;
      held = opposite(held);
    }
  }

  void run(Direction from) {
    Way& w = way(from);
    // Every turn consumes bytes or ends the loop.
    while (!done_ && !w.window.empty() && !w.held) {
      if (w.lost) {
        const Sync found = protocol_.find(from, as_bytes(w.window));
        if (found.skip > w.window.size()) return violate("sync beyond the window");
        drop(w, found.skip);
        if (!found.found) return;
        w.lost = false;
        resynced_ = true;
      }
      if (w.window.size() < w.wait_bytes) return;
      w.wait_bytes = 0;
      const std::size_t before = w.window.size();
      const bool resynced = resynced_;
      resynced_ = false;
      const Window window{buffers_.show(w.window), w.offset, w.time, w.acked, w.cut};
      const Answer answer = asked([&] { return dissector_->on_data(from, window, sink_); });
      buffers_.hide();
      if (answer.consumed > before) return violate("consumed beyond the window");
      if (resynced && answer.consumed == 0 && answer.want == Answer::Want::resync)
        return violate("resync without progress");
      obey(from, answer);
      if (answer.consumed == 0 && answer.want == Answer::Want::data) return;
    }
  }

  void drop(Way& w, std::size_t n) {
    w.window.erase(0, n);
    w.offset += n;
  }

  void obey(Direction from, const Answer& answer) {
    Way& w = way(from);
    drop(w, answer.consumed);
    switch (answer.want) {
      case Answer::Want::data:
        break;
      case Answer::Want::wait:
        if (answer.n <= w.window.size()) violate("waits for what it has");
        w.wait_bytes = answer.n;
        break;
      case Answer::Want::skip: {
        if (answer.n == 0) violate("skips nothing");
        w.skip_left = answer.n;
        const std::string rest = std::move(w.window);
        w.window.clear();
        w.window = pass(from, rest);
        break;
      }
      case Answer::Want::hold:
        w.held = true;
        break;
      case Answer::Want::resync:
        w.lost = true;
        break;
      case Answer::Want::identify:
        out_.identified = true;
        out_.handover = workshop_.handover;
        [[fallthrough]];
      case Answer::Want::stop:
        close(End::fin, w.time);
        done_ = true;
        for (const Direction d : {Direction::c2s, Direction::s2c}) {
          out_.handed_over[index_of(d)] = way(d).window;
          way(d).window.clear();
        }
        break;
    }
  }

  const Descriptor& protocol_;
  Outcome out_;
  std::unique_ptr<SlabPool> state_, previews_;
  Limits limits_;
  Buffers buffers_;
  Workshop workshop_;
  const bool parks_;
  const Transport over_;
  bool parked_ = false;
  Memo memo_{};
  void* slot_;
  Dissector* dissector_;
  Recorder sink_;
  Way ways_[2];
  bool done_ = false;
  bool resynced_ = false;
};

std::size_t total_bytes(const Conversation& c) {
  std::size_t n = 0;
  for (const Segment& s : c) n += s.bytes.size();
  return n;
}

std::string verdict(const Outcome& o) {
  if (!o.violations.empty()) return "violation: " + o.violations.front();
  if (o.used_bytes != 0) return "slabs kept: " + std::to_string(o.used_bytes);
  return {};
}

constexpr std::uint32_t kTouched = kFlagGap | kFlagUncertain | kFlagMalformed;

}  // namespace

std::string Call::text() const {
  std::string out;
  for (const std::uint64_t n :
       {static_cast<std::uint64_t>(state), static_cast<std::uint64_t>(reason), std::uint64_t{flags},
        std::uint64_t{is_error}, static_cast<std::uint64_t>(status), request_size, response_size,
        request_body_size, response_body_size})
    out += std::to_string(static_cast<std::int64_t>(n)) + " ";
  for (const std::string* s :
       {&version, &method, &url, &path, &query, &error, &summary, &trace_id, &request_id, &request_headers,
        &response_headers, &request_body, &response_body, &request_fields, &response_fields})
    out += "[" + *s + "]";
  return out;
}

std::string Outcome::text() const {
  std::string out;
  for (const Call& c : calls) out += c.text() + "\n";
  out += identified ? "identified [" + handed_over[0] + "][" + handed_over[1] + "]\n" : "";
  return out;
}

Outcome play(const Descriptor& protocol, const Conversation& conversation, const Play& how) {
  Session session(protocol, how);
  std::mt19937 random(how.cut_seed);
  std::uint64_t sent[2] = {0, 0};
  bool ended[2] = {false, false};
  TimeNs time = kSecondNs;
  unsigned number = 0;
  for (const Segment& s : conversation) {
    session.shed_previews((how.shed_segments >> number++ % 32 & 1) != 0);
    time += how.time_step_ns + s.pause;
    session.tick(time);
    const std::uint64_t acked =
        s.peer_acked == Segment::kAllBefore ? sent[index_of(opposite(s.from))] : s.peer_acked;
    sent[index_of(s.from)] += s.bytes.size();
    if (ended[index_of(s.from)]) continue;
    if (s.lost && !how.datagrams) session.gap(s.from, s.bytes.size(), s.cause, time);
    std::string_view rest = s.lost ? std::string_view{} : s.bytes;
    rest.remove_suffix(std::min(s.cut, rest.size()));
    while (!rest.empty()) {
      std::size_t n = how.cut_bytes == 0 || how.datagrams ? rest.size() : how.cut_bytes;
      if (how.cut_seed != 0 && !how.datagrams) n = 1 + random() % (1u << (random() % 9));
      n = std::min(n, rest.size());
      session.deliver(s.from, rest.substr(0, n), acked, time, s.cut);
      rest.remove_prefix(n);
    }
    if (s.fin) session.end(s.from, End::fin, time);
    ended[index_of(s.from)] = s.fin;
  }
  if (how.fin) {
    session.end(Direction::c2s, End::fin, time);
    session.end(Direction::s2c, End::fin, time);
  }
  if (how.close_at_all) session.close(how.close, time);
  return session.finish();
}

std::string check_splits(const Descriptor& protocol, const Conversation& conversation, const Play& how) {
  const Outcome whole = play(protocol, conversation, how);
  if (const std::string bad = verdict(whole); !bad.empty()) return "whole: " + bad;
  constexpr std::uint32_t kSeeds = 12;
  for (std::uint32_t variant = 0; variant <= kSeeds; ++variant) {
    Play cut = how;
    cut.cut_bytes = variant == 0 ? 1 : 0;
    cut.cut_seed = variant;
    cut.lend = variant % 2 == 0;
    cut.park = variant % 3 != 0;
    const Outcome o = play(protocol, conversation, cut);
    const std::string name = variant == 0 ? "byte by byte: " : "seed " + std::to_string(variant) + ": ";
    if (const std::string bad = verdict(o); !bad.empty()) return name + bad;
    if (o.text() != whole.text()) return name + "differs\n" + o.text() + "--- whole\n" + whole.text();
  }
  return {};
}

std::string check_prefixes(const Descriptor& protocol, const Conversation& conversation, const Play& how) {
  Play open = how;
  open.close_at_all = false;
  open.fin = false;
  std::multiset<std::string> all;
  for (const Call& c : play(protocol, conversation, how).calls) all.insert(c.text());
  const std::size_t total = total_bytes(conversation);
  for (std::size_t length = 0; length < total; ++length) {
    Conversation prefix;
    std::size_t left = length;
    for (const Segment& s : conversation) {
      if (left == 0) break;
      prefix.push_back(s);
      prefix.back().bytes.resize(std::min(left, s.bytes.size()));
      left -= prefix.back().bytes.size();
    }
    const std::string at = "prefix of " + std::to_string(length) + ": ";
    const Outcome o = play(protocol, prefix, open);
    for (const Call& c : o.calls)
      if (!all.contains(c.text())) return at + "a call that the whole does not have: " + c.text();
    if (o.counters.malformed != 0) return at + "a fault";
    if (const std::string bad = verdict(play(protocol, prefix, how)); !bad.empty()) return at + bad;
  }
  return {};
}

std::string check_gaps(const Descriptor& protocol, const Conversation& conversation, const Play& how) {
  std::multiset<std::string> all;
  for (const Call& c : play(protocol, conversation, how).calls) all.insert(c.text());
  for (std::size_t i = 0; i < conversation.size(); ++i) {
    Conversation holed = conversation;
    holed[i].lost = true;
    const std::string at = "without segment " + std::to_string(i) + ": ";
    const Outcome o = play(protocol, holed, how);
    if (const std::string bad = verdict(o); !bad.empty()) return at + bad;
    for (const Call& c : o.calls)
      if ((c.flags & kTouched) == 0 && !all.contains(c.text()))
        return at + "new and not flagged: " + c.text();
  }
  return {};
}

}  // namespace spanlight::testing
