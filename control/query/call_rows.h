#pragma once
// Rows of the table `calls` → StoredCalls: the way back of control/store/call_block.h.

#include <memory>
#include <optional>
#include <string>

#include "query/stored_call.h"
#include "store/row_cursor.h"

namespace spanlight {

// What to SELECT, so that CallRows can read it. Without payloads: nothing of headers, bodies and fields,
// which then are not read from the disk either.
std::string call_select_list(bool payloads);

// Reads rows; reused for many, so that its memory is too. One thread.
class CallRows {
 public:
  CallRows();
  ~CallRows();

  // The call whose row begins at the cursor, or nothing if the row is not whole.
  std::optional<StoredCall> read(RowCursor& row);

 private:
  struct Row;
  std::unique_ptr<Row> row_;
};

}  // namespace spanlight
