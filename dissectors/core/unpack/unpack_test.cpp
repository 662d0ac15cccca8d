#include "core/unpack/unpack.h"

#include <gtest/gtest.h>
#include <lz4.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

namespace spanlight::unpack {
namespace {

std::string pack(Method method, const std::string& in) {
  std::string out(2 * in.size() + 1'024, '\0');
  std::size_t n = out.size();
  switch (method) {
    case Method::zlib: {
      uLongf size = n;
      compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(in.data()),
               in.size());
      n = size;
      break;
    }
    case Method::snappy:
      snappy_compress(in.data(), in.size(), out.data(), &n);
      break;
    case Method::zstd:
      n = ZSTD_compress(out.data(), n, in.data(), in.size(), 3);
      break;
    default:
      n = static_cast<std::size_t>(
          LZ4_compress_default(in.data(), out.data(), static_cast<int>(in.size()), static_cast<int>(n)));
  }
  return out.substr(0, n);
}

constexpr Method kMethods[] = {Method::zlib, Method::snappy, Method::zstd, Method::lz4};

struct Bench {
  SlabPool state{4u << 20}, previews{4u << 20};
  Limits limits;
  DissectorCounters counters;
  Workshop workshop{state, previews, limits, counters};
  Unpacked run(Method method, const std::string& packed, std::uint64_t size) {
    return unpack(workshop, method, as_bytes(packed), size);
  }
};

std::string text_of(std::size_t bytes) {
  std::string out;
  for (unsigned i = 0; out.size() < bytes; ++i) out += "line " + std::to_string(i * i) + "\n";
  out.resize(bytes);
  return out;
}

TEST(Unpack, WhatWasPacked) {
  Bench bench;
  for (const Method method : kMethods) {
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{1'000}, kBytesMax}) {
      const std::string text = text_of(bytes);
      const Unpacked out = bench.run(method, pack(method, text), bytes);
      EXPECT_TRUE(out.whole && !out.malformed) << static_cast<int>(method) << " " << bytes;
      EXPECT_EQ(as_text(out.bytes), text);
      bench.previews.give(out.block);
    }
  }
  EXPECT_EQ(bench.previews.used_bytes() + bench.state.used_bytes(), 0u);
}

TEST(Unpack, MoreThanABlockComesInPartOrNotAtAll) {
  Bench bench;
  const std::string text = text_of(3 * kBytesMax);
  for (const Method method : kMethods) {
    const std::string packed = pack(method, text);
    const Unpacked out = bench.run(method, packed, text.size());
    EXPECT_FALSE(out.whole);
    EXPECT_FALSE(out.malformed);
    if (packed.size() <= kBytesMax && (method == Method::zlib || method == Method::lz4))
      EXPECT_EQ(as_text(out.bytes), text.substr(0, kBytesMax));
    else
      EXPECT_TRUE(out.too_large);
    bench.previews.give(out.block);
  }
}

TEST(Unpack, WhatIsNotPackedIsMalformed) {
  Bench bench;
  for (const Method method : kMethods) {
    const Unpacked noise = bench.run(method, "this is no packed text at all", 100);
    EXPECT_TRUE(noise.malformed) << static_cast<int>(method);
    bench.previews.give(noise.block);
    const std::string text = text_of(1'000);
    const Unpacked other = bench.run(method, pack(method, text), 2'000);
    EXPECT_TRUE(other.malformed && !other.whole) << static_cast<int>(method);
    bench.previews.give(other.block);
  }
  EXPECT_EQ(bench.previews.used_bytes() + bench.state.used_bytes(), 0u);
}

TEST(Unpack, WithoutMemory) {
  Bench bench;
  SlabPool none{0};
  Workshop workshop{none, none, bench.limits, bench.counters};
  const std::string packed = pack(Method::zlib, "text");
  EXPECT_TRUE(unpack(workshop, Method::zlib, as_bytes(packed), 4).too_large);
  EXPECT_EQ(bench.counters.preview_exhausted, 1u);
}

}  // namespace
}  // namespace spanlight::unpack
