#pragma once
// An answer in RowBinary, from pieces as they come to whole rows: what a piece cuts through waits for the
// next one.

#include <string>
#include <string_view>

#include "store/clickhouse.h"
#include "store/row_cursor.h"

namespace spanlight {

class RowStream {
 public:
  // `read_row(RowCursor&)` reads all of a row's values, gives false if it wants no more rows, and is called
  // again from the row's beginning if the row was not whole: it must not keep anything before cursor.good().
  template <typename ReadRow>
  bool feed(std::string_view piece, const ReadRow& read_row) {
    if (!rest_.empty()) {
      rest_ += piece;
      piece = rest_;
    }
    std::size_t used = 0;
    bool more = true;
    while (more && used < piece.size()) {
      RowCursor cursor(piece.substr(used));
      more = read_row(cursor);
      if (cursor.malformed())
        throw StoreError(StoreError::Kind::broken, 0, "the store's answer cannot be read");
      if (!cursor.good()) {
        more = true;
        break;
      }
      used += cursor.position();
    }
    std::string rest(piece.substr(used));
    rest_.swap(rest);
    return more;
  }
  bool whole() const { return rest_.empty(); }

 private:
  std::string rest_;
};

}  // namespace spanlight
