#include "decode/fragments.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "decode/flow_key_hash.h"

namespace spanlight {

namespace {

constexpr std::uint16_t kNone = 0xffff;
constexpr std::size_t kBuckets = 2'048;
constexpr std::uint32_t kLengthUnknown = 0xffffffff;

// The bytes [begin, end) of the datagram are there.
struct Piece {
  std::uint32_t begin, end;
};

struct Datagram {
  IpAddress src, dst;
  std::uint32_t id;
  std::uint32_t tunnel_id;
  std::uint16_t vlan;
  Tunnel tunnel;
  std::uint8_t protocol;  // IPv4: part of the key. IPv6: of the first fragment, or of any until that has come
  bool done;              // remembered only
  std::uint8_t pieces_count;
  std::uint16_t bucket_next;   // in its bucket, or in the free list
  std::uint16_t older, newer;  // in its queue
  TimeNs since;                // of the first fragment, or when it was done
  std::uint32_t length;        // once the last fragment has come
  MutableBytes block;
  std::array<Piece, FragmentReassembler::kHolesMax> pieces;  // sorted; they neither overlap nor touch
};

// Oldest first.
struct Queue {
  std::uint16_t oldest = kNone, newest = kNone;
  std::size_t size = 0;
};

// RFC 791: source, destination, protocol, identification. RFC 8200 leaves the protocol out, since it may
// differ. Addresses of one network are not those of another.
bool same(const Datagram& d, const Fragment& f) {
  return d.id == f.id && d.src == f.src && d.dst == f.dst && (d.protocol == f.protocol || !f.src.is_v4()) &&
         d.tunnel == f.tunnel && d.tunnel_id == f.tunnel_id && d.vlan == f.vlan;
}

std::size_t bucket_of(const Fragment& f) {
  std::uint64_t w[4];
  std::memcpy(w, f.src.bytes.data(), 16);
  std::memcpy(w + 2, f.dst.bytes.data(), 16);
  const auto& seed = kFlowHashSeed.word;
  using flow_hash_detail::fold;
  const std::uint64_t ends = fold(w[0] ^ seed[0], w[1] ^ seed[1]) + fold(w[2] ^ seed[2], w[3] ^ seed[3]);
  const std::uint64_t datagram = std::uint64_t{f.tunnel_id} << 32 | f.id;
  return static_cast<std::size_t>(fold(ends ^ f.vlan ^ seed[4], datagram ^ seed[5])) % kBuckets;
}

// What a fragment says about bytes that are there already.
struct Overlap {
  bool fresh = false;    // it brings bytes that were missing
  bool differs = false;  // it contradicts bytes that were there
};

// Copies what is missing; the first copy of every byte stays.
Overlap fill(const Datagram& d, std::uint32_t begin, Bytes payload) {
  Overlap overlap;
  std::uint32_t at = begin;
  const auto end = static_cast<std::uint32_t>(begin + payload.size());
  const auto copy_until = [&](std::uint32_t stop) {
    if (stop <= at) return;
    std::memcpy(d.block.data() + at, payload.data() + (at - begin), stop - at);
    overlap.fresh = true;
  };
  for (std::size_t i = 0; i < d.pieces_count; ++i) {
    const Piece& piece = d.pieces[i];
    if (piece.end <= at) continue;
    if (piece.begin >= end) break;
    copy_until(piece.begin);
    const std::uint32_t from = std::max(at, piece.begin), to = std::min(end, piece.end);
    if (std::memcmp(d.block.data() + from, payload.data() + (from - begin), to - from) != 0)
      overlap.differs = true;
    at = to;
  }
  copy_until(end);
  return overlap;
}

// The index of the first piece that [begin, ...) touches or that lies behind it.
std::size_t place_of(const Datagram& d, std::uint32_t begin) {
  std::size_t i = 0;
  while (i < d.pieces_count && d.pieces[i].end < begin) ++i;
  return i;
}

// False if there is no room for one more piece.
bool has_room(const Datagram& d, std::uint32_t begin, std::uint32_t end) {
  const std::size_t i = place_of(d, begin);
  const bool joins = i < d.pieces_count && d.pieces[i].begin <= end;
  return joins || d.pieces_count < d.pieces.size();
}

// Adds [begin, end) to the pieces and joins those that now touch.
void mark(Datagram& d, std::uint32_t begin, std::uint32_t end) {
  const std::size_t i = place_of(d, begin);
  std::size_t j = i;
  while (j < d.pieces_count && d.pieces[j].begin <= end) {
    begin = std::min(begin, d.pieces[j].begin);
    end = std::max(end, d.pieces[j].end);
    ++j;
  }
  const auto pieces = d.pieces.begin();
  const auto count = d.pieces_count;
  if (i == j) {
    std::copy_backward(pieces + static_cast<std::ptrdiff_t>(i), pieces + count, pieces + count + 1);
    ++d.pieces_count;
  } else {
    std::copy(pieces + static_cast<std::ptrdiff_t>(j), pieces + count,
              pieces + static_cast<std::ptrdiff_t>(i) + 1);
    d.pieces_count = static_cast<std::uint8_t>(count - (j - i) + 1);
  }
  d.pieces[i] = {begin, end};
}

}  // namespace

struct FragmentReassembler::Table {
  Table(SlabPool& s, FragmentCounters& c) : slabs(s), counters(c) {
    buckets.fill(kNone);
    for (std::size_t i = kDatagramsMax; i > 0; --i) {
      datagrams[i - 1].bucket_next = free;
      free = static_cast<std::uint16_t>(i - 1);
    }
  }

