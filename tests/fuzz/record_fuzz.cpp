// Bytes as they come from a socket → verified → JSON and table. Nothing may be read outside of them, what is
// accepted is what FlatBuffers' own verifier accepts, each JSON line must be UTF-8 without a raw control
// character, and nothing that a terminal obeys may stand in the table.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "record/generated_verify.h"
#include "record/json.h"
#include "record/reader.h"
#include "record/subscriber.h"
#include "record/table.h"

namespace {

using namespace spanlight;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_text(std::string_view text) {
  require(is_utf8(text));
  for (const char c : text) require(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  require(text.find("\xc2\x9b") == std::string_view::npos);  // CSI as one character
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Exactly as many bytes, so that a sanitizer sees each one too many; new aligns them as a message must be.
  static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= kWireAlignment);
  const auto exact = std::make_unique<std::uint8_t[]>(size);
  if (size > 0) std::memcpy(exact.get(), data, size);
  const std::span<const std::uint8_t> bytes(exact.get(), size);

  const auto batch = open_batch(bytes);
  if (batch.fault != ReadFault::wrong_identifier && batch.fault != ReadFault::too_large)
    require(generated_verify(bytes) == (batch.root != nullptr));
  require((batch.fault == ReadFault::none) == (batch.root != nullptr));
  require(fault_name(batch.fault) != "unknown");
  if (batch) {
    JsonWriter json;
    json.append(*batch);
    check_text(json.text());
    for (const unsigned columns : {0u, 50u, 120u, 200u}) {
      TableWriter table({.columns = columns});
      table.append(*batch);
      check_text(table.text());
    }
    LossTracker loss;
    loss.on_batch(text_of(batch->sensor()), batch->sensor_epoch(), batch->worker(), text_of(batch->topic()),
                  batch->sequence());
  }
  if (const auto stats = open_stats(bytes)) {
    LossTracker loss;
    loss.on_stats(*stats, {"record."});
    loss.on_stats(*stats, {"record."});
  }
  open_hello(bytes);

  // The text writers have their own ways into trouble: give them the bytes as they are.
  TextBuffer out;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  append_json_string(out, text);
  append_shown(out, text, 40);
  check_text(out.view());
  return 0;
}
