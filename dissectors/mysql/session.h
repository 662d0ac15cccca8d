#pragma once
// What a connection remembers from call to call: who logged in, the database, the text of statements that
// were prepared. In the worker's slabs; a connection that remembers something does not rest.

#include <cstdint>
#include <string_view>

#include "core/dissector.h"
#include "core/slab_buffer.h"
#include "core/statements.h"
#include "mysql/call.h"

namespace spanlight::mysql {

// The name in USE name; empty: another statement.
std::string_view used_database(std::string_view statement);

class Memory {
 public:
  static constexpr std::size_t kNameBytesMax = 255;  // of a user, a database, a version

  void set_version(Workshop& workshop, std::string_view version) { set(workshop, version_, version); }
  void set_user(Workshop& workshop, std::string_view user) { set(workshop, user_, user); }
  void set_database(Workshop& workshop, std::string_view name) { set(workshop, database_, name); }
  Session session() const { return {text(user_), text(database_), text(version_)}; }

  Statements& statements() { return statements_; }

  bool empty() const { return statements_.empty() && user_.size() + database_.size() + version_.size() == 0; }
  bool knows_more_than_user() const { return !statements_.empty() || database_.size() > 0; }
  void forget_all_but_user(Workshop& workshop);
  void release(Workshop& workshop);

 private:
  static void set(Workshop& workshop, SlabBuffer& to, std::string_view value);
  static std::string_view text(const SlabBuffer& from) { return as_text(from.bytes()); }

  SlabBuffer version_, user_, database_;
  Statements statements_;
};

}  // namespace spanlight::mysql
