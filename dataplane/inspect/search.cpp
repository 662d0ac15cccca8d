#include "inspect/search.h"

#include <bit>

namespace spanlight {
namespace {

constexpr std::array<Direction, 2> kBoth = {Direction::c2s, Direction::s2c};

// Of a byte in traffic: half of it is text, and zeros are what most of the other bytes are.
constexpr double likelihood(unsigned byte) {
  constexpr double kText = 0.5 / 95, kOther = 0.35 / 256, kZero = 0.15;
  return kOther + (byte >= ' ' && byte <= '~' ? kText : 0) + (byte == 0 ? kZero : 0);
}

constexpr CandidateMask bit(std::size_t i) {
  return CandidateMask{1} << i;
}

}  // namespace

StartSearch::StartSearch(std::span<const Descriptor* const> candidates)
    : candidates_(candidates.begin(), candidates.end()), bits_(candidates.size()) {
  for (std::size_t c = 0; c < candidates_.size(); ++c) {
    if (candidates_[c]->begins == nullptr) {
      apart_ |= bit(c);
      continue;
    }
    for (const Direction from : kBoth)
      for (const Signs& signs : candidates_[c]->signs(from))
        if (!add(static_cast<std::uint8_t>(c), signs, from)) apart_ |= bit(c);
    if ((apart_ & bit(c)) != 0) bits_[c] = 0;
  }
  fill_tables();
}

// What both sides say alike needs one bit.
bool StartSearch::add(std::uint8_t candidate, const Signs& signs, Direction from) {
  for (std::size_t i = 0; i < signs_.size(); ++i)
    if (owners_[i].candidate == candidate && signs_[i] == signs) {
      owners_[i].directions |= only(from);
      return true;
    }
  if (signs_.size() == kBits) return false;
  bits_[candidate] |= bit(signs_.size());
  signs_.push_back(signs);
  owners_.push_back({candidate, only(from)});
  return true;
}

// Each next place is the one behind which the fewest signs are left.
void StartSearch::order_places() {
  std::vector<double> left(signs_.size(), 1.0);  // of each of the signs, behind the places so far
  const auto share = [&](std::size_t i, std::uint8_t place) {
    double allowed = 0;
    for (unsigned b = 0; b <= 0xff; ++b)
      if (signs_[i].places[place].has(static_cast<std::uint8_t>(b))) allowed += likelihood(b);
    return left[i] * allowed;
  };
  for (std::uint8_t place = 0; place < Signs::kPlaces; ++place) places_[place] = place;
  for (auto next = places_.begin(); next != places_.end(); ++next) {
    const auto all = [&](std::uint8_t place) {
      double sum = 0;
      for (std::size_t i = 0; i < signs_.size(); ++i) sum += share(i, place);
      return sum;
    };
    std::iter_swap(next, std::min_element(next, places_.end(),
                                          [&](std::uint8_t a, std::uint8_t b) { return all(a) < all(b); }));
    for (std::size_t i = 0; i < signs_.size(); ++i) left[i] = share(i, *next);
  }
}

void StartSearch::fill_tables() {
  order_places();
  for (std::size_t rank = 0; rank < Signs::kPlaces; ++rank)
    for (std::size_t i = 0; i < signs_.size(); ++i)
      for (unsigned b = 0; b <= 0xff; ++b)
        if (signs_[i].places[places_[rank]].has(static_cast<std::uint8_t>(b))) allowed_[rank][b] |= bit(i);
}

std::uint64_t StartSearch::bits_of(CandidateMask among) const {
  std::uint64_t out = 0;
  for (; among != 0; among &= among - 1) out |= bits_[static_cast<unsigned>(std::countr_zero(among))];
  return out;
}

// The next place from `at` on where some of `open` may begin, and which; `end`: there is none. Most bytes are
// passed by the first six comparisons, without a branch between them.
std::uint64_t StartSearch::next_allowed(std::uint64_t open, Bytes window, std::size_t& at,
                                        std::size_t end) const {
  constexpr std::size_t kTelling = 6;
  const std::array<std::uint8_t, Signs::kPlaces> place = places_;
  for (; at < end; ++at) {
    const Bytes rest = window.subspan(at);
    const bool whole = rest.size() >= Signs::kPlaces;
    std::uint64_t left = open;
    if (whole) [[likely]] {
      left &= allowed_[0][rest[place[0]]] & allowed_[1][rest[place[1]]] & allowed_[2][rest[place[2]]] &
              allowed_[3][rest[place[3]]] & allowed_[4][rest[place[4]]] & allowed_[5][rest[place[5]]];
      if (left == 0) [[likely]]
        continue;
    }
    for (std::size_t rank = whole ? kTelling : 0; left != 0 && rank < Signs::kPlaces; ++rank)
      if (place[rank] < rest.size()) left &= allowed_[rank][rest[place[rank]]];
    if (left != 0) return left;
  }
  return 0;
}

FoundStart StartSearch::find_apart(CandidateMask among, DirectionMask said, Bytes window) const {
  FoundStart found{.at = window.size()};
  for (; among != 0; among &= among - 1) {
    const Descriptor& candidate = *candidates_[static_cast<unsigned>(std::countr_zero(among))];
    for (const Direction from : kBoth) {
      if ((said & only(from)) == 0) continue;
      const Sync at = candidate.find_proof(from, window);
      if (at.found ? found.protocol == nullptr || at.skip < found.at
                   : found.protocol == nullptr && at.skip < found.at)
        found = {at.found ? &candidate : nullptr, from, at.skip};
    }
  }
  return found;
}

// What is found in the open window, and what is left undecided in it.
class StartSearch::Pass {
 public:
  Pass(const StartSearch& search, std::uint64_t open, DirectionMask said, Bytes window)
      : search_(search),
        said_(said),
        window_(window),
        open_(open),
        undecided_from_(window.size()),
        seen_(window.size()) {}

