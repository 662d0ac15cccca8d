#include "core/statements.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace spanlight {

void Statements::add(Workshop& workshop, std::uint64_t key, std::string_view text, std::uint64_t size,
                     bool redacted) {
  remove(workshop, key);
  if (count_ >= kMax) {
    const Statement* oldest = front_;
    while (oldest->next != nullptr) oldest = oldest->next;
    remove(workshop, oldest->key);
  }
  const std::string_view kept = text.substr(0, kTextBytesMax);
  const MutableBytes block = workshop.state.take(sizeof(Statement) + kept.size());
  if (block.empty()) {
    ++workshop.counters.state_exhausted;
    return;
  }
  auto* one = new (block.data()) Statement;
  one->key = key;
  one->kept = static_cast<std::uint32_t>(kept.size());
  one->size = static_cast<std::uint32_t>(size);
  one->redacted = redacted;
  if (!kept.empty()) std::memcpy(block.data() + sizeof(Statement), kept.data(), kept.size());
  one->next = front_;
  front_ = one;
  ++count_;
}

const Statements::Statement* Statements::find(std::uint64_t key) {
  for (Statement** at = &front_; *at != nullptr; at = &(*at)->next) {
    Statement* const one = *at;
    if (one->key != key) continue;
    *at = one->next;
    one->next = front_;
    front_ = one;
    return one;
  }
  return nullptr;
}

void Statements::remove(Workshop& workshop, std::uint64_t key) {
  for (Statement** at = &front_; *at != nullptr; at = &(*at)->next) {
    Statement* const one = *at;
    if (one->key != key) continue;
    *at = one->next;
    workshop.state.give({reinterpret_cast<std::uint8_t*>(one), sizeof(Statement)});
    --count_;
    return;
  }
}

void Statements::release(Workshop& workshop) {
  while (front_ != nullptr) remove(workshop, front_->key);
}

}  // namespace spanlight
