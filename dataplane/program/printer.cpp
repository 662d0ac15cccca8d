#include "program/printer.h"

#include <cerrno>
#include <unistd.h>

#include "core/transaction.h"
#include "record/reader.h"

namespace spanlight {

namespace {

constexpr std::size_t kWriteAt = 262'144;  // bytes collected before they are written

TableOptions table_options(bool colour) {
  TableOptions options = table_options_of(STDOUT_FILENO);
  options.colour = options.colour && colour;
  return options;
}

}  // namespace

Printer::Printer(Format format, bool colour) : format_(format), table_(table_options(colour)) {}

bool Printer::drain(const std::vector<BatchPool*>& pools) {
  bool any = false;
  for (BatchPool* pool : pools) {
    while (Batch* batch = pool->next()) {
      any = true;
      print(*batch);
      pool->release(batch);
      if (json_.text().size() >= kWriteAt || table_.text().size() >= kWriteAt) flush();
    }
  }
  return any;
}

void Printer::print(const Batch& batch) {
  const auto opened = open_batch({batch.storage + batch.data_offset, batch.data_bytes});
  if (!opened) {
    ++counts_.unreadable;
    return;
  }
  for (const wire::Record* record : *opened->records()) {
    ++counts_.records;
    ++counts_.by_state[static_cast<std::size_t>(record->state()) & 3];
    counts_.flagged_gap += (record->flags() & kFlagGap) != 0;
    counts_.errors += record->is_error();
  }
  if (format_ == Format::json) json_.append(*opened);
  if (format_ == Format::table) table_.append(*opened);
}

void Printer::flush() {
  write_out(json_.text());
  json_.clear();
  write_out(table_.text());
  table_.clear();
}

void Printer::write_out(std::string_view text) {
  while (!text.empty() && !broken_) {
    const ssize_t n = write(STDOUT_FILENO, text.data(), text.size());
    if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
    else if (n < 0 && errno != EINTR) broken_ = true;
  }
}

}  // namespace spanlight
