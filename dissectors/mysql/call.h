#pragma once
// One call: a command, or the login, and what came back. Lies in a block of the worker's slabs from its first
// byte until it is told.

#include <array>
#include <cstdint>

#include "core/call_queue.h"
#include "core/dissector.h"
#include "core/slab_buffer.h"
#include "mysql/parse.h"

namespace spanlight::mysql {

enum class Result : std::uint8_t { none, ok, error, rows, text, unknown };

// What kind of answer a command has.
enum class Answering : std::uint8_t {
  nothing,   // no answer at all
  simple,    // OK, an error, or EOF
  result,    // any number of results, with rows or without
  fields,    // descriptions up to EOF
  prepared,  // a statement's id and descriptions
  text,      // one packet of text
  rows,      // rows without descriptions
  events,    // packets for as long as the connection lives
};
Answering answering(std::uint8_t command);

struct Call : OpenRequest {
  // Of the request.
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint64_t size = 0;
  std::uint64_t body_size = 0;  // of the statement
  SlabBuffer text;              // statement, redacted; else its argument: a name; login: user, database, …
  std::uint32_t user_bytes = 0, database_bytes = 0, plugin_bytes = 0;  // of a login's text, in this order
  std::uint32_t statement_id = 0;
  std::uint8_t command = 0;
  std::uint8_t sequence = 0;  // of its last packet
  std::uint32_t turn = 0;     // its place among the packets of both directions
  bool asked = false;         // the request was seen
  bool ended = false;         // to its end
  bool has_statement_id = false;
  bool doomed = false;  // told when the request ends, with `fate`
  Reason fate = Reason::none;
  std::uint32_t flags = 0;

  // Of the answer.
  bool answered = false;
  bool answer_ended = false;
  Result result = Result::none;
  TimeNs answer_first = 0;
  TimeNs answer_last = 0;
  std::uint64_t answer_size = 0;
  std::uint64_t affected_rows = 0;
  std::uint64_t insert_id = 0;
  std::uint64_t rows = 0;
  std::uint64_t file_bytes = 0;  // LOCAL INFILE
  SlabBuffer said;               // the error's message; a text; the file that is asked for
  std::uint32_t columns = 0;
  std::uint32_t results = 0;
  std::uint32_t made_id = 0;  // of the statement that was prepared
  std::uint16_t params = 0;
  std::uint16_t warnings = 0;
  std::uint16_t error_code = 0;
  std::array<char, 5> state{};
  bool asks_for_file = false;
};
static_assert(sizeof(Call) <= 704, "one of the slabs' smaller blocks");

inline bool is_login(const Call& call) {
  return call.command == kLogin || call.command == kChangeUser;
}

// What is known of the connection when a call is told.
struct Session {
  std::string_view user, database, server_version;
};

// Builds the transaction of a call and hands it to the sink. `reason` is none exactly when both halves are
// there, or no answer is due.
void emit_call(const Call& call, const Session& session, const Limits& limits, Reason reason, Sink& sink);

}  // namespace spanlight::mysql
