#include "names/timeline.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace spanlight {
namespace {

// Prefixes that a pod's address stands for where nodes do not tell theirs.
constexpr unsigned kLearnedBits4 = 96 + 24, kLearnedBits6 = 64;
constexpr std::size_t kLearnedMax = 16'384;

// As far as a name tells.
bool same_object(const Party& a, const Party& b) {
  return a.name_space == b.name_space && a.name == b.name && a.pod == b.pod;
}

}  // namespace

Timeline::Timeline(const Cluster& cluster, NamesBoard& board, TimelineLimits limits)
    : cluster_(cluster), board_(board), limits_(limits) {
  state_.kubernetes_ = true;
}

Timeline::Entry& Timeline::entry_of(const Address& address) {
  return address.is_zero() ? node_ports_ : entries_[shard_of(address)][address];
}

void Timeline::touch(const Address& address) {
  if (address.is_zero())
    node_ports_dirty_ = true;
  else
    dirty_[shard_of(address)] = true;
}

// The keys that the owner has from now on; of the others its claims end.
void Timeline::hold(const Uid& owner, Rank rank, std::vector<Key> keys, const Range& begin,
                    const Range& end_range) {
  Holder& holder = holders_[owner];
  for (const Key& old : holder.keys)
    if (std::find(keys.begin(), keys.end(), old) == keys.end()) end(old, owner, end_range);
  for (const Key& key : keys) open(entry_of(key.address), key, owner, rank, begin);
  holder.keys = std::move(keys);
}

void Timeline::open(Entry& entry, const Key& key, const Uid& owner, Rank rank, const Range& begin) {
  for (Claim& claim : entry.claims) {
    if (claim.owner != owner || claim.port != key.port || claim.end_hi != kForever) continue;
    // Told again. A beginning that was hardly known may be known now, but it cannot be after the first sight.
    if (claim.sharp || !begin.sharp || begin.lo > claim.from_hi) return;
    claim.from_lo = begin.lo;
    claim.from_hi = std::min(claim.from_hi, begin.hi);
    claim.sharp = true;
    entry.stale = true;
    changed_.push_back(key);
    return touch(key.address);
  }
  Claim claim;
  claim.owner = owner;
  claim.rank = rank;
  claim.port = key.port;
  claim.from_lo = begin.lo;
  claim.from_hi = begin.hi;
  claim.sharp = begin.sharp;
  claim.party = holders_[owner].party;
  go_on(entry, claim, begin.existed_since);
  entry.claims.push_back(std::move(claim));
  entry.stale = true;
  touch(key.address);
  changed_.push_back(key);
}

// A new claim of an object that had the same in an earlier life: it has had it since then, and all the time.
// Of two objects of one name the second is made when the first is gone, so it is the same object if it
// existed when the kept one began.
void Timeline::go_on(Entry& entry, Claim& claim, std::uint64_t existed_since) {
  std::uint64_t kept_from = kForever;
  const std::size_t kept = std::erase_if(entry.claims, [&](const Claim& before) {
    if (!before.kept_open || before.port != claim.port || !same_object(*before.party, *claim.party) ||
        existed_since > before.from_lo)
      return false;
    kept_from = std::min(kept_from, before.from_lo);  // each life may have kept one
    gone_on_.insert(before.owner);
    return true;
  });
  if (kept == 0) return;
  claim.told_from = kept_from;
  // The beginning that was told is as it was seen, and as it meets the one before. Where it lies before all
  // that the object says now, it was a guess, or another reading of the server's clock.
  if (kept_from < claim.from_lo) return;
  claim.from_lo = claim.from_hi = kept_from;
  claim.sharp = true;
}

void Timeline::end(const Key& key, const Uid& owner, const Range& range) {
  Entry& entry = entry_of(key.address);
  for (Claim& claim : entry.claims) {
    if (claim.owner != owner || claim.port != key.port || claim.end_hi != kForever) continue;
    claim.end_lo = std::max(claim.from_lo, range.lo);
    claim.end_hi = std::max(claim.end_lo, range.hi);
    entry.stale = true;
    touch(key.address);
    ended_.push_back({key, owner, claim.end_hi});
    changed_.push_back(key);
  }
}

void Timeline::end_all(const Uid& owner, const Range& range) {
  const auto found = holders_.find(owner);
  if (found == holders_.end()) return;
  for (const Key& key : found->second.keys) end(key, owner, range);
  found->second.keys.clear();
}

// Of the claims that are open: what is over keeps the names it ended with.
void Timeline::set_party(const Uid& owner, std::shared_ptr<const Party> party) {
  Holder& holder = holders_[owner];
  holder.party = std::move(party);
  for (const Key& key : holder.keys) {
    Entry& entry = entry_of(key.address);
    for (Claim& claim : entry.claims)
      if (claim.owner == owner && claim.port == key.port && claim.end_hi == kForever)
        claim.party = holder.party;
    entry.stale = true;
    touch(key.address);
  }
}

void Timeline::learn_prefix(const Address& address) {
  const Address base = masked(address, address.is_v4() ? kLearnedBits4 : kLearnedBits6);
  if (learned_prefixes_.size() < kLearnedMax && learned_prefixes_.insert(base).second) prefixes_dirty_ = true;
}