  void unlink_from_bucket(std::uint16_t index);
  void enqueue(Queue& queue, std::uint16_t index);
  void dequeue(Queue& queue, std::uint16_t index);
  void drop(std::uint16_t index);
  void make_room();
  std::uint16_t open(const Fragment& f, TimeNs now);
  std::uint16_t find_or_open(const Fragment& f, TimeNs now);
  bool grow(std::uint16_t index, std::uint32_t bytes);
  bool fits(const Datagram& d, const Fragment& f, std::uint32_t end) const;
  Bytes finish(std::uint16_t index, TimeNs now, Fragment& first);
  Bytes add(const Fragment& f, Bytes payload, TimeNs now, Fragment& first);

  SlabPool& slabs;
  FragmentCounters& counters;
  std::array<Datagram, kDatagramsMax> datagrams{};
  std::array<std::uint16_t, kBuckets> buckets{};
  std::uint16_t free = kNone;
  Queue waiting, done;
  std::size_t held_bytes = 0;
  // The last two finished datagrams: one may hold the fragment that completes the other.
  std::array<MutableBytes, 2> finished{};
};

void FragmentReassembler::Table::unlink_from_bucket(std::uint16_t index) {
  const Datagram& d = datagrams[index];
  const Fragment key = {.src = d.src, .dst = d.dst, .id = d.id, .vlan = d.vlan, .tunnel_id = d.tunnel_id};
  std::uint16_t* link = &buckets[bucket_of(key)];
  while (*link != index) link = &datagrams[*link].bucket_next;
  *link = d.bucket_next;
}

void FragmentReassembler::Table::enqueue(Queue& queue, std::uint16_t index) {
  Datagram& d = datagrams[index];
  d.older = queue.newest;
  d.newer = kNone;
  (queue.newest == kNone ? queue.oldest : datagrams[queue.newest].newer) = index;
  queue.newest = index;
  ++queue.size;
}

void FragmentReassembler::Table::dequeue(Queue& queue, std::uint16_t index) {
  const Datagram& d = datagrams[index];
  (d.older == kNone ? queue.oldest : datagrams[d.older].newer) = d.newer;
  (d.newer == kNone ? queue.newest : datagrams[d.newer].older) = d.older;
  --queue.size;
}

void FragmentReassembler::Table::drop(std::uint16_t index) {
  Datagram& d = datagrams[index];
  unlink_from_bucket(index);
  dequeue(d.done ? done : waiting, index);
  held_bytes -= d.block.size();
  slabs.give(d.block);
  d.block = {};
  d.bucket_next = free;
  free = index;
}

// What is only remembered goes first, then the oldest unfinished datagram.
void FragmentReassembler::Table::make_room() {
  if (done.oldest != kNone) return drop(done.oldest);
  ++counters.evicted;
  drop(waiting.oldest);
}

std::uint16_t FragmentReassembler::Table::open(const Fragment& f, TimeNs now) {
  if (free == kNone) make_room();
  const std::uint16_t index = free;
  Datagram& d = datagrams[index];
  free = d.bucket_next;
  d.src = f.src;
  d.dst = f.dst;
  d.id = f.id;
  d.tunnel_id = f.tunnel_id;
  d.vlan = f.vlan;
  d.tunnel = f.tunnel;
  d.protocol = f.protocol;
  d.done = false;
  d.pieces_count = 0;
  d.since = now;
  d.length = kLengthUnknown;
  const std::size_t bucket = bucket_of(f);
  d.bucket_next = buckets[bucket];
  buckets[bucket] = index;
  enqueue(waiting, index);
  return index;
}

std::uint16_t FragmentReassembler::Table::find_or_open(const Fragment& f, TimeNs now) {
  std::uint16_t index = buckets[bucket_of(f)];
  while (index != kNone && !same(datagrams[index], f)) index = datagrams[index].bucket_next;
  if (index == kNone) return open(f, now);
  const Datagram& d = datagrams[index];
  if (now <= d.since || now - d.since <= (d.done ? kRememberNs : kTimeoutNs)) return index;
  // The identification came round again.
  if (!d.done) ++counters.expired;
  drop(index);
  return open(f, now);
}

// Makes the block hold at least `bytes`. Older datagrams make room within the share of memory; not beyond it.
bool FragmentReassembler::Table::grow(std::uint16_t index, std::uint32_t bytes) {
  Datagram& d = datagrams[index];
  if (bytes <= d.block.size()) return true;
  while (held_bytes + bytes > kHeldBytesMax && waiting.oldest != index) {
    ++counters.evicted;
    drop(waiting.oldest);
  }
  const MutableBytes block = slabs.take(bytes);
  if (block.empty()) return false;
  for (std::size_t i = 0; i < d.pieces_count; ++i) {
    const Piece& piece = d.pieces[i];
    std::memcpy(block.data() + piece.begin, d.block.data() + piece.begin, piece.end - piece.begin);
  }
  held_bytes += block.size() - d.block.size();
  slabs.give(d.block);
  d.block = block;
  return true;
}

// False if the fragment contradicts the length that another one told, or what is there already.
bool FragmentReassembler::Table::fits(const Datagram& d, const Fragment& f, std::uint32_t end) const {
  if (d.length != kLengthUnknown && (end > d.length || (!f.more && end != d.length))) return false;
  return f.more || d.pieces_count == 0 || d.pieces[d.pieces_count - 1U].end <= end;
}

Bytes FragmentReassembler::Table::finish(std::uint16_t index, TimeNs now, Fragment& first) {
  Datagram& d = datagrams[index];
  ++counters.datagrams;
  first.protocol = d.protocol;
  const Bytes whole = d.block.first(d.length);
  finished[1] = d.block;
  d.block = {};
  dequeue(waiting, index);
  d.done = true;
  d.since = now;
  enqueue(done, index);
  return whole;
}

Bytes FragmentReassembler::Table::add(const Fragment& f, Bytes payload, TimeNs now, Fragment& first) {
  const std::uint32_t bytes = f.payload_wire_bytes, begin = f.offset_in_datagram;
  // Cut short by the capture, empty, not in units of eight, or reaching beyond the longest datagram (ping of
  // death).
  if (bytes == 0 || payload.size() < bytes || (f.more && bytes % 8 != 0) || begin > kDatagramBytesMax ||
      bytes > kDatagramBytesMax - begin) {
    ++counters.refused;
    return {};
  }
  const std::uint32_t end = begin + bytes;
  const std::uint16_t index = find_or_open(f, now);
  Datagram& d = datagrams[index];
  if (d.done) {
    ++counters.duplicates;
    return {};
  }
  if (!fits(d, f, end) || !has_room(d, begin, end) || !grow(index, end)) {
    ++counters.refused;
    if (d.pieces_count == 0) drop(index);
    return {};
  }
  const Overlap overlap = fill(d, begin, payload.first(bytes));
  if (overlap.differs)
    ++counters.overlaps;
  else if (!overlap.fresh)
    ++counters.duplicates;
  mark(d, begin, end);
  if (!f.more) d.length = end;
  if (begin == 0) d.protocol = f.protocol;
  if (d.length == kLengthUnknown || d.pieces_count != 1 || d.pieces[0].begin != 0 ||
      d.pieces[0].end != d.length)
    return {};
  return finish(index, now, first);
}

FragmentReassembler::FragmentReassembler(SlabPool& slabs, FragmentCounters& counters)
    : table_(std::make_unique<Table>(slabs, counters)) {}

FragmentReassembler::~FragmentReassembler() {
  for (const Datagram& d : table_->datagrams) table_->slabs.give(d.block);
  for (const MutableBytes block : table_->finished) table_->slabs.give(block);
}

Bytes FragmentReassembler::add(const Fragment& fragment, Bytes payload, TimeNs now, Fragment& first) {
  Table& t = *table_;
  t.held_bytes -= t.finished[0].size();
  t.slabs.give(t.finished[0]);
  t.finished[0] = t.finished[1];
  t.finished[1] = {};
  first = fragment;
  return t.add(fragment, payload, now, first);
}

Bytes FragmentReassembler::add(const Fragment& fragment, Bytes payload, TimeNs now) {
  Fragment first;
  return add(fragment, payload, now, first);
}

void FragmentReassembler::expire(TimeNs now, std::size_t budget) {
  Table& t = *table_;
  for (MutableBytes& block : t.finished) {
    t.held_bytes -= block.size();
    t.slabs.give(block);
    block = {};
  }
  const auto is_old = [&](const Queue& queue, DurationNs age) {
    if (queue.oldest == kNone) return false;
    const TimeNs since = t.datagrams[queue.oldest].since;
    return now > since && now - since > age;
  };
  for (; budget > 0 && is_old(t.waiting, kTimeoutNs); --budget) {
    ++t.counters.expired;
    t.drop(t.waiting.oldest);
  }
  for (; budget > 0 && is_old(t.done, kRememberNs); --budget) t.drop(t.done.oldest);
}

std::size_t FragmentReassembler::waiting() const {
  return table_->waiting.size;
}
std::size_t FragmentReassembler::held_bytes() const {
  return table_->held_bytes;
}

}  // namespace spanlight
