#pragma once
// JSON texts that travel several in one body: parts of a multipart body (RFC 2046, 5.1.1) and events of a
// stream ("Server-sent events", HTML Living Standard, 9.2.6). Views into what may be cut off. Pure.

#include <string_view>

namespace spanlight::gql {

struct Part {
  std::string_view head;  // its headers
  std::string_view text;
  bool whole = false;  // what ends it was seen
};

// One after the other. The body's first line says what stands between them.
class Multipart {
 public:
  explicit Multipart(std::string_view body);
  bool next(Part& part);

 private:
  std::string_view rest_;  // behind a delimiter
  std::string_view delimiter_;
};

// Takes the next line of data off: who sends JSON writes an event's in one.
bool next_event(std::string_view& rest, std::string_view& data);

}  // namespace spanlight::gql
