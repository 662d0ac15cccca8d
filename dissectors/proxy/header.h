#pragma once
// The PROXY protocol's header, with which a balancer tells a server whose connection it passes on: version 1,
// a line of text, and version 2, binary. Source: the PROXY protocol's specification (HAProxy), sections 2.1
// and 2.2.

#include <cstddef>

#include "core/bytes.h"
#include "core/reader.h"

namespace spanlight::proxy {

inline constexpr std::size_t kLineBytesMax = 107;  // of version 1, its CRLF included
inline constexpr std::size_t kBytesMax = 16'384;   // of version 2, with its extensions; a limit of ours
inline constexpr std::size_t kFixedBytes = 16;     // of version 2: what says how long it is

struct HeaderLength {
  Fault fault = Fault::none;
  std::size_t bytes = 0;  // of the whole header; version 2 says it before its addresses are there
};

// Of the header that `head` begins with. Pure.
HeaderLength header_length(Bytes head);

}  // namespace spanlight::proxy
