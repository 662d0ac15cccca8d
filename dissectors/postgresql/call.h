#pragma once
// What is kept of a call while it is open, and of the group that it is asked in. Both lie in the worker's
// slabs. A group is what one ReadyForQuery answers: a simple query, or the extended messages up to Sync.

#include <cstdint>

#include "core/call_queue.h"
#include "core/slab_buffer.h"

namespace spanlight::postgresql {

constexpr std::size_t kTextBytesMax = 16'384;       // of a statement, whatever the preview limit says
constexpr std::size_t kParametersMax = 64;          // shown of one Bind
constexpr std::size_t kParameterBytesMax = 256;     // of one parameter
constexpr std::size_t kParametersBytesMax = 4'096;  // of all of them
constexpr std::size_t kNameBytesMax = 256;          // of a statement, portal, user, channel
constexpr std::size_t kReportBytesMax = 1'024;      // of an error's message, detail, hint
constexpr std::size_t kTagsMax = 16;                // of a simple query with several statements
constexpr std::size_t kColumnsShown = 32;

enum class Kind : std::uint8_t {
  stray,  // an answer whose request was not seen
  startup,
  ssl,
  gss,
  cancel,
  simple,
  function,
  execute,
  parse,
  bind,
  describe,
  close,
  notification,
  notice,
};

// Bytes within a SlabBuffer.
struct Piece {
  std::uint32_t at = 0;
  std::uint32_t size = 0;
};

// Texts of one message, one behind the other.
struct Words {
  SlabBuffer bytes;

  // As much as `bytes_max` and the slabs allow; `cut` is set where it is less than all.
  Piece add(SlabPool& pool, std::string_view text, std::size_t bytes_max, bool& cut);
  std::string_view text(Piece piece) const { return as_text(bytes.bytes()).substr(piece.at, piece.size); }
};

struct Asked {
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint32_t turn = 0;  // of its first message
  std::uint64_t size = 0;
  std::uint64_t copy_bytes = 0;
  std::uint64_t copy_rows = 0;
  std::uint64_t statement_bytes = 0;  // on the wire; 0: not told with this call
  std::uint64_t secret_parameters =
      0;  // of the statement: bit 0 is $1, the last bit stands for all from there
  Words words;
  Piece statement;  // its text, secrets left out
  Piece name;       // of the prepared statement
  Piece portal;
  Piece parameters;  // u16 size and as many bytes each; kNull: none
  Piece user, database, application;
  Piece secret;              // what logs in, where it may be shown
  std::uint32_t number = 0;  // rows asked for; of a cancellation: the process; of a function: its id
  std::uint16_t parameter_count = 0;
  std::uint8_t parameters_shown = 0;
  bool has_secret = false;
};

struct Answered {
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint64_t size = 0;
  std::uint64_t rows = 0;
  std::uint64_t copy_bytes = 0;
  std::uint64_t copy_rows = 0;
  Words words;
  Piece tags;     // each ends in a zero byte
  Piece notice;   // the first one
  Piece columns;  // as the tags
  Piece severity, message, detail, hint, method, version;
  char code[5] = {};
  std::uint16_t column_count = 0;
  std::uint16_t notice_count = 0;
  std::uint32_t process = 0;
  std::uint8_t tag_count = 0;
  std::uint8_t columns_shown = 0;
  std::uint8_t copy = 0;         // 'G', 'H' or 'W'
  std::uint8_t transaction = 0;  // 'I', 'T' or 'E'
  std::uint8_t one_byte = 0;     // 'S', 'N' or 'G'
  bool has_columns = false;
  bool has_error = false;
  bool authenticated = false;
  bool suspended = false;
  bool begun() const { return size > 0; }
};

constexpr std::uint16_t kNull = 0xffff;

struct Call {
  Call* next = nullptr;
  Kind kind = Kind::stray;
  std::uint32_t flags = 0;
  std::uint16_t steps = 0;  // asked for, each answered by one message; Execute is none
  std::uint16_t steps_answered = 0;
  bool done = false;     // answered
  bool skipped = false;  // by the server, behind an error in its group
  bool pipelined = false;
  Asked asked;
  Answered answered;
};
static_assert(sizeof(Call) <= 704, "one of the slabs' smaller blocks");

struct Group : OpenRequest {
  Call* front = nullptr;  // asked, not yet told
  Call* back = nullptr;
  Call* composing = nullptr;   // extended messages without their Execute yet
  TimeNs last_byte = 0;        // of what was asked
  std::uint32_t flags = 0;     // of the calls that come from here on
  Reason fate = Reason::none;  // why the calls that come from here on are not paired; none: they are
  bool extended = false;
  bool ended = false;   // nothing more is asked in it
  bool failed = false;  // an error was answered: the rest of it is skipped
  bool holed = false;   // bytes of its answer were missing
  bool stray = false;
  bool unproven = false;  // found behind a hole in what the client says
};
static_assert(sizeof(Group) <= 256, "the slabs' smallest block");

}  // namespace spanlight::postgresql
