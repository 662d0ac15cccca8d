#pragma once
// HTTP calls as HAR 1.2, for browsers' developer tools. Pure.
// Source: "HAR 1.2 Spec" (J. Odvarko).

#include <string_view>

#include "query/stored_call.h"
#include "record/text_buffer.h"

namespace spanlight::serve {

// Before the entries, and behind them; `left_out`: calls that are no HTTP and have no place in the format.
void append_har_head(TextBuffer& out, std::string_view version);
void append_har_end(TextBuffer& out, std::uint64_t left_out);

bool fits_har(const Call& call);  // HTTP/1, HTTP/2 and what rides on them, with a request
void append_har_entry(TextBuffer& out, const StoredCall& stored, bool payloads);

}  // namespace spanlight::serve
