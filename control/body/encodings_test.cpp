#include "body/encodings.h"

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <string>

#include "body/body_for_tests.h"

namespace spanlight::body {
namespace {

std::string brotlied(std::string_view text) {
  std::size_t size = BrotliEncoderMaxCompressedSize(text.size()) + 64;
  std::string out(size, '\0');
  EXPECT_TRUE(BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, text.size(), bytes(text).data(), &size,
                                    reinterpret_cast<std::uint8_t*>(out.data())));
  out.resize(size);
  return out;
}

std::string zstded(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3);
  EXPECT_FALSE(ZSTD_isError(size));
  out.resize(size);
  return out;
}

// Text that does not shrink to nothing, so that a cut stream has something decoded.
std::string usual_text() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "{\"item\":" + std::to_string(i * 7919 % 10'007) + "},";
  return text;
}

struct Coding {
  const char* name;
  std::string (*apply)(std::string_view);
};
const Coding kCodings[] = {{"gzip", gzipped},
                           {"x-gzip", gzipped},
                           {"deflate", [](std::string_view text) { return deflated(text, 15); }},
                           {"deflate", [](std::string_view text) { return deflated(text, -15); }},
                           {"br", brotlied},
                           {"zstd", zstded}};

TEST(Encodings, EachCodingComesBackWhole) {
  for (const Coding& coding : kCodings) {
    for (const std::string& text : {std::string("x"), std::string("{\"a\":1}"), usual_text()}) {
      const Decoded decoded = undo_encodings(bytes(coding.apply(text)), coding.name);
      EXPECT_EQ(decoded.bytes, text) << coding.name;
      EXPECT_EQ(decoded.fault, Fault::none) << coding.name;
      EXPECT_FALSE(decoded.truncated) << coding.name;
      EXPECT_FALSE(decoded.over_limit) << coding.name;
      EXPECT_EQ(decoded.undone, std::vector<std::string>{coding.name});
    }
  }
}

TEST(Encodings, EveryCutKeepsWhatCameBeforeIt) {
  const std::string text = usual_text().substr(0, 3'000);
  for (const Coding& coding : kCodings) {
    const std::string packed = coding.apply(text);
    for (std::size_t size = 0; size < packed.size(); ++size) {
      const Decoded decoded = undo_encodings(bytes(packed).first(size), coding.name);
      ASSERT_EQ(decoded.bytes, text.substr(0, decoded.bytes.size())) << coding.name << ' ' << size;
      ASSERT_EQ(decoded.fault, Fault::none) << coding.name << ' ' << size;
      // Nothing at all is an empty body, whatever its header says.
      ASSERT_EQ(decoded.truncated, size > 0) << coding.name << ' ' << size;
    }
    const Decoded half = undo_encodings(bytes(packed).first(packed.size() - 40), coding.name);
    if (std::string_view(coding.name) != "zstd") {
      EXPECT_GT(half.bytes.size(), 0u) << coding.name;
    }
  }
}

TEST(Encodings, ABombEndsAtTheLimit) {
  const std::string zeros(std::size_t{16} << 20, '\0');
  for (const Coding& coding : kCodings) {
    const std::string packed = coding.apply(zeros);
    ASSERT_LT(packed.size(), std::size_t{1} << 20);
    const Decoded decoded = undo_encodings(bytes(packed), coding.name, 100'000);
    EXPECT_EQ(decoded.bytes.size(), 100'000u) << coding.name;
    EXPECT_TRUE(decoded.over_limit) << coding.name;
    EXPECT_EQ(decoded.fault, Fault::none) << coding.name;
  }
  const std::string twice = gzipped(gzipped(zeros));
  const Decoded decoded = undo_encodings(bytes(twice), "gzip, gzip", 100'000);
  EXPECT_LE(decoded.bytes.size(), 100'000u);
  EXPECT_TRUE(decoded.over_limit);
}

TEST(Encodings, ExactlyTheLimitIsNotOverIt) {
  const std::string text(1'000, 'a');
  for (const Coding& coding : kCodings) {
    const Decoded decoded = undo_encodings(bytes(coding.apply(text)), coding.name, 1'000);
    EXPECT_EQ(decoded.bytes, text) << coding.name;
    EXPECT_FALSE(decoded.over_limit) << coding.name;
  }
  const Decoded plain = undo_encodings(bytes(text), "", 999);
  EXPECT_EQ(plain.bytes.size(), 999u);
  EXPECT_TRUE(plain.over_limit);
}

TEST(Encodings, SeveralAreTakenOffLastAppliedFirst) {
  const std::string packed = brotlied(gzipped("hello"));
  const Decoded decoded = undo_encodings(bytes(packed), " gzip , BR ,identity,");
  EXPECT_EQ(decoded.bytes, "hello");
  EXPECT_EQ(decoded.undone, (std::vector<std::string>{"br", "gzip"}));
  EXPECT_EQ(undo_encodings(bytes("x"), "gzip,gzip,gzip,gzip,gzip").fault, Fault::too_many_layers);
}

TEST(Encodings, MembersOfGzipFollowEachOther) {
  const std::string two = gzipped("one ") + gzipped("two");
  EXPECT_EQ(undo_encodings(bytes(two), "gzip").bytes, "one two");
  const std::string padded = gzipped("one") + std::string(20, '\0');
  const Decoded decoded = undo_encodings(bytes(padded), "gzip");
  EXPECT_EQ(decoded.bytes, "one");
  EXPECT_EQ(decoded.fault, Fault::none);
  EXPECT_EQ(undo_encodings(bytes(zstded("a") + zstded("b")), "zstd").bytes, "ab");
}

TEST(Encodings, FaultsAreNamed) {
  const Decoded unknown = undo_encodings(bytes("abc"), "compress");
  EXPECT_EQ(unknown.fault, Fault::unknown_encoding);
  EXPECT_EQ(unknown.left, "compress");
  EXPECT_EQ(unknown.bytes, "abc");
  for (const Coding& coding : kCodings) {
    const Decoded wrong =
        undo_encodings(bytes("\xff\xff\xff this is not packed at all, whatever is said"), coding.name);
    EXPECT_EQ(wrong.fault, Fault::corrupt) << coding.name;
    EXPECT_EQ(wrong.left, coding.name);
  }
  EXPECT_EQ(undo_encoding(bytes("x"), "gzip, br", 10).fault, Fault::unknown_encoding);
}

TEST(Encodings, AnyChangedByteIsNoHarm) {
  const std::string text = usual_text().substr(0, 500);
  for (const Coding& coding : kCodings) {
    const std::string packed = coding.apply(text);
    for (std::size_t at = 0; at < packed.size(); ++at) {
      std::string changed = packed;
      changed[at] = static_cast<char>(changed[at] ^ 0x41);
      EXPECT_LE(undo_encodings(bytes(changed), coding.name, 10'000).bytes.size(), 10'000u);
    }
  }
}

}  // namespace
}  // namespace spanlight::body
