#pragma once
// Who may ask: loopback, bearer tokens, the user header of a trusted proxy; and whether a browser was led
// here by somebody else's page (Host and Origin). Decided from the head of a request alone. Immutable but for
// the tokens, which are read again when their files change; used on the server's network thread.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.h"
#include "serve/network.h"
#include "settings/control.h"

namespace spanlight::serve {

// Why these settings would open the API to people who should not have it, in one sentence with the mend;
// empty where they would not. Asked before the server starts.
std::string unsafe_access(const ControlSettings& settings);

// What of a request's head matters here.
struct RequestHead {
  Ip from;
  bool is_loopback_only = false;  // the server listens on loopback
  bool changes_state = false;     // POST, PUT
  bool is_socket = false;         // asks for a WebSocket
  std::string_view host, origin, fetch_site, authorization, proxy_user, forwarded_host;
  std::string_view protocols;  // Sec-WebSocket-Protocol: where a browser puts the token of a WebSocket
};

struct Refusal {
  int status = 0;  // 0: none
  std::string code;
  std::string sentence;
};

class Gate {
 public:
  // Reads the token files; one that cannot be read, is empty, or holds less than kTokenBytesMin throws
  // std::runtime_error with a sentence that names it.
  explicit Gate(const ControlSettings& settings);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // Is it meant for us, and from a page of ours? Asked for every request, also for static files.
  Refusal check_site(const RequestHead& head) const;
  // Who asks.
  std::optional<Principal> identify(const RequestHead& head, Refusal& refusal) const;

  // Reads again what changed. What could not be read is told in sentences; the token that was known stays.
  struct Reread {
    std::vector<std::string> faults;
    bool tokens_changed = false;  // who came with an old one may not be here any more
  };
  Reread reread();

  bool from_proxy(const Ip& ip) const;
  const std::string& proxy_header() const { return proxy_header_; }  // lower case; empty: none

 private:
  struct Entry;
  const Entry* by_token(std::string_view token) const;
  static Principal principal_of(const Entry& entry, std::string_view how);

  std::vector<Entry> entries_;
  std::vector<Network> proxies_;
  std::string proxy_header_;
  std::string listen_host_;
  bool loopback_is_operator_;
};

constexpr std::string_view kTokenProtocolPrefix =
    "spanlight.bearer.";  // then the token in base64url, no padding
constexpr std::string_view kStreamProtocol = "spanlight.v1";

// Whether `principal` may use a route that needs `needs`; a sentence where not.
enum class Needs : std::uint8_t;
std::string lacks(const Principal& principal, Needs needs);

}  // namespace spanlight::serve
