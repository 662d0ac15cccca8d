// A message's start searched for in bytes that are nobody's, in segments as they come: all protocols in one
// pass, and one by one beside it. Bytes a second; what a connection joined midstream costs until it is given
// up is 256 KiB of each direction.

#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "inspect/search.h"

namespace {

using namespace spanlight;

constexpr std::size_t kBytes = 256 * 1'024, kSegmentBytes = 1'460;

std::string random_bytes() {
  std::mt19937 random(1);
  std::string out(kBytes, '\0');
  for (char& b : out) b = static_cast<char>(random());
  return out;
}

std::string json() {
  std::mt19937 random(1);
  std::string out;
  while (out.size() < kBytes)
    out += R"({"id":)" + std::to_string(random() % 100'000) + R"(,"name":"somebody","ok":true},)";
  return out;
}

std::vector<const Descriptor*> searchable() {
  std::vector<const Descriptor*> out;
  for (const Descriptor* protocol : registry())
    if (protocol->can_be_found() && protocol->transport != Transport::udp) out.push_back(protocol);
  return out;
}

void search_together(benchmark::State& state, const std::string& bytes) {
  const std::vector<const Descriptor*> candidates = searchable();
  const StartSearch search(candidates);
  const CandidateMask all = (CandidateMask{1} << candidates.size()) - 1;
  for (auto _ : state) {
    Searched searched;
    std::size_t dropped = 0;
    for (std::size_t end = kSegmentBytes; end <= kBytes; end += kSegmentBytes) {
      const FoundStart found =
          search.find(all, kEitherDirection, as_bytes(bytes).subspan(dropped, end - dropped), searched);
      dropped +=
          found.at + (found.protocol != nullptr);  // random bytes are taken for somebody's now and then
      searched.advance(found.at);
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kBytes));
}

void search_apart(benchmark::State& state, const std::string& bytes) {
  const std::vector<const Descriptor*> candidates = searchable();
  for (auto _ : state)
    for (const Descriptor* candidate : candidates)
      for (const Direction from : {Direction::c2s, Direction::s2c}) {
        std::size_t dropped = 0;
        for (std::size_t end = kSegmentBytes; end <= kBytes; end += kSegmentBytes) {
          const Sync at = candidate->find_proof(from, as_bytes(bytes).subspan(dropped, end - dropped));
          dropped += at.skip + at.found;
        }
      }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kBytes));
}

BENCHMARK_CAPTURE(search_together, json, json());
BENCHMARK_CAPTURE(search_together, random, random_bytes());
BENCHMARK_CAPTURE(search_apart, json, json());
BENCHMARK_CAPTURE(search_apart, random, random_bytes());

}  // namespace
