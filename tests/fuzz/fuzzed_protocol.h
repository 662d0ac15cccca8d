#pragma once
// Which protocol of the registry a program of dissector_fuzz.cpp is for.

namespace spanlight::fuzzing {

extern const char* const kFuzzedProtocol;

}  // namespace spanlight::fuzzing
