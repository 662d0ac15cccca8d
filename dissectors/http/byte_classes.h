#pragma once
// Which of 64 bytes end a header's name and which end its value, as two bit masks. Three ways to the same
// answer; which one the machine can do is asked once, when the program starts. Pure.

#include <cstddef>
#include <cstdint>

namespace spanlight::http {

constexpr std::size_t kClassifiedBytes = 64;

struct ByteClasses {            // bit i: byte i
  std::uint64_t not_token = 0;  // cannot stand in a name (RFC 9110, 5.6.2)
  std::uint64_t control = 0;    // cannot stand in a value: below space, but for the tab; DEL (RFC 9110, 5.5)
};

// Reads kClassifiedBytes bytes.
using Classify = ByteClasses (*)(const std::uint8_t* bytes);

ByteClasses classify_plain(const std::uint8_t* bytes);
ByteClasses classify_sse(const std::uint8_t* bytes);   // x86-64-v2, on which the sensor is built
ByteClasses classify_avx2(const std::uint8_t* bytes);  // only where has_avx2()

bool has_avx2();
Classify best_classify();

}  // namespace spanlight::http
