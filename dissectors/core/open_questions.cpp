#include "core/open_questions.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace spanlight {

OpenQuestion* OpenQuestions::open(Workshop& workshop, Direction from, std::uint64_t id,
                                  const Arrival& question) {
  const std::size_t kept = std::min(question.bytes.size(), kKeptBytesMax);
  const MutableBytes block = workshop.state.take(sizeof(OpenQuestion) + kept);
  if (block.empty()) {
    ++workshop.counters.state_exhausted;
    return nullptr;
  }
  auto* call = new (block.data()) OpenQuestion;
  call->id = id;
  call->heard = call->first_byte = question.first_byte;
  call->last_byte = question.last_byte;
  call->size = question.size;
  call->kept = static_cast<std::uint32_t>(kept);
  call->flags = question.flags;
  call->turn = question.turn;
  call->from = from;
  if (kept > 0) std::memcpy(block.data() + sizeof(OpenQuestion), question.bytes.data(), kept);
  append(*call);
  return call;
}

OpenQuestion* OpenQuestions::find(Direction asker, std::uint64_t id, const Arrival& answer) const {
  for (OpenQuestion* call = front_; call != nullptr; call = call->newer)
    if (call->id == id && call->from == asker && call->turn <= answer.turn) return call;
  return nullptr;
}

OpenQuestion* OpenQuestions::front(Direction asker) const {
  for (OpenQuestion* call = front_; call != nullptr; call = call->newer)
    if (call->from == asker) return call;
  return nullptr;
}

void OpenQuestions::heard(OpenQuestion& call, TimeNs time) {
  if (time <= call.heard) return;
  unlink(call);
  call.heard = time;
  append(call);
}

void OpenQuestions::close(Workshop& workshop, OpenQuestion& call) {
  unlink(call);
  workshop.state.give({reinterpret_cast<std::uint8_t*>(&call), sizeof(OpenQuestion)});
}

void OpenQuestions::saw_hole(Direction from, GapCause cause) {
  for (OpenQuestion* call = front_; call != nullptr; call = call->newer) {
    if (call->from == from) continue;
    call->hole = true;
    call->cause = cause;
  }
}

void OpenQuestions::append(OpenQuestion& call) {
  call.older = back_;
  call.newer = nullptr;
  (back_ != nullptr ? back_->newer : front_) = &call;
  back_ = &call;
  ++size_;
}

void OpenQuestions::unlink(OpenQuestion& call) {
  (call.older != nullptr ? call.older->newer : front_) = call.newer;
  (call.newer != nullptr ? call.newer->older : back_) = call.older;
  --size_;
}

std::string_view silence_of(Reason reason) {
  switch (reason) {
    case Reason::unanswered:
      return "no response: unanswered";
    case Reason::reset:
      return "no response: connection reset";
    case Reason::closed:
      return "no response: connection closed";
    default:
      return {};
  }
}

}  // namespace spanlight
