#include "core/preview.h"

#include <algorithm>

namespace spanlight {

void Preview::expect(Workshop& workshop, std::uint64_t bytes) {
  // A refusal is not counted here: append() tries again with less.
  if (!closed_ && buffer_.size() == 0 && bytes > 0 && limit(workshop.limits) > 0)
    buffer_.reserve(workshop.previews,
                    static_cast<std::size_t>(std::min<std::uint64_t>(bytes, limit(workshop.limits))));
}

void Preview::append(Workshop& workshop, Bytes body) {
  if (body.empty() || full(workshop.limits)) return;
  const std::size_t wanted = std::min(body.size(), limit(workshop.limits) - buffer_.size());
  if (buffer_.append(workshop.previews, body.first(wanted))) {
    if (wanted < body.size()) closed_ = true;
    return;
  }
  // The slabs are exhausted: fill the block at hand, then give up growing.
  ++workshop.counters.preview_exhausted;
  buffer_.append(workshop.previews, body.first(std::min(wanted, buffer_.capacity() - buffer_.size())));
  closed_ = true;
}

}  // namespace spanlight
