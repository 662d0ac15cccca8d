#pragma once
// What a connection tells once and is needed for every call: who it is, and the statements that were
// prepared. Lies in one block of the worker's slabs, its statements in others; release() gives all of them
// back. What is forgotten at a limit is only not shown.

#include <cstdint>
#include <string_view>

#include "core/slab.h"
#include "core/slab_buffer.h"

namespace spanlight::postgresql {

constexpr std::size_t kStatementsMax = 128;         // remembered, those that were used last
constexpr std::size_t kRememberedBytesMax = 4'000;  // of a statement's text
constexpr std::size_t kSessionNameBytesMax = 63;    // of user and database: PostgreSQL's own limit
constexpr std::size_t kPortalsMax = 8;              // that Bind named and Execute may still name

class Session {
 public:
  struct Statement {
    std::string_view name, text;
    std::uint64_t size = 0;               // of the text, on the wire
    std::uint64_t secret_parameters = 0;  // as a call's
    bool known = false;
    bool redacted = false;
    bool cut = false;  // the text is not all of it
  };

  void set_who(std::string_view user, std::string_view database);
  std::string_view user() const { return {user_, user_bytes_}; }
  std::string_view database() const { return {database_, database_bytes_}; }

  // The views of what is remembered end with the next call.
  void remember(SlabPool& pool, const Statement& statement);
  Statement find(std::string_view name);
  void forget(SlabPool& pool, std::string_view name);

  void bind(std::string_view portal, std::string_view statement);
  Statement bound_to(std::string_view portal);

  void release(SlabPool& pool);

 private:
  struct Entry {
    Entry* next;
    std::uint64_t hash;
    std::uint64_t size;
    std::uint64_t secret_parameters;
    std::uint16_t name_bytes, text_bytes;
    bool redacted, cut;
    const char* name() const { return reinterpret_cast<const char*>(this + 1); }
    Statement told() const {
      return {{name(), name_bytes},
              {name() + name_bytes, text_bytes},
              size,
              secret_parameters,
              true,
              redacted,
              cut};
    }
  };
  struct Portal {
    std::uint64_t portal = 0, statement = 0;  // hashes; 0: none
  };

  Entry* find_entry(std::uint64_t hash);
  Statement find_hash(std::uint64_t hash);
  void drop(SlabPool& pool, Entry* entry);

  Entry* newest_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint32_t next_portal_ = 0;
  Portal portals_[kPortalsMax];
  SlabBuffer unnamed_;  // the text of the statement without a name
  std::uint64_t unnamed_size_ = 0;
  std::uint64_t unnamed_secret_parameters_ = 0;
  bool unnamed_known_ = false, unnamed_redacted_ = false, unnamed_cut_ = false;
  std::uint8_t user_bytes_ = 0, database_bytes_ = 0;
  char user_[kSessionNameBytesMax], database_[kSessionNameBytesMax];
};
static_assert(sizeof(Session) <= 704, "one of the slabs' smaller blocks");

}  // namespace spanlight::postgresql
