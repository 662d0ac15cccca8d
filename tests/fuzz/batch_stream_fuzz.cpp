// Bytes as they come out of a pipe → messages. The same messages, fault and counts however the bytes are cut,
// none out of the bytes that came, no more held than a message and what is read at once.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "record/batch_stream.h"

namespace {

using namespace spanlight;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string told(std::span<const std::uint8_t> bytes, std::size_t most) {
  BatchStream stream;
  std::string out;
  for (bool closed = false; !closed;) {
    const std::span<std::uint8_t> space = stream.space();
    require(!space.empty() && space.size() <= 2 * kWireBytesMax);
    const std::size_t n = std::min({space.size(), bytes.size(), most});
    if (n == 0) {
      stream.closed();
      closed = true;
    } else {
      std::memcpy(space.data(), bytes.data(), n);
      bytes = bytes.subspan(n);
      stream.received(n);
    }
    while (const auto item = stream.next()) {
      out += "chbse"[static_cast<int>(item->kind)];
      out += item->capture;
      if (item->batch != nullptr)
        for (const wire::Record* record : *item->batch->records()) out += text_of(record->path());
      if (item->hello != nullptr) out += text_of(item->hello->sensor());
      if (item->stats != nullptr) out += text_of(item->stats->sensor());
      if (item->whole) out += '!';
    }
  }
  require(stream.ended() || stream.fault() != StreamFault::none);
  require(fault_name(stream.fault()) != "unknown");
  return out + std::string(fault_name(stream.fault())) + std::to_string(stream.malformed()) + "," +
         std::to_string(stream.unknown());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::uint8_t> bytes(data + 1, size - 1);
  require(told(bytes, SIZE_MAX) == told(bytes, std::size_t{1} + data[0]));
  return 0;
}
