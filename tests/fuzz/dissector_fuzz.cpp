// One protocol of the registry, by its name: built once for each (meson.build), as NAME_fuzz. conversation.h
// says what an input means and what is checked.

#include "conversation.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  spanlight::fuzzing::forbid_allocation();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const spanlight::Descriptor& protocol = *spanlight::find_protocol(SPANLIGHT_FUZZED);
  spanlight::fuzzing::run(protocol, {data, size});
  return 0;
}
