#pragma once
// Calls as CSV (RFC 4180) for spreadsheets: one line each, no headers, bodies or fields. Pure.

#include <string_view>

#include "query/stored_call.h"
#include "record/text_buffer.h"

namespace spanlight::serve {

void append_csv_head(TextBuffer& out);
void append_csv(TextBuffer& out, const StoredCall& stored);

// One cell. A text that a spreadsheet would take for a formula (=, +, -, @, tab or carriage return at its
// beginning) gets an apostrophe before it: what is in traffic is not to run on somebody's desk.
void append_csv_cell(TextBuffer& out, std::string_view text);

}  // namespace spanlight::serve
