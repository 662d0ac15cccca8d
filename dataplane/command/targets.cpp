#include "command/targets.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <chrono>
#include <cstring>

namespace spanlight {

namespace {

constexpr std::size_t kSlotsMin = 16;

// Mixes both halves into all bits (the finaliser of MurmurHash3). The addresses come from the control process
// alone.
std::size_t hash_of(const IpAddress& address) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, address.bytes.data(), sizeof(high));
  std::memcpy(&low, address.bytes.data() + sizeof(high), sizeof(low));
  std::uint64_t h = low ^ std::rotl(high, 32) * 0x9e3779b97f4a7c15ULL;
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdULL;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return static_cast<std::size_t>(h ^ (h >> 33));
}

TimeNs system_time() {
  return static_cast<TimeNs>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                 std::chrono::system_clock::now().time_since_epoch())
                                 .count());
}

}  // namespace

TargetSet::TargetSet(bool only, std::span<const IpAddress> addresses,
                     std::unique_ptr<const TargetFilter> filter)
    : only_(only), filter_(std::move(filter)) {
  // At most half full, so that a probe for an absent address ends soon, and always ends.
  slots_.resize(std::bit_ceil(std::max(kSlotsMin, addresses.size() * 2)));
  const std::size_t mask = slots_.size() - 1;
  for (const IpAddress& address : addresses) {
    if (address == IpAddress{}) {
      size_ += holds_zero_ ? 0 : 1;
      holds_zero_ = true;
      continue;
    }
    std::size_t at = hash_of(address) & mask;
    while (slots_[at] != IpAddress{} && slots_[at] != address) at = (at + 1) & mask;
    if (slots_[at] == address) continue;
    slots_[at] = address;
    ++size_;
  }
}

std::size_t TargetSet::slot_of(const IpAddress& address) const {
  if (slots_.empty()) return kNowhere;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash_of(address) & mask;; at = (at + 1) & mask) {
    if (slots_[at] == address) return at;
    if (slots_[at] == IpAddress{}) return kNowhere;
  }
}

bool TargetSet::contains(const IpAddress& address) const {
  return address == IpAddress{} ? holds_zero_ : slot_of(address) != kNowhere;
}

TimeNs TargetSet::since(const IpAddress& address) const {
  if (address == IpAddress{}) return holds_zero_ ? zero_since_ : kNever;
  const std::size_t at = slot_of(address);
  return at == kNowhere ? kNever : since_[at];
}

TimeNs TargetSet::since(const IpAddress& a, const IpAddress& b) const {
  return only_ ? std::min(since(a), since(b)) : 0;
}

// What the set before this one captured too goes on; the rest begins now.
void TargetSet::follow(const TargetSet& previous, TimeNs now) {
  const auto begins = [&](const IpAddress& address) {
    if (previous.filter_ != nullptr) return now;
    if (!previous.only_) return TimeNs{0};
    return std::min(previous.since(address), now);
  };
  zero_since_ = begins(IpAddress{});
  since_.resize(slots_.size());
  for (std::size_t at = 0; at < slots_.size(); ++at)
    if (slots_[at] != IpAddress{}) since_[at] = begins(slots_[at]);
}

TargetBoard::TargetBoard(std::uint16_t workers) : workers_(workers), owned_(std::make_unique<TargetSet>()) {
  const std::uint32_t threads = std::max<std::uint32_t>(workers, 1);
  const std::size_t bytes = (rte_rcu_qsbr_get_memsize(threads) + RTE_CACHE_LINE_SIZE - 1) /
                            RTE_CACHE_LINE_SIZE * RTE_CACHE_LINE_SIZE;
  qsbr_.reset(static_cast<rte_rcu_qsbr*>(std::aligned_alloc(RTE_CACHE_LINE_SIZE, bytes)));
  // At start, before there is any traffic: there is nothing to go on with.
  if (qsbr_ == nullptr || rte_rcu_qsbr_init(qsbr_.get(), threads) != 0) std::abort();
  for (std::uint32_t i = 0; i < threads; ++i)
    if (rte_rcu_qsbr_thread_register(qsbr_.get(), i) != 0) std::abort();
  current_.store(owned_.get(), std::memory_order_release);
}

TargetBoard::~TargetBoard() = default;

TargetReader TargetBoard::reader(std::uint16_t worker) {
  assert(worker < workers_);
  TargetReader reader;
  reader.qsbr_ = qsbr_.get();
  reader.current_ = &current_;
  reader.id_ = worker;
  return reader;
}

bool TargetBoard::publish(std::unique_ptr<TargetSet> set) {
  if (reclaim() >= kRetiredMax) return false;
  const std::uint64_t generation = generation_.load(std::memory_order_relaxed) + 1;
  set->generation_ = generation;
  set->follow(*owned_, system_time());
  current_.store(set.get(), std::memory_order_release);
  generation_.store(generation, std::memory_order_relaxed);
  // Whoever reports a quiescent state from here on can no longer hold the old set.
  retired_.push_back({std::move(owned_), rte_rcu_qsbr_start(qsbr_.get())});
  owned_ = std::move(set);
  return true;
}

std::size_t TargetBoard::reclaim() {
  std::erase_if(retired_, [this](const Retired& old) {
    return rte_rcu_qsbr_check(qsbr_.get(), old.token, false) == 1;
  });
  return retired_.size();
}

}  // namespace spanlight
