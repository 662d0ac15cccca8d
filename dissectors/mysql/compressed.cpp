#include "mysql/compressed.h"

#include <algorithm>

#include "mysql/parse.h"

namespace spanlight::mysql {
namespace {

struct Outer {
  std::uint32_t length, inflated;
  std::uint8_t sequence;
};

Outer outer_of(Bytes in) {
  const Header first = header_of(in);
  return {.length = first.length,
          .inflated = static_cast<std::uint32_t>(in[4] | in[5] << 8 | in[6] << 16),
          .sequence = first.sequence};
}

// Of zlib's header with the default window.
constexpr std::uint8_t kZlib = 0x78;

}  // namespace

std::size_t Compressed::find_start(Direction from, Bytes window, bool& found) {
  constexpr std::size_t kLookBytes = kHeaderBytes + mysql::kHeaderBytes;
  const std::uint8_t turn = from == Direction::c2s ? 0 : 1;
  for (std::size_t at = 0; at < window.size(); ++at) {
    const Bytes rest = window.subspan(at);
    if (rest.size() < kLookBytes) return at;
    const Outer outer = outer_of(rest);
    if (outer.sequence != turn || outer.length == 0) continue;
    const Header inner = header_of(rest.subspan(kHeaderBytes));
    const bool plain = outer.inflated == 0 && inner.sequence == turn && inner.length > 0 &&
                       inner.length + mysql::kHeaderBytes <= outer.length;
    const bool deflated = outer.inflated > outer.length && rest[kHeaderBytes] == kZlib;
    if (!plain && !deflated) continue;
    found = true;
    return at;
  }
  return window.size();
}

bool Compressed::begin_packet(Workshop& workshop, Direction from, Bytes header, std::uint64_t start) {
  Side& side = sides_[index_of(from)];
  const Outer outer = outer_of(header);
  if (outer.length == 0) return false;
  side.left = outer.length;
  side.start = start;
  side.deflated = outer.inflated != 0;
  return !side.deflated || side.inflater.begin(workshop);
}

void Compressed::lose(Workshop& workshop, Direction from) {
  Side& side = sides_[index_of(from)];
  side.inflater.end(workshop);
  side.within.release(workshop);
  const std::uint64_t left = side.left;
  side = Side{};
  side.left = left;
  side.lost = true;
}

void Compressed::gap(Direction from, std::uint64_t missing) {
  std::uint64_t& left = sides_[index_of(from)].left;
  left -= std::min(left, missing);
}

void Compressed::release(Workshop& workshop) {
  for (Side& side : sides_) {
    side.inflater.end(workshop);
    side.within.release(workshop);
    side = Side{};
  }
}

}  // namespace spanlight::mysql
