#pragma once
// Bytes of headers: big-endian numbers, the Internet checksum, next-protocol numbers. For the files that make
// frames alone.

#include "support/packet_builder.h"

namespace spanlight::test {

inline void put16(Frame& f, std::size_t at, std::size_t v) {
  f[at] = static_cast<std::uint8_t>(v >> 8);
  f[at + 1] = static_cast<std::uint8_t>(v);
}

inline void push16(Frame& f, std::size_t v) {
  f.push_back(static_cast<std::uint8_t>(v >> 8));
  f.push_back(static_cast<std::uint8_t>(v));
}

inline void push32(Frame& f, std::size_t v) {
  push16(f, v >> 16);
  push16(f, v);
}

inline void append(Frame& f, Bytes bytes) {
  f.insert(f.end(), bytes.begin(), bytes.end());
}

inline void prepend(Frame& f, const Frame& header) {
  f.insert(f.begin(), header.begin(), header.end());
}

inline std::uint32_t sum16(Bytes bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
  return sum;
}

inline std::uint16_t fold(std::uint32_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::uint16_t ether_type(Layer kind, int number);  // packet_link.cpp

}  // namespace spanlight::test
