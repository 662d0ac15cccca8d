#pragma once
// What FragmentReassembler must yield, the plain way: every fragment it took is kept, and a datagram is asked
// for its bytes one by one. Knows nothing of eviction: not for more datagrams or bytes than the reassembler
// holds.

#include <cstdlib>
#include <vector>

#include "decode/fragments.h"

namespace spanlight {

class FragmentShadow {
 public:
  // After add(): `taken` = it was not refused; `whole` = what add() gave.
  void check(const Fragment& f, Bytes payload, TimeNs now, bool taken, Bytes whole) {
    Datagram& d = find(f, now);
    if (taken && !d.done) {
      d.pieces.push_back({f.offset_in_datagram, {payload.begin(), payload.begin() + f.payload_wire_bytes}});
      if (!f.more) d.length = f.offset_in_datagram + f.payload_wire_bytes;
      const std::vector<std::uint8_t> expected = put_together(d);
      require(whole.size() == expected.size());
      require(std::equal(whole.begin(), whole.end(), expected.begin()));
      d.done = !whole.empty();
      if (d.done) d.since = now;
    } else {
      require(whole.empty());
    }
    if (d.pieces.empty()) datagrams_.erase(datagrams_.begin() + (&d - datagrams_.data()));
  }

 private:
  struct Piece {
    std::uint32_t begin;
    std::vector<std::uint8_t> bytes;
  };
  struct Datagram {
    Fragment key;
    TimeNs since;
    bool done = false;
    std::uint32_t length = 0;        // 0: not known
    std::vector<Piece> pieces = {};  // in the order in which they came
  };

  static void require(bool condition) {
    if (!condition) std::abort();
  }

  Datagram& find(const Fragment& f, TimeNs now) {
    for (Datagram& d : datagrams_) {
      const bool same = d.key.id == f.id && d.key.src == f.src && d.key.dst == f.dst &&
                        (d.key.protocol == f.protocol || !f.src.is_v4());
      if (!same) continue;
      const DurationNs age = d.done ? FragmentReassembler::kRememberNs : FragmentReassembler::kTimeoutNs;
      if (now > d.since && now - d.since > age) d = {.key = f, .since = now};
      return d;
    }
    return datagrams_.emplace_back(Datagram{.key = f, .since = now});
  }

  // Empty while a byte is missing. The first copy of each byte counts.
  static std::vector<std::uint8_t> put_together(const Datagram& d) {
    std::vector<std::uint8_t> out(d.length);
    std::vector<bool> there(d.length);
    std::uint32_t missing = d.length;
    for (const Piece& piece : d.pieces) {
      for (std::uint32_t i = 0; i < piece.bytes.size() && missing > 0; ++i) {
        const std::uint32_t at = piece.begin + i;
        require(at < d.length);
        if (there[at]) continue;
        out[at] = piece.bytes[i];
        there[at] = true;
        --missing;
      }
    }
    return missing == 0 ? out : std::vector<std::uint8_t>{};
  }

  std::vector<Datagram> datagrams_;
};

}  // namespace spanlight
