#pragma once
// The small JSON documents that clients send. Unknown keys, wrong types and numbers out of range are told by
// name. Pure; any thread; each throws ApiError(400).

#include <string>
#include <string_view>

#include "serve/live_talk.h"
#include "settings/control.h"

namespace spanlight::serve {

StreamWish parse_stream_wish(std::string_view json);

// {"namespaces":[],"excludedNamespaces":[],"regex":"","labels":[],"services":[],"bpfOverride":""}; what is
// absent is empty.
TapSettings parse_tap_settings(std::string_view json);

// {"filter":"…"}
std::string parse_filter_wish(std::string_view json);

}  // namespace spanlight::serve
