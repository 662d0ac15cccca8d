#pragma once
// Is a batch of records sound: does every offset, length and required member of it stay within its bytes, so
// that the generated accessors are safe? Accepts exactly what FlatBuffers' own verifier accepts under the
// limits of reader.h (verify_test and the fuzzer compare them), in a third of the time: what a vtable says is
// looked at once, and each table after it against the result. The same pass adds up what the parts stand for.

#include <cstdint>
#include <span>

#include "record/reader.h"

namespace spanlight {

// `bytes`: aligned to kWireAlignment, at most kWireBytesMax, and with the identifier of a batch: open_batch()
// has seen to it. Answers none, malformed or amplified.
ReadFault verify_batch(std::span<const std::uint8_t> bytes);

}  // namespace spanlight
