#include "text/text.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace spanlight::text {

namespace {

constexpr std::size_t kWordBytesMax =
    128;  // longer words are not compared: nobody mistypes them, somebody pastes them
constexpr unsigned kColumnsDefault = 80;
constexpr unsigned kColumnsMin = 40;

char folded(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '_' ? '-' : c;
}

}  // namespace

// Optimal string alignment: three rows are enough, since a swap looks back two.
std::size_t distance(std::string_view a, std::string_view b) {
  if (a.size() > kWordBytesMax || b.size() > kWordBytesMax) return std::max(a.size(), b.size());
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = folded(a[i - 1]) == folded(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped =
          i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string_view closest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = ~std::size_t{0};
  for (const std::string_view candidate : candidates) {
    // A third of the letters may be wrong; a beginning of at least three letters counts as one slip.
    std::size_t d = distance(word, candidate);
    if (word.size() >= 3 && candidate.size() > word.size() &&
        distance(word, candidate.substr(0, word.size())) == 0)
      d = std::min<std::size_t>(d, 1);
    const std::size_t near_enough = std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3);
    if (d > near_enough || d >= candidate.size() || d >= best_distance) continue;
    best = candidate;
    best_distance = d;
  }
  return best;
}

std::string wrap(std::string_view text, unsigned columns, unsigned indent) {
  std::string out;
  std::size_t line = 0;  // length of the line under way
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t start = text.find_first_not_of(" \n", at);
    if (start == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \n", start), text.size());
    const std::string_view word = text.substr(start, end - start);
    if (line > 0 && line + 1 + word.size() > columns) {
      out += '\n';
      line = 0;
    }
    if (line == 0) {
      out.append(indent, ' ');
      line = indent;
    } else {
      out += ' ';
      ++line;
    }
    out += word;
    line += word.size();
    at = end;
  }
  out += '\n';
  return out;
}

std::string one_of(std::span<const std::string_view> words, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " " + std::string(last) + " " : ", ";
    out += words[i];
  }
  return out;
}

bool parse_number(std::string_view text, std::uint64_t& out) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

unsigned terminal_columns(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kColumnsDefault;
  return std::clamp<unsigned>(size.ws_col, kColumnsMin, kColumnsMax);
}

}  // namespace spanlight::text
