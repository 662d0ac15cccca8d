#pragma once
// Who an address was at a time: one immutable state of the map, made by a Timeline and published on a
// NamesBoard. Any number of threads read it, without a lock; a Party that find() gave lives as long as the
// Names it came from.
//
//   std::shared_ptr<const Names> names = board.current();   // for each batch of records;
//   board.refresh(names) is cheaper const Party* party = names->find(*record.src(), record.src_port(),
//   record.timestamp());

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "address/address.h"
#include "names/prefix_table.h"
#include "names/shard.h"
#include "names/static_map.h"
#include "record/call.h"

namespace spanlight {

inline Address address_of(const wire::Address& address) {
  return {address.high(), address.low()};
}

// A stretch of time in which an address, or one port of it, was a party. For people (`/api/resolve`) and the
// store.
struct Interval {
  Address address;
  std::uint16_t port = 0;  // 0: every port that no other interval names
  std::uint64_t from_ns = 0;
  std::uint64_t until_ns = 0;  // not included; kForever: it still is
  std::shared_ptr<const Party> party;
};
constexpr std::uint64_t kForever = ~std::uint64_t{0};

class Names {
 public:
  // nullptr: nobody that is known. The port decides where an address is several: pods in their node's
  // network, NodePorts, hostPorts.
  const Party* find(const Address& address, std::uint16_t port, std::uint64_t time_ns) const;
  const Party* find(const wire::Address& address, std::uint16_t port, std::uint64_t time_ns) const {
    return find(address_of(address), port, time_ns);
  }
  // Of a nameless address: could Kubernetes name it yet? It is of the pods' networks, and the time is now.
  bool may_still_come(const Address& address, std::uint64_t time_ns) const;
  bool may_still_come(const wire::Address& address, std::uint64_t time_ns) const {
    return may_still_come(address_of(address), time_ns);
  }
  // Everything the address was, newest first; its ports' too.
  std::vector<Interval> history(const Address& address) const;
  std::vector<Interval> history(const wire::Address& address) const { return history(address_of(address)); }
  // The ExternalName service that stands for a DNS name, or has it: "db.shop.svc.cluster.local" (lower case,
  // no dot at the end).
  const Party* find_external(std::string_view dns_name) const;

 private:
  friend class Timeline;
  friend class NamesBoard;
  std::array<std::shared_ptr<const Shard>, kShards> shards_;
  std::shared_ptr<const Shard> node_ports_;  // by port alone: every node answers for them
  std::shared_ptr<const PrefixTable> pod_prefixes_;
  std::shared_ptr<const std::unordered_map<std::string, std::shared_ptr<const Party>>> external_;
  std::shared_ptr<const StaticMap> static_map_;
  bool kubernetes_ = false;  // somebody may tell us more
  bool pods_synced_ = false;
};

// Where the newest state hangs. One thread publishes.
class NamesBoard {
 public:
  // Without Kubernetes: what `static_map` says, which may be nullptr.
  explicit NamesBoard(std::shared_ptr<const StaticMap> static_map = nullptr);
  std::shared_ptr<const Names> current() const;
  // Exchanges `held` for the newest state, if there is a newer one; without a lock where there is none.
  bool refresh(std::shared_ptr<const Names>& held, std::uint64_t& held_generation) const;
  void publish(const std::shared_ptr<Names>& names);  // which nobody else has yet
  // Another static map, at run time.
  void set_static_map(std::shared_ptr<const StaticMap> static_map);
  std::shared_ptr<const StaticMap> static_map() const;

 private:
  mutable std::mutex guard_;
  std::shared_ptr<const Names> current_;
  std::shared_ptr<const StaticMap> static_map_;
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace spanlight
