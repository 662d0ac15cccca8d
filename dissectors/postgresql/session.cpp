#include "postgresql/session.h"

#include <algorithm>
#include <cstring>

namespace spanlight::postgresql {
namespace {

// FNV-1a; never 0.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash | 1;
}

std::uint8_t copy(std::string_view text, char* to) {
  const std::size_t n = std::min(text.size(), kSessionNameBytesMax);
  if (n > 0) std::memcpy(to, text.data(), n);
  return static_cast<std::uint8_t>(n);
}

}  // namespace

void Session::set_who(std::string_view user, std::string_view database) {
  user_bytes_ = copy(user, user_);
  database_bytes_ = copy(database, database_);
}

void Session::remember(SlabPool& pool, const Statement& statement) {
  const std::string_view text = statement.text.substr(0, kRememberedBytesMax);
  const bool cut = statement.cut || text.size() < statement.text.size();
  if (statement.name.empty()) {
    unnamed_.shrink(0);
    unnamed_known_ = unnamed_.append(pool, as_bytes(text));
    unnamed_size_ = statement.size;
    unnamed_secret_parameters_ = statement.secret_parameters;
    unnamed_redacted_ = statement.redacted;
    unnamed_cut_ = cut;
    return;
  }
  forget(pool, statement.name);
  if (count_ >= kStatementsMax) {
    Entry* oldest = newest_;
    while (oldest->next != nullptr) oldest = oldest->next;
    drop(pool, oldest);
  }
  const std::string_view name = statement.name.substr(0, kSessionNameBytesMax);
  const MutableBytes block = pool.take(sizeof(Entry) + name.size() + text.size());
  if (block.empty()) return;
  auto* entry = new (block.data()) Entry{newest_,
                                         hash_of(statement.name),
                                         statement.size,
                                         statement.secret_parameters,
                                         static_cast<std::uint16_t>(name.size()),
                                         static_cast<std::uint16_t>(text.size()),
                                         statement.redacted,
                                         cut};
  std::memcpy(block.data() + sizeof(Entry), name.data(), name.size());
  if (!text.empty()) std::memcpy(block.data() + sizeof(Entry) + name.size(), text.data(), text.size());
  newest_ = entry;
  ++count_;
}

// What was used last stands first.
Session::Entry* Session::find_entry(std::uint64_t hash) {
  Entry** at = &newest_;
  while (*at != nullptr && (*at)->hash != hash) at = &(*at)->next;
  Entry* const found = *at;
  if (found == nullptr || found == newest_) return found;
  *at = found->next;
  found->next = newest_;
  newest_ = found;
  return found;
}

Session::Statement Session::find_hash(std::uint64_t hash) {
  if (hash == hash_of({}))
    return {{},
            as_text(unnamed_.bytes()),
            unnamed_size_,
            unnamed_secret_parameters_,
            unnamed_known_,
            unnamed_redacted_,
            unnamed_cut_};
  const Entry* entry = find_entry(hash);
  return entry != nullptr ? entry->told() : Statement{};
}

Session::Statement Session::find(std::string_view name) {
  return find_hash(hash_of(name));
}

void Session::drop(SlabPool& pool, Entry* entry) {
  Entry** at = &newest_;
  while (*at != entry) at = &(*at)->next;
  *at = entry->next;
  --count_;
  pool.give({reinterpret_cast<std::uint8_t*>(entry), sizeof(Entry)});
}

void Session::forget(SlabPool& pool, std::string_view name) {
  if (name.empty()) {
    unnamed_known_ = false;
    unnamed_.shrink(0);
  } else if (Entry* entry = find_entry(hash_of(name)); entry != nullptr) {
    drop(pool, entry);
  }
}

void Session::bind(std::string_view portal, std::string_view statement) {
  const std::uint64_t hash = hash_of(portal);
  Portal* place = nullptr;
  for (Portal& known : portals_)
    if (known.portal == hash) place = &known;
  if (place == nullptr) place = &portals_[next_portal_++ % kPortalsMax];
  *place = {hash, hash_of(statement)};
}

Session::Statement Session::bound_to(std::string_view portal) {
  const std::uint64_t hash = hash_of(portal);
  for (const Portal& known : portals_)
    if (known.portal == hash) return find_hash(known.statement);
  return {};
}

void Session::release(SlabPool& pool) {
  while (newest_ != nullptr) drop(pool, newest_);
  unnamed_.release(pool);
}

}  // namespace spanlight::postgresql
