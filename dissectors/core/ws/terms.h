#pragma once
// What the opening handshake of a WebSocket agreed on (RFC 6455, 4.2.2; RFC 7692, 7.1): said in the headers
// of the answer, whatever version of HTTP carried it. Plain data: it is handed over and kept in memos.

#include <array>
#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "core/memo.h"

namespace spanlight::ws {

constexpr std::string_view kProtocol = "ws";  // the descriptor's name
constexpr std::string_view kExtensionsHeader = "sec-websocket-extensions";
constexpr std::string_view kSubprotocolHeader = "sec-websocket-protocol";

// permessage-deflate of one direction.
struct Deflate {
  bool takes_over = true;  // a message may quote those before it
};

struct Terms {
  static constexpr std::size_t kSubprotocolMax = 32;  // longer ones are not shown

  Deflate deflate[2];     // by who sends
  bool deflates = false;  // permessage-deflate was agreed on
  bool known = false;     // the handshake was seen
  std::uint8_t subprotocol_size = 0;
  std::array<char, kSubprotocolMax> subprotocol_text{};

  std::string_view subprotocol() const { return {subprotocol_text.data(), subprotocol_size}; }
  void add_extensions(std::string_view value);  // of one header; several add up
  void set_subprotocol(std::string_view value);

  // In sixteen bytes; false: it takes more.
  bool to_memo(Memo& memo) const;
  static Terms from_memo(const Memo& memo);
};

}  // namespace spanlight::ws
