#pragma once
// IP reassembly of one worker, bounded in memory and time. Our own because rte_ip_frag loses datagrams of
// nine or more fragments and any with a duplicated fragment, which mirrors make. Duplicates are ignored, the
// first copy of an overlap wins and a differing one is counted.

#include <cstddef>
#include <memory>

#include "core/slab.h"
#include "decode/packet.h"

namespace spanlight {

struct FragmentCounters {
  std::uint64_t datagrams = 0;   // put together
  std::uint64_t duplicates = 0;  // fragments that said nothing new
  std::uint64_t overlaps = 0;    // fragments that contradicted an earlier one: first copy kept
  std::uint64_t expired = 0;     // datagrams given up after the timeout
  std::uint64_t evicted = 0;     // datagrams given up because a newer one needed the room
  std::uint64_t refused = 0;     // fragments refused: no slab, too long, cut short by the capture, malformed
};

class FragmentReassembler {
 public:
  static constexpr std::size_t kDatagramsMax = 1'024;
  static constexpr DurationNs kTimeoutNs = 30 * kSecondNs;
  static constexpr std::uint32_t kDatagramBytesMax = 65'535;
  static constexpr std::size_t kHolesMax = 32;  // a datagram's pieces that do not touch each other

  // How long a finished datagram is remembered, so that the mirror's second copies of its fragments do not
  // wait for the timeout as a datagram of their own. Far less than a sender needs to come back to the same
  // identification.
  static constexpr DurationNs kRememberNs = 100 * kMillisecondNs;

  // Slab memory of all unfinished datagrams together: fragments may not starve TCP reassembly, which shares
  // the slabs.
  static constexpr std::size_t kHeldBytesMax = 8'388'608;

  FragmentReassembler(SlabPool& slabs, FragmentCounters& counters);
  ~FragmentReassembler();
  FragmentReassembler(const FragmentReassembler&) = delete;
  FragmentReassembler& operator=(const FragmentReassembler&) = delete;

  // `payload`: the fragment's captured bytes. Returns the whole transport datagram once it is complete,
  // otherwise empty. The view stays good until the next but one call of add() or the next of expire(): so
  // what it carries may itself be a fragment and be added. On completion `first` (if given) has the offset
  // 0's protocol, as decode_datagram() needs it: only the first fragment of an IPv6 datagram is sure to tell
  // it (RFC 8200, 4.5).
  Bytes add(const Fragment& fragment, Bytes payload, TimeNs now);
  Bytes add(const Fragment& fragment, Bytes payload, TimeNs now, Fragment& first);

  // Gives up what is older than the timeout; at most `budget` datagrams a call.
  void expire(TimeNs now, std::size_t budget);

  std::size_t waiting() const;     // unfinished datagrams
  std::size_t held_bytes() const;  // slab blocks of them and of the last two finished ones

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace spanlight
