#include "names/shard.h"

#include <algorithm>

namespace spanlight {

namespace {
constexpr std::size_t kSpansMax = 65'535;  // of one key; the newest are kept
}

void Shard::add(const Key& key, const std::vector<Span>& spans) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = hash_of(key.address, key.port) & mask;
  while (slots_[i].used) i = (i + 1) & mask;
  Slot& slot = slots_[i];
  slot.used = true;
  slot.address = key.address;
  slot.port = key.port;
  slot.has_ports = key.has_ports;
  slot.is_node = key.is_node;
  slot.first = static_cast<std::uint32_t>(spans_.size());
  slot.count = static_cast<std::uint16_t>(std::min(spans.size(), kSpansMax));
  spans_.insert(spans_.end(), spans.rbegin(), spans.rbegin() + slot.count);
  if (slot.count == 0) return;
  slot.from_ns = spans.back().from_ns;
  slot.until_ns = spans.back().until_ns;
  slot.party = spans.back().party.get();
}

// Of spans that do not overlap, newest first: the first that begins at or before the time.
const Party* Shard::older(const Slot& slot, std::uint64_t time_ns) const {
  const auto begin = spans_.begin() + slot.first, end = begin + slot.count;
  const auto found =
      std::partition_point(begin, end, [time_ns](const Span& span) { return span.from_ns > time_ns; });
  return found != end && time_ns < found->until_ns ? found->party.get() : nullptr;
}

}  // namespace spanlight
