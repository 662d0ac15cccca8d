#include "core/preview.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace spanlight {
namespace {

struct Shop {
  explicit Shop(std::uint32_t limit, std::size_t memory = 1u << 20, std::size_t state_memory = 1u << 20)
      : state(state_memory), previews(memory) {
    limits.body_preview_bytes = limit;
  }
  SlabPool state;
  SlabPool previews;
  Limits limits;
  DissectorCounters counters;
  Workshop workshop{state, previews, limits, counters};
};

std::string text_of(const Preview& preview) {
  Preview::Room room;
  const Pieces pieces = preview.bytes(room);
  std::string text(pieces.size(), '\0');
  pieces.copy_to(reinterpret_cast<std::uint8_t*>(text.data()));
  EXPECT_EQ(text.size(), preview.size());
  return text;
}

// Lends what lies in `buffer`, up to `most` times.
struct Buffer final : Lender {
  explicit Buffer(std::string bytes, unsigned most = 1'000) : buffer(std::move(bytes)), left(most) {}
  Loan* lend(Bytes bytes) override {
    const Bytes own = as_bytes(buffer);
    const bool inside = bytes.data() >= own.data() && bytes.data() + bytes.size() <= own.data() + own.size();
    if (!inside || left == 0) return nullptr;
    --left;
    ++out;
    return reinterpret_cast<Loan*>(this);
  }
  void give_back(Loan* loan) override {
    EXPECT_EQ(loan, reinterpret_cast<Loan*>(this));
    --out;
  }
  std::string buffer;
  unsigned left;
  unsigned out = 0;
};

TEST(Preview, LargePiecesAreLentAndSmallOnesCopiedInOrder) {
  std::string letters;
  for (int i = 0; i < 20'000; ++i) letters += static_cast<char>('a' + i / 7 % 26);
  for (const unsigned most : {0u, 1u, 3u, 1'000u}) {
    for (const std::uint32_t limit : {700u, 16'384u, 65'536u}) {
      Shop shop(limit);
      Buffer buffer(letters, most);
      shop.workshop.lender = &buffer;
      Preview preview;
      preview.expect(shop.workshop, letters.size());
      std::size_t at = 0;
      for (std::size_t n = 1; at < letters.size(); n = n * 5 % 1'499 + 1) {
        const Bytes piece = as_bytes(buffer.buffer).subspan(at, std::min(n, letters.size() - at));
        at += piece.size();
        if (n % 3 == 0)  // from elsewhere: a window that waited
          preview.append(shop.workshop, as_bytes(std::string(as_text(piece))));
        else
          preview.append(shop.workshop, piece);
      }
      EXPECT_EQ(text_of(preview), letters.substr(0, std::min<std::size_t>(limit, letters.size())));
      EXPECT_LE(buffer.out, std::min<unsigned>(most, Preview::kPiecesMax));
      EXPECT_EQ(buffer.out > 0, most > 0 && limit > 700);
      EXPECT_EQ(shop.counters.preview_exhausted, 0u);
      preview.release(shop.workshop);
      EXPECT_EQ(buffer.out, 0u);
      EXPECT_EQ(shop.previews.used_bytes() + shop.state.used_bytes(), 0u);
    }
  }
}

TEST(Preview, WithoutRoomForTheListOfPiecesItCopies) {
  Shop shop(16'384, 1u << 20, 0);
  Buffer buffer(std::string(1'000, 'x'));
  shop.workshop.lender = &buffer;
  Preview preview;
  preview.append(shop.workshop, as_bytes(buffer.buffer));
  EXPECT_EQ(text_of(preview), buffer.buffer);
  EXPECT_EQ(buffer.out, 0u);
  preview.release(shop.workshop);
}

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
    EXPECT_EQ(text_of(preview), all.substr(0, kept)) << limit;
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
  EXPECT_EQ(text_of(preview), "");
  EXPECT_TRUE(preview.full(shop.limits));
  EXPECT_EQ(shop.counters.preview_exhausted, 1u);
  shop.previews.give(hog);
}

TEST(Preview, WithoutRoomForCopiesWhatWasLentIsAllThereIs) {
  Shop shop(16'384, 0);
  Buffer buffer(std::string(2'000, 'l'));
  shop.workshop.lender = &buffer;
  Preview preview;
  preview.append(shop.workshop, as_bytes(buffer.buffer));
  preview.append(shop.workshop, as_bytes("not kept"));
  EXPECT_EQ(text_of(preview), buffer.buffer);
  Preview::Room room;
  std::size_t pieces = 0;
  preview.bytes(room).each([&](Bytes) { ++pieces; });
  EXPECT_EQ(pieces, 1u) << "none of nothing, which has no address";
  EXPECT_EQ(shop.counters.preview_exhausted, 1u);
  preview.release(shop.workshop);
  EXPECT_EQ(buffer.out, 0u);
}

TEST(Preview, NothingBehindAHole) {
  Shop shop(100);
  Preview preview;
  preview.append(shop.workshop, as_bytes("ab"));
  preview.close();
  preview.append(shop.workshop, as_bytes("cd"));
  EXPECT_EQ(text_of(preview), "ab");
  preview.release(shop.workshop);
}

// Overload comes and goes while a body passes: what was left out is missing for good, and said.
TEST(Preview, WhatOverloadLeavesOutStaysOut) {
  Shop shop(100);
  Preview preview;
  preview.append(shop.workshop, as_bytes("ab"));
  EXPECT_FALSE(preview.full(shop.limits));
  shop.limits.previews_shed = true;
  preview.append(shop.workshop, as_bytes("cd"));
  EXPECT_TRUE(preview.shed());
  shop.limits.previews_shed = false;
  EXPECT_TRUE(preview.full(shop.limits));
  preview.append(shop.workshop, as_bytes("ef"));
  EXPECT_EQ(text_of(preview), "ab");
  preview.release(shop.workshop);

  Preview asked;  // told that nothing will be kept, its reader lets the body pass unseen
  shop.limits.previews_shed = true;
  EXPECT_TRUE(asked.full(shop.limits));
  shop.limits.previews_shed = false;
  asked.append(shop.workshop, as_bytes("last byte"));
  EXPECT_EQ(text_of(asked), "");
  EXPECT_TRUE(asked.shed());
}

TEST(Preview, OverloadIsNotBlamedForWhatWasFullBefore) {
  Shop shop(2);
  Preview full, none;
  full.append(shop.workshop, as_bytes("abc"));
  shop.limits.previews_shed = true;
  full.append(shop.workshop, as_bytes("d"));
  EXPECT_FALSE(full.shed());
  shop.limits.body_preview_bytes = 0;
  none.append(shop.workshop, as_bytes("abc"));
  EXPECT_FALSE(none.shed());
  full.release(shop.workshop);
}

}  // namespace
}  // namespace spanlight
