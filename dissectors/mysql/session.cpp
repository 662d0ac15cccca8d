#include "mysql/session.h"

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

void Memory::forget_all_but_user(Workshop& workshop) {
  statements_.release(workshop);
  database_.release(workshop.state);
}

void Memory::release(Workshop& workshop) {
  statements_.release(workshop);
  version_.release(workshop.state);
  user_.release(workshop.state);
  database_.release(workshop.state);
}

}  // namespace spanlight::mysql
