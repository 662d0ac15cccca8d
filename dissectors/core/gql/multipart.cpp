#include "core/gql/multipart.h"

#include <algorithm>

namespace spanlight::gql {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kDashes = "--";
constexpr std::string_view kLinearBlanks = " \t";
constexpr std::size_t kDelimiterBytesMax = kDashes.size() + 70;

}  // namespace

Multipart::Multipart(std::string_view body) {
  while (body.starts_with(kLineEnd)) body.remove_prefix(kLineEnd.size());
  const std::size_t end = body.find(kLineEnd);
  if (end == std::string_view::npos || !body.starts_with(kDashes)) return;
  const std::string_view line = body.substr(0, end);
  delimiter_ = line.substr(0, line.find_last_not_of(kLinearBlanks) + 1);
  if (delimiter_.size() <= kDelimiterBytesMax) rest_ = body.substr(end);
}

// The line of the last delimiter goes on with two dashes: no head is behind it.
bool Multipart::next(Part& part) {
  constexpr std::string_view kHeadEnd = "\r\n\r\n";
  rest_.remove_prefix(std::min(rest_.find_first_not_of(kLinearBlanks), rest_.size()));
  const std::size_t head_end = rest_.find(kHeadEnd);
  if (!rest_.starts_with(kLineEnd) || head_end == std::string_view::npos) return false;
  part.head = rest_.substr(0, head_end);
  rest_.remove_prefix(head_end + kHeadEnd.size());
  std::size_t end = rest_.find(kLineEnd);
  while (end < rest_.size() && !rest_.substr(end + kLineEnd.size()).starts_with(delimiter_))
    end = rest_.find(kLineEnd, end + kLineEnd.size());
  part.whole = end < rest_.size();
  part.text = rest_.substr(0, end);
  rest_.remove_prefix(part.whole ? end + kLineEnd.size() + delimiter_.size() : rest_.size());
  return true;
}

bool next_event(std::string_view& rest, std::string_view& data) {
  constexpr std::string_view kData = "data:";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(kLineEnd), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!line.starts_with(kData)) continue;
    data = line.substr(kData.size());
    return true;
  }
  return false;
}

}  // namespace spanlight::gql
