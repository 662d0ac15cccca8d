#pragma once
// One compressed stream → bytes, at most so many. What the libraries say is put in four words. Pure; any
// thread.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace spanlight::body {

enum class Decompressed : std::uint8_t {
  whole,       // the stream's own end was reached, and nothing stands behind it that belongs to it
  cut,         // the input ended first
  over_limit,  // `bytes_max` came out, and more would have
  corrupt,     // from some byte on it is not such a stream
};

// `out` gets what could be decoded, also where the answer is not `whole`.
Decompressed gunzip(std::span<const std::uint8_t> in, std::size_t bytes_max, std::string& out);
// "deflate" as servers send it: in zlib's frame as the RFC says, or without as some do.
Decompressed inflate_any(std::span<const std::uint8_t> in, std::size_t bytes_max, std::string& out);
Decompressed unbrotli(std::span<const std::uint8_t> in, std::size_t bytes_max, std::string& out);
Decompressed unzstd(std::span<const std::uint8_t> in, std::size_t bytes_max, std::string& out);

}  // namespace spanlight::body
