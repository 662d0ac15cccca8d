#include "mysql/session.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/fold.h"

namespace spanlight::mysql {

std::string_view used_database(std::string_view statement) {
  constexpr std::string_view kUse = "use ";
  constexpr std::string_view kAround = " \t\r\n;`";
  if (statement.size() <= kUse.size() || !same_folded(statement.substr(0, kUse.size()), kUse)) return {};
  const std::string_view name = statement.substr(kUse.size());
  const std::size_t begin = name.find_first_not_of(kAround), end = name.find_last_not_of(kAround);
  return begin == std::string_view::npos ? std::string_view{} : name.substr(begin, end - begin + 1);
}

void Memory::set(Workshop& workshop, SlabBuffer& to, std::string_view value) {
  to.shrink(0);
  if (value.empty()) return to.release(workshop.state);
  if (!to.append(workshop.state, as_bytes(value.substr(0, kNameBytesMax))))
    ++workshop.counters.state_exhausted;
}

void Memory::add(Workshop& workshop, std::uint32_t id, const Call& prepared) {
  remove(workshop, id);
  if (count_ >= kStatementsMax) {
    const Statement* oldest = statements_;
    while (oldest->next != nullptr) oldest = oldest->next;
    remove(workshop, oldest->id);
  }
  const Bytes kept = prepared.text.bytes().first(std::min(prepared.text.size(), kTextBytesMax));
  const MutableBytes block = workshop.state.take(sizeof(Statement) + kept.size());
  if (block.empty()) {
    ++workshop.counters.state_exhausted;
    return;
  }
  auto* one = new (block.data()) Statement;
  one->id = id;
  one->kept = static_cast<std::uint32_t>(kept.size());
  one->size = static_cast<std::uint32_t>(prepared.body_size);
  one->redacted = (prepared.flags & kFlagRedacted) != 0;
  if (!kept.empty()) std::memcpy(block.data() + sizeof(Statement), kept.data(), kept.size());
  one->next = statements_;
  statements_ = one;
  ++count_;
}

const Memory::Statement* Memory::find(std::uint32_t id) {
  for (Statement** at = &statements_; *at != nullptr; at = &(*at)->next) {
    Statement* const one = *at;
    if (one->id != id) continue;
    *at = one->next;
    one->next = statements_;
    statements_ = one;
    return one;
  }
  return nullptr;
}

void Memory::remove(Workshop& workshop, std::uint32_t id) {
  for (Statement** at = &statements_; *at != nullptr; at = &(*at)->next) {
    Statement* const one = *at;
    if (one->id != id) continue;
    *at = one->next;
    workshop.state.give({reinterpret_cast<std::uint8_t*>(one), sizeof(Statement)});
    --count_;
    return;
  }
}

void Memory::forget_statements(Workshop& workshop) {
  while (statements_ != nullptr) remove(workshop, statements_->id);
}

void Memory::forget_all_but_user(Workshop& workshop) {
  forget_statements(workshop);
  database_.release(workshop.state);
}

void Memory::release(Workshop& workshop) {
  forget_statements(workshop);
  version_.release(workshop.state);
  user_.release(workshop.state);
  database_.release(workshop.state);
}

}  // namespace spanlight::mysql
