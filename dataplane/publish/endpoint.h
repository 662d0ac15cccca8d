#pragma once
// Where a ZeroMQ socket of the sensor may listen, and on what terms:
//   ipc://PATH       mode 0660, the group of the settings; a file left by a dead sensor is removed, a live
//   one's is not tcp://HOST:PORT  with CURVE keys; without them on loopback only inproc://NAME    within this
//   process
// Every refusal is one sentence with the mend. Used on the main thread, before privileges are dropped.

#include <string>
#include <string_view>

#include "settings/settings.h"

namespace spanlight {

struct Endpoint {
  enum class Kind { ipc, tcp, inproc };
  Kind kind = Kind::inproc;
  std::string path;       // ipc
  std::string host;       // tcp, without brackets
  std::string port;       // tcp, as written
  bool loopback = false;  // tcp: never leaves this machine
};

// Empty = understood; otherwise what is wrong.
std::string parse_endpoint(std::string_view text, Endpoint& out);

// Binds `socket` (not yet bound) to `text` by the rules above. `what` names it in sentences: "records
// endpoint". `bound` becomes the endpoint in force. Changes the process's umask for the length of a call: at
// start only.
std::string bind_endpoint(void* socket, const Settings& settings, std::string_view what,
                          const std::string& text, std::string& bound);

constexpr const char* kZapDomain = "spanlight";

}  // namespace spanlight
