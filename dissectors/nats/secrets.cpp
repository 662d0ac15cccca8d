#include "nats/secrets.h"

#include <algorithm>

#include "core/gql/json.h"
#include "core/secret.h"

namespace spanlight::nats {
namespace {

constexpr std::string_view kSecrets[] = {"pass", "auth_token", "jwt", "sig", "password", "token"};

// A name with escapes may be any.
bool is_secret(std::string_view key) {
  return key.find('\\') != std::string_view::npos || std::ranges::find(kSecrets, key) != std::end(kSecrets);
}

}  // namespace

bool write_redacted(TextRoom& room, std::string_view json) {
  gql::Json at(json);
  std::size_t written = 0;
  bool changed = false;
  const auto copy_to = [&](const char* end) {
    const auto stop = static_cast<std::size_t>(end - json.data());
    room.put(json.substr(written, stop - written));
    written = stop;
  };
  if (!at.enter()) return false;
  std::string_view key, value;
  while (at.next_key(key)) {
    const char* behind_key = key.data() + key.size() + 1;
    if (!is_secret(key)) {
      if (!at.skip()) break;
      continue;
    }
    changed = true;
    copy_to(behind_key);
    if (at.kind() != gql::Json::Kind::string ||
        !at.text(value)) {  // cut within it, or no text: nothing more is shown
      room.put(std::string_view(":\"[redacted]"));
      return true;
    }
    copy_to(value.data());
    room.put(kRedacted);
    written += value.size();
  }
  // Behind a fault it may be anything: what was read is shown.
  if (at.ok())
    room.put(json.substr(written));
  else if (!key.empty())
    copy_to(std::max(key.data(), json.data() + written));
  return changed;
}

}  // namespace spanlight::nats
