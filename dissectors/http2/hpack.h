#pragma once
// The header decompressor of one direction (HPACK, RFC 7541): nghttp2's inflater in the worker's slabs, and
// what it takes to go on where its table is not known. An inflater of the library fails for good at the first
// index that it does not know. So where a connection is joined midstream, and behind a hole, a new one has
// its table filled with placeholders first: an index to what was not seen gives a placeholder, newer entries
// are exact. A placeholder is never larger than the entry it stands for, so nothing falls out of this table
// that is in the sender's, unless that one is larger: then the next guess is.
//
// SETTINGS_HEADER_TABLE_SIZE is not looked at: a sender that uses another size says so in its blocks (RFC
// 7541, 4.2 and 6.3), and any size is believed within the memory of HpackMemory.

#include <cstdint>
#include <string_view>

#include "core/dissector.h"
#include "http2/hpack_memory.h"

namespace spanlight::http2 {

class Hpack {
 public:
  explicit Hpack(Workshop& workshop) : workshop_(workshop), memory_(workshop.state) {}
  Hpack(const Hpack&) = delete;
  Hpack& operator=(const Hpack&) = delete;

  // A block begins at `offset`. False: it cannot be read, nor does it have to be: there is no memory, or a
  // new table of placeholders would cost more than the bytes since the last one paid for.
  bool begin(std::uint64_t offset, TimeNs time);

  struct Step {
    std::size_t consumed = 0;
    bool field = false;    // `name` and `value` are one, until the next step
    bool end = false;      // of the block
    bool failed = false;   // the block, and the table with it, is lost
    bool unknown = false;  // the field's name is not known
    std::string_view name, value;
  };
  // `last`: the block ends behind `in`. A step that gives no field, no end and no failure wants more bytes.
  Step next(Bytes in, bool last);

  // From here on the table is not what the sender's is.
  void lose() { lost_ = true; }

  // The table was filled with placeholders.
  bool guesses() const { return guesses_; }

  void release();

 private:
  static constexpr std::uint32_t kTableBytes = 4'096;  // as every connection begins, and most stay
  static constexpr std::uint32_t kTableBytesLarge = 65'536;
  static constexpr std::size_t kAnyTable = 1u << 30;
  static constexpr std::string_view kPlaceholder = "\x7f";  // no header's name
  static constexpr std::uint32_t kEntryBytes = 32;          // beside name and value (RFC 7541, 4.1)

  bool open();
  bool fill();
  bool feed(Bytes in, bool last);

  Workshop& workshop_;
  HpackMemory memory_;
  nghttp2_mem hooks_{};
  nghttp2_hd_inflater* inflater_ = nullptr;
  std::uint64_t affordable_offset_ = 0;      // a new table of placeholders may be made from here on,
  TimeNs affordable_time_ = 0;               // or from then on
  std::uint32_t table_bytes_ = kTableBytes;  // of the next guess
  bool lost_ = false;
  bool guesses_ = false;
};

}  // namespace spanlight::http2
