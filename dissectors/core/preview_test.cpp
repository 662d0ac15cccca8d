#include "core/preview.h"

#include <gtest/gtest.h>

#include <string>

namespace spanlight {
namespace {

struct Shop {
  explicit Shop(std::uint32_t limit, std::size_t memory = 1u << 20) : previews(memory) {
    limits.body_preview_bytes = limit;
  }
  SlabPool state{0};
  SlabPool previews;
  Limits limits;
  DissectorCounters counters;
  Workshop workshop{state, previews, limits, counters};
};

TEST(Preview, KeepsThePrefixUpToTheLimit) {
  for (const std::uint32_t limit : {0u, 1u, 255u, 256u, 257u, 16'384u, 65'536u, 1u << 20}) {
    Shop shop(limit);
    Preview preview;
    std::string all;
    for (int i = 0; i < 1000; ++i) {
      const std::string piece(static_cast<std::size_t>(i % 200), static_cast<char>('a' + i % 26));
      all += piece;
      preview.append(shop.workshop, as_bytes(piece));
    }
    const std::size_t kept = std::min<std::size_t>({limit, Preview::kBytesMax, all.size()});
    EXPECT_EQ(as_text(preview.bytes()), all.substr(0, kept)) << limit;
    EXPECT_EQ(preview.full(shop.limits), kept < all.size());
    EXPECT_EQ(shop.counters.preview_exhausted, 0u);
    preview.release(shop.workshop);
    EXPECT_EQ(shop.previews.used_bytes(), 0u);
  }
}

TEST(Preview, ExhaustionShortensAndIsCountedOnce) {
  Shop shop(16'384, SlabPool::kPageBytes);
  const MutableBytes hog =
      shop.previews.take(16'384);  // the only page now serves the 16 KiB class: none left for others
  Preview preview;
  preview.append(shop.workshop, as_bytes(std::string(100, 'x')));
  preview.append(shop.workshop, as_bytes(std::string(100, 'y')));
  EXPECT_TRUE(preview.bytes().empty());
  EXPECT_TRUE(preview.full(shop.limits));
  EXPECT_EQ(shop.counters.preview_exhausted, 1u);
  shop.previews.give(hog);
}

TEST(Preview, NothingBehindAHole) {
  Shop shop(100);
  Preview preview;
  preview.append(shop.workshop, as_bytes("ab"));
  preview.close();
  preview.append(shop.workshop, as_bytes("cd"));
  EXPECT_EQ(as_text(preview.bytes()), "ab");
  preview.release(shop.workshop);
}

}  // namespace
}  // namespace spanlight
