#pragma once
// Writes the map: watches a Cluster, keeps who claimed which address when, and publishes Names on a board
// after each batch of changes. On the Kubernetes client's thread, but for drain() and counters(), which any
// may call. Bounded: ended claims are forgotten by age and by number, open ones are as many as the cluster
// has objects.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kubernetes/cluster.h"
#include "names/claims.h"
#include "names/names.h"

namespace spanlight {

struct TimelineLimits {
  std::uint64_t history_ns = 86'400'000'000'000;  // ended names are remembered for so long
  std::size_t ended_max = 65'536;                 // and so many
  std::size_t undrained_max = 131'072;            // intervals that wait to be stored
};

struct TimelineCounters {
  std::size_t addresses = 0;  // with at least one claim
  std::size_t ended = 0;      // claims that are remembered though they are over
  std::uint64_t forgotten_by_age = 0, forgotten_by_number = 0;
  std::uint64_t undrained_lost = 0;  // intervals that nobody fetched for the store
  std::uint64_t published = 0;       // states of the map
};

class Timeline final : public ClusterObserver {
 public:
  Timeline(const Cluster& cluster, NamesBoard& board, TimelineLimits limits = {});

  // What an earlier life kept (drain()), before the client starts. Intervals that were open then are closed
  // at `known_until_ns`, unless their end was kept too, or the same object is told again: then they go on.
  void restore(const std::vector<Interval>& intervals, std::uint64_t known_until_ns);

  // Intervals to be stored: each when it begins (until_ns = kForever) and when it is over. Where the
  // beginning is known better later, the one that was told ends where it begins, and is nothing.
  std::vector<Interval> drain();
  TimelineCounters counters() const;

  void on_pod(const PodPtr& before, const PodPtr& now, const Moment& moment) override;
  void on_service(const ServicePtr& before, const ServicePtr& now, const Moment& moment) override;
  void on_slice(const SlicePtr& before, const SlicePtr& now, const Moment& moment) override;
  void on_node(const NodePtr& before, const NodePtr& now, const Moment& moment) override;
  void on_controller(const Controller& controller) override;
  void on_batch(const Cluster& cluster) override;

 private:
  struct Key {
    Address address;  // zero: every node's
    std::uint16_t port = 0;
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    std::vector<Claim> claims;
    std::vector<std::pair<std::uint16_t, std::vector<Span>>> spans;  // by port, ascending
    bool stale = true;
  };
  struct Holder {
    std::vector<Key> keys;  // of its open claims
    std::shared_ptr<const Party> party;
    PodPtr pod;  // where it is one
  };
  struct Range {
    std::uint64_t lo = 0, hi = 0;
    bool sharp = false;
    std::uint64_t existed_since = kForever;  // of a beginning: what the object itself may have had before
  };
  struct Ended {
    Key key;
    Uid owner;
    std::uint64_t end_ns = 0;
  };

  Range begin_of(const Pod& pod, const Moment& moment) const;
  Range begin_of(const Meta& meta, const Moment& moment) const;
  Range end_of(const Pod& pod, const Moment& moment) const;
  static Range change_at(const Moment& moment);
  std::shared_ptr<const Party> party_of(const Pod& pod) const;
  std::string service_of(const Pod& pod) const;

  void hold(const Uid& owner, Rank rank, std::vector<Key> keys, const Range& begin, const Range& end);
  void open(Entry& entry, const Key& key, const Uid& owner, Rank rank, const Range& begin);
  void go_on(Entry& entry, Claim& claim, std::uint64_t existed_since);
  void end(const Key& key, const Uid& owner, const Range& end);
  void end_all(const Uid& owner, const Range& end);
  void set_party(const Uid& owner, std::shared_ptr<const Party> party);
  Entry& entry_of(const Address& address);
  void touch(const Address& address);
  void learn_prefix(const Address& address);

  void refresh_parties();
  void forget();
  void collect();  // what the store is to keep
  static void tell(const Key& key, Claim& claim, const std::vector<Span>& spans, std::vector<Interval>& out);
  void settle(Entry& entry, const Address& address);
  std::shared_ptr<const Shard> build(std::size_t shard);
  std::shared_ptr<const Shard> build_node_ports();
  void rebuild_prefixes();
  void rebuild_external();
  void publish();

  const Cluster& cluster_;
  NamesBoard& board_;
  const TimelineLimits limits_;

  std::array<std::unordered_map<Address, Entry, AddressHash>, kShards> entries_;
  std::array<bool, kShards> dirty_{};
  Entry node_ports_;
  bool node_ports_dirty_ = false;
  std::unordered_map<Uid, Holder, UidHash> holders_;
  std::deque<Ended> ended_;   // by the time at which it was told
  std::vector<Key> changed_;  // claims to them began or ended since the last batch
  std::unordered_set<std::string> dirty_namespaces_;
  std::unordered_set<Uid, UidHash> dirty_owners_;
  std::unordered_set<Address, AddressHash> learned_prefixes_;
  bool prefixes_dirty_ = false, external_dirty_ = false, was_synced_ = false, published_once_ = false;
  std::uint64_t restored_ = 0;
  std::unordered_set<Uid, UidHash> gone_on_;  // restored claims that are live ones now, still in ended_
  Names state_;                               // the last that was published

  mutable std::mutex guard_;
  std::vector<Interval> undrained_;
  TimelineCounters counters_;
};

}  // namespace spanlight
