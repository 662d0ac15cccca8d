#pragma once
// Records as a table for people: one line each, fitted to the terminal. No byte of a record reaches the
// terminal raw: control, format and ill-formed bytes are shown as \xNN, so that no record can move the
// cursor, change the title or turn the text around. Reuses its buffer; not thread-safe. The batch must have
// been verified (reader.h).

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "record/text_buffer.h"
#include "schema/record_generated.h"

namespace spanlight {

struct TableOptions {
  unsigned columns = 0;  // the line's width; 0 = no limit: nothing is cut
  unsigned rows = 0;     // the head line comes again after so many lines; 0 = only once
  bool colour = false;
  std::uint64_t slow_ns = 500'000'000;  // from here on a latency is yellow
};

// What `fd` is: a terminal's size and colour (not with NO_COLOR, not on a dumb terminal), or no terminal: no
// limit, no colour. Asks the system: call it at start and after SIGWINCH.
TableOptions table_options_of(int fd);

class TableWriter {
 public:
  explicit TableWriter(const TableOptions& options) { set_options(options); }

  void set_options(const TableOptions& options);
  void append(const wire::RecordBatch& batch, const wire::Record& record);
  void append(const wire::RecordBatch& batch);

  // The lines since clear(); valid until the next append().
  std::string_view text() const { return out_.view(); }
  bool empty() const { return out_.empty(); }
  void clear() { out_.clear(); }

  // Widths of the columns; 0 = not shown.
  struct Layout {
    unsigned time = 0, protocol = 0, call = 0, status = 0, latency = 0, ends = 0, sizes = 0, flags = 0;
  };

 private:
  void head_line();
  void end_line();
  void spaces(unsigned count);
  void cell(std::string_view text, unsigned width, std::string_view colour);
  void right_cell(std::string_view text, unsigned width, std::string_view colour);
  void time_cell(const wire::Record& record);
  void call_cell(const wire::Record& record);
  void status_cell(const wire::Record& record);
  void latency_cell(const wire::Record& record);
  void ends_cell(const wire::Record& record);
  void sizes_cell(const wire::Record& record);
  void flags_cell(const wire::Record& record);

  TableOptions options_;
  Layout layout_;
  TextBuffer out_;
  TextBuffer scratch_;  // a cell before it is fitted
  std::size_t lines_since_head_ = 0;
  unsigned spaces_owed_ = 0;  // before the next cell of this line
  bool head_shown_ = false;
};

// Appends `text` so that it takes at most `width` columns (0 = no limit), the last of them "…" where it was
// cut. Returns the columns taken. What must not reach a terminal is shown as \xNN.
unsigned append_shown(TextBuffer& out, std::string_view text, unsigned width);

// "870 ns", "12.3 µs", "4.56 ms", "1.23 s", "2m05s", "3h07m": at most 8 columns. "512 B", "12.3 kB", "4.00
// MB": at most 7.
void append_duration(TextBuffer& out, std::uint64_t duration_ns);
void append_bytes(TextBuffer& out, std::uint64_t bytes);

}  // namespace spanlight
