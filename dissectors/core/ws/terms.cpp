#include "core/ws/terms.h"

#include <algorithm>

#include "core/fold.h"

namespace spanlight::ws {
namespace {

// Names that are longer than a memo, and that silent connections speak.
constexpr std::array<std::string_view, 4> kLongNames = {"graphql-transport-ws", "v4.channel.k8s.io",
                                                        "v5.channel.k8s.io", "base64.channel.k8s.io"};

struct Packed {
  std::uint8_t
      flags;  // 1 client takes over, 2 server does, 4 deflates, 8 known, 16: `text` is a place in kLongNames
  std::uint8_t size;
  std::array<char, 14> text;
};
static_assert(sizeof(Packed) == sizeof(Memo));

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The part in front of the first `mark`, which is taken off with it.
std::string_view next_part(std::string_view& rest, char mark) {
  const std::size_t end = std::min(rest.find(mark), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trimmed(part);
}

}  // namespace

void Terms::add_extensions(std::string_view value) {
  while (!value.empty()) {
    std::string_view one = next_part(value, ',');
    if (!same_folded(next_part(one, ';'), "permessage-deflate")) continue;
    deflates = true;
    while (!one.empty()) {
      std::string_view parameter = next_part(one, ';');
      const std::string_view name = next_part(parameter, '=');  // who gives it a value means it all the same
      if (same_folded(name, "client_no_context_takeover")) deflate[0].takes_over = false;
      if (same_folded(name, "server_no_context_takeover")) deflate[1].takes_over = false;
    }
  }
}

void Terms::set_subprotocol(std::string_view value) {
  value = trimmed(value);
  if (value.size() > kSubprotocolMax) return;
  std::copy(value.begin(), value.end(), subprotocol_text.begin());
  subprotocol_size = static_cast<std::uint8_t>(value.size());
}

bool Terms::to_memo(Memo& memo) const {
  Packed packed{};
  packed.flags = static_cast<std::uint8_t>((deflate[0].takes_over ? 1 : 0) | (deflate[1].takes_over ? 2 : 0) |
                                           (deflates ? 4 : 0) | (known ? 8 : 0));
  packed.size = subprotocol_size;
  if (subprotocol_size <= packed.text.size()) {
    std::copy_n(subprotocol_text.begin(), subprotocol_size, packed.text.begin());
  } else {
    const auto place = std::find(kLongNames.begin(), kLongNames.end(), subprotocol());
    if (place == kLongNames.end()) return false;
    packed.flags |= 16;
    packed.text[0] = static_cast<char>(place - kLongNames.begin());
  }
  memo = spanlight::to_memo(packed);
  return true;
}

Terms Terms::from_memo(const Memo& memo) {
  const auto packed = spanlight::from_memo<Packed>(memo);
  Terms terms;
  terms.deflate[0] = {(packed.flags & 1) != 0};
  terms.deflate[1] = {(packed.flags & 2) != 0};
  terms.deflates = (packed.flags & 4) != 0;
  terms.known = (packed.flags & 8) != 0;
  terms.set_subprotocol((packed.flags & 16) != 0 ? kLongNames[static_cast<unsigned char>(packed.text[0])]
                                                 : std::string_view(packed.text.data(), packed.size));
  return terms;
}

}  // namespace spanlight::ws
