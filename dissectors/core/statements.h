#pragma once
// Texts of prepared statements by the number or name that a server gave them: an execution names the
// statement alone. In the worker's state slabs; a connection that holds some does not rest.

#include <cstdint>
#include <string_view>

#include "core/dissector.h"

namespace spanlight {

class Statements {
 public:
  static constexpr std::uint32_t kMax = 256;           // of a connection: the one used longest ago goes first
  static constexpr std::size_t kTextBytesMax = 4'000;  // of a statement

  struct Statement {
    Statement* next = nullptr;
    std::uint64_t key = 0;
    std::uint32_t kept = 0;
    std::uint32_t size = 0;  // of the whole text
    bool redacted = false;
    std::string_view text() const { return {reinterpret_cast<const char*>(this + 1), kept}; }
  };

  // `size`: of the whole statement, of which `text` may be a part.
  void add(Workshop& workshop, std::uint64_t key, std::string_view text, std::uint64_t size, bool redacted);
  const Statement* find(std::uint64_t key);
  void remove(Workshop& workshop, std::uint64_t key);
  void release(Workshop& workshop);
  bool empty() const { return front_ == nullptr; }

 private:
  Statement* front_ = nullptr;  // the one used last first
  std::uint32_t count_ = 0;
};

}  // namespace spanlight
