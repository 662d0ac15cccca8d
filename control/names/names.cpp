#include "names/names.h"

#include <time.h>

#include <algorithm>
#include <utility>

namespace spanlight {
namespace {

// A watch event comes within milliseconds, and within seconds of a busy API server. Calls that are older than
// this are of a capture, or their pod is not to come any more.
constexpr std::uint64_t kRecentNs = 10'000'000'000;

std::uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

void append(const Shard& shard, const Shard::Slot& slot, std::vector<Interval>& out) {
  for (std::uint32_t i = 0; i < slot.count; ++i) {
    const Span& span = shard.spans()[slot.first + i];
    out.push_back({slot.address, slot.port, span.from_ns, span.until_ns, span.party});
  }
}

// "db.shop.svc" of "db.shop.svc.cluster.local": a service's own name, whatever the cluster's domain. Empty:
// it is no service's.
std::string_view cluster_name_of(std::string_view dns_name) {
  const std::size_t first = dns_name.find('.');
  const std::size_t second = first == dns_name.npos ? first : dns_name.find('.', first + 1);
  if (second == dns_name.npos) return {};
  constexpr std::string_view kSvc = ".svc";
  const std::string_view rest = dns_name.substr(second);
  const bool is_service = rest == kSvc || (rest.starts_with(kSvc) && rest[kSvc.size()] == '.');
  return is_service ? dns_name.substr(0, second + kSvc.size()) : std::string_view();
}

}  // namespace

const Party* Names::find(const Address& address, std::uint16_t port, std::uint64_t time_ns) const {
  if (const Shard* shard = shards_[shard_of(address)].get(); shard != nullptr) {
    if (const Shard::Slot* slot = shard->find(address, 0); slot != nullptr) {
      if (port != 0 && (slot->has_ports || slot->is_node)) [[unlikely]] {
        const Shard::Slot* of_port = slot->has_ports ? shard->find(address, port) : nullptr;
        const Party* party = of_port != nullptr ? shard->at(*of_port, time_ns) : nullptr;
        if (party == nullptr && slot->is_node && node_ports_ != nullptr) {
          of_port = node_ports_->find(Address{}, port);
          if (of_port != nullptr) party = node_ports_->at(*of_port, time_ns);
        }
        if (party != nullptr) return party;
      }
      if (const Party* party = shard->at(*slot, time_ns); party != nullptr) return party;
    }
  }
  return static_map_ == nullptr ? nullptr : static_map_->find(address);
}

bool Names::may_still_come(const Address& address, std::uint64_t time_ns) const {
  if (!kubernetes_) return false;
  if (pods_synced_ && (pod_prefixes_ == nullptr || !pod_prefixes_->find(address))) return false;
  return time_ns + kRecentNs >= now_ns();
}

std::vector<Interval> Names::history(const Address& address) const {
  std::vector<Interval> out;
  if (const Shard* shard = shards_[shard_of(address)].get(); shard != nullptr) {
    bool is_node = false;
    for (const Shard::Slot& slot : shard->slots()) {
      if (!slot.used || slot.address != address) continue;
      is_node = is_node || slot.is_node;
      append(*shard, slot, out);
    }
    if (is_node && node_ports_ != nullptr) {
      const std::size_t own = out.size();
      for (const Shard::Slot& slot : node_ports_->slots())
        if (slot.used) append(*node_ports_, slot, out);
      for (std::size_t i = own; i < out.size(); ++i) out[i].address = address;
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Interval& a, const Interval& b) { return a.from_ns > b.from_ns; });
  if (static_map_ != nullptr)
    if (std::shared_ptr<const Party> party = static_map_->find_shared(address))
      out.push_back({address, 0, 0, kForever, std::move(party)});
  return out;
}

const Party* Names::find_external(std::string_view dns_name) const {
  if (external_ == nullptr || external_->empty()) return nullptr;
  for (const std::string_view name : {dns_name, cluster_name_of(dns_name)})
    if (const auto found = external_->find(std::string(name)); found != external_->end())
      return found->second.get();
  return nullptr;
}

NamesBoard::NamesBoard(std::shared_ptr<const StaticMap> static_map) : static_map_(std::move(static_map)) {
  auto names = std::make_shared<Names>();
  names->static_map_ = static_map_;
  current_ = std::move(names);
}

std::shared_ptr<const Names> NamesBoard::current() const {
  const std::lock_guard lock(guard_);
  return current_;
}

bool NamesBoard::refresh(std::shared_ptr<const Names>& held, std::uint64_t& held_generation) const {
  if (held != nullptr && held_generation == generation_.load(std::memory_order_acquire)) return false;
  const std::lock_guard lock(guard_);
  held = current_;
  held_generation = generation_.load(std::memory_order_relaxed);
  return true;
}

void NamesBoard::publish(const std::shared_ptr<Names>& names) {
  std::shared_ptr<const Names> old;  // let go of when the guard is free
  const std::lock_guard lock(guard_);
  names->static_map_ = static_map_;
  old = std::exchange(current_, names);
  generation_.fetch_add(1, std::memory_order_release);
}

void NamesBoard::set_static_map(std::shared_ptr<const StaticMap> static_map) {
  const std::lock_guard lock(guard_);
  auto names = std::make_shared<Names>(*current_);
  static_map_ = static_map;
  names->static_map_ = std::move(static_map);
  current_ = std::move(names);
  generation_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const StaticMap> NamesBoard::static_map() const {
  const std::lock_guard lock(guard_);
  return static_map_;
}

}  // namespace spanlight
