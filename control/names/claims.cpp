#include "names/claims.h"

#include <algorithm>

namespace spanlight {
namespace {

void sort_by_beginning(std::vector<Claim>& claims) {
  std::stable_sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) {
    return a.from_lo != b.from_lo ? a.from_lo < b.from_lo : a.from_hi < b.from_hi;
  });
}

// Two do not have an address at once: what ended within the range in which a claim begins, and before that
// claim ended, was over when it began. Without this an old object that got a younger one's address would be
// taken for the one before. Takes claims by their beginning, and leaves them so.
void begin_after_what_ended(std::vector<Claim>& claims) {
  for (std::size_t i = 0; i < claims.size(); ++i) {
    Claim& claim = claims[i];
    for (std::size_t j = i + 1; j < claims.size() && claims[j].from_lo <= claim.from_hi; ++j) {
      const Claim& other = claims[j];
      if (other.end_lo <= claim.from_hi && other.end_hi < claim.end_lo)
        claim.from_lo = std::max(claim.from_lo, std::min(other.end_hi, claim.from_hi));
    }
  }
  sort_by_beginning(claims);
}

// Claims of one rank, by their beginning: where one begins, the one before ends. Where it cannot be told
// which of two had the address, nobody has: no name is better than a wrong one. Four cases of the one before:
// - ended for certain until then: each keeps its own time
// - ended within the range of beginning: it lasts until it was last known, the next from when the end was
//   told; where the end was watched, they meet
// - goes on, the beginning is known to a second: it lasts until the second begins, the next from its end
// - goes on, the beginning is hardly known: the newest claim wins from its earliest
void resolve_rank(const std::vector<Claim>& claims, std::vector<Span>& out) {
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const Claim& claim = claims[i];
    Span span{claim.from_lo, claim.end_lo, claim.party};
    if (!out.empty()) {
      const Claim& before = claims[i - 1];
      std::uint64_t& until = out.back().until_ns;
      if (before.end_hi <= claim.from_lo) {
        until = std::min(until, before.end_hi);
      } else if (before.end_lo <= claim.from_hi) {
        span.from_ns = std::max(claim.from_lo, std::min(before.end_hi, claim.from_hi));
      } else {
        until = std::min(until, claim.from_lo);
        if (claim.sharp) span.from_ns = claim.from_hi;
      }
    }
    out.push_back(std::move(span));
  }
  // Ranges of three that lie in one another may have met out of order: the newest wins here too.
  std::uint64_t limit = ~std::uint64_t{0};
  for (auto span = out.rbegin(); span != out.rend(); ++span) {
    span->until_ns = std::min(span->until_ns, limit);
    limit = std::min(limit, span->from_ns);
  }
  std::erase_if(out, [](const Span& span) { return span.until_ns <= span.from_ns; });
}

// What of `lower` is not covered by `upper`; both sorted and free of overlaps.
std::vector<Span> overlay(const std::vector<Span>& upper, const std::vector<Span>& lower) {
  std::vector<Span> out = upper;
  for (const Span& span : lower) {
    std::uint64_t at = span.from_ns;
    for (const Span& cover : upper) {
      if (cover.until_ns <= at) continue;
      if (cover.from_ns >= span.until_ns) break;
      if (cover.from_ns > at) out.push_back({at, cover.from_ns, span.party});
      at = std::max(at, cover.until_ns);
    }
    if (at < span.until_ns) out.push_back({at, span.until_ns, span.party});
  }
  std::sort(out.begin(), out.end(), [](const Span& a, const Span& b) { return a.from_ns < b.from_ns; });
  return out;
}

// Services may share an address. The newest has it; where that one is gone, who had it all the time.
std::vector<Span> shared(const std::vector<Claim>& claims, std::vector<Span> spans) {
  for (std::size_t i = claims.size() - 1; i-- > 0;) {
    const Claim& claim = claims[i];
    if (claim.end_lo > claims[i + 1].from_lo && claim.end_lo > claim.from_hi)
      spans = overlay(spans, {{claim.from_hi, claim.end_lo, claim.party}});
  }
  return spans;
}

}  // namespace

std::vector<Span> resolve(const std::vector<Claim>& claims, std::uint16_t port) {
  std::vector<Span> result;
  for (std::size_t rank = 0; rank < kRanks; ++rank) {
    std::vector<Claim> mine;
    for (const Claim& claim : claims)
      if (claim.port == port && static_cast<std::size_t>(claim.rank) == rank && claim.party != nullptr)
        mine.push_back(claim);
    if (mine.empty()) continue;
    sort_by_beginning(mine);
    begin_after_what_ended(mine);
    std::vector<Span> spans;
    resolve_rank(mine, spans);
    if (rank >= static_cast<std::size_t>(Rank::service)) spans = shared(mine, std::move(spans));
    result = result.empty() ? std::move(spans) : overlay(result, spans);
  }
  return result;
}

}  // namespace spanlight
