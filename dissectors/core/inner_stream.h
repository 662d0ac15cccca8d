#pragma once
// A stream within a stream, taken out of its packets piece by piece and shown to a reader that answers as a
// dissector does: what it leaves is kept in the worker's preview slabs (64 KiB at most) and shown again with
// more behind it. Plain data; its holder releases it.

#include <cstdint>

#include "core/dissector.h"
#include "core/slab_buffer.h"

namespace spanlight {

class InnerStream {
 public:
  // `as`: the offset, time and acknowledgement that the pieces are shown with. `read(const Window&) ->
  // Answer` may answer data, wait or resync. False: lost, because the reader said so or there was no memory.
  template <typename Read>
  bool feed(Workshop& workshop, Bytes within, const Window& as, const Read& read) {
    Bytes shown = within;
    if (kept_.size() > 0) {
      if (!keep(workshop, kept_, within)) return false;
      shown = kept_.bytes();
      if (shown.size() < wanted_) return true;
    }
    const Answer answer =
        read(Window{.bytes = shown, .offset = as.offset, .time = as.time, .peer_acked = as.peer_acked});
    if (answer.want != Answer::Want::data && answer.want != Answer::Want::wait) return false;
    wanted_ = answer.want == Answer::Want::wait ? answer.n : 0;
    SlabBuffer rest;
    const bool stored = keep(workshop, rest, shown.subspan(answer.consumed));
    kept_.release(workshop.previews);
    kept_ = rest;
    return stored;
  }

  bool empty() const { return kept_.size() == 0; }
  void release(Workshop& workshop) {
    kept_.release(workshop.previews);
    wanted_ = 0;
  }

 private:
  static bool keep(Workshop& workshop, SlabBuffer& to, Bytes within) {
    if (to.append(workshop.previews, within)) return true;
    ++workshop.counters.preview_exhausted;
    return false;
  }

  SlabBuffer kept_;
  std::uint64_t wanted_ = 0;  // the reader waits for so much
};

}  // namespace spanlight
