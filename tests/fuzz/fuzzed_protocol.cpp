// All that differs between the targets of dissector_fuzz.cpp, which is compiled once.

#include "fuzzed_protocol.h"

namespace spanlight::fuzzing {

const char* const kFuzzedProtocol = SPANLIGHT_FUZZED;

}  // namespace spanlight::fuzzing