void Timeline::restore(const std::vector<Interval>& intervals, std::uint64_t known_until_ns) {
  // Who has an end needs no guess of one. By address, port, and who it was.
  std::map<std::tuple<Address, std::uint16_t, std::string, std::string>, std::uint64_t> ends;
  const auto who = [](const Interval& i) {
    return std::make_tuple(i.address, i.port, i.party->name_space, i.party->name);
  };
  for (const Interval& interval : intervals)
    // What was taken back, for a better beginning, ends nothing.
    if (interval.party != nullptr && interval.from_ns < interval.until_ns && interval.until_ns != kForever) {
      std::uint64_t& last = ends[who(interval)];
      last = std::max(last, interval.until_ns);
    }
  for (const Interval& interval : intervals) {
    if (interval.party == nullptr || interval.from_ns >= interval.until_ns) continue;
    std::uint64_t until = interval.until_ns;
    if (until == kForever) {
      const auto known = ends.find(who(interval));
      if (known != ends.end() && known->second > interval.from_ns) continue;
      until = known_until_ns;
    }
    if (until <= interval.from_ns) continue;
    Claim claim;
    claim.owner = {~std::uint64_t{0}, ++restored_};  // no UUID of version 4 is like this
    claim.rank = !interval.party->pod.empty()      ? Rank::pod
                 : interval.party->service.empty() ? Rank::node
                                                   : Rank::service;
    claim.port = interval.port;
    claim.from_lo = claim.from_hi = interval.from_ns;
    claim.end_lo = claim.end_hi = until;
    claim.party = interval.party;
    claim.kept_open = interval.until_ns == kForever;
    claim.told_from = interval.from_ns;
    claim.told = true;
    ended_.push_back({{interval.address, interval.port}, claim.owner, until});
    Entry& entry = entry_of(interval.address);
    entry.claims.push_back(std::move(claim));
    entry.stale = true;
    touch(interval.address);
  }
  std::sort(ended_.begin(), ended_.end(), [](const Ended& a, const Ended& b) { return a.end_ns < b.end_ns; });
  forget();
  publish();
}

std::vector<Interval> Timeline::drain() {
  const std::lock_guard lock(guard_);
  return std::exchange(undrained_, {});
}

TimelineCounters Timeline::counters() const {
  const std::lock_guard lock(guard_);
  return counters_;
}

void Timeline::on_batch(const Cluster&) {
  refresh_parties();
  collect();
  forget();
  publish();
}

// Old ones go; of the youngest so many stay.
void Timeline::forget() {
  const std::uint64_t now = wall_clock_ns();
  std::uint64_t by_age = 0, by_number = 0;
  if (!gone_on_.empty()) std::erase_if(ended_, [&](const Ended& e) { return gone_on_.contains(e.owner); });
  gone_on_.clear();
  while (!ended_.empty()) {
    const Ended& oldest = ended_.front();
    const bool old = oldest.end_ns + limits_.history_ns < now;
    if (!old && ended_.size() <= limits_.ended_max) break;
    (old ? by_age : by_number) += 1;
    Entry& entry = entry_of(oldest.key.address);
    std::erase_if(entry.claims, [&](const Claim& c) {
      return c.owner == oldest.owner && c.port == oldest.key.port && c.end_hi != kForever;
    });
    entry.stale = true;
    touch(oldest.key.address);
    if (entry.claims.empty() && !oldest.key.address.is_zero())
      entries_[shard_of(oldest.key.address)].erase(oldest.key.address);
    ended_.pop_front();
  }
  const std::lock_guard lock(guard_);
  counters_.forgotten_by_age += by_age;
  counters_.forgotten_by_number += by_number;
  counters_.ended = ended_.size();
}

// As the spans have it: where it met its neighbours.
void Timeline::tell(const Key& key, Claim& claim, const std::vector<Span>& spans,
                    std::vector<Interval>& out) {
  const bool over = claim.end_hi != kForever;
  // Its object may have had the address at other times too.
  const auto mine = [&](const Span& span) {
    return span.party == claim.party && span.from_ns >= claim.from_lo && span.from_ns < claim.end_hi;
  };
  const auto first = std::find_if(spans.begin(), spans.end(), mine);
  if (!over && (first == spans.end() || first->from_ns == claim.told_from)) return;
  const auto put = [&](std::uint64_t from, std::uint64_t until) {
    out.push_back({key.address, key.port, from, until, claim.party});
  };
  // The store knows an interval by its beginning: what was told under one that is nobody's now is taken back.
  const auto begins = [&](const Span& span) { return span.from_ns == claim.told_from; };
  if (claim.told_from != 0 && std::none_of(spans.begin(), spans.end(), begins))
    put(claim.told_from, claim.told_from);
  if (first != spans.end()) claim.told_from = first->from_ns;
  claim.told = over;
  for (auto span = first; span != spans.end(); ++span)
    if (mine(*span)) put(span->from_ns, span->until_ns);
}

void Timeline::collect() {
  std::vector<Interval> fresh;
  for (const Key& key : changed_) {
    Entry& entry = entry_of(key.address);
    settle(entry, key.address);
    static const std::vector<Span> kNone;
    const auto found = std::find_if(entry.spans.begin(), entry.spans.end(),
                                    [&](const auto& of_port) { return of_port.first == key.port; });
    const std::vector<Span>& spans = found == entry.spans.end() ? kNone : found->second;
    // All claims to it: where one begins or ends, its neighbour may begin otherwise than was told.
    for (Claim& claim : entry.claims)
      if (claim.port == key.port && claim.party != nullptr && !claim.told) tell(key, claim, spans, fresh);
  }
  changed_.clear();
  const std::lock_guard lock(guard_);
  const std::size_t room = limits_.undrained_max - std::min(limits_.undrained_max, undrained_.size());
  const std::size_t taken = std::min(room, fresh.size());
  undrained_.insert(undrained_.end(), fresh.begin(), fresh.begin() + static_cast<std::ptrdiff_t>(taken));
  counters_.undrained_lost += fresh.size() - taken;
}

}  // namespace spanlight
