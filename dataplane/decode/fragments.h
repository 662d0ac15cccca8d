#pragma once
// IP reassembly of one worker, bounded in memory and time. Our own because rte_ip_frag loses datagrams of nine or more
// fragments and any with a duplicated fragment, which mirrors make. Duplicates are ignored, the first copy of an
// overlap wins and a differing one is counted.

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

  FragmentReassembler(SlabPool& slabs, FragmentCounters& counters);
  ~FragmentReassembler();
  FragmentReassembler(const FragmentReassembler&) = delete;
  FragmentReassembler& operator=(const FragmentReassembler&) = delete;

  // `payload`: the fragment's captured bytes. Returns the whole transport datagram once it is complete, otherwise empty.
  // The view stays good until the next call of add() or expire().
  Bytes add(const Fragment& fragment, Bytes payload, TimeNs now);

  // Gives up what is older than the timeout; at most `budget` datagrams a call.
  void expire(TimeNs now, std::size_t budget);

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace spanlight
