#pragma once
// Record → one JSON line, in the form of README.md: the same keys, in the same order, for every program that
// prints or serves records. Always valid JSON in valid UTF-8, whatever the wire carried. The buffer is
// reused: after the first records nothing is allocated. Not thread-safe; one writer per thread. The batch
// must have been verified (reader.h).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "record/call.h"
#include "record/names.h"
#include "record/text_buffer.h"
#include "schema/record_generated.h"

namespace spanlight {

// `text` as a JSON string with its quotation marks. Each ill-formed part of UTF-8 becomes U+FFFD; control
// characters, also DEL and C1, are escaped, so that the line may be shown on a terminal.
void append_json_string(TextBuffer& out, std::string_view text);

// True where all of it is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

// RFC 4648 section 4, with padding.
void append_base64(TextBuffer& out, std::string_view bytes);

// Withheld: of each message only the sizes; no header, body or field. For lists, and for people who may not
// see more.
enum class Payloads : std::uint8_t { shown, withheld };

class JsonWriter {
 public:
  // Appends the call, with the names of its ends, and a newline.
  void append(const Call& call, Payloads payloads = Payloads::shown);
  // Appends `record`, which is of `batch`; nobody knows names.
  void append(const wire::RecordBatch& batch, const wire::Record& record) {
    append({&batch, &record, {}, {}});
  }
  // Appends all records of `batch`, a line each.
  void append(const wire::RecordBatch& batch);

  // The lines since clear(); valid until the next append().
  std::string_view text() const { return out_.view(); }
  bool empty() const { return out_.empty(); }
  void clear() { out_.clear(); }

  std::uint64_t header_spans_skipped() const { return header_spans_skipped_; }

 private:
  // `key` with the comma before and the colon behind it; nothing where there is no text.
  void text_key(std::string_view key, std::string_view text);
  void text_key(std::string_view key, const flatbuffers::String* value);
  void time(std::uint64_t time_ns);
  void number(std::uint64_t value);
  void signed_number(std::int64_t value);
  void hex(std::uint64_t value);

  void identity(const wire::RecordBatch& batch, const wire::Record& record);
  void times(const wire::Record& record);
  void connection(const wire::Record& record);
  void end_point(std::string_view name, const wire::Address& address, std::uint16_t port, bool has_ports,
                 const CallEnd& end);
  void party(const Party& party);
  void named(std::string_view key, std::string_view name, std::string_view name_space);
  void labels(const Party& party);
  void what(const wire::Record& record);
  void message(std::string_view name, const wire::Message& message, bool truncated_body);
  void sizes(std::string_view name, const wire::Message& message);
  void headers(const wire::Message& message);
  void body(const wire::Message& message, bool truncated);
  void fields(const wire::Message& message);
  void field_value(const wire::Field& field);
  void object(std::string_view text);

  TextBuffer out_;
  std::string unescaped_;
  std::uint64_t header_spans_skipped_ = 0;
};

}  // namespace spanlight
