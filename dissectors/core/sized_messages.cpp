#include "core/sized_messages.h"

#include <algorithm>
#include <cstring>

namespace spanlight {

SizedMessages::Next SizedMessages::next(Workshop& workshop, const Window& window, std::size_t& at,
                                        MeasureOf measure, std::uint32_t& turns) {
  const Bytes rest = window.bytes.subspan(at);
  if (left_ > 0) {
    if (rest.empty()) return {.answer = {.consumed = at}};
    ++at;
    left_ = 0;
    told_ = true;
    return {.come = true, .message = passing(window.time)};
  }
  if (told_) forget(workshop);
  if (rest.empty()) return {.answer = {.consumed = at}};
  if (began_ == 0) {
    began_ = window.time;
    turn_ = ++turns;
  }
  const Measure m = measure(rest);
  // Each byte of a head may show what is wrong with it.
  if (m.fault == Fault::short_input)
    return {.answer = {.consumed = at, .want = Answer::Want::wait, .n = rest.size() + 1}};
  if (m.fault != Fault::none) return {.broken = true};
  const auto wanted = static_cast<std::size_t>(std::min({m.size, m.wanted, std::uint64_t{kWantedBytesMax}}));
  if (rest.size() < wanted) return {.answer = {.consumed = at, .want = Answer::Want::wait, .n = wanted}};
  if (rest.size() < m.size) {
    at = window.bytes.size();
    Answer answer = pass(workshop, rest, m.size, wanted);
    answer.consumed = at;
    return {.answer = answer};
  }
  at += static_cast<std::size_t>(m.size);
  const TimeNs began = began_;
  began_ = 0;
  return {.come = true,
          .message = {.bytes = rest.first(wanted),
                      .first_byte = began,
                      .last_byte = window.time,
                      .size = m.size,
                      .turn = turn_}};
}

// Without memory for its beginning a message passes all the same; its bytes are none.
Answer SizedMessages::pass(Workshop& workshop, Bytes rest, std::uint64_t size, std::size_t wanted) {
  size_ = size;
  left_ = size - rest.size();
  flags_ = 0;
  const MutableBytes block = workshop.state.take(wanted);
  if (block.empty()) {
    ++workshop.counters.state_exhausted;
  } else {
    kept_ = block.data();
    kept_bytes_ = static_cast<std::uint32_t>(wanted);
    std::memcpy(kept_, rest.data(), wanted);
  }
  return left_ > 1 ? Answer{.want = Answer::Want::skip, .n = left_ - 1} : Answer{};
}

bool SizedMessages::cut(std::uint64_t missing, TimeNs time, Arrival& message) {
  const bool within = left_ > 0;
  if (within) {
    flags_ |= missing > 0 ? std::uint32_t{kFlagGap} : std::uint32_t{kFlagTruncatedBody};
    message = passing(time);
  }
  left_ = 0;
  told_ = within;
  if (!within) began_ = 0;
  return within;
}

void SizedMessages::forget(Workshop& workshop) {
  if (kept_ != nullptr) workshop.state.give({kept_, kept_bytes_});
  *this = {};
}

Arrival SizedMessages::passing(TimeNs last_byte) const {
  return {.bytes = {kept_, kept_bytes_},
          .first_byte = began_,
          .last_byte = last_byte,
          .size = size_,
          .flags = flags_,
          .turn = turn_};
}

}  // namespace spanlight
