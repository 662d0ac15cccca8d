// One protocol of the registry, by its name, which fuzzed_protocol.cpp says for each NAME_fuzz (meson.build).
// conversation.h says what an input means and what is checked.

#include "conversation.h"
#include "fuzzed_protocol.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  spanlight::fuzzing::forbid_allocation();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const spanlight::Descriptor& protocol =
      *spanlight::find_protocol(spanlight::fuzzing::kFuzzedProtocol);
  spanlight::fuzzing::run(protocol, {data, size});
  return 0;
}
