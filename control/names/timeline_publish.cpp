// Claims → spans → shards → a state of the map. Only what changed is made anew.
#include <algorithm>
#include <set>
#include <tuple>

#include "names/timeline.h"

namespace spanlight {

void Timeline::settle(Entry& entry, const Address& address) {
  if (!entry.stale) return;
  entry.stale = false;
  entry.spans.clear();
  std::set<std::uint16_t> ports;
  for (const Claim& claim : entry.claims) ports.insert(claim.port);
  for (const std::uint16_t port : ports) {
    std::vector<Span> spans = resolve(entry.claims, port);
    if (!spans.empty()) entry.spans.emplace_back(port, std::move(spans));
  }
  touch(address);
}

std::shared_ptr<const Shard> Timeline::build(std::size_t number) {
  std::size_t keys = 0;
  for (auto& [address, entry] : entries_[number]) {
    settle(entry, address);
    keys += entry.spans.size() + 1;
  }
  if (keys == 0) return nullptr;
  auto shard = std::make_shared<Shard>(keys);
  static const std::vector<Span> kNone;
  for (const auto& [address, entry] : entries_[number]) {
    const bool has_ports = !entry.spans.empty() && entry.spans.back().first != 0;
    const bool has_self = !entry.spans.empty() && entry.spans.front().first == 0;
    const bool is_node = std::any_of(entry.claims.begin(), entry.claims.end(), [](const Claim& c) {
      return c.rank == Rank::node && c.end_hi == kForever;
    });
    // The address itself is always there: it says whether to look for ports.
    shard->add({address, 0, has_ports, is_node}, has_self ? entry.spans.front().second : kNone);
    for (const auto& [port, spans] : entry.spans)
      if (port != 0) shard->add({address, port}, spans);
  }
  return shard;
}

std::shared_ptr<const Shard> Timeline::build_node_ports() {
  settle(node_ports_, Address{});
  if (node_ports_.spans.empty()) return nullptr;
  auto shard = std::make_shared<Shard>(node_ports_.spans.size());
  for (const auto& [port, spans] : node_ports_.spans) shard->add({Address{}, port}, spans);
  return shard;
}

void Timeline::rebuild_prefixes() {
  auto table = std::make_shared<PrefixTable>();
  for (const auto& [uid, node] : cluster_.nodes())
    for (const Prefix& prefix : node->pod_prefixes) table->add(prefix, 0);
  for (const Address& base : learned_prefixes_) table->add({base, base.is_v4() ? 96U + 24U : 64U}, 0);
  state_.pod_prefixes_ = std::move(table);
}

// By the name it stands for, of two services the first by namespace and name; and by its own, without the
// cluster's domain: who asks for that is answered with an alias, and what is kept of it is what was asked.
void Timeline::rebuild_external() {
  auto external = std::make_shared<std::unordered_map<std::string, std::shared_ptr<const Party>>>();
  for (const auto& [uid, service] : cluster_.services()) {
    if (service->external_name.empty()) continue;
    const auto holder = holders_.find(uid);
    if (holder == holders_.end() || holder->second.party == nullptr) continue;
    const std::shared_ptr<const Party>& party = holder->second.party;
    (*external)[service->meta.name + "." + service->meta.name_space + ".svc"] = party;
    std::shared_ptr<const Party>& place = (*external)[service->external_name];
    if (place == nullptr ||
        std::tie(party->name_space, party->name) < std::tie(place->name_space, place->name))
      place = party;
  }
  state_.external_ = std::move(external);
}

void Timeline::publish() {
  bool changed = !published_once_ || was_synced_ != cluster_.synced(Kind::pod);
  for (std::size_t i = 0; i < kShards; ++i) {
    if (!dirty_[i]) continue;
    state_.shards_[i] = build(i);
    dirty_[i] = false;
    changed = true;
  }
  if (node_ports_dirty_) {
    state_.node_ports_ = build_node_ports();
    node_ports_dirty_ = false;
    changed = true;
  }
  if (prefixes_dirty_) rebuild_prefixes();
  if (external_dirty_) rebuild_external();
  changed = changed || prefixes_dirty_ || external_dirty_;
  prefixes_dirty_ = external_dirty_ = false;
  if (!changed) return;
  published_once_ = true;
  state_.pods_synced_ = was_synced_ = cluster_.synced(Kind::pod);
  board_.publish(std::make_shared<Names>(state_));
  std::size_t addresses = 0;
  for (const auto& shard : entries_) addresses += shard.size();
  const std::lock_guard lock(guard_);
  counters_.addresses = addresses;
  ++counters_.published;
}

}  // namespace spanlight
