#pragma once
// Records that no sensor would publish and a few that it might, for tests: small pools of values, so that
// conditions hold as often as not, with all that is awkward among them (bytes that are no UTF-8, NUL, line
// ends, repeated headers, fields of another kind than announced). The same seed gives the same records.

#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "record/call.h"
#include "record/sample.h"

namespace spanlight::filter {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  bool one_in(std::size_t count) { return below(count) == 0; }
  template <typename List>
  const auto& of(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::mt19937_64 engine_;
};

// Texts that both records and expressions are made of.
const std::vector<std::string>& awkward_texts();
const std::vector<std::string>& addresses();

// A batch of records and who their ends are; calls() point into it.
class RandomCalls {
 public:
  RandomCalls(std::uint64_t seed, std::size_t count);
  const std::vector<Call>& calls() const { return calls_; }

 private:
  sample::Record record(Dice& dice, std::uint64_t id);
  sample::Message message(Dice& dice);
  sample::Field field(Dice& dice);
  Party party(Dice& dice);

  std::deque<Party> parties_;
  std::deque<std::string> dns_;
  sample::Bytes bytes_;
  std::vector<Call> calls_;
};

}  // namespace spanlight::filter
