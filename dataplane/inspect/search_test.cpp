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

TEST_F(StartSearchTest, who_waits_for_more_is_asked_again) {
  Searched searched;
  const Bytes half = as_bytes(kRedis).first(6);  // *2 CR LF $3
  const FoundStart none = search_.find(all(), kEitherDirection, half, searched);
  EXPECT_EQ(none.protocol, nullptr);
  EXPECT_EQ(none.at, 0u);
  EXPECT_EQ(search_.find(all(), kEitherDirection, as_bytes(kRedis), searched).protocol->name, "redis");
}

// A heartbeat is said by both sides: who the client is has to be known from elsewhere.
TEST_F(StartSearchTest, what_both_sides_may_have_said_tells_no_client) {
  const std::string heartbeat = "\x08\0\0\0\0\0\0\xce"s;
  Searched searched;
  const FoundStart found = search_.find(all(), kEitherDirection, as_bytes(heartbeat), searched);
  ASSERT_NE(found.protocol, nullptr);
  EXPECT_EQ(found.protocol->name, "amqp");
  EXPECT_TRUE(found.either);
  EXPECT_FALSE(search_.find(all(), only(Direction::s2c), as_bytes(heartbeat), searched).either);
  EXPECT_FALSE(search_.find(all(), kEitherDirection, as_bytes(kPostgresql), searched).either);
}

// A false start in one direction holds up nobody in the other one.
TEST_F(StartSearchTest, each_direction_waits_alone) {
  std::string answers;
  for (unsigned n = 0; n < 10; ++n) answers += "MSG foo.bar 9 5\r\nhello\r\n";
  const std::string bytes = "x PUB a 1900\r\n" + answers;
  const FoundStart found = in_pieces(as_bytes(bytes), 20);
  ASSERT_NE(found.protocol, nullptr);
  EXPECT_EQ(found.protocol->name, "nats");
  EXPECT_EQ(found.from, Direction::s2c);
  EXPECT_EQ(found.at, 14u);
}

// Two that believe in nothing: one waits for long where it once saw a mark, the other counts how often it is
// asked.
std::size_t asked = 0;
constexpr Descriptor kWaits{
    .name = "waits",
    .begins = [](Direction, Bytes window) { return window.size() < 5'000 ? Look::more : Look::no; },
    .signs =
        [](Direction) {
          static constexpr Signs kMark[] = {Signs(ByteSet::of("#"))};
          return std::span<const Signs>(kMark);
        }};
constexpr Descriptor kCounts{.name = "counts",
                             .begins =
                                 [](Direction, Bytes) {
                                   ++asked;
                                   return Look::no;
                                 },
                             .signs =
                                 [](Direction) {
                                   static constexpr Signs kAny[] = {Signs()};
                                   return std::span<const Signs>(kAny);
                                 }};

TEST(StartSearch, what_was_looked_at_in_vain_is_not_looked_at_again) {
  constexpr const Descriptor* kTwo[] = {&kWaits, &kCounts};
  const StartSearch search(kTwo);
  const std::string bytes = "#" + std::string(3'999, 'x');
  Searched searched;
  asked = 0;
  for (std::size_t end = 100; end <= bytes.size(); end += 100) {
    const FoundStart found = search.find(0b11, kEitherDirection, as_bytes(bytes).first(end), searched);
    EXPECT_EQ(found.at, 0u) << "somebody waits";
  }
  EXPECT_EQ(asked, 2 * bytes.size()) << "once for each byte and direction";
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

std::string times(unsigned n, const std::string& one) {
  std::string out;
  for (unsigned i = 0; i < n; ++i) out += one;
  return out;
}

const std::pair<std::string_view, std::string> kMessages[] = {
    {"redis", kRedis},
    {"redis", "$5\r\nhello\r\n:12\r\n$5\r\nhello\r\n"},
    {"postgresql", kPostgresql},
    {"postgresql", "C\0\0\0\x0dSELECT 1\0Z\0\0\0\5I"s},
    {"nats", "PUB foo.bar 5\r\nhello\r\n"},
    {"memcached", "set k 0 0 5\r\nhello\r\n"},
    {"memcached", "VALUE k 0 5\r\nhello\r\nEND\r\n"},
    {"mqtt", times(4, "\x30\x0a\0\6a/b/c\x31\x32\x33"s)},
    {"ldap", "0\x0c\2\1\1`\7\2\1\3\4\0\x80\0"s},
    {"amqp", "\x08\0\0\0\0\0\0\xce"s},
    {"tls", times(2, "\x17\3\3\0\x08sealed.."s)},
    {"mysql", "\x09\0\0\0\3SELECT 1"s},
    {"ws", "\x81\x07{\"a\":1}\x81\x07{\"a\":2}\x81\x07{\"b\":3}\x81\x07{\"c\":4}"}};

// Their messages among random bytes, some with one that is wrong: together they find what one of them finds
// alone, and nobody's signs hide what it would believe in.
TEST_F(StartSearchTest, finds_what_each_finds_alone) {
  std::mt19937 random(7);
  for (const auto& [protocol, message] : kMessages) {
    unsigned found_whole = 0;
    for (unsigned n = 0; n < 40; ++n) {
      std::string bytes(80 + message.size() + 40, '\0');
      for (char& b : bytes) b = static_cast<char>(random());
      bytes.replace(80, message.size(), message);
      if (n >= 20) bytes[80 + random() % message.size()] = static_cast<char>(random());
      const FoundStart together = in_pieces(as_bytes(bytes), n % 2 == 0 ? bytes.size() : 7),
                       one = alone(as_bytes(bytes));
      ASSERT_EQ(together.protocol != nullptr, one.protocol != nullptr) << protocol << n;
      if (one.protocol == nullptr) continue;
      // In pieces, who needs fewer bytes may be before who begins earlier.
      EXPECT_TRUE(n % 2 == 0 ? together.at == one.at : together.at >= one.at) << protocol << n;
      found_whole += n < 20 && together.at == 80 && together.protocol->name == protocol;
      for (const Descriptor* candidate : candidates_)
        for (const Direction from : {Direction::c2s, Direction::s2c})
          if (candidate->begins != nullptr &&
              candidate->begins(from, as_bytes(bytes).subspan(80)) == Look::yes) {
            EXPECT_TRUE(any_allows(candidate->signs(from), as_bytes(bytes).subspan(80))) << candidate->name;
          }
    }
    EXPECT_GE(found_whole, 15u) << protocol;
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
