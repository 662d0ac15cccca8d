#include "core/reader.h"

#include <gtest/gtest.h>

#include <array>

namespace spanlight {
namespace {

constexpr std::array<std::uint8_t, 8> kBytes = {1, 2, 3, 4, 5, 6, 7, 8};

TEST(Reader, ReadsBothByteOrders) {
  Reader big{kBytes};
  EXPECT_EQ(big.be<std::uint16_t>(), 0x0102);
  EXPECT_EQ(big.be<std::uint32_t>(), 0x03040506u);
  Reader little{kBytes};
  EXPECT_EQ(little.le<std::uint16_t>(), 0x0201);
  EXPECT_EQ(little.le<std::uint32_t>(), 0x06050403u);
  EXPECT_TRUE(little.ok());
  EXPECT_EQ(little.left(), 2u);
}

TEST(Reader, TheFirstFaultSticks) {
  Reader r{kBytes};
  r.take(7);
  EXPECT_EQ(r.be<std::uint16_t>(), 0);
  EXPECT_EQ(r.fault(), Fault::short_input);
  r.require(false, Fault::bad_value);
  EXPECT_EQ(r.fault(), Fault::short_input);
  EXPECT_EQ(r.u8(), 0) << "one byte is left, but nothing is read after a fault";
  EXPECT_EQ(r.at(), 7u);
}

TEST(Reader, MalformedIsNeverShort) {
  Reader r{kBytes};
  r.require(r.u8() == 9, Fault::bad_magic);
  r.take(100);
  EXPECT_EQ(r.fault(), Fault::bad_magic);
}

TEST(Reader, HugeLengthsDoNotWrap) {
  Reader r{kBytes};
  r.skip(4);
  EXPECT_TRUE(r.take(~std::size_t{0}).empty());
  EXPECT_EQ(r.fault(), Fault::short_input);
}

}  // namespace
}  // namespace spanlight
