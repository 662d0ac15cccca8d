#pragma once
// What a dissector says of one call: the typed spine that every protocol shares, and self-describing fields
// for what one protocol adds. All views belong to the dissector and die when emit() returns. Times are
// capture times; sizes are bytes on the wire (body framing such as chunk headers not counted). Names: the
// record's contract, config/record.

#include <cstdint>
#include <span>
#include <string_view>

#include "core/bytes.h"
#include "core/pieces.h"
#include "core/time_ns.h"

namespace spanlight {

struct Descriptor;

enum class State : std::uint8_t { complete, no_response, no_request, one_way };

// Why a half is missing. `none` goes with `complete` only.
enum class Reason : std::uint8_t {
  none,
  unanswered,      // the request stands, time ran out
  reset,           // the connection was reset
  closed,          // the connection was closed in order
  lost_in_mirror,  // bytes that the peer acknowledged never reached the sensor
  lost_in_sensor,  // bytes that the sensor dropped itself (its own counters say where)
  capture_ended,   // the capture ended, or the sensor was stopped
  evicted,         // a limit of the sensor was reached: flows, open calls, memory
  malformed,       // nothing is missing: the other half broke its protocol's rules and was not understood
  unsolicited,     // nothing is missing: the server said it without being asked
};

// Bits of Transaction::flags.
enum Flag : std::uint32_t {
  kFlagGap = 1u << 0,               // a hole in the stream touched this call
  kFlagTruncatedHeaders = 1u << 1,  // headers beyond the limit are not in the record
  kFlagTruncatedBody = 1u << 2,     // body preview ends before the body does
  kFlagWithheldBody = 1u << 3,      // body not shown: a redaction rule could not be applied to it
  kFlagRedacted = 1u << 4,          // a redaction rule changed something
  kFlagMalformed = 1u << 5,         // the message broke its protocol's rules and was read leniently
  kFlagMidstream = 1u << 6,         // the connection was joined after its start
  kFlagUncertain = 1u << 7,         // unpaired on purpose: behind a hole the pairing could not be proved
  kFlagShedBody = 1u << 8,          // body preview left out, or cut, because the sensor was overloaded
  kFlagPackets = 1u << 9,           // the sensor kept the packets of this call for a while
  kFlagConnection = 1u << 10,       // of a connection or flow itself, not of a call on it
};

struct HeaderSpan {  // offsets into Headers::bytes
  std::uint32_t name_offset = 0;
  std::uint32_t name_length = 0;
  std::uint32_t value_offset = 0;
  std::uint32_t value_length = 0;
};

struct Headers {  // in wire order and spelling
  Bytes bytes;
  std::span<const HeaderSpan> spans;
  std::string_view name(const HeaderSpan& s) const {
    return as_text(bytes).substr(s.name_offset, s.name_length);
  }
  std::string_view value(const HeaderSpan& s) const {
    return as_text(bytes).substr(s.value_offset, s.value_length);
  }
};

// What one protocol adds, under the short name of its descriptor's catalog.
struct Field {
  enum class Kind : std::uint8_t { text, integer, boolean, number, list };
  std::string_view name;
  Kind kind = Kind::text;
  std::string_view text = {};                   // text
  std::int64_t integer = 0;                     // integer; boolean as 0 or 1
  double number = 0;                            // number
  std::span<const std::string_view> list = {};  // list of texts
  bool objects = false;  // each text of the list is a JSON object whose values are texts, numbers or booleans
};

struct Message {
  bool present = false;
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint64_t size = 0;  // whole message, head and body
  Headers headers = {};
  std::uint64_t body_size = 0;
  Pieces body = {};  // preview
  std::string_view content_type = {};
  std::string_view content_encoding = {};
  std::span<const Field> fields = {};
};

struct Transaction {
  const Descriptor* protocol = nullptr;
  std::string_view version = {};
  State state = State::complete;
  Reason reason = Reason::none;
  std::uint32_t flags = 0;
  bool reversed = false;  // the end that its flow calls the server asked, and is the record's client
  std::string_view method = {};
  std::string_view url = {};           // as on the wire
  std::string_view path = {};          // without the query
  std::string_view query_string = {};  // without the question mark
  bool has_status = false;
  std::int32_t status_code = 0;
  bool is_error = false;          // the red row: a status, code or reason that its protocol calls an error
  std::string_view error = {};    // its text
  std::string_view summary = {};  // one line for people
  std::string_view trace_id = {};
  std::string_view request_id = {};
  Message request = {};
  Message response = {};
};

// Where finished calls go. The pipeline adds the connection: endpoints, VLANs, tunnel, ids.
class Sink {
 public:
  virtual void emit(const Transaction& call) = 0;

 protected:
  ~Sink() = default;
};

}  // namespace spanlight
