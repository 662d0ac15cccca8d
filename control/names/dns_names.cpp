#include "names/dns_names.h"

#include <algorithm>
#include <iterator>

namespace spanlight {
namespace {

constexpr std::uint64_t kNsPerS = 1'000'000'000;

// Empty: no name. What a terminal would obey, or a page, has no place in one.
std::string tidy(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > DnsNames::kNameBytesMax) return {};
  std::string out;
  for (const char c : name) {
    if (c <= ' ' || c > '~' || c == '"' || c == '<' || c == '>' || c == '\\') return {};
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return out;
}

}  // namespace

void DnsNames::learn(const Address& address, std::string_view name, std::uint64_t time_ns,
                     std::uint32_t ttl_s) {
  std::string text = tidy(name);
  if (text.empty() || addresses_max_ == 0) {
    ++refused_;
    return;
  }
  ++learned_;
  auto found = by_address_.find(address);
  if (found == by_address_.end()) {
    if (entries_.size() >= addresses_max_) {
      by_address_.erase(entries_.back().address);
      entries_.pop_back();
      ++forgotten_;
    }
    entries_.emplace_front().address = address;
    found = by_address_.emplace(address, entries_.begin()).first;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  Answer* const answers = found->second->answers;
  Answer* const end = answers + kNamesMax;
  // Said again: it is the newest now, and holds from when it was first said.
  Answer* same =
      std::find_if(answers, end, [&](const Answer& a) { return a.name != nullptr && *a.name == text; });
  const std::uint64_t until = time_ns + std::max(kHoldNs, ttl_s * kNsPerS);
  Answer answer{nullptr, time_ns, until};
  if (same != end) {
    answer = {same->name, std::min(same->from_ns, time_ns), std::max(same->until_ns, until)};
  } else {
    answer.name = std::make_shared<const std::string>(std::move(text));
    same = end - 1;
  }
  std::move_backward(answers, same, same + 1);
  answers[0] = std::move(answer);
}

std::shared_ptr<const std::string> DnsNames::find(const Address& address, std::uint64_t time_ns) {
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  for (const Answer& answer : found->second->answers)
    if (answer.name != nullptr && time_ns + kSkewNs >= answer.from_ns && time_ns < answer.until_ns)
      return answer.name;
  return nullptr;
}

}  // namespace spanlight
