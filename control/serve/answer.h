#pragma once
// The head of an answer as bytes, with the headers that every answer has. Pure; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "serve/http.h"

namespace spanlight::serve {

struct AnswerHead {
  int status = 200;
  std::string_view content_type;            // empty: no body
  std::optional<std::uint64_t> body_bytes;  // absent: chunked, or until the end where `old_client`
  ExtraHeaders headers;
  bool gzipped = false;
  bool varies = false;  // by Accept-Encoding
  bool keep_alive = true;
  bool old_client = false;  // HTTP/1.0: knows no chunks
  bool over_tls = false;
  bool is_api = true;  // never kept by a cache
};

std::string answer_head(const AnswerHead& head);

// One piece of a chunked body (RFC 9112, section 7.1); the last one is empty.
std::string chunk(std::string_view bytes);

}  // namespace spanlight::serve
