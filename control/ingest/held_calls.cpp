#include "ingest/held_calls.h"

#include <algorithm>

namespace spanlight {
namespace {

std::uint64_t time_of(const wire::Record& record) {
  return record.timestamp() != 0 ? record.timestamp() : record.response_timestamp();
}

bool settled(const CallEnd& end, const wire::Address& address, std::uint64_t time_ns,
             const NameState& names) {
  return end.party != nullptr || !names.may_still_come(address, time_ns);
}

// Each part of a batch keeps the whole message alive. Together they tell its size once, so that it fits
// whatever bounds what waits behind here.
std::size_t take_share(NamedBatch& from, std::size_t calls, std::size_t of_calls) {
  const std::size_t share = from.bytes_size * calls / of_calls;
  from.bytes_size -= share;
  return share;
}

}  // namespace

bool name_call(Call& call, const NameState& names) {
  const wire::Record& record = *call.record;
  const std::uint64_t time = time_of(record);
  call.src = names.end_of(*record.src(), record.src_port(), time);
  call.dst = names.end_of(*record.dst(), record.dst_port(), time);
  return settled(call.src, *record.src(), time, names) && settled(call.dst, *record.dst(), time, names);
}

void HeldCalls::hold(NamedBatch& batch, const std::vector<std::size_t>& waiting) {
  const std::size_t room = std::min(waiting.size(), calls_max_ - size_);
  counters_.overflowed += waiting.size() - room;
  if (room == 0) return;
  NamedBatch part{batch.bytes, nullptr, batch.batch, {}, 0, batch.received_ns};
  part.bytes_size = take_share(batch, room, batch.calls.size());
  part.calls.reserve(room);
  std::size_t next = 0, kept = 0;
  for (std::size_t i = 0; i < batch.calls.size(); ++i) {
    if (next < room && waiting[next] == i) {
      part.calls.push_back(batch.calls[i]);
      ++next;
    } else {
      batch.calls[kept++] = batch.calls[i];
    }
  }
  batch.calls.resize(kept);
  size_ += room;
  counters_.held += room;
  held_.push_back({std::move(part), batch.received_ns + hold_ns_});
}

std::shared_ptr<NamedBatch> HeldCalls::release(Held& held, const std::shared_ptr<const NameState>& names,
                                               bool all) {
  auto out = std::make_shared<NamedBatch>(
      NamedBatch{held.batch.bytes, names, held.batch.batch, {}, 0, held.batch.received_ns});
  const std::size_t waited = held.batch.calls.size();
  std::erase_if(held.batch.calls, [&](Call& call) {
    const bool has_names = name_call(call, *names);
    if (!has_names && !all) return false;
    ++(has_names ? counters_.named_late : counters_.expired);
    out->calls.push_back(call);
    return true;
  });
  out->bytes_size = take_share(held.batch, out->calls.size(), waited);
  size_ -= out->calls.size();
  return out;
}

std::vector<std::shared_ptr<NamedBatch>> HeldCalls::release(const std::shared_ptr<const NameState>& names,
                                                            std::uint64_t now_ns) {
  std::vector<std::shared_ptr<NamedBatch>> released;
  const bool new_names = names != tried_;
  tried_ = names;
  for (Held& held : held_) {
    const bool due = held.deadline_ns <= now_ns;
    if (!due && !new_names) break;  // by deadline: nothing behind is due either
    auto part = release(held, names, due);
    if (!part->calls.empty()) released.push_back(std::move(part));
  }
  std::erase_if(held_, [](const Held& held) { return held.batch.calls.empty(); });
  if (held_.empty()) tried_.reset();
  return released;
}

std::vector<std::shared_ptr<NamedBatch>> HeldCalls::release_all(
    const std::shared_ptr<const NameState>& names) {
  return release(names, ~std::uint64_t{0});
}

}  // namespace spanlight
