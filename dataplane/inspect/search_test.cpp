// All protocols at once find what each of them finds alone, however the bytes come.

#include "inspect/search.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace spanlight {
namespace {

using namespace std::string_literals;

class StartSearchTest : public testing::Test {
 protected:
  static std::vector<const Descriptor*> found_in_streams() {
    std::vector<const Descriptor*> out;
    for (const Descriptor* protocol : registry())
      if (protocol->can_be_found() && protocol->transport != Transport::udp) out.push_back(protocol);
    return out;
  }

  CandidateMask all() const { return (CandidateMask{1} << candidates_.size()) - 1; }

  // What is found when the bytes come in pieces, and what nobody needs is dropped.
  FoundStart in_pieces(Bytes bytes, std::size_t piece, DirectionMask said = kEitherDirection) const {
    Searched searched;
    std::size_t dropped = 0;
    for (std::size_t end = std::min(piece, bytes.size());; end = std::min(end + piece, bytes.size())) {
      FoundStart found = search_.find(all(), said, bytes.subspan(dropped, end - dropped), searched);
      dropped += found.at;
      searched.advance(found.at);
      found.at = dropped;
      if (found.protocol != nullptr || end == bytes.size()) return found;
    }
  }

  // The first start that one of them finds alone.
  FoundStart alone(Bytes bytes) const {
    FoundStart out{.at = bytes.size()};
    for (const Descriptor* protocol : candidates_)
      for (const Direction from : {Direction::c2s, Direction::s2c}) {
        const Sync at = protocol->find_proof(from, bytes);
        if (at.found && at.skip < out.at) out = {protocol, from, at.skip};
      }
    return out;
  }

  std::vector<const Descriptor*> candidates_ = found_in_streams();
  StartSearch search_{candidates_};
};

const std::string kRedis = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
const std::string kPostgresql = "Q\0\0\0\x0dSELECT 1\0Q\0\0\0\x0dSELECT 1\0"s;
const std::string kNoise = "\x07\x01 no start of anything: \xff\x00\x17 12345 }"s;

TEST_F(StartSearchTest, a_start_is_found_behind_noise) {
  const std::string bytes = kNoise + kRedis;
  const FoundStart found = in_pieces(as_bytes(bytes), bytes.size());
  ASSERT_NE(found.protocol, nullptr);
  EXPECT_EQ(found.protocol->name, "redis");
  EXPECT_EQ(found.from, Direction::c2s);
  EXPECT_EQ(found.at, kNoise.size());
}

TEST_F(StartSearchTest, the_first_of_several_counts) {
  const std::string bytes = kNoise + kRedis + kPostgresql;
  EXPECT_EQ(in_pieces(as_bytes(bytes), bytes.size()).protocol->name, "redis");
  const std::string other = kNoise + kPostgresql + kRedis;
  EXPECT_EQ(in_pieces(as_bytes(other), other.size()).protocol->name, "postgresql");
}

TEST_F(StartSearchTest, only_in_the_direction_that_is_asked_for) {
  const std::string bytes = kNoise + kPostgresql;
  EXPECT_EQ(in_pieces(as_bytes(bytes), bytes.size(), only(Direction::s2c)).protocol, nullptr);
}

TEST_F(StartSearchTest, who_waits_for_more_does_not_look_again_in_vain) {
  Searched searched;
  const Bytes half = as_bytes(kRedis).first(6);  // *2 CR LF $3
  const FoundStart none = search_.find(all(), kEitherDirection, half, searched);
  EXPECT_EQ(none.protocol, nullptr);
  EXPECT_EQ(none.at, 0u);
  EXPECT_NE(searched.undecided, 0u);
  EXPECT_EQ(searched.bytes, half.size());
  EXPECT_EQ(search_.find(all(), kEitherDirection, as_bytes(kRedis), searched).protocol->name, "redis");
}

TEST_F(StartSearchTest, pieces_change_nothing) {
  for (const std::string& start : {kRedis, kPostgresql})
    for (const std::size_t piece : {1u, 2u, 3u, 7u, 16u}) {
      const std::string bytes = kNoise + start;
      const FoundStart found = in_pieces(as_bytes(bytes), piece);
      ASSERT_NE(found.protocol, nullptr) << piece;
      EXPECT_EQ(found.at, kNoise.size()) << piece;
    }
}

// Random bytes, and those of a few values that protocols like: nobody's signs hide what it would find.
TEST_F(StartSearchTest, finds_what_each_finds_alone) {
  std::mt19937 random(7);
  const std::string likes = "\0\0\0\1\2\3\x08\r\n0*$+:QCSPING \x80\x81\xce{}\""s;
  for (unsigned n = 0; n < 400; ++n) {
    std::string bytes(300, '\0');
    for (char& b : bytes) b = n % 2 == 0 ? static_cast<char>(random()) : likes[random() % likes.size()];
    const FoundStart together = in_pieces(as_bytes(bytes), bytes.size()), one = alone(as_bytes(bytes));
    ASSERT_EQ(together.protocol != nullptr, one.protocol != nullptr) << n;
    if (one.protocol != nullptr) {
      EXPECT_EQ(together.at, one.at) << n;
    }
  }
}

// What is compressed or encrypted in a way of its own is nobody's: what begins a message has to be proof.
TEST_F(StartSearchTest, nobody_is_found_in_random_bytes) {
  std::mt19937 random(9);
  std::string bytes(1'460, '\0');
  for (unsigned n = 0; n < 1'500; ++n) {
    for (char& b : bytes) b = static_cast<char>(random());
    Searched searched;
    const FoundStart found = search_.find(all(), kEitherDirection, as_bytes(bytes), searched);
    ASSERT_EQ(found.protocol, nullptr) << found.protocol->name << " at " << found.at << " of " << n;
  }
}

TEST_F(StartSearchTest, signs_do_not_deny_what_begins) {
  std::mt19937 random(8);
  const std::string likes = "\0\0\0\1\2\3\x08\r\n0*$+:QCSPING \x80\x81\xce{}\""s;
  for (unsigned n = 0; n < 4'000; ++n) {
    std::string bytes(24, '\0');
    for (char& b : bytes) b = likes[random() % likes.size()];
    for (const Descriptor* protocol : candidates_) {
      if (protocol->begins == nullptr) continue;
      for (const Direction from : {Direction::c2s, Direction::s2c})
        if (protocol->begins(from, as_bytes(bytes)) == Look::yes) {
          EXPECT_TRUE(any_allows(protocol->signs(from), as_bytes(bytes))) << protocol->name;
        }
    }
  }
}

// There are 64 bits for signs: who gets none is asked as before.
TEST(StartSearch, more_signs_than_bits_lose_nobody) {
  std::vector<const Descriptor*> many(40, find_protocol("postgresql"));
  many.push_back(find_protocol("redis"));
  const StartSearch search(many);
  Searched searched;
  const std::string bytes = kNoise + kRedis;
  const FoundStart found =
      search.find(~CandidateMask{0} >> (64 - many.size()), kEitherDirection, as_bytes(bytes), searched);
  ASSERT_NE(found.protocol, nullptr);
  EXPECT_EQ(found.protocol->name, "redis");
  EXPECT_EQ(found.at, kNoise.size());
}

}  // namespace
}  // namespace spanlight
