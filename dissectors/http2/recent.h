#pragma once
// Streams that were told before both sides had ended: what still comes on them is nobody's. Ids of one side
// rise by two, so that one bit stands for each of its newest streams. Those that lived for long are older
// than these; of them the last ones that ended are listed.

#include <algorithm>
#include <array>
#include <cstdint>

namespace spanlight::http2 {

template <std::uint32_t kStreams>
class RecentOfSide {
 public:
  // False: it is older than what is remembered.
  bool add(std::uint32_t stream) {
    const std::uint32_t n = stream >> 1;
    if (n >= end_) {
      // Those between were not told early; of what is further back nobody remembers anything.
      for (std::uint32_t at = n - end_ < kStreams ? end_ : n - kStreams + 1; at < n; ++at) set(at, false);
      end_ = n + 1;
    }
    if (!remembers(n)) return false;
    set(n, true);
    return true;
  }
  bool has(std::uint32_t stream) const {
    const std::uint32_t n = stream >> 1;
    return remembers(n) && (bits_[n % kStreams / 64] >> n % 64 & 1) != 0;
  }

 private:
  static_assert(kStreams % 64 == 0);
  bool remembers(std::uint32_t n) const { return n < end_ && end_ - n <= kStreams; }
  void set(std::uint32_t n, bool on) {
    std::uint64_t& word = bits_[n % kStreams / 64];
    const std::uint64_t bit = std::uint64_t{1} << n % 64;
    word = on ? word | bit : word & ~bit;
  }

  std::array<std::uint64_t, kStreams / 64> bits_{};
  std::uint32_t end_ = 0;  // behind the newest one that was added
};

class Recent {
 public:
  static constexpr std::uint32_t kOfClient = 1'024, kOfServer = 64, kOld = 16;

  void add(std::uint32_t stream) {
    const bool noted = (stream & 1) != 0 ? client_.add(stream) : server_.add(stream);
    if (!noted) old_[next_old_++ % kOld] = stream;
  }
  bool has(std::uint32_t stream) const {
    return ((stream & 1) != 0 ? client_.has(stream) : server_.has(stream)) ||
           std::find(old_.begin(), old_.end(), stream) != old_.end();
  }

 private:
  RecentOfSide<kOfClient> client_;
  RecentOfSide<kOfServer> server_;
  std::array<std::uint32_t, kOld> old_{};
  std::uint32_t next_old_ = 0;
};

}  // namespace spanlight::http2
