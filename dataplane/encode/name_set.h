#pragma once
// Names without regard to ASCII case, each with a tag of bits; fixed after start. Made for the miss: one
// table look-up by length and first letter decides nearly every name that is not in the set.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spanlight {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

// Spaces and tabs at both ends do not belong to a name: lenient servers take `Cookie : a=b` for a Cookie.
constexpr std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t from = text.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

class NameSet {
 public:
  static constexpr std::size_t kNameBytesMax = 255;

  // Start only. The tags of a name added twice are united. False: empty, or longer than kNameBytesMax.
  bool add(std::string_view name, std::uint8_t tags);

  // 0: not in the set.
  std::uint8_t tags(std::string_view name) const {
    if (name.size() - 1 >= kNameBytesMax) return 0;
    if ((first_letters_[name.size()] >> letter(name.front()) & 1) == 0) return 0;
    return find(name);
  }
  bool contains(std::string_view name) const { return tags(name) != 0; }
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    std::string name;
    std::uint8_t tags;
  };
  // The same for both cases; shared with what is no letter, which find() sorts out.
  static unsigned letter(char c) { return static_cast<unsigned char>(c) & 31; }
  std::uint8_t find(std::string_view name) const;

  std::array<std::uint32_t, kNameBytesMax + 1> first_letters_{};  // by length
  std::vector<Entry> entries_;
};

}  // namespace spanlight