  // True: found.
  bool look(std::uint64_t who, std::size_t at, std::size_t end) {
    while (const std::uint64_t bits = search_.next_allowed(who & open_, window_, at, end))
      if (look_at(at++, bits)) return true;
    return false;
  }

  const FoundStart& found() const { return found_; }
  // Those who want to see more do so from here; all others have looked up to `seen`.
  CandidateMask undecided() const { return undecided_; }
  std::size_t undecided_from() const { return undecided_from_; }
  std::size_t seen() const { return seen_; }

 private:
  bool look_at(std::size_t at, std::uint64_t bits) {
    const Bytes rest = window_.subspan(at);
    for (; bits != 0; bits &= bits - 1) {
      const Owner owner = search_.owners_[static_cast<unsigned>(std::countr_zero(bits))];
      const Descriptor& candidate = *search_.candidates_[owner.candidate];
      for (const Direction from : kBoth) {
        if ((owner.directions & said_ & only(from)) == 0 ||
            (closed_[index_of(from)] & bit(owner.candidate)) != 0)
          continue;
        const Look look = candidate.begins(from, rest);
        if (look == Look::yes) {
          found_ = {&candidate, from, at, is_of_either(candidate, from, rest)};
          return true;
        }
        if (look == Look::more) wait(owner.candidate, from, at);
      }
    }
    return false;
  }

  bool is_of_either(const Descriptor& candidate, Direction from, Bytes rest) const {
    const Direction other = opposite(from);
    return (said_ & only(other)) != 0 && any_allows(candidate.signs(other), rest) &&
           candidate.begins(other, rest) == Look::yes;
  }

  // In this direction its next place is looked at when this one is decided. At a window's end everybody's
  // signs are cut short: all look there again.
  void wait(std::uint8_t candidate, Direction from, std::size_t at) {
    if (window_.size() - at < Signs::kPlaces) {
      seen_ = std::min(seen_, at);
    } else {
      undecided_ |= bit(candidate);
      undecided_from_ = std::min(undecided_from_, at);
    }
    closed_[index_of(from)] |= bit(candidate);
    for (const Direction one : kBoth)
      if ((said_ & only(one)) != 0 && (closed_[index_of(one)] & bit(candidate)) == 0) return;
    open_ &= ~search_.bits_[candidate];
  }

  const StartSearch& search_;
  const DirectionMask said_;
  const Bytes window_;
  std::uint64_t open_;
  std::array<CandidateMask, 2> closed_{};  // by direction
  CandidateMask undecided_ = 0;
  std::size_t undecided_from_;
  std::size_t seen_;
  FoundStart found_;
};

FoundStart StartSearch::find(CandidateMask among, DirectionMask said, Bytes window,
                             Searched& searched) const {
  const FoundStart apart = find_apart(among & apart_, said, window);
  const std::size_t end = apart.protocol != nullptr ? apart.at : window.size();
  const std::size_t seen = std::min<std::size_t>(searched.bytes, end);
  const std::size_t again_from = std::min<std::size_t>(searched.undecided_from, seen);
  const std::uint64_t all = bits_of(among), again = bits_of(searched.undecided);
  Pass pass(*this, all, said, window);
  // At what was seen already, those look again that had not seen enough.
  const bool found = pass.look(again, again_from, seen) || pass.look(all, seen, end);
  searched = {};
  if (found) return pass.found();
  if (apart.protocol != nullptr) return apart;
  searched = {.undecided = pass.undecided(),
              .undecided_from = static_cast<std::uint32_t>(pass.undecided_from()),
              .bytes = static_cast<std::uint32_t>(pass.seen())};
  return {.at = std::min({apart.at, pass.undecided_from(), pass.seen()})};
}

}  // namespace spanlight
