#pragma once
// JSON of an API server → objects: whole lists, and watch events line by line. simdjson, one pass, only the
// fields of objects.h are kept. One Parser per thread; what it hands out is owned by the receiver. Input is
// not trusted: whatever is not as the API describes is Fault::malformed, never an exception.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "kubernetes/objects.h"

namespace spanlight {

// Bytes behind the text that may be read (and are not looked at): the caller's buffer has them.
constexpr std::size_t kJsonPaddingBytes = 64;

struct WatchEvent {
  // nameless: of an object without uid or name. It is whole, and nothing of it can be kept.
  enum class Type : std::uint8_t { malformed, added, modified, deleted, nameless, bookmark, error, unknown };
  Type type = Type::malformed;
  Object object;                 // added, modified, deleted
  std::string resource_version;  // of the object or the bookmark; empty where it says none
  bool initial_end = false;      // the bookmark that ends a WatchList's first part
  int code = 0;                  // error: the Status's
  std::string message;           // error: in the server's words; malformed: in ours
};

struct ListResult {
  bool well_formed = false;
  std::string resource_version;
  std::string continue_token;  // empty: this was the last page
  std::size_t items = 0;
  std::size_t nameless = 0;  // passed over: no uid or no name
  std::string fault;
};

// A Status document: what an API server says instead of what it was asked.
struct StatusText {
  std::string message, reason;
  std::string continue_token;  // of a 410 to a stale one
  std::uint64_t retry_after_s = 0;
};

class ObjectParser {
 public:
  ObjectParser();
  ~ObjectParser();
  ObjectParser(const ObjectParser&) = delete;
  ObjectParser& operator=(const ObjectParser&) = delete;

  // `line` and `page` have kJsonPaddingBytes behind them.
  WatchEvent event(Kind kind, std::string_view line);
  ListResult list(Kind kind, std::string_view page, const std::function<void(Object&&)>& take);
  StatusText status(std::string_view body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// RFC 3339 → nanoseconds since the epoch; 0 where it is none.
std::uint64_t parse_time(std::string_view text);

}  // namespace spanlight
