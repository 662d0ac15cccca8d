#pragma once
// What FragmentReassembler must yield, the plain way: a datagram is a row of bytes, each there or not. Knows
// nothing of eviction: not for more datagrams or bytes than the reassembler holds.

#include <algorithm>
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
      put(d, f.offset_in_datagram, payload.first(f.payload_wire_bytes));
      if (!f.more) d.length = f.offset_in_datagram + f.payload_wire_bytes;
      d.done = d.length != 0 && d.present == d.length;
      if (d.done) d.since = now;
      require(whole.size() == (d.done ? d.length : 0));
      require(std::equal(whole.begin(), whole.end(), d.bytes.begin()));
    } else {
      require(whole.empty());
    }
    // Refused, and so not begun.
    if (d.present == 0) datagrams_.erase(datagrams_.begin() + (&d - datagrams_.data()));
  }

 private:
  struct Datagram {
    Fragment key;
    TimeNs since;
    bool done = false;
    std::size_t length = 0;  // 0: not known
    std::size_t present = 0;
    std::vector<std::uint8_t> bytes = {};
    std::vector<bool> there = {};
  };

  static void require(bool condition) {
    if (!condition) std::abort();
  }

  Datagram& find(const Fragment& f, TimeNs now) {
    for (Datagram& d : datagrams_) {
      const bool same = d.key.id == f.id && d.key.src == f.src && d.key.dst == f.dst &&
                        (d.key.protocol == f.protocol || !f.src.is_v4()) && d.key.tunnel == f.tunnel &&
                        d.key.tunnel_id == f.tunnel_id && d.key.vlan == f.vlan;
      if (!same) continue;
      const DurationNs age = d.done ? FragmentReassembler::kRememberNs : FragmentReassembler::kTimeoutNs;
      if (now > d.since && now - d.since > age) d = {.key = f, .since = now};
      return d;
    }
    return datagrams_.emplace_back(Datagram{.key = f, .since = now});
  }

  // The first copy of each byte counts.
  static void put(Datagram& d, std::size_t begin, Bytes piece) {
    const std::size_t size = std::max(d.bytes.size(), begin + piece.size());
    d.bytes.resize(size);
    d.there.resize(size);
    for (std::size_t i = 0; i < piece.size(); ++i) {
      if (d.there[begin + i]) continue;
      d.bytes[begin + i] = piece[i];
      d.there[begin + i] = true;
      ++d.present;
    }
  }

  std::vector<Datagram> datagrams_;
};

}  // namespace spanlight
