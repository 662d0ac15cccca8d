#pragma once
// A request and its answer as handlers see them: plain types, no sockets. A request lives as long as its
// handler runs; handlers run on the server's worker threads and may block.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/call.h"
#include "serve/network.h"
#include "settings/control.h"

namespace spanlight::serve {

enum class Method : std::uint8_t { get, post, put };
std::string_view method_name(Method method);

// Who asks, and what they may. Every handler gets one, and hands on `namespaces` and `payloads` with every
// question.
struct Principal {
  std::string name;  // as the audit log calls them
  std::string how;   // "loopback", "token", "proxy"
  Role role = Role::viewer;
  std::vector<std::string> namespaces;  // sees only calls with an end in these; empty: all
  bool payloads = false;                // may see headers and bodies
  bool packets = false;                 // and fetch packets, in which nothing is redacted

  bool sees_all() const { return namespaces.empty(); }
  bool may_see(const Call& call) const;  // an end lies in one of the namespaces
};

struct Request {
  Method method = Method::get;
  std::string path;                                          // decoded
  std::vector<std::pair<std::string, std::string>> query;    // decoded, in order
  std::map<std::string, std::string, std::less<>> captured;  // of the route's template: {id}
  std::string body;
  std::string content_type;
  Principal principal;
  Ip from;  // who is connected, maybe a proxy

  // The first of that name; empty where there is none.
  std::string_view parameter(std::string_view name) const;
  bool has_parameter(std::string_view name) const;
};

// An answer that is not what was asked for: becomes {"error":{"code":…,"message":…, …}}.
class ApiError : public std::runtime_error {
 public:
  ApiError(int status, std::string code, const std::string& sentence, std::string details_json = {})
      : std::runtime_error(sentence),
        status_(status),
        code_(std::move(code)),
        details_(std::move(details_json)) {}

  int status() const { return status_; }
  const std::string& code() const { return code_; }
  // Members to stand beside code and message: `"faults":[…]`; JSON, may be empty.
  const std::string& details() const { return details_; }
  std::string json() const;

 private:
  int status_;
  std::string code_;
  std::string details_;
};

using ExtraHeaders = std::vector<std::pair<std::string, std::string>>;

// What a handler notes for the audit log: never bodies, tokens or headers.
struct AuditNote {
  std::string filter;
  std::vector<std::string> ids;
  std::string what;         // what was changed, in words
  std::uint64_t calls = 0;  // that were given out
  bool payloads = false;    // with headers and bodies
};

// Where a handler answers. One of send() or begin() … end(), once. Used by the handler's thread alone.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual void send(int status, std::string_view content_type, std::string body,
                    ExtraHeaders headers = {}) = 0;
  void send_json(std::string body) { send(200, kJson, std::move(body)); }

  // A long answer, in pieces.
  virtual void begin(int status, std::string_view content_type, ExtraHeaders headers = {}) = 0;
  // Waits while the client is too far behind. False: it is gone, or stood still for too long; there is no use
  // in going on.
  virtual bool write(std::string_view bytes) = 0;
  // What was written so far goes out now rather than with what follows.
  virtual bool flush() = 0;
  virtual void end() = 0;

  // Asked to stop: the client is gone or the server ends.
  virtual std::stop_token cancelled() const = 0;
  virtual AuditNote& audit() = 0;

  static constexpr std::string_view kJson = "application/json";
};

using Handler = std::function<void(const Request&, Exchange&)>;

std::string_view status_words(int status);

}  // namespace spanlight::serve
