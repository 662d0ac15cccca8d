#pragma once
// The frame layer of WebSocket (RFC 6455, section 5.2). Pure and without state. `short_input` alone means
// that more bytes may cure it.

#include <array>
#include <cstdint>
#include <string_view>

#include "core/reader.h"

namespace spanlight::ws {

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

constexpr std::size_t kFrameHeadBytesMax = 14;
constexpr std::size_t kControlBytesMax = 125;  // RFC 6455, 5.5

struct FrameHead {
  Fault fault = Fault::none;
  Opcode opcode = Opcode::continuation;
  bool fin = false;
  bool compressed = false;  // RSV1 (RFC 7692)
  bool masked = false;
  std::uint8_t bytes = 0;  // of the head itself
  std::uint64_t length = 0;
  std::array<std::uint8_t, 4> key{};

  bool is_control() const { return opcode >= Opcode::close; }
};

// fin: 1 | rsv: 3 | opcode: 4 | mask: 1 | length: 7 | [u16 or u64] | [key: 4]
FrameHead parse_frame_head(Bytes in);

// out[i] = in[i] ^ key[(at + i) % 4]; `at`: the place of in[0] in its frame's payload.
void unmask(Bytes in, const std::array<std::uint8_t, 4>& key, std::uint64_t at, std::uint8_t* out);

std::string_view opcode_name(Opcode opcode);
std::string_view close_name(std::uint16_t code);  // "protocol error"; empty: it has none
bool is_close_error(std::uint16_t code);          // the side that closes says that something went wrong

}  // namespace spanlight::ws
