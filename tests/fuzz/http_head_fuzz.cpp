// Bytes → a conversation of texts → the HTTP/1 dissector, once with llhttp for all heads and once with the
// scanner: calls, times, flags, counters and what is handed over must be the same. The scanner's ways to
// classify bytes must agree too.
//
// Input: u8 set-up, then text. Bytes with a meaning in it: F5 the other side speaks, F6 a segment ends here,
// F7 what follows, up to the next of these, is lost.
//   set-up: bits 0-1 preview limit, 2 both sides end in order, 3-4 limits of the head, 5 random cuts

#include <array>
#include <cstdio>
#include <cstdlib>

#include "core/reader.h"
#include "http/both_ways.h"

namespace spanlight {
namespace {

constexpr std::uint8_t kOther = 0xf5, kCut = 0xf6, kLost = 0xf7;
constexpr std::size_t kSegmentsMax = 64;

void demand(const std::string& wrong) {
  if (wrong.empty()) return;
  std::fwrite(wrong.data(), 1, wrong.size(), stderr);
  std::abort();
}

testing::Play read_setup(std::uint8_t bits, std::size_t size) {
  constexpr std::array<std::uint32_t, 4> kPreviews = {16'384, 0, 1, 20};
  constexpr std::array<std::uint32_t, 4> kHeadBytes = {65'536, 40, 80, 200};
  constexpr std::array<std::uint32_t, 4> kHeaders = {256, 256, 3, 1};
  testing::Play how;
  how.state_bytes = how.preview_bytes = std::size_t{1} << 20;
  how.limits.body_preview_bytes = kPreviews[bits & 3];
  how.fin = (bits & 4) != 0;
  how.limits.head_bytes_max = kHeadBytes[bits >> 3 & 3];
  how.limits.headers_max = kHeaders[bits >> 3 & 3];
  if ((bits & 32) != 0) how.cut_seed = 1 + static_cast<std::uint32_t>(size);
  return how;
}

testing::Conversation read_segments(Bytes text) {
  testing::Conversation out;
  testing::Segment segment{.from = Direction::c2s, .bytes = {}};
  const auto end = [&] {
    if (!segment.bytes.empty()) out.push_back(segment);
    segment.bytes.clear();
    segment.lost = false;
  };
  for (const std::uint8_t byte : text) {
    if (out.size() == kSegmentsMax) break;
    if (byte != kOther && byte != kCut && byte != kLost) {
      segment.bytes += static_cast<char>(byte);
      continue;
    }
    end();
    if (byte == kOther) segment.from = opposite(segment.from);
    segment.lost = byte == kLost;
  }
  end();
  return out;
}

void run(Bytes input) {
  Reader r(input);
  const testing::Play how = read_setup(r.u8(), input.size());
  const testing::Conversation conversation = read_segments(r.take(r.left()));
  for (const testing::Segment& s : conversation)
    demand(http::testing::check_classifiers(as_bytes(s.bytes), how.limits.headers_max));
  demand(http::testing::check_both_ways(conversation, how));
}

}  // namespace
}  // namespace spanlight

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spanlight::run({data, size});
  return 0;
}
