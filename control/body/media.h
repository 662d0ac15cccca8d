#pragma once
// Content-Type → what kind of body, in which character set (RFC 9110, section 8.3). Pure; any thread.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "body/view.h"

namespace spanlight::body {

struct Media {
  std::string type;     // "application/json", lower case, without parameters
  std::string charset;  // lower case; empty if not said
  Kind kind = Kind::binary;
};

// Where the type is missing or says nothing ("application/octet-stream"), the decoded bytes decide.
Media media_of(std::string_view content_type, std::string_view decoded);

}  // namespace spanlight::body
