#pragma once
// What packets are made of (MQTT 5, 1.5 and 2.2.2): numbers of varying length, texts, properties. Pure.

#include <string_view>

#include "mqtt/parse.h"

namespace spanlight::mqtt {

// 1 to 4 bytes of 7 bits, the lowest first.
std::uint32_t read_varint(Reader& r);

// length: u16 | bytes
std::string_view read_text(Reader& r);

// length | properties. short_input: the bytes end before they do.
void read_properties(Reader& r, Properties& out);

}  // namespace spanlight::mqtt
